// Threaded interrupts of a real device, edu, and of lines on several CPUs. Part of the suite irq.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

internal static unsafe partial class IrqThreadTests
{
    // The device holds its level triggered line until the thread acknowledges, some milliseconds later. Open meanwhile, the line would interrupt
    // again and again.
    internal static void StaysMasked() => OnEdu(&StaysMaskedOn);

    // As a driver would: the handler makes the device quiet, the thread does the rest.
    internal static void EduThread() => OnEdu(&EduThreadOn);

    internal static void Smp()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        int rounds = SmpTests.Rounds(1000);
        Reset();
        Check.Equal(0, RequestThreadedIrq(irq, &WakeUp, &SeesTheLast, IrqFlags.None, "smp"u8, null));
        for (int i = 1; i <= rounds; i++)
        {
            SmpLine.Route(irq, i % CSharpOS.Arch.Smp.CpuCount);
            Shared.WriteOnce(ref s_raised, i);
            SmpLine.Raise(irq);
            if (i % 64 == 0)
            {
                Check.True(SchedThread.Until(ref s_seen, i));
            }
            else
            {
                SmpLine.Delay(i % 13);
            }
        }

        Check.True(SchedThread.Until(ref s_seen, rounds));
        SmpLine.Route(irq, 0);
        FreeIrq(irq, null);
        Check.Equal(0, s_twice);
        Check.Between(rounds / 64, rounds, s_runs);
        Check.Equal(0, IrqToDescriptor(irq)->ThreadsActive);
    }

    // free_irq while other CPUs interrupt: afterwards neither the handler nor the thread runs.
    internal static void FreeWhileItInterrupts()
    {
        int irq = SmpTests.HasSeveralCpus() ? SmpLine.Find() : -1;
        if (irq < 0)
        {
            return;
        }

        int rounds = SmpTests.Rounds(100);
        SmpLine.Route(irq, 1);
        for (int i = 0; i < rounds; i++)
        {
            Reset();
            Check.Equal(0, RequestThreadedIrq(irq, &WakeUp, &SeesTheLast, IrqFlags.None, "smp"u8, null));
            SmpLine.Raise(irq);
            SmpLine.Delay(i % 29);
            FreeIrq(irq, null);
            int runs = s_runs;
            Check.Equal(0, s_inside);
            SmpLine.Quiesce(1);
            Check.Equal(runs, s_runs);
            Check.Equal(0, IrqToDescriptor(irq)->ThreadsActive);
        }

        SmpLine.Route(irq, 0);
        Check.True(FindThread("irq/3-smp"u8) == null);
    }

    private static void StaysMaskedOn(PciDevice* device)
    {
        Check.Equal(0, RequestThreadedIrq(device->Irq, null, &Acknowledge, IrqFlags.Shared | IrqFlags.Oneshot, "test"u8, device));
        for (int i = 1; i <= 5; i++)
        {
            uint before = IrqFlowTests.Total(device->Irq);
            Mmio.Write32(s_edu + EduRaise, 1);
            Check.True(SchedThread.Until(ref s_runs, i));
            SynchronizeIrq(device->Irq);
            Check.Equal(before + 1, IrqFlowTests.Total(device->Irq));
            Check.False(IrqToDescriptor(device->Irq)->Has(IrqStatus.Oneshot));
        }

        // Enabled while the thread still works: it is the thread that opens the line.
        uint last = IrqFlowTests.Total(device->Irq);
        Shared.WriteOnce(ref s_hold, 1);
        Mmio.Write32(s_edu + EduRaise, 1);
        Check.True(SchedThread.Until(ref s_inside, 1));
        DisableIrqNosync(device->Irq);
        EnableIrq(device->Irq);
        IrqTests.WaitInVain();
        Check.Equal(last + 1, IrqFlowTests.Total(device->Irq));
        Shared.WriteOnce(ref s_hold, 0);
        FreeIrq(device->Irq, device);
        Check.Equal(6, s_runs);
    }

    private static void EduThreadOn(PciDevice* device)
    {
        Check.Equal(0, RequestThreadedIrq(device->Irq, &AcknowledgeAndWake, &Sleeping, IrqFlags.Shared, "test"u8, device));
        for (int i = 1; i <= 20; i++)
        {
            Mmio.Write32(s_edu + EduRaise, 1);
            Check.True(SchedThread.Until(ref s_runs, i));
        }

        Check.True(s_contextIsRight);
        Check.Equal(20, s_primaries);
        FreeIrq(device->Irq, device);
        Check.Equal(20, s_runs);
    }

    // With the line for ourselves: the driver's own handler would serve the device before ours.
    private static void OnEdu(delegate*<PciDevice*, void> test)
    {
        PciDevice* device = PciBus.First();
        while (device != null && (device->Vendor != 0x1234 || device->Device != 0x11e8))
        {
            device = PciBus.Next(device);
        }

        if (device == null)
        {
            Test.Skip("no edu device"u8);
            return;
        }

        PciDriver* driver = device->Driver;
        PciBus.UnregisterDriver(driver);
        PciBus.EnableDevice(device);
        s_edu = (byte*)Vmalloc.Ioremap(device->Resource(0).Start, 0x100);
        Reset();
        test(device);
        Vmalloc.Iounmap(s_edu);
        PciBus.RegisterDriver(driver);
    }

    private static IrqReturn AcknowledgeAndWake(int irq, void* devId, PtRegs* regs)
    {
        uint reasons = Mmio.Read32(s_edu + EduStatus);
        if (reasons == 0)
        {
            return IrqReturn.None;
        }

        Mmio.Write32(s_edu + EduAcknowledge, reasons);
        return WakeUp(irq, devId, regs);
    }

    private static IrqReturn Acknowledge(int irq, void* devId)
    {
        Work(irq, devId);
        Msleep(5);
        Shared.WriteOnce(ref s_inside, 0);
        Mmio.Write32(s_edu + EduAcknowledge, Mmio.Read32(s_edu + EduStatus));
        return IrqReturn.Handled;
    }

    private static IrqReturn SeesTheLast(int irq, void* devId)
    {
        if (Shared.AddReturn(ref s_inside, 1) != 1)
        {
            Shared.WriteOnce(ref s_twice, 1);
        }

        int raised = Shared.ReadOnce(ref s_raised);
        Shared.AddReturn(ref s_runs, 1);
        Shared.AddReturn(ref s_inside, -1);
        Shared.WriteOnce(ref s_seen, raised);
        return IrqReturn.Handled;
    }
}
