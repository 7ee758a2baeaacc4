// OffTracerTests: the longest stretches with interrupts off and with preemption off. Part of the suite trace; on CPU 0.
//
// A stretch made on purpose is twice as long as the longest so far, so that it is the longest whatever the host did before; it is looked at on its own CPU at
// once. Builds without checks measure nothing.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Suites;

internal static unsafe class OffTracerTests
{
    private const ulong Microseconds = 50_000;
    private const int Breakpoint = 3;

    private static WorkStruct s_work;
    private static SpinLock s_lock;

    internal static void IrqSave() => Longest(&SaveAndRestore, "OffTracerTests.SaveAndRestore"u8, OffTracer.Irqs(0));

    internal static void IrqDisable() =>
        Longest(&DisableAndEnable, "OffTracerTests.Disable"u8, "OffTracerTests.Enable"u8, OffTracer.Irqs(0));

    internal static void IrqNested() => Longest(&NestedSave, "OffTracerTests.NestedSave"u8, OffTracer.Irqs(0));

    internal static void PreemptionDisabled() => Longest(&PreemptionOff, "OffTracerTests.PreemptionOff"u8, OffTracer.Preemption(0));

    internal static void BottomHalvesDisabled() => Longest(&BottomHalvesOff, "OffTracerTests.BottomHalvesOff"u8, OffTracer.Preemption(0));

    internal static void LockHeld() => Longest(&WithLock, "OffTracerTests.WithLock"u8, OffTracer.Preemption(0));

    internal static void OffMeasuresNothing()
    {
        if (!Measures())
        {
            return;
        }

        Trace.Stop();
        Trace.Clear();
        SaveAndRestore(1);
        PreemptionOff(1);
        Check.Equal(0ul, OffTracer.Irqs(0)->Ended);
        Check.Equal(0ul, OffTracer.Preemption(0)->Ended);

        // The text says nothing of a CPU without stretches.
        Check.Equal(0, OutputCapture.Execute("trace show"u8));
        Check.False(OutputCapture.Contains(" latency: "u8));
    }

    // A stretch that tracing was switched off in the middle of would be found open by the next one, or end it.
    internal static void StopForgets()
    {
        if (!Measures())
        {
            return;
        }

        Trace.Stop();
        Check.Equal(0, Trace.Start(Trace.DefaultEvents));
        Trace.Clear();
        PreemptDisable();
        Trace.Stop();
        PreemptEnable();
        Check.Equal(0, Trace.Start(0));
        PreemptDisable();
        PreemptEnable();
        Trace.Stop();
        Check.Equal(0ul, OffTracer.Unended(0));
        Check.True(OffTracer.Preemption(0)->Ended != 0);
    }

