// Smp.Call: running a function on other CPUs.
//
// Linux: smp_call_function, smp_call_function_single, on_each_cpu (arch/i386/kernel/smp.c of 2.6.18). The callers: process context, interrupts on. A caller waits until every
// CPU it asked has begun, so with interrupts off two callers could wait for each other for ever; an interrupt handler could wait for
// the call that it interrupted. Both are reported and refused. The function itself runs in hard interrupt context with interrupts off.
// Lock: s_callLock, one call at a time. The call lies on the caller's stack: a CPU that has cleared its bit in NotStarted touches it no more,
// unless Wait is set, and then until it has cleared its bit in NotFinished.

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    private static SpinLock s_callLock;
    private static Call* s_call;

    private struct Call
    {
        public delegate*<void*, void> Function;
        public void* Argument;
        public int NotStarted;
        public int NotFinished;
        public bool Wait;
    }

    /// <summary>Runs <paramref name="function"/> on every CPU of <paramref name="mask"/> that is online and is not this one, at the same time. Process
    /// context, interrupts on; spins.</summary>
    /// <param name="mask">The CPUs, one bit each.</param>
    /// <param name="function">Runs in hard interrupt context, interrupts off: short, and it must not sleep.</param>
    /// <param name="argument">Its argument.</param>
    /// <param name="wait">Return when it has returned everywhere; otherwise when it has begun everywhere.</param>
    /// <returns>0; -EINVAL: called with interrupts off or from an interrupt, which is also reported.</returns>
    /// <linux>smp_call_function</linux>
    public static int CallFunction(uint mask, delegate*<void*, void> function, void* argument, bool wait)
    {
        if (IrqsDisabled() || InInterrupt())
        {
            Printk(LogLevel.Error, $"smp_call_function with interrupts off or from an interrupt: not called\n");
            DumpStack();
            return -EINVAL;
        }

        PreemptDisable();
        s_callLock.Lock();
        mask &= OnlineMask & ~(1u << Cpu.SmpProcessorId());
        Call call = new()
        {
            Function = function,
            Argument = argument,
            NotStarted = (int)mask,
            NotFinished = (int)mask,
            Wait = wait,
        };
        Shared.WriteOnce(Pointer(), &call);
        SendTo(mask, LocalApic.CallFunctionVector);

        // A CPU that is stopped meanwhile, because another one panics, never answers.
        while (((uint)Shared.ReadOnce(ref call.NotStarted) & OnlineMask) != 0)
        {
            CpuRelax();
        }

        while (wait && ((uint)Shared.ReadOnce(ref call.NotFinished) & OnlineMask) != 0)
        {
            CpuRelax();
        }

        Shared.WriteOnce(Pointer(), null);
        s_callLock.Unlock();
        PreemptEnable();
        return 0;
    }

    /// <summary>Runs <paramref name="function"/> on one CPU, which may be this one. Process context, interrupts on; spins.</summary>
    /// <returns>0; -ENXIO: that CPU is not online; -EINVAL as for <see cref="CallFunction"/>.</returns>
    /// <linux>smp_call_function_single</linux>
    public static int SmpCallFunctionSingle(int cpu, delegate*<void*, void> function, void* argument, bool wait)
    {
        if (!IsOnline(cpu))
        {
            return -ENXIO;
        }

        PreemptDisable();
        int result = 0;
        if (cpu == Cpu.SmpProcessorId())
        {
            RunHere(function, argument);
        }
        else
        {
            result = CallFunction(1u << cpu, function, argument, wait);
        }

        PreemptEnable();
        return result;
    }

    /// <summary>Runs <paramref name="function"/> on every CPU, on this one last, and there with interrupts off too. As <see cref="CallFunction"/>.</summary>
    /// <linux>on_each_cpu</linux>
    public static int OnEachCpu(delegate*<void*, void> function, void* argument, bool wait)
    {
        PreemptDisable();
        int result = CallFunction(uint.MaxValue, function, argument, wait);
        if (result == 0)
        {
            RunHere(function, argument);
        }

        PreemptEnable();
        return result;
    }

    // The receiving side, from the message's handler.
    internal static void RunCalledFunction()
    {
        Call* call = Shared.ReadOnce(Pointer());
        int bit = Cpu.SmpProcessorId();
        if (call == null || !Shared.TestBit(bit, ref call->NotStarted))
        {
            return;
        }

        delegate*<void*, void> function = call->Function;
        void* argument = call->Argument;
        bool wait = call->Wait;
        Shared.ClearBit(bit, ref call->NotStarted);
        function(argument);
        if (wait)
        {
            Shared.ClearBit(bit, ref call->NotFinished);
        }
    }

    private static void ResetCalls()
    {
        s_callLock.Init();
        s_call = null;
    }

    private static void RunHere(delegate*<void*, void> function, void* argument)
    {
        ulong flags = LocalIrqSave();
        function(argument);
        LocalIrqRestore(flags);
    }

    private static void SendTo(uint mask, int vector)
    {
        for (int cpu = 0; mask >> cpu != 0; cpu++)
        {
            if ((mask & (1u << cpu)) != 0)
            {
                LocalApic.SendIpi(cpu, vector);
            }
        }
    }

    // The idiom for the address of a static that is itself a pointer.
    private static Call** Pointer()
    {
        fixed (Call** pointer = &s_call)
        {
            return pointer;
        }
    }
}
