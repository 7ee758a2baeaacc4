// SmpDeviceTests: interrupts of QEMU's devices, through the I/O APIC or the 8259A: pc-testdev, which drives ISA lines, and edu, a PCI device whose
// interrupt is level triggered.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

internal static unsafe class SmpDeviceTests
{
    /// <summary>A line that is edge triggered and free on every machine of QEMU.</summary>
    internal const int TestLine = 6;

    private const int TestDeviceLatch = 0xe0;
    private const int TestDeviceLines = 0x2000;
    private const ushort EduVendor = 0x1234, EduDevice = 0x11e8;
    private const int EduRaise = 0x60, EduAcknowledge = 0x64, EduInterruptStatus = 0x24;

    private static int s_count;
    private static int s_cpu;
    private static int s_inside;
    private static int s_twice;
    private static byte* s_edu;

    internal static void TestDeviceEdges()
    {
        if (!HasTestDevice())
        {
            Test.Skip("no pc-testdev"u8);
            return;
        }

        int rounds = SmpTests.Rounds(1000);
        Shared.WriteOnce(ref s_count, 0);
        Check.Equal(0, RequestIrq(TestLine, &Count, IrqFlags.None, "testdev"u8, null));
        for (int i = 1; i <= rounds; i++)
        {
            int cpu = Smp.HasIoApic ? i % Smp.CpuCount : 0;
            if (Smp.HasIoApic)
            {
                SmpLine.Route(TestLine, cpu);
            }

            Pulse(TestLine);
            if (!SmpTests.Becomes(ref s_count, i) || s_cpu != cpu)
            {
                Check.Equal(i, s_count);
                Check.Equal(cpu, s_cpu);
                break;
            }

            // The count rises in the handler: until that CPU has left it, the next edge would be served there too.
            SynchronizeIrq(TestLine);
        }

        // An edge while the line is disabled: the 8259A keeps it, the I/O APIC's is raised again.
        DisableIrq(TestLine);
        Pulse(TestLine);
        Mdelay(1);
        Check.Equal(rounds, s_count);
        EnableIrq(TestLine);
        Check.True(SmpTests.Becomes(ref s_count, rounds + 1));
        if (Smp.HasIoApic)
        {
            SmpLine.Route(TestLine, 0);
        }

        FreeIrq(TestLine, null);
    }

    // The handler's own device raises the line again while it is served: the 8259A keeps the edge, the I/O APIC must not be masked.
    internal static void EdgeFromHandler()
    {
        if (!HasTestDevice())
        {
            Test.Skip("no pc-testdev"u8);
            return;
        }

        for (int round = 0; round < 10; round++)
        {
            for (int cpu = 0; cpu < (Smp.HasIoApic ? Smp.CpuCount : 1); cpu++)
            {
                Shared.WriteOnce(ref s_count, 0);
                IrqFlags flags = (round & 1) == 0 ? IrqFlags.None : IrqFlags.SaInterrupt;
                Check.Equal(0, RequestIrq(TestLine, &CountAndPulse, flags, "testdev"u8, null));
                if (Smp.HasIoApic)
                {
                    SmpLine.Route(TestLine, cpu);
                }

                Pulse(TestLine);
                Check.True(SmpTests.Becomes(ref s_count, 2));
                SynchronizeIrq(TestLine);
                Check.Equal(2, s_count);
                FreeIrq(TestLine, null);
            }
        }

        if (Smp.HasIoApic)
        {
            SmpLine.Route(TestLine, 0);
        }
    }

    internal static void LevelOnEveryCpu()
    {
        PciDevice* device = FindEdu();
        s_edu = device == null || device->Irq < 0 ? null : (byte*)Vmalloc.Ioremap(device->Resource(0).Start, DirectMap.PAGE_SIZE);
        if (s_edu == null)
        {
            Test.Skip("no edu device"u8);
            return;
        }

        int irq = device->Irq;
        bool routes = CanSetAffinity(irq);
        int rounds = SmpTests.Rounds(300);
        Shared.WriteOnce(ref s_count, 0);
        Shared.WriteOnce(ref s_twice, 0);
        if (!IrqToDescriptor(irq)->Has(IrqStatus.Level))
        {
            Test.Skip("the firmware declares the line edge triggered"u8);
            return;
        }

        Check.Equal(0, RequestIrq(irq, &EduInterrupt, IrqFlags.Shared, "smp"u8, device));
        for (int i = 1; i <= rounds; i++)
        {
            int cpu = routes ? i % Smp.CpuCount : 0;
            if (routes)
            {
                SmpLine.Route(irq, cpu);
            }

            Mmio.Write32(s_edu + EduRaise, 1);
            if (!SmpTests.Becomes(ref s_count, i) || s_cpu != cpu)
            {
                Check.Equal(i, s_count);
                Check.Equal(cpu, s_cpu);
                break;
            }

            SynchronizeIrq(irq);
        }

        // A level that comes while the line is disabled waits in the device.
        DisableIrq(irq);
        Mmio.Write32(s_edu + EduRaise, 1);
        Mdelay(1);
        Check.Equal(rounds, s_count);
        EnableIrq(irq);
        Check.True(SmpTests.Becomes(ref s_count, rounds + 1));
        SynchronizeIrq(irq);
        Check.Equal(0, s_twice);
        if (routes)
        {
            SmpLine.Route(irq, 0);
        }

        FreeIrq(irq, device);
        Vmalloc.Iounmap(s_edu);
    }

    // The lines can only be written. The device's other register keeps what it was given; elsewhere nothing answers at its port.
    internal static bool HasTestDevice()
    {
        PortIo.Out8(TestDeviceLatch, 0x5a);
        bool first = PortIo.In8(TestDeviceLatch) == 0x5a;
        PortIo.Out8(TestDeviceLatch, 0xa5);
        return first && PortIo.In8(TestDeviceLatch) == 0xa5;
    }

    internal static void Pulse(int line)
    {
        PortIo.Out8(TestDeviceLines + line, 1);
        PortIo.Out8(TestDeviceLines + line, 0);
    }

    private static PciDevice* FindEdu()
    {
        PciDevice* device = PciBus.First();
        while (device != null && (device->Vendor != EduVendor || device->Device != EduDevice))
        {
            device = PciBus.Next(device);
        }

        return device;
    }

    private static IrqReturn Count(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_cpu, SmpProcessorId());
        Shared.AddReturn(ref s_count, 1);
        return IrqReturn.Handled;
    }

    private static IrqReturn CountAndPulse(int irq, void* devId, PtRegs* regs)
    {
        if (Shared.AddReturn(ref s_count, 1) == 1)
        {
            Pulse(TestLine);
        }

        return IrqReturn.Handled;
    }

    private static IrqReturn EduInterrupt(int irq, void* devId, PtRegs* regs)
    {
        if (Shared.AddReturn(ref s_inside, 1) != 1)
        {
            Shared.AddReturn(ref s_twice, 1);
        }

        // The device's driver stands before this handler on the line and may have served it: what counts here is that the line came.
        uint status = Mmio.Read32(s_edu + EduInterruptStatus);
        if (status != 0)
        {
            Mmio.Write32(s_edu + EduAcknowledge, status);
        }

        Shared.WriteOnce(ref s_cpu, SmpProcessorId());
        Shared.AddReturn(ref s_inside, -1);
        Shared.AddReturn(ref s_count, 1);
        return status != 0 ? IrqReturn.Handled : IrqReturn.None;
    }
}
