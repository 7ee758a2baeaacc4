// E1000: Intel's gigabit Ethernet cards 82540EM and 82545EM, as QEMU and VMware have them.
//
// Linux: drivers/net/e1000, e1000_main.c. Probe, Remove, Open, Stop: process context. Interrupt: hard interrupt. Poll: NET_RX_SOFTIRQ. HardStartXmit: bottom halves off.
// The line is level triggered and shared. The handler reads the cause register, which acknowledges, and does no more than the causes ask for: for packets received it shuts those
// causes and has Poll called; packets that have left it puts aside for NET_TX_SOFTIRQ; at a change of the link it says so. Poll takes the packets and opens the causes when there are no more.
// Locks: E1000Adapter.TxLock. Files: this one (PCI, interrupt), E1000.Hardware.cs (reset, address), E1000.Rings.cs (open, stop), E1000.Receive.cs, E1000.Transmit.cs.

using System.Runtime.CompilerServices;
using CSharpOS.Net;
using CSharpOS.Pci;
using static CSharpOS.Drivers.E1000Registers;

namespace CSharpOS.Drivers;

/// <summary>The driver.</summary>
/// <linux>e1000_driver</linux>
/// <rows>DRV-01</rows>
public static unsafe partial class E1000
{
    private const ushort Intel = 0x8086, Device82540Em = 0x100e, Device82545Em = 0x100f;

    private static PciDriver s_82540, s_82545;

    private static PciDriver* Driver82540 => (PciDriver*)Unsafe.AsPointer(ref s_82540);

    private static PciDriver* Driver82545 => (PciDriver*)Unsafe.AsPointer(ref s_82545);

    /// <summary>Offers the driver to the PCI bus. Process context.</summary>
    /// <linux>e1000_init_module</linux>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_82540 = new PciDriver("e1000"u8, Intel, Device82540Em, &Probe, &Remove);
        s_82545 = new PciDriver("e1000"u8, Intel, Device82545Em, &Probe, &Remove);
        int error = PciBus.RegisterDriver(Driver82540);
        return error != 0 ? error : PciBus.RegisterDriver(Driver82545);
    }

    /// <summary>Takes it back. Process context.</summary>
    /// <linux>e1000_exit_module</linux>
    [ModuleExit]
    public static void Exit()
    {
        PciBus.UnregisterDriver(Driver82540);
        PciBus.UnregisterDriver(Driver82545);
    }

    // Linux: e1000_probe.
    private static int Probe(PciDevice* pci)
    {
        if (pci->Irq < 0)
        {
            return Refuse(pci, "it has no interrupt line"u8, -ENODEV);
        }

        if ((pci->Resource(0).Flags & PciResourceFlags.Memory) == 0 || pci->Resource(0).Length < Size)
        {
            return Refuse(pci, "it has no registers in memory"u8, -ENODEV);
        }

        int error = PciBus.EnableDevice(pci);
        if (error != 0)
        {
            return Refuse(pci, "the firmware gave it no addresses"u8, error);
        }

        NetDevice* dev = NetDevices.Alloc((nuint)sizeof(E1000Adapter));
        if (dev == null)
        {
            PciBus.DisableDevice(pci);
            return -ENOMEM;
        }

        E1000Adapter* adapter = (E1000Adapter*)dev->Private;
        adapter->Pci = pci;

        // Until it is looked at when the interface is opened.
        NetTransmit.NetifCarrier(dev, present: false);
        adapter->Dev = dev;
        adapter->TxLock.Init();
        Softnet.NapiInit(&adapter->Napi, &Poll, Softnet.DefaultWeight, adapter);
        dev->Irq = pci->Irq;
        dev->Open = &Open;
        dev->Stop = &Stop;
        dev->HardStartXmit = &HardStartXmit;
        dev->GetStats = &GetStats;
        adapter->Registers = (byte*)Vmalloc.Ioremap(pci->Resource(0).Start, Size);
        error = adapter->Registers == null ? -ENOMEM : Start(adapter);
        error = error != 0 ? error : NetDevices.RegisterNetdev(dev);
        if (error != 0)
        {
            Release(adapter);
            return error;
        }

        pci->DriverData = adapter;
        Printk(LogLevel.Info, $"{NetDevice.Name(dev)}: Intel {(pci->Device == Device82540Em ? "82540EM"u8 : "82545EM"u8)} at {pci->Bus:x2}:{pci->Slot:x2}.{pci->Function}, irq {dev->Irq}, "
            + $"{dev->Address[0]:x2}:{dev->Address[1]:x2}:{dev->Address[2]:x2}:{dev->Address[3]:x2}:{dev->Address[4]:x2}:{dev->Address[5]:x2}\n");
        return 0;
    }

    private static int Refuse(PciDevice* pci, ReadOnlySpan<byte> why, int error)
    {
        Printk(LogLevel.Error, $"e1000: the card at {pci->Bus:x2}:{pci->Slot:x2}.{pci->Function} cannot be used: {why}\n");
        return error;
    }

    // Linux: e1000_remove.
    private static void Remove(PciDevice* pci)
    {
        E1000Adapter* adapter = (E1000Adapter*)pci->DriverData;
        NetDevices.UnregisterNetdev(adapter->Dev);
        Release(adapter);
    }

    private static void Release(E1000Adapter* adapter)
    {
        Vmalloc.Iounmap(adapter->Registers);
        PciBus.DisableDevice(adapter->Pci);
        NetDevices.Free(adapter->Dev);
    }

    // Linux: e1000_intr.
    private static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)
    {
        E1000Adapter* adapter = (E1000Adapter*)devId;
        uint causes = adapter->Read(CauseRead);
        if (causes == 0)
        {
            return IrqReturn.None;
        }

        if ((causes & ReceiveCauses) != 0 && Softnet.NapiSchedulePrep(&adapter->Napi))
        {
            adapter->Write(MaskClear, ReceiveCauses);
            Softnet.__NapiSchedule(&adapter->Napi);
        }

        if ((causes & CauseSent) != 0)
        {
            CleanTransmitRing(adapter);
        }

        if ((causes & CauseLink) != 0)
        {
            NoteLink(adapter);
        }

        return IrqReturn.Handled;
    }

    // Linux: e1000_watchdog.
    private static void NoteLink(E1000Adapter* adapter)
    {
        uint status = adapter->Read(Status);
        bool up = (status & StatusLinkUp) != 0;
        bool was = NetTransmit.NetifCarrier(adapter->Dev, up);
        if (up && !was)
        {
            uint speed = (status >> StatusSpeedShift) & 3;
            Printk(LogLevel.Info, $"{NetDevice.Name(adapter->Dev)}: link is up, {(speed == 0 ? 10 : speed == 1 ? 100 : 1000)} Mbps, "
                + $"{((status & StatusFullDuplex) != 0 ? "full"u8 : "half"u8)} duplex\n");
        }
        else if (!up && was)
        {
            Printk(LogLevel.Info, $"{NetDevice.Name(adapter->Dev)}: link is down\n");
        }
    }

    // The card counts and forgets when it is read.
    private static void GetStats(NetDevice* dev)
    {
        E1000Adapter* adapter = (E1000Adapter*)dev->Private;
        NetDeviceStats.Count(ref dev->Stats.RxErrors, adapter->Read(ChecksumErrors));
        NetDeviceStats.Count(ref dev->Stats.RxMissed, adapter->Read(MissedPackets));
    }
}
