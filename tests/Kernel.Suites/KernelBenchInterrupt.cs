// KernelBenchInterrupt: the way of a device interrupt, in executed instructions (`./csos bench`).
//
// Process context, interrupts on. The edu device raises its interrupt at one MMIO write; under icount it is taken directly after it. As in the figures of
// other kernels the reading of the time stamp counter is included. Keys are those of tools/Csos/Bench/Bars.cs.

using System.Runtime.CompilerServices;
using CSharpOS.Pci;

namespace CSharpOS.Suites;

/// <summary>Measurements of a device interrupt.</summary>
public static unsafe class KernelBenchInterrupt
{
    private const int EduVendor = 0x1234, EduDevice = 0x11e8;
    private const int WorkSamples = 201;
    private const int EduRaise = 0x60, EduAcknowledge = 0x64, EduInterruptStatus = 0x24;

    private static byte* s_edu;
    private static int s_line;
    private static ulong s_handlerEntered;
    private static ulong s_handlerLeft;
    private static Deferred s_schedules;
    private static ulong s_deferredEntered;
    private static TaskletStruct s_tasklet;
    private static WorkStruct s_work;

    private enum Deferred
    {
        Nothing,
        Tasklet,
        Work,
        Thread,
    }

    private static TaskletStruct* Tasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    [TestSuite("bench")]
    public static void Suite()
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            if (device->Vendor == EduVendor && device->Device == EduDevice)
            {
                MeasureOn(device);
                return;
            }
        }
    }

    // With the line for ourselves: the driver's own handler would stand before ours.
    private static void MeasureOn(PciDevice* device)
    {
        PciDriver* driver = device->Driver;
        if (driver != null)
        {
            PciBus.UnregisterDriver(driver);
        }

        PciBus.EnableDevice(device);
        s_line = device->Irq;
        s_edu = (byte*)Vmalloc.Ioremap(device->Resource(0).Start, 4096);
        if (s_edu != null && RequestIrq(device->Irq, &EduInterrupt, IrqFlags.Shared, "bench"u8, device) == 0)
        {
            Bench.Measure("irq-to-handler"u8, &ToHandler, "instructions"u8);
            Bench.Measure("irq-from-handler"u8, &FromHandler, "instructions"u8);
            TaskletInit(Tasklet, &TaskletEntered, 0);
            s_schedules = Deferred.Tasklet;
            Bench.Measure("irq-to-tasklet"u8, &ToDeferred, "instructions"u8);
            WorkStruct.Init(Work, &WorkEntered);
            s_schedules = Deferred.Work;
            Bench.Measure("irq-to-work"u8, &ToDeferred, "instructions"u8, WorkSamples);
            s_schedules = Deferred.Nothing;
            FreeIrq(device->Irq, device);
            s_schedules = Deferred.Thread;
            if (RequestThreadedIrq(device->Irq, &EduInterrupt, &ThreadEntered, IrqFlags.Shared, "bench"u8, device) == 0)
            {
                Bench.Measure("irq-to-thread"u8, &ToThread, "instructions"u8, WorkSamples);
                FreeIrq(device->Irq, device);
            }

            s_schedules = Deferred.Nothing;
            Vmalloc.Iounmap(s_edu);
        }

        if (driver != null)
        {
            PciBus.RegisterDriver(driver);
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

    // The worker may sleep again before it is asked; a work needs a moment to itself.
    private static ulong ToDeferred()
    {
        FlushScheduledWork();
        ulong start = ReadTsc();
        Mmio.Write32(s_edu + EduRaise, 1);
        FlushScheduledWork();
        return s_deferredEntered - start;
    }

    private static ulong ToThread()
    {
        ulong start = ReadTsc();
        Mmio.Write32(s_edu + EduRaise, 1);
        SynchronizeIrq(s_line);
        return s_deferredEntered - start;
    }

    private static IrqReturn ThreadEntered(int irq, void* devId)
    {
        s_deferredEntered = ReadTsc();
        return IrqReturn.Handled;
    }

    private static void TaskletEntered(ulong data) => s_deferredEntered = ReadTsc();

    private static void WorkEntered(WorkStruct* work) => s_deferredEntered = ReadTsc();

    private static IrqReturn EduInterrupt(int irq, void* devId, PtRegs* regs)
    {
        s_handlerEntered = ReadTsc();
        uint status = Mmio.Read32(s_edu + EduInterruptStatus);
        if (status == 0)
        {
            return IrqReturn.None;
        }

        Mmio.Write32(s_edu + EduAcknowledge, status);
        if (s_schedules == Deferred.Tasklet)
        {
            TaskletSchedule(Tasklet);
        }
        else if (s_schedules == Deferred.Work)
        {
            ScheduleWork(Work);
        }

        else if (s_schedules == Deferred.Thread)
        {
            return IrqReturn.WakeThread;
        }

        s_handlerLeft = ReadTsc();
        return IrqReturn.Handled;
    }
}