    // Every way from off to on: interrupts with softirqs and preemption, sleeping and idling, exceptions, calls from another CPU. A stretch whose end was not
    // told would be found open by the next one.
    internal static void AllEnd()
    {
        if (!Measures())
        {
            return;
        }

        Trace.Stop();
        Check.Equal(0, Trace.Start(Trace.DefaultEvents));
        Trace.Clear();
        var work = (WorkStruct*)Unsafe.AsPointer(ref s_work);
        WorkStruct.Init(work, &Handler);
        for (int i = 0; i < 100; i++)
        {
            ScheduleWorkOn(i % Smp.CpuCount, work);
            FlushWork(work);
            Smp.OnEachCpu(&Called, null, true);
        }

        OopsMachineCode code = OopsMachineCode.Interrupt(Breakpoint);
        for (int i = 0; i < 5; i++)
        {
            Msleep(2);
            code.Function();
        }

        code.Free();
        Check.Equal(0, OutputCapture.Execute("demo tasklet-smp"u8));
        Trace.Stop();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(0ul, OffTracer.Unended(cpu));
            Check.True(OffTracer.Irqs(cpu)->Ended != 0);
            Check.True(OffTracer.Preemption(cpu)->Ended != 0);
        }
    }

    // The ways out of the kernel: system calls, page faults, signals, forked children; and a fault of the kernel, which is jumped out of.
    internal static void ProgramsEnd()
    {
        if (!Measures())
        {
            return;
        }

        Trace.Stop();
        Check.Equal(0, Trace.Start(0));
        Trace.Clear();
        UserHelp.Good("copy-on-write\0"u8);
        UserHelp.Good("handlers\0"u8);
        UserHelp.Good("statuses\0"u8);
        Check.Equal(-EFAULT, OutputCapture.Execute("oops null"u8));
        Trace.Stop();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(0ul, OffTracer.Unended(cpu));
        }
    }

    private static void Longest(delegate*<ulong, void> function, ReadOnlySpan<byte> name, OffStretch* longest) => Longest(function, name, name, longest);

    // Runs a function that makes one stretch, which must be the one that is reported, at both ends.
    private static void Longest(delegate*<ulong, void> function, ReadOnlySpan<byte> begins, ReadOnlySpan<byte> ends, OffStretch* longest)
    {
#if OPTIMIZED
        if (!Measures())
        {
            return;
        }

        Trace.Stop();
        Check.Equal(0, Trace.Start(Trace.DefaultEvents));
        Trace.Clear();
        ulong length = Microseconds * TscKhz / 1000;
        length = longest->Length * 2 > length ? longest->Length * 2 : length;
        function(length);
        OffStretch seen = *longest;
        Trace.Stop();
        Check.True(seen.Length >= length);
        Check.Equal(Current->Pid, seen.Pid);
        Check.True(SymbolTable.Lookup(seen.From - 1, out SymbolInfo from) && from.Name.SequenceEqual(begins));
        Check.True(SymbolTable.Lookup(seen.To - 1, out SymbolInfo to) && to.Name.SequenceEqual(ends));

        Check.Equal(0, OutputCapture.Execute("trace show"u8));
        Span<byte> memory = stackalloc byte[128];
        TextBuffer text = new(memory);
        text.Append($"\n#  => started at: {begins}+0x");
        Check.True(OutputCapture.Contains(text.Written));
        text.Clear();
        text.Append($"\n#  => ended at:   {ends}+0x");
        Check.True(OutputCapture.Contains(text.Written));
#else
        // The places are in the helpers then, which are not inlined.
        Test.Skip("built without optimisation"u8);
#endif
    }

    private static bool Measures()
    {
        if (!OffTracer.Measures)
        {
            Test.Skip("a build without checks"u8);
        }

        return OffTracer.Measures;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SaveAndRestore(ulong length)
    {
        ulong flags = LocalIrqSave();
        Spin(length);
        LocalIrqRestore(flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DisableAndEnable(ulong length)
    {
        Disable();
        Spin(length);
        Enable();
    }

    // The last thing that they do: were it a tail call, the place would be their caller's.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Disable() => LocalIrqDisable();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Enable() => LocalIrqEnable();

    // The inner pair turns nothing off or on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void NestedSave(ulong length)
    {
        ulong flags = LocalIrqSave();
        Inner();
        Spin(length);
        Inner();
        LocalIrqRestore(flags);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Inner()
    {
        ulong flags = LocalIrqSave();
        LocalIrqRestore(flags);
    }

    // Interrupts come meanwhile, and are parts of it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PreemptionOff(ulong length)
    {
        PreemptDisable();
        PreemptDisable();
        Spin(length);
        PreemptEnable();
        PreemptEnable();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BottomHalvesOff(ulong length)
    {
        LocalBhDisable();
        Spin(length);
        LocalBhEnable();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WithLock(ulong length)
    {
        s_lock.Lock();
        Spin(length);
        s_lock.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Spin(ulong length)
    {
        ulong start = ReadTsc();
        while (ReadTsc() - start < length)
        {
            CpuRelax();
        }
    }

    private static void Handler(WorkStruct* work)
    {
    }

    private static void Called(void* unused)
    {
    }
}
