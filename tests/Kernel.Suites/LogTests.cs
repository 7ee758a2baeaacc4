// LogTests: printk and call traces in the running kernel, from every context there is: process, hard interrupt, NMI, locks held.
//
// Hard interrupts are made with `int`, so they come through the real entry stub onto the real interrupt stack.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe class LogTests
{
    private const int ApicIdentifier = 0x20, ApicCommandHigh = 0x310, ApicCommandLow = 0x300;
    private const uint ApicDeliverNmi = 0x4400;
    private const ulong ApicAddress = 0xfee00000;

    private static int s_calls;
    private static int s_shown;
    private static bool s_dump;
    private static byte* s_apic;
    private static ulong s_start;
    private static Log.Console s_console;
    private static int s_shownUnderLock;
    private static SpinLock s_lock;
    private static TimerList s_timer;
    private static Completion s_ran;
    private static bool s_byThread;

    [TestSuite("log")]
    public static void Suite()
    {
        Test.Run("the eight levels"u8, "LOG-01"u8, &EightLevels);
        Test.Run("lines are stamped and stamps rise"u8, "LOG-01"u8, &TimeStamps);
        Test.Run("partial lines"u8, "LOG-01"u8, &PartialLines);
        Test.Run("overlong line"u8, "LOG-01"u8, &OverlongLine);
        Test.Run("interrupts off and a lock held"u8, "LOG-01"u8, &LockHeld);
        Test.Run("printk in a hard interrupt"u8, "LOG-01"u8, &HardInterrupt);
        Test.Run("printk in an NMI"u8, "LOG-01 IRQ-01"u8, &NonMaskable);
        Test.Run("an NMI in the middle of printk"u8, "LOG-01"u8, &NonMaskableInPrintk);
        Test.Run("a slow reader is told what it lost"u8, "LOG-01"u8, &SlowReader);
        Test.Run("printing with a run queue locked reaches the consoles later"u8, "LOG-01"u8, &UnderRunQueue);
        Test.Run("a new console is shown the ring"u8, "LOG-01"u8, &NewConsole);
        Test.Run("dump_stack in process context"u8, "LOG-02"u8, &DumpInProcess);
        Test.Run("dump_stack in a hard interrupt"u8, "LOG-02 IRQ-11"u8, &DumpInInterrupt);
        OnCpuZero.Run("dump_stack in a timer that ksoftirqd runs"u8, "LOG-02"u8, &DumpInKsoftirqd);
        Test.Run("WARN_ON goes on"u8, "LOG-02"u8, &Warning);
        Test.Run("sleeping with interrupts off"u8, "LOG-02 SIRQ-09"u8, &Sleeping);
    }

    private static void EightLevels()
    {
        LogReader reader = new(KernelLog.NextSequence);
        for (LogLevel level = LogLevel.Emergency; level <= LogLevel.Debug; level++)
        {
            Printk(level, $"level {(int)level}: {(ulong)level:x4}\n");
        }

        byte* bytes = stackalloc byte[32];
        for (LogLevel level = LogLevel.Emergency; level <= LogLevel.Debug; level++)
        {
            Check.True(reader.MoveNext());
            Check.Equal((long)level, (long)reader.Current.Level);
            TextBuffer expected = new(new Span<byte>(bytes, 32));
            expected.Append($"level {(int)level}: 000{(int)level}");
            Check.True(reader.Current.Text.SequenceEqual(expected.Written));
        }
    }

    private static void TimeStamps()
    {
        ulong start = KernelLog.NextSequence;
        for (int i = 0; i < 5; i++)
        {
            Printk(LogLevel.Debug, $"stamp {i}\n");
            Udelay(200);
        }

        LogReader reader = new(start);
        ulong last = 0;
        int found = 0;
        while (reader.MoveNext())
        {
            ReadOnlySpan<byte> line = reader.Current.Line;
            Check.True(line[0] == '[' && line[6] == '.' && line[13] == ']' && line[14] == ' ');
            if (reader.Current.Text.StartsWith("stamp "u8))
            {
                Check.True(found == 0 || reader.Current.Microseconds >= last + 150);
                last = reader.Current.Microseconds;
                found++;
            }
        }

        Check.Equal(5, found);
    }

    private static void PartialLines()
    {
        ulong start = KernelLog.NextSequence;
        Printk(LogLevel.Info, $"probing");
        Printk($" irq {5}");
        Printk(": found\n"u8);
        LogReader reader = new(start);
        Check.True(reader.MoveNext());
        Check.True(reader.Current.Line.EndsWith("] probing"u8));
        Check.True(reader.MoveNext());
        Check.True(reader.Current.Line.SequenceEqual(" irq 5"u8));
        Check.True(reader.MoveNext());
        Check.True(reader.Current.Line.SequenceEqual(": found\n"u8));
    }

    private static void OverlongLine()
    {
        ulong start = KernelLog.NextSequence;
        Printk(LogLevel.Debug, $"{1,5000}\n");
        LogReader reader = new(start);
        Check.True(reader.MoveNext());
        Check.Equal(1024, reader.Current.Text.Length);
        Check.True(reader.Current.Line.EndsWith(" [...]\n"u8));
    }

    private static void LockHeld()
    {
        ulong flags = s_lock.LockIrqSave();
        Printk(LogLevel.Info, $"with lock, irqs_disabled {IrqsDisabled()}\n");
        s_lock.UnlockIrqRestore(flags);
        Check.Logged("with lock, irqs_disabled True"u8);
    }

    private static void HardInterrupt()
    {
        s_dump = false;
        Strike();
        Check.Equal(1, s_calls);
        Check.Logged("handler: in_irq True, irqs_disabled "u8);
    }

    private static void NonMaskable()
    {
        uint exceptions = Traps.Count(2, SmpProcessorId());
        s_apic = (byte*)Vmalloc.Ioremap(ApicAddress, 4096);
        Check.True(s_apic != null);
        ulong flags = LocalIrqSave();
        bool arrived = SendNmi();
        LocalIrqRestore(flags);
        Vmalloc.Iounmap(s_apic);
        Check.True(arrived);
        Check.Equal(exceptions + 1, Traps.Count(2, SmpProcessorId()));
        Check.Logged("Unknown NMI received, reason "u8);
        Check.Logged("NMI at [<ffffffff"u8);
    }

    // The console driver is at work, the console lock is held, the message that it shows is in the ring.
    private static void NonMaskableInPrintk()
    {
        s_apic = (byte*)Vmalloc.Ioremap(ApicAddress, 4096);
        Check.True(s_apic != null);
        s_console = default;
        s_console.Name = "nmi"u8;
        s_console.Write = &SendNmiOnce;
        s_console.Flags = Log.ConsoleFlags.NoReplay;
        s_shown = 0;
        s_calls = 0;
        var console = (Log.Console*)Unsafe.AsPointer(ref s_console);
        KernelLog.RegisterConsole(console);
        Printk(LogLevel.Info, $"before the NMI\n");
        Check.Equal(0, KernelLog.UnregisterConsole(console));
        Vmalloc.Iounmap(s_apic);
        Check.Equal(1, s_calls);
        Check.Equal(3, s_shown);
        Check.Logged("before the NMI"u8);
        Check.Logged("Unknown NMI received"u8);
    }

    private static void SendNmiOnce(Log.Console* console, byte* text, int length)
    {
        CountLines(console, text, length);
        if (s_calls == 0)
        {
            s_calls = SendNmi() ? 1 : -1;
        }
    }

    // From the local APIC to itself: it arrives whatever the interrupt flag says.
    private static bool SendNmi()
    {
        uint before = IrqStatistics.Nmis(SmpProcessorId());
        Mmio.Write32(s_apic + ApicCommandHigh, Mmio.Read32(s_apic + ApicIdentifier));
        Mmio.Write32(s_apic + ApicCommandLow, ApicDeliverNmi);
        for (int i = 0; i < 1000 && IrqStatistics.Nmis(SmpProcessorId()) == before; i++)
        {
            Udelay(10);
        }

        return IrqStatistics.Nmis(SmpProcessorId()) == before + 1;
    }

    private static void SlowReader()
    {
        ulong start = KernelLog.NextSequence;
        Printk(LogLevel.Debug, $"first\n");
        LogReader slow = new(start);
        const int Messages = 5000;
        for (int i = 0; i < Messages; i++)
        {
            Printk(LogLevel.Debug, $"flood {i}\n");
        }

        Check.True(slow.MoveNext());
        Check.True(slow.Lost > 0);
        Check.True(slow.Current.Text.StartsWith("flood "u8));
        int count = 1;
        while (slow.MoveNext())
        {
            count++;
        }

        Check.Between(1000, Messages - 1, count);
    }

    private static void UnderRunQueue()
    {
        s_shownUnderLock = 0;
        s_console = default;
        s_console.Write = &NoteLine;
        s_console.Flags = Log.ConsoleFlags.NoReplay;
        s_console.Level = (int)LogLevel.Debug + 1;
        var console = (Log.Console*)Unsafe.AsPointer(ref s_console);
        KernelLog.RegisterConsole(console);
        Shared.WriteOnce(ref s_shownUnderLock, 0);
        ulong flags = LocalIrqSave();
        RunQueues.This->Lock.LockNoPreempt();
        Printk($"with a run queue locked\n");
        int meanwhile = Shared.ReadOnce(ref s_shownUnderLock);
        RunQueues.This->Lock.ReleaseNoPreempt();
        LocalIrqRestore(flags);
        bool shown = SmpTests.Becomes(ref s_shownUnderLock, 1);
        Check.Equal(0, KernelLog.UnregisterConsole(console));
        Check.True(shown);
#if SMP || DEBUG_CHECKS
        Check.Equal(0, meanwhile);
#endif
    }

    private static void NoteLine(Log.Console* console, byte* text, int length)
    {
        if (new ReadOnlySpan<byte>(text, length).IndexOf("with a run queue locked"u8) >= 0)
        {
            Shared.WriteOnce(ref s_shownUnderLock, 1);
        }
    }

    private static void NewConsole()
    {
        Printk(LogLevel.Info, $"for a console that comes later\n");
        s_shown = 0;
        s_console = default;
        s_console.Name = "test"u8;
        s_console.Write = &CountLines;
        var console = (Log.Console*)Unsafe.AsPointer(ref s_console);
        KernelLog.RegisterConsole(console);
        Check.True(s_shown > 0);
        int before = s_shown;
        Printk(LogLevel.Info, $"one more\n");
        Check.Equal(before + 1, s_shown);
        Check.Equal(0, KernelLog.UnregisterConsole(console));
        Check.Equal(-ENODEV, KernelLog.UnregisterConsole(console));
        Printk(LogLevel.Info, $"not for it\n");
        Check.Equal(before + 1, s_shown);
    }

    private static void DumpInProcess()
    {
        Inner();
        byte* bytes = stackalloc byte[100];
        TextBuffer task = new(new Span<byte>(bytes, 100));
        task.Append($"CPU: {SmpProcessorId()}  Pid: {Current->Pid}, name: {Current->Name}  {KernelVersion.Banner}");
        Check.Logged(task.Written);
        Check.Logged(" LogTests.Inner+0x"u8);
        Check.Logged(" LogTests.DumpInProcess+0x"u8);
        Check.Logged("[kernelsuites] at tests/Kernel.Suites/LogTests.cs:"u8);
        Check.Logged(" Test.Run+0x"u8);
        Check.Logged(" at Kernel/Testing/Test.cs:"u8);
        Check.Logged(" TestRunner.RunSuites+0x"u8);
        Check.NotLogged("<IRQ>"u8);
        Check.NotLogged("trace ends here"u8);
        Check.NotLogged("KernelLog.DumpStack"u8);
    }

    private static void DumpInInterrupt()
    {
        s_dump = true;
        Strike();
        Check.Equal(1, s_calls);
        Check.True(InOrder(
            "Call Trace:"u8, " <IRQ>"u8, " LogTests.Handler+0x"u8, " Interrupts.DoIrq+0x"u8, " <EOI>"u8, " LogTests.Strike+0x"u8,
            " TestRunner.RunSuites+0x"u8));
        Check.NotLogged("trace ends here"u8);
    }

    // The timer comes due while bottom halves are disabled, so that the softirq stays pending; then the thread is woken. An interrupt may still be
    // quicker on its way out: that round proves nothing, and says so in s_byThread.
    private static void DumpInKsoftirqd()
    {
        const int MostRounds = 100;
        var timer = (TimerList*)Unsafe.AsPointer(ref s_timer);
        var ran = (Completion*)Unsafe.AsPointer(ref s_ran);
        SetupTimer(timer, &DumpByThread, 0);
        s_byThread = false;
        for (int round = 0; round < MostRounds && !s_byThread; round++)
        {
            Completion.Init(ran);
            LocalBhDisable();
            uint due = Jiffies + 1;
            ModTimer(timer, due);
            while (TimeBeforeEq(Jiffies, due))
            {
                CpuRelax();
            }

            LocalIrqDisable();
            _LocalBhEnable();
            RaiseSoftirqIrqoff(TimerSoftirq);
            LocalIrqEnable();
            Completion.Wait(ran);
        }

        DelTimerSync(timer);
        Check.True(s_byThread);
        Check.True(InOrder(
            "name: ksoftirqd/0  "u8, "Call Trace:"u8, " LogTests.DumpByThread+0x"u8, " Timers.RunTimerSoftirq+0x"u8, " Softirq.DoSoftirqOnce+0x"u8,
            " Ksoftirqd.Run+0x"u8, " Kthread.Start+0x"u8));
        Check.NotLogged("<IRQ>"u8);
        Check.NotLogged("trace ends here"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DumpByThread(ulong unused)
    {
        s_byThread = InterruptRegs == null && Current == Ksoftirqd.OfCpu(0);
        if (s_byThread)
        {
            s_start = KernelLog.NextSequence;
            KernelLog.DumpStack();
        }

        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_ran));
    }

    private static void Warning()
    {
        Check.False(WarnOn(s_calls < 0));
        Check.NotLogged("WARNING"u8);
        Check.True(WarnOn(s_calls >= 0));
        Check.Logged("WARNING: at tests/Kernel.Suites/LogTests.cs:"u8);
        Check.Logged(" LogTests.Warning+0x"u8);
    }

    private static void Sleeping()
    {
        ulong flags = LocalIrqSave();
        MightSleep();
        LocalIrqRestore(flags);
#if DEBUG_CHECKS
        Check.Logged("BUG: sleeping function called from invalid context at tests/Kernel.Suites/LogTests.cs:"u8);
        Check.Logged("in_atomic(): 0, irqs_disabled(): 1, pid: "u8);
        Check.Logged(" LogTests.Sleeping+0x"u8);
#endif
        Check.ForgetLog();
        MightSleep();
        Check.NotLogged("BUG: sleeping"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Inner()
    {
        KernelLog.DumpStack();
        Check.True(true);
    }

    // Raises an ISA line that nobody uses, by instruction.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Strike()
    {
        ReadOnlySpan<byte> lines = [5, 3, 6, 9, 10, 11];
        s_calls = 0;
        s_start = KernelLog.NextSequence;
        foreach (int line in lines)
        {
            fixed (int* cookie = &s_calls)
            {
                if (RequestIrq(line, &Handler, IrqFlags.None, "log test"u8, cookie) != 0)
                {
                    continue;
                }

                OopsMachineCode code = OopsMachineCode.Interrupt(OopsMachineCode.FirstLineVector + line);
                code.Function();
                code.Free();
                FreeIrq(line, cookie);
                return;
            }
        }

        Test.Skip("no free ISA line"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IrqReturn Handler(int irq, void* cookie, PtRegs* regs)
    {
        s_calls++;
        Printk(LogLevel.Info, $"handler: in_irq {InIrq()}, irqs_disabled {IrqsDisabled()}\n");
        if (s_dump)
        {
            KernelLog.DumpStack();
        }

        return IrqReturn.Handled;
    }

    private static void CountLines(Log.Console* console, byte* text, int length)
    {
        for (int i = 0; i < length; i++)
        {
            s_shown += text[i] == '\n' ? 1 : 0;
        }
    }

    // True if records with these texts stand in the log of this test one after the other, others between them allowed.
    private static bool InOrder(
        ReadOnlySpan<byte> a, ReadOnlySpan<byte> b, ReadOnlySpan<byte> c, ReadOnlySpan<byte> d, ReadOnlySpan<byte> e, ReadOnlySpan<byte> f,
        ReadOnlySpan<byte> g)
    {
        int step = 0;
        LogReader reader = new(s_start);
        while (step < 7 && reader.MoveNext())
        {
            ReadOnlySpan<byte> wanted = step switch { 0 => a, 1 => b, 2 => c, 3 => d, 4 => e, 5 => f, _ => g };
            step += reader.Current.Text.IndexOf(wanted) >= 0 ? 1 : 0;
        }

        return step == 7;
    }
}
