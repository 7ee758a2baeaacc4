// PciDevice: one function on the PCI bus, with its resources, as enumeration found it.
//
// Linux: struct pci_dev, include/linux/pci.h. Made by PciBus at boot and never freed, so a pointer to one stays valid.
// Contexts: the fields are constant after enumeration, except Driver (PciBus's lock) and DriverData (the driver's).

using System.Runtime.CompilerServices;

namespace CSharpOS.Pci;

/// <summary>What a base address register describes.</summary>
[Flags]
public enum PciResourceFlags
{
    /// <summary>Nothing: the register does not exist.</summary>
    None = 0,

    /// <summary>A range of I/O ports.</summary>
    Io = 1,

    /// <summary>A range of memory.</summary>
    Memory = 2,

    /// <summary>Memory without side effects of reading.</summary>
    Prefetchable = 4,

    /// <summary>The address takes two registers.</summary>
    Is64Bit = 8,
}

/// <summary>A range of addresses that a device answers to.</summary>
/// <linux>resource</linux>
public struct PciResource
{
    /// <summary>The first physical address or port; 0 if the firmware gave it none.</summary>
    /// <linux>pci_resource_start</linux>
    public ulong Start;

    /// <summary>Bytes or ports.</summary>
    /// <linux>pci_resource_len</linux>
    public ulong Length;

    /// <summary>Its kind.</summary>
    /// <linux>pci_resource_flags</linux>
    public PciResourceFlags Flags;
}

/// <summary>One function of a PCI device.</summary>
/// <linux>pci_dev</linux>
/// <rows>DRV-01</rows>
public unsafe struct PciDevice
{
    /// <summary>Base address registers of an ordinary device.</summary>
    public const int MaxResources = 6;

    /// <summary>Link in the list of all devices.</summary>
    internal ListHead Link;

    private Resources _resources;

    /// <summary>Bus number.</summary>
    public byte Bus;

    /// <summary>Slot on the bus.</summary>
    /// <linux>PCI_SLOT</linux>
    public byte Slot;

    /// <summary>Function in the slot.</summary>
    /// <linux>PCI_FUNC</linux>
    public byte Function;

    /// <summary>Revision of the device.</summary>
    public byte Revision;

    /// <summary>Maker.</summary>
    public ushort Vendor;

    /// <summary>The maker's number for the device.</summary>
    public ushort Device;

    /// <summary>Class, subclass and programming interface, 8 bits each, as 0xCCSSPP.</summary>
    public uint Class;

    /// <summary>The line its INTx interrupt arrives on, for <see cref="Interrupts.RequestIrq"/>; -1 if it has none.</summary>
    public int Irq;

    /// <summary>1 to 4 for INTA to INTD, 0 for no interrupt.</summary>
    public byte Pin;

    /// <summary>Header type without the bit for several functions: 0 device, 1 bridge, 2 CardBus bridge.</summary>
    public byte HeaderType;

    /// <summary>The driver that accepted the device, or null.</summary>
    public PciDriver* Driver;

    /// <summary>For the driver: its own structure for this device.</summary>
    /// <linux>pci_set_drvdata</linux>
    public void* DriverData;

    /// <summary>What base address register <paramref name="index"/> describes.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public ref PciResource Resource(int index) => ref _resources[index];

    /// <summary>Reads 32 bits of the device's configuration space. Any context.</summary>
    /// <linux>pci_read_config_dword</linux>
    public readonly uint ReadConfig32(int offset) => PciConfig.Read32(Bus, Slot, Function, offset);

    /// <summary>Reads 16 bits. Any context.</summary>
    /// <linux>pci_read_config_word</linux>
    public readonly ushort ReadConfig16(int offset) => PciConfig.Read16(Bus, Slot, Function, offset);

    /// <summary>Reads 8 bits. Any context.</summary>
    /// <linux>pci_read_config_byte</linux>
    public readonly byte ReadConfig8(int offset) => PciConfig.Read8(Bus, Slot, Function, offset);

    /// <summary>Writes 32 bits. Any context.</summary>
    /// <linux>pci_write_config_dword</linux>
    public readonly void WriteConfig32(int offset, uint value) => PciConfig.Write32(Bus, Slot, Function, offset, value);

    /// <summary>Writes 16 bits. Any context.</summary>
    /// <linux>pci_write_config_word</linux>
    public readonly void WriteConfig16(int offset, ushort value) => PciConfig.Write16(Bus, Slot, Function, offset, value);

    [InlineArray(MaxResources)]
    private struct Resources
    {
        private PciResource _first;
    }
}
