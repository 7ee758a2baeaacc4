// KernelBench: what locks, memory and the clock tick cost, in executed instructions under `-icount shift=0,sleep=off` (`./csos bench`).
//
// Process context, interrupts on. A sample function gives the counts between two readings of the time stamp counter, less what the
// reading itself costs. Keys are those of tools/Csos/Bench/Bars.cs.

namespace CSharpOS.Suites;

/// <summary>Measurements of locks, memory and the tick.</summary>
public static unsafe class KernelBench
{
    private const int Pairs = 16;
    private const int TickSamples = 41;

    private static SpinLock s_lock;

    [TestSuite("bench")]
    public static void Suite()
    {
        Bench.Measure("local-irq-save"u8, &IrqSaveRestore, "instructions"u8);
        Bench.Measure("spin-lock-irqsave"u8, &SpinLockIrqSave, "instructions"u8);
        Bench.Measure("kmalloc"u8, &KmallocKfree, "instructions"u8);
        Bench.Measure("tick"u8, &ClockTick, "instructions"u8, TickSamples);
    }

    // Pairs in a row, so that the loop and the reading of the counter hardly count.
    private static ulong IrqSaveRestore()
    {
        ulong start = ReadTsc();
        LocalIrqRestore(LocalIrqSave());
        LocalIrqRestore(LocalIrqSave());
        LocalIrqRestore(LocalIrqSave());
        LocalIrqRestore(LocalIrqSave());
        return (ReadTsc() - start - Bench.Overhead()) / 4;
    }

    private static ulong SpinLockIrqSave()
    {
        ulong start = ReadTsc();
        for (int i = 0; i < Pairs; i++)
        {
            ulong flags = s_lock.LockIrqSave();
            s_lock.UnlockIrqRestore(flags);
        }

        return (ReadTsc() - start - Bench.Overhead()) / Pairs;
    }

    private static ulong KmallocKfree()
    {
        ulong start = ReadTsc();
        Kfree(Kmalloc(64, GfpFlags.Kernel));
        return ReadTsc() - start - Bench.Overhead();
    }

    // A loop of known cost is interrupted by exactly one tick: what it takes longer is the tick, gate and iret included.
    private static ulong ClockTick()
    {
        uint before = Jiffies;
        while (Jiffies == before)
        {
        }

        ulong last = ReadTsc();
        while (true)
        {
            ulong now = ReadTsc();
            if (now - last > 60)
            {
                return now - last;
            }

            last = now;
        }
    }
}
