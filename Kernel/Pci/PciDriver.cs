// PciDriver: what a driver tells the PCI bus about itself. Linux: struct pci_driver, include/linux/pci.h.

namespace CSharpOS.Pci;

/// <summary>A driver of PCI devices. A static of the driver, registered in its ModuleInit and unregistered in its ModuleExit.</summary>
/// <linux>pci_driver</linux>
public unsafe struct PciDriver
{
    /// <summary>Link in the list of drivers.</summary>
    internal ListHead Link;

    private readonly byte* _name;
    private readonly int _nameLength;

    /// <param name="name">Its name: a literal, <c>"edu"u8</c>.</param>
    /// <param name="vendor">The maker whose devices it drives.</param>
    /// <param name="device">The device it drives.</param>
    /// <param name="probe">Called once for each such device, in process context; may sleep. 0 takes the device, an error leaves it.</param>
    /// <param name="remove">Called for each device taken, when the driver goes. Undoes all that probe did.</param>
    public PciDriver(ReadOnlySpan<byte> name, ushort vendor, ushort device,
        delegate*<PciDevice*, int> probe, delegate*<PciDevice*, void> remove)
    {
        _name = (byte*)System.Runtime.CompilerServices.Unsafe.AsPointer(
            ref System.Runtime.InteropServices.MemoryMarshal.GetReference(name));
        _nameLength = name.Length;
        Vendor = vendor;
        Device = device;
        Probe = probe;
        Remove = remove;
        Link = default;
    }

    /// <summary>Its name.</summary>
    public readonly ReadOnlySpan<byte> Name => new(_name, _nameLength);

    /// <summary>The maker whose devices it drives.</summary>
    public ushort Vendor { get; }

    /// <summary>The device it drives.</summary>
    public ushort Device { get; }

    /// <summary>Takes a device: 0 or an error.</summary>
    public delegate*<PciDevice*, int> Probe { get; }

    /// <summary>Leaves a device.</summary>
    public delegate*<PciDevice*, void> Remove { get; }
}
