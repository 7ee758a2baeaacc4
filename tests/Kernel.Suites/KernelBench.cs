// KernelBench: what the mechanisms cost, in executed instructions under `-icount shift=0,sleep=off` (`./csos bench`).
//
// Names are those of docs/performance.md. A sample function gives the counts between two readings of the time stamp counter;
// like the figures of other kernels beside which they stand, they hold the two instructions of rdtsc's own.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

/// <summary>The measurements.</summary>
public static unsafe class KernelBench
{
    private const int EduRaise = 0x60, EduAcknowledge = 0x64, EduInterruptStatus = 0x24;
    private const int Pairs = 16;
    private const int TickSamples = 41;

    private static SpinLock s_lock;
    private static byte* s_edu;
    private static ulong s_handlerEntered;
    private static ulong s_handlerLeft;

    [TestSuite("bench")]
    public static void Suite()
    {
        Bench.Measure("local_irq_save + restore"u8, &IrqSaveRestore, "instructions"u8);
        Bench.Measure("spin_lock_irqsave + restore"u8, &SpinLockIrqSave, "instructions"u8);
        Bench.Measure("kmalloc(64) + kfree"u8, &KmallocKfree, "instructions"u8);
        Bench.Measure("clock tick"u8, &ClockTick, "instructions"u8, TickSamples);
        MeasureInterrupt();
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

    private static void MeasureInterrupt()
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            if (device->Vendor != 0x1234 || device->Device != 0x11e8)
            {
                continue;
            }

            // The line for ourselves: the driver's own handler would stand before ours.
            PciDriver* driver = device->Driver;
            if (driver != null)
            {
                PciBus.UnregisterDriver(driver);
            }

            PciBus.EnableDevice(device);
            s_edu = (byte*)Vmalloc.Ioremap(device->Resource(0).Start, 4096);
            if (s_edu == null || RequestIrq(device->Irq, &EduInterrupt, IrqFlags.Shared, "bench"u8, device) != 0)
            {
                return;
            }

            Bench.Measure("device interrupt: register write to handler"u8, &ToHandler, "instructions"u8);
            Bench.Measure("device interrupt: handler's end to the interrupted code"u8, &FromHandler, "instructions"u8);
            FreeIrq(device->Irq, device);
            Vmalloc.Iounmap(s_edu);
            if (driver != null)
            {
                PciBus.RegisterDriver(driver);
            }

            return;
        }
    }

    private static ulong ToHandler()
    {
        ulong start = ReadTsc();
        Mmio.Write32(s_edu + EduRaise, 1);
        return s_handlerEntered - start;
    }

    private static ulong FromHandler()
    {
        Mmio.Write32(s_edu + EduRaise, 1);
        return ReadTsc() - s_handlerLeft;
    }

    private static IrqReturn EduInterrupt(int irq, void* devId, PtRegs* regs)
    {
        s_handlerEntered = ReadTsc();
        uint status = Mmio.Read32(s_edu + EduInterruptStatus);
        if (status == 0)
        {
            return IrqReturn.None;
        }

        Mmio.Write32(s_edu + EduAcknowledge, status);
        s_handlerLeft = ReadTsc();
        return IrqReturn.Handled;
    }
}
