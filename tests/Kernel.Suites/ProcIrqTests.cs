// ProcIrqTests: /proc/interrupts and /proc/irq. Part of the suite proc.

namespace CSharpOS.Suites;

internal static unsafe class ProcIrqTests
{
    private const int Line = IrqTests.Line;
    private const int Pulses = 20;
    private const int RowSize = 400;

    private static ReadOnlySpan<byte> RowOfLine => "  6: "u8;

    internal static void Interrupts()
    {
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        Check.Equal(0, ProcHelp.Line(RowOfLine).Length);
        Check.True(ProcHelp.Text.StartsWith("           CPU0       "u8));
        Check.Equal(Smp.CpuCount, ProcHelp.WordCount(ProcHelp.Text[..ProcHelp.Text.IndexOf((byte)'\n')]));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "toy"u8, IrqTests.Cookie(1)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "other"u8, IrqTests.Cookie(2)));
        CheckRow();
        if (IrqTests.HasTestDevice())
        {
            long before = SumOfRow();
            IrqTests.ResetCounts();
            for (int i = 1; i <= Pulses; i++)
            {
                IrqTests.Pulse(Line);
                Check.True(IrqTests.WaitForCalls(2 * i));
            }

            SynchronizeIrq(Line);
            Check.Equal(before + Pulses, SumOfRow());
            CheckRow();
        }

        FreeIrq(Line, IrqTests.Cookie(1));
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        Check.True(ProcHelp.Line(RowOfLine).EndsWith("  other"u8));
        FreeIrq(Line, IrqTests.Cookie(2));
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        Check.Equal(0, ProcHelp.Line(RowOfLine).Length);

        // Behind the lines the interrupts that belong to none, in this order.
        int nmi = ProcHelp.Text.IndexOf("\nNMI: "u8), loc = ProcHelp.Text.IndexOf("\nLOC: "u8), err = ProcHelp.Text.IndexOf("\nERR: "u8);
        Check.True(nmi > 0 && loc > nmi && err > loc);
        Check.Equal(1 + Smp.CpuCount, ProcHelp.WordCount(ProcHelp.Line("NMI:"u8)));
        Check.Equal(1 + Smp.CpuCount, ProcHelp.WordCount(ProcHelp.Line("LOC:"u8)));
        Check.Equal(IrqStatistics.Errors, ProcHelp.Number(ProcHelp.Line("ERR:"u8), 1));
#if SMP
        int res = ProcHelp.Text.IndexOf("\nRES: "u8), cal = ProcHelp.Text.IndexOf("\nCAL: "u8), tlb = ProcHelp.Text.IndexOf("\nTLB: "u8);
        Check.True(res > loc && cal > res && tlb > cal && err > tlb);
        CheckMessages();
#endif
    }

