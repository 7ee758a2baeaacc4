// IrqContextTests: where handlers run, and that the interrupted code does not notice. Part of the suite irq.

namespace CSharpOS.Suites;

internal static unsafe class IrqContextTests
{
    private const int Line = IrqTests.Line;
    private const int Rounds = 2000;

    private static bool s_contextIsRight;
    private static bool s_softirqInterrupted;
    private static TaskStruct* s_current;
    private static ulong s_stackAddress;
    private static ulong s_stackTop;
    private static bool s_leaked;
    private static bool s_timerSeen;
    private static bool s_lineSeen;
    private static bool s_errorsSeen;

    internal static void Contexts()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Check.False(InIrq() || InInterrupt() || InSoftirq() || InAtomic() || InNmi() || IrqsDisabled());
        ulong flags = LocalIrqSave();
        Check.True(IrqsDisabled());
        Check.False(IrqsDisabledFlags(flags));
        ulong inner = LocalIrqSave();
        Check.True(IrqsDisabledFlags(inner));
        LocalIrqRestore(inner);
        Check.True(IrqsDisabled());
        LocalIrqRestore(flags);
        Check.False(IrqsDisabled());

        // On the CPU that the line's interrupts go to: the pulse interrupts this very task.
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        IrqTests.ResetCounts();
        s_contextIsRight = true;
        s_softirqInterrupted = true;
        s_current = null;
        Check.Equal(0, RequestIrq(Line, &NoteContext, IrqFlags.SaInterrupt, "test"u8, null));

        // A pulse that comes with a clock tick may interrupt the tick's softirqs, and then in_softirq is true as well.
        for (int pulses = 1; pulses <= 100 && s_softirqInterrupted; pulses++)
        {
            IrqTests.Pulse(Line);
            IrqTests.WaitForCalls(pulses);
        }

        FreeIrq(Line, null);
        Check.True(s_contextIsRight);
        Check.False(s_softirqInterrupted);
        Check.True(s_current == Current);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        Check.False(InIrq() || InInterrupt() || InAtomic() || IrqsDisabled());
    }

    internal static void Stack()
    {
#if IRQ_STACKS
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &NoteStack, IrqFlags.None, "test"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        FreeIrq(Line, null);
        Check.True(s_stackAddress < s_stackTop && s_stackAddress > s_stackTop - AsmOffsets.THREAD_SIZE);
        ulong local = 0;
        Check.False((ulong)&local < s_stackTop && (ulong)&local > s_stackTop - AsmOffsets.THREAD_SIZE);
#else
        Test.Skip("built without interrupt stacks"u8);
#endif
    }

    // Arithmetic in as many registers as the compiler will use, integer and SSE, interrupted all the time: the result must be that of
    // the same arithmetic left alone.
    internal static void Registers()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        // On the CPU that the line's interrupts go to.
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        ulong expected = Compute(false);
        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "test"u8, null));
        ulong found = Compute(true);
        FreeIrq(Line, null);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        Check.Equal(expected, found);
        Check.Equal(Rounds, IrqTests.Calls);
    }

    internal static void PreemptCountLeak()
    {
#if DEBUG_CHECKS
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        s_leaked = false;
        Check.Equal(0, RequestIrq(Line, &LeakingHandler, IrqFlags.None, "leaky"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        IrqTests.WaitInVain();
        FreeIrq(Line, null);
        Check.Logged("irq 6: handler of leaky changed preempt_count"u8);
        Check.Equal(0, PreemptCount());
#else
        Test.Skip("handlers are not checked in this build"u8);
#endif
    }

    internal static void Table()
    {
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "first"u8, IrqTests.Cookie(1)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaShirq, "second"u8, IrqTests.Cookie(2)));
        s_timerSeen = false;
        s_lineSeen = false;
        s_errorsSeen = false;
        IrqTable.Write(&LookAtRow, Smp.CpuCount);
        Check.True(s_timerSeen);
        Check.True(s_lineSeen);
        Check.True(s_errorsSeen);
        FreeIrq(Line, IrqTests.Cookie(1));
        FreeIrq(Line, IrqTests.Cookie(2));
        s_lineSeen = false;
        IrqTable.Write(&LookAtRow, Smp.CpuCount);
        Check.False(s_lineSeen);

        // The count of the timer divided by HZ is the uptime, where line 0 and no local timer keeps it.
        ulong flags = LocalIrqSave();
        uint ticks = (uint)(Jiffies64 - InitialJiffies);
        uint interrupts = IrqFlowTests.Total(0);
        LocalIrqRestore(flags);
        if (IrqTests.On8259A() && Smp.CpuCount == 1)
        {
            Check.Between(ticks, ticks + 1, interrupts);
        }
    }

    internal static void Entropy()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        Span<byte> first = stackalloc byte[32];
        Span<byte> second = stackalloc byte[32];
        EntropyPool.GetRandomBytes(first);
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.SaSampleRandom, "test"u8, null));
        for (int i = 1; i <= 200; i++)
        {
            IrqTests.ResetCounts();
            Ndelay((uint)(i * i % 4000));
            IrqTests.Pulse(Line);
            IrqTests.WaitForCalls(1);
        }

        FreeIrq(Line, null);
        Check.Between(20, EntropyPool.MaxEntropy, EntropyPool.EntropyCount);
        EntropyPool.GetRandomBytes(second);
        Check.False(first.SequenceEqual(second));
    }

    private static ulong Compute(bool interrupted)
    {
        ulong a = 1, b = 2, c = 3, d = 5, e = 7, f = 11, g = 13, h = 17;
        Block block = default;
        for (int i = 0; i < Rounds; i++)
        {
            if (interrupted)
            {
                IrqTests.Pulse(Line);
            }

            for (int j = 0; j < 20; j++)
            {
                a = (a * 6364136223846793005) + b;
                b ^= a >> 29;
                c += b ^ (d << 7);
                d = (d * 2862933555777941757) + e;
                e ^= d >> 31;
                f += e + (g << 5);
                g = (g * 3202034522624059733) + h;
                h ^= g >> 27;

                // A structure copy is done in SSE registers.
                block.First = a ^ f;
                Block copy = block;
                copy.Last += c;
                block = copy;
            }
        }

        return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h ^ block.First ^ block.Last;
    }

    private static void LookAtRow(ReadOnlySpan<byte> row)
    {
        s_timerSeen |= row.StartsWith("  0: "u8) && row.EndsWith("  timer\n"u8);
        s_lineSeen |= row.StartsWith("  6: "u8) && row.EndsWith("  first, second\n"u8);
        s_errorsSeen |= row.StartsWith("ERR: "u8);
    }

    private static IrqReturn NoteContext(int irq, void* devId, PtRegs* regs)
    {
        s_current = Current;
        s_contextIsRight &= InIrq() && InInterrupt() && InAtomic() && !InNmi() && IrqsDisabled();
        s_softirqInterrupted &= InSoftirq();
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn NoteStack(int irq, void* devId, PtRegs* regs)
    {
        ulong local = 0;
        s_stackAddress = (ulong)&local;
        s_stackTop = Hot->IrqStackTop;
        return IrqTests.Count(irq, devId, regs);
    }

    private static IrqReturn LeakingHandler(int irq, void* devId, PtRegs* regs)
    {
        if (!s_leaked)
        {
            s_leaked = true;
            PreemptDisable();
        }

        return IrqTests.Count(irq, devId, regs);
    }

    private struct Block
    {
        public ulong First, Second, Third, Last;
    }
}
