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
    private static ulong s_deferredEntered;
    private static TaskletStruct s_tasklet;
    private static WorkStruct s_work;

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
        if (s_edu != null)
        {
            TaskletInit(Tasklet, &TaskletEntered, 0);
            WorkStruct.Init(Work, &WorkEntered);
            MeasureWith(&EduInterrupt, device, "irq-to-handler"u8, &ToHandler, Bench.Samples);
            MeasureWith(&EduInterrupt, device, "irq-from-handler"u8, &FromHandler, Bench.Samples);
            MeasureWith(&EduSchedulesTasklet, device, "irq-to-tasklet"u8, &ToDeferred, Bench.Samples);
            MeasureWith(&EduSchedulesWork, device, "irq-to-work"u8, &ToDeferred, WorkSamples);
            if (RequestThreadedIrq(s_line, &EduWakesThread, &ThreadEntered, IrqFlags.Shared, "bench"u8, device) == 0)
            {
                Bench.Measure("irq-to-thread"u8, &ToThread, "instructions"u8, WorkSamples);
                FreeIrq(s_line, device);
            }

            Vmalloc.Iounmap(s_edu);
        }

        if (driver != null)
        {
            PciBus.RegisterDriver(driver);
        }
    }

    private static void MeasureWith(
        delegate*<int, void*, PtRegs*, IrqReturn> handler, PciDevice* device, ReadOnlySpan<byte> key, delegate*<ulong> sample, int samples)
    {
        if (RequestIrq(device->Irq, handler, IrqFlags.Shared, "bench"u8, device) == 0)
        {
            Bench.Measure(key, sample, "instructions"u8, samples);
            FreeIrq(device->Irq, device);
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

    private static IrqReturn EduWakesThread(int irq, void* devId, PtRegs* regs) => Acknowledge() ? IrqReturn.WakeThread : IrqReturn.None;

    private static void TaskletEntered(ulong data) => s_deferredEntered = ReadTsc();

    private static void WorkEntered(WorkStruct* work) => s_deferredEntered = ReadTsc();

    private static IrqReturn EduInterrupt(int irq, void* devId, PtRegs* regs)
    {
        s_handlerEntered = ReadTsc();
        bool raised = Acknowledge();
        s_handlerLeft = ReadTsc();
        return raised ? IrqReturn.Handled : IrqReturn.None;
    }

    // As a driver's: whose interrupt is it, quiet the device, leave the rest for later.
    private static IrqReturn EduSchedulesTasklet(int irq, void* devId, PtRegs* regs)
    {
        if (!Acknowledge())
        {
            return IrqReturn.None;
        }

        TaskletSchedule(Tasklet);
        return IrqReturn.Handled;
    }

    private static IrqReturn EduSchedulesWork(int irq, void* devId, PtRegs* regs)
    {
        if (!Acknowledge())
        {
            return IrqReturn.None;
        }

        ScheduleWork(Work);
        return IrqReturn.Handled;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Acknowledge()
    {
        byte* edu = s_edu;
        uint status = Mmio.Read32(edu + EduInterruptStatus);
        if (status != 0)
        {
            Mmio.Write32(edu + EduAcknowledge, status);
        }

        return status != 0;
    }
}
