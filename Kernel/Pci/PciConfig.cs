// PciConfig: the configuration space of PCI, by mechanism 1 (ports 0xcf8 and 0xcfc).
//
// Linux: arch/x86/pci/direct.c. Contexts: any; nothing sleeps.
// Lock: s_lock, taken with interrupts off, makes one access of the pair address and data. Nothing is taken inside it.

namespace CSharpOS.Pci;

/// <summary>Reads and writes configuration registers, addressed by bus, slot, function and offset.</summary>
/// <rows>DRV-01</rows>
public static class PciConfig
{
    private const int AddressPort = 0xcf8;
    private const int DataPort = 0xcfc;
    private const uint Enable = 0x80000000;

    private static SpinLock s_lock;

    /// <summary>Forgets the state of the lock; true if the machine answers to mechanism 1.</summary>
    /// <linux>pci_check_type1</linux>
    public static bool Init()
    {
        s_lock.Init();
        ulong flags = s_lock.LockIrqSave();
        uint before = PortIo.In32(AddressPort);
        PortIo.Out32(AddressPort, Enable);
        bool present = PortIo.In32(AddressPort) == Enable;
        PortIo.Out32(AddressPort, before);
        s_lock.UnlockIrqRestore(flags);
        return present;
    }

    /// <summary>Reads 32 bits. All ones where no device is.</summary>
    /// <param name="bus">Bus, 0 to 255.</param>
    /// <param name="slot">Slot on the bus, 0 to 31.</param>
    /// <param name="function">Function of the device, 0 to 7.</param>
    /// <param name="offset">Register, 0 to 252; the two low bits are ignored.</param>
    /// <linux>pci_bus_read_config_dword</linux>
    public static uint Read32(int bus, int slot, int function, int offset)
    {
        ulong flags = s_lock.LockIrqSave();
        PortIo.Out32(AddressPort, Address(bus, slot, function, offset));
        uint value = PortIo.In32(DataPort);
        s_lock.UnlockIrqRestore(flags);
        return value;
    }

    /// <summary>Reads 16 bits at an even offset.</summary>
    /// <linux>pci_bus_read_config_word</linux>
    public static ushort Read16(int bus, int slot, int function, int offset) =>
        (ushort)(Read32(bus, slot, function, offset) >> ((offset & 2) * 8));

    /// <summary>Reads 8 bits.</summary>
    /// <linux>pci_bus_read_config_byte</linux>
    public static byte Read8(int bus, int slot, int function, int offset) =>
        (byte)(Read32(bus, slot, function, offset) >> ((offset & 3) * 8));

    /// <summary>Writes 32 bits.</summary>
    /// <linux>pci_bus_write_config_dword</linux>
    public static void Write32(int bus, int slot, int function, int offset, uint value)
    {
        ulong flags = s_lock.LockIrqSave();
        PortIo.Out32(AddressPort, Address(bus, slot, function, offset));
        PortIo.Out32(DataPort, value);
        s_lock.UnlockIrqRestore(flags);
    }

    /// <summary>Writes 16 bits at an even offset, and only those: some registers clear bits that are written as one.</summary>
    /// <linux>pci_bus_write_config_word</linux>
    public static void Write16(int bus, int slot, int function, int offset, ushort value)
    {
        ulong flags = s_lock.LockIrqSave();
        PortIo.Out32(AddressPort, Address(bus, slot, function, offset));
        PortIo.Out16(DataPort + (offset & 2), value);
        s_lock.UnlockIrqRestore(flags);
    }

    private static uint Address(int bus, int slot, int function, int offset) =>
        Enable | ((uint)bus << 16) | ((uint)slot << 11) | ((uint)function << 8) | ((uint)offset & 0xfc);
}