#if SMP
    // A column for each CPU, and the one that gets a message counts it.
    private static void CheckMessages()
    {
        foreach (int row in (ReadOnlySpan<int>)[0, 1, 2])
        {
            Check.Equal(1 + Smp.CpuCount, ProcHelp.WordCount(ProcHelp.Line(NameOf(row))));
        }

        if (Smp.CpuCount == 1)
        {
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        int last = Smp.CpuCount - 1;
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        long calls = ProcHelp.Number(ProcHelp.Line(NameOf(1)), 1 + last), flushes = ProcHelp.Number(ProcHelp.Line(NameOf(2)), 1 + last);
        Check.Equal(0, Smp.SmpCallFunctionSingle(last, &TouchNothing, null, true));
        Vmalloc.Free(Vmalloc.Alloc(DirectMap.PAGE_SIZE));
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        Check.True(ProcHelp.Number(ProcHelp.Line(NameOf(1)), 1 + last) > calls);
        Check.True(ProcHelp.Number(ProcHelp.Line(NameOf(2)), 1 + last) > flushes);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static ReadOnlySpan<byte> NameOf(int row) => row == 0 ? "RES:"u8 : row == 1 ? "CAL:"u8 : "TLB:"u8;

    private static void TouchNothing(void* unused)
    {
    }
#endif

    internal static void FixedLines()
    {
        uint before = (uint)(Jiffies64 - InitialJiffies);
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        uint after = (uint)(Jiffies64 - InitialJiffies);
        ReadOnlySpan<byte> timer = ProcHelp.Line("  0: "u8);
        Check.True(timer.EndsWith("  timer"u8));
        ReadOnlySpan<byte> keyboard = ProcHelp.Line("  1: "u8);
        Check.True(keyboard.Length == 0 || keyboard.EndsWith("  i8042"u8));
        if (IrqTests.On8259A())
        {
            Check.True(ProcHelp.Line("  2: "u8).EndsWith("         XT-PIC  cascade"u8));
            Check.True(timer.IndexOf("         XT-PIC  timer"u8) > 0);
        }

        if (IrqTests.On8259A() && Smp.CpuCount == 1)
        {
            Check.Between(before, after + 1, ProcHelp.Number(timer, 1));
        }
    }

    internal static void Handlers()
    {
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/6/toy\0"u8));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "toy"u8, IrqTests.Cookie(1)));
        Check.Equal(0, FsHelp.Walk("/proc/irq/6/toy\0"u8));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "toy"u8, IrqTests.Cookie(2)));
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "other"u8, IrqTests.Cookie(3)));
        Check.Equal(0, FsHelp.Walk("/proc/irq/6/other\0"u8));

        // Two of one name have one entry, until both are gone.
        FreeIrq(Line, IrqTests.Cookie(1));
        Check.Equal(0, FsHelp.Walk("/proc/irq/6/toy\0"u8));
        FreeIrq(Line, IrqTests.Cookie(2));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/6/toy\0"u8));
        Check.Equal(0, FsHelp.Walk("/proc/irq/6/other\0"u8));
        FreeIrq(Line, IrqTests.Cookie(3));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/6/other\0"u8));

        // A request that fails leaves nothing behind; handlers of before /proc are there.
        Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "alone"u8, null));
        Check.True(RequestIrq(Line, &IrqTests.Count, IrqFlags.Shared, "late"u8, IrqTests.Cookie(1)) != 0);
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/6/late\0"u8));
        FreeIrq(Line, null);
        Check.Equal(0, FsHelp.Walk("/proc/irq/0/timer\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/999\0"u8));
    }

    internal static void Affinity()
    {
        if (!CSharpOS.Irq.Interrupts.CanSetAffinity(Line))
        {
            Check.Equal(-ENOENT, FsHelp.Walk("/proc/irq/6/smp_affinity\0"u8));
            return;
        }

        Check.Equal(0, ProcHelp.Read("/proc/irq/6/smp_affinity\0"u8));
        Check.Equal(9, ProcHelp.Text.Length);
        Check.Equal(2, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "1\n"u8));
        Check.Equal(0, ProcHelp.Read("/proc/irq/6/smp_affinity\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("00000001\n"u8));
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "0"u8));
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "x"u8));
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "100000001"u8));
        Check.Equal(1u, CSharpOS.Irq.Interrupts.IrqAffinity(Line));
        if (Smp.CpuCount > 1 && IrqTests.HasTestDevice())
        {
            Check.Equal(1, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "2"u8));
            Check.Equal(0, RequestIrq(Line, &IrqTests.Count, IrqFlags.None, "toy"u8, null));
            uint before = IrqStatistics.Irqs(Line, 1);
            IrqTests.ResetCounts();
            for (int i = 1; i <= Pulses; i++)
            {
                IrqTests.Pulse(Line);
                Check.True(IrqTests.WaitForCalls(i));
            }

            FreeIrq(Line, null);
            Check.Equal(Pulses, (int)(IrqStatistics.Irqs(Line, 1) - before));
            Check.Equal(1, ProcHelp.Write("/proc/irq/6/smp_affinity\0"u8, "1"u8));
        }
    }

    // The row is put together here from the kernel's figures, and must be the same to the byte.
    private static void CheckRow()
    {
        byte* bytes = stackalloc byte[RowSize];
        TextBuffer row = new(new Span<byte>(bytes, RowSize));
        row.Append(RowOfLine);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            row.Append($"{IrqStatistics.Irqs(Line, cpu),10} ");
        }

        row.Append($" {IrqToDescriptor(Line)->Chip->Name,14}  toy, other");
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        Check.True(ProcHelp.Line(RowOfLine).SequenceEqual(row.Written));
    }

    private static long SumOfRow()
    {
        Check.Equal(0, ProcHelp.Read("/proc/interrupts\0"u8));
        ReadOnlySpan<byte> row = ProcHelp.Line(RowOfLine);
        long sum = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            sum += ProcHelp.Number(row, 1 + cpu);
        }

        return sum;
    }
}
