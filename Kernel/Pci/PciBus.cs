// PciBus: the list of PCI devices, the list of their drivers, and who drives what.
//
// Linux: drivers/pci/pci-driver.c and pci.c. Contexts: process context; registering may sleep (it calls the drivers' probe functions).
// Lock: s_lock guards both lists and PciDevice.Driver; it is not held while a driver's function runs.
// Invariant: a device whose Driver is set was claimed by that driver: its probe runs, has succeeded, or its remove runs.

using System.Runtime.CompilerServices;

namespace CSharpOS.Pci;

/// <summary>Devices and drivers of the PCI bus.</summary>
/// <rows>DRV-01</rows>
public static unsafe class PciBus
{
    private const int CommandRegister = 0x04;
    private const ushort CommandIo = 0x0001;
    private const ushort CommandMemory = 0x0002;
    private const ushort CommandMaster = 0x0004;
    private const ushort CommandInterruptDisable = 0x0400;

    private static SpinLock s_lock;
    private static ListHead s_devices;
    private static ListHead s_drivers;

    /// <summary>The number of devices found.</summary>
    public static int DeviceCount { get; private set; }

    private static ListHead* Devices => (ListHead*)Unsafe.AsPointer(ref s_devices);

    private static ListHead* Drivers => (ListHead*)Unsafe.AsPointer(ref s_drivers);

    /// <summary>Forgets everything and looks for devices. Once, at boot, when Kmalloc works.</summary>
    /// <returns>0; -ENODEV on a machine without PCI.</returns>
    /// <linux>pci_init</linux>
    [ModuleInit(InitLevel.Subsystem)]
    public static int Init()
    {
        s_lock.Init();
        ListHead.Init(Devices);
        ListHead.Init(Drivers);
        DeviceCount = 0;
        PciCommands.Register();
        if (!PciConfig.Init())
        {
            Printk($"pci: no configuration mechanism 1, no devices\n");
            return -ENODEV;
        }

        int result = PciEnumeration.Scan();
        Printk($"pci: {DeviceCount} devices\n");
        return result;
    }

    /// <summary>Makes a driver known and gives it the devices it drives.</summary>
    /// <param name="driver">A static: it stays registered until <see cref="UnregisterDriver"/>.</param>
    /// <returns>0, also if there is no such device; -EINVAL without a probe function; -EBUSY if it is registered already.</returns>
    /// <linux>pci_register_driver</linux>
    public static int RegisterDriver(PciDriver* driver)
    {
        MightSleep();
        if (driver->Probe == null)
        {
            return -EINVAL;
        }

        ulong flags = s_lock.LockIrqSave();
        for (ListHead* node = Drivers->Next; node != Drivers; node = node->Next)
        {
            if (node == &driver->Link)
            {
                s_lock.UnlockIrqRestore(flags);
                return -EBUSY;
            }
        }

        ListHead.AddTail(&driver->Link, Drivers);
        s_lock.UnlockIrqRestore(flags);

        for (PciDevice* device = First(); device != null; device = Next(device))
        {
            if (device->Vendor == driver->Vendor && device->Device == driver->Device && Claim(device, driver))
            {
                Bind(device, driver);
            }
        }

        return 0;
    }

    /// <summary>Takes a driver's devices away from it and forgets it. Does nothing if it is not registered.</summary>
    /// <linux>pci_unregister_driver</linux>
    public static void UnregisterDriver(PciDriver* driver)
    {
        MightSleep();
        if (!RemoveFromList(driver))
        {
            return;
        }

        for (PciDevice* device = First(); device != null; device = Next(device))
        {
            if (device->Driver == driver)
            {
                if (driver->Remove != null)
                {
                    driver->Remove(device);
                }

                Release(device);
            }
        }
    }

    /// <summary>Lets the device answer to its addresses and raise its INTx line.</summary>
    /// <returns>0; -ENODEV if the firmware gave an address range of the device no address.</returns>
    /// <linux>pci_enable_device</linux>
    public static int EnableDevice(PciDevice* device)
    {
        ushort wanted = 0;
        for (int i = 0; i < PciDevice.MaxResources; i++)
        {
            ref PciResource resource = ref device->Resource(i);
            if (resource.Flags == PciResourceFlags.None)
            {
                continue;
            }

            if (resource.Start == 0)
            {
                return -ENODEV;
            }

            wanted |= (resource.Flags & PciResourceFlags.Io) != 0 ? CommandIo : CommandMemory;
        }

        ushort command = device->ReadConfig16(CommandRegister);
        device->WriteConfig16(CommandRegister, (ushort)((command | wanted) & ~CommandInterruptDisable));
        return 0;
    }

    /// <summary>Makes the device deaf to its addresses and keeps it from raising its INTx line or writing memory.</summary>
    /// <linux>pci_disable_device</linux>
    public static void DisableDevice(PciDevice* device)
    {
        ushort command = device->ReadConfig16(CommandRegister);
        command &= unchecked((ushort)~(CommandIo | CommandMemory | CommandMaster));
        device->WriteConfig16(CommandRegister, (ushort)(command | CommandInterruptDisable));
    }

    /// <summary>Lets the device read and write memory by itself.</summary>
    /// <linux>pci_set_master</linux>
    public static void SetMaster(PciDevice* device) =>
        device->WriteConfig16(CommandRegister, (ushort)(device->ReadConfig16(CommandRegister) | CommandMaster));

    /// <summary>Undoes <see cref="SetMaster"/>.</summary>
    /// <linux>pci_clear_master</linux>
    public static void ClearMaster(PciDevice* device) =>
        device->WriteConfig16(CommandRegister, (ushort)(device->ReadConfig16(CommandRegister) & ~CommandMaster));

    /// <summary>The first device, or null. Devices never go away, so walking needs no lock.</summary>
    /// <linux>for_each_pci_dev</linux>
    public static PciDevice* First() => Device(Devices->Next);

    /// <summary>The device after <paramref name="device"/>, or null.</summary>
    /// <linux>for_each_pci_dev</linux>
    public static PciDevice* Next(PciDevice* device) => Device(device->Link.Next);

    internal static void Add(PciDevice* device)
    {
        ulong flags = s_lock.LockIrqSave();
        ListHead.AddTail(&device->Link, Devices);
        DeviceCount++;
        s_lock.UnlockIrqRestore(flags);
    }

    // The link is the first member of a device.
    private static PciDevice* Device(ListHead* node) => node == Devices ? null : (PciDevice*)node;

    private static bool Claim(PciDevice* device, PciDriver* driver)
    {
        ulong flags = s_lock.LockIrqSave();
        bool free = device->Driver == null;
        if (free)
        {
            device->Driver = driver;
        }

        s_lock.UnlockIrqRestore(flags);
        return free;
    }

    private static void Release(PciDevice* device)
    {
        ulong flags = s_lock.LockIrqSave();
        device->DriverData = null;
        device->Driver = null;
        s_lock.UnlockIrqRestore(flags);
    }

    private static void Bind(PciDevice* device, PciDriver* driver)
    {
        int result = driver->Probe(device);
        if (result != 0)
        {
            Printk(LogLevel.Warning,
                $"{driver->Name}: probe of {device->Bus:x2}:{device->Slot:x2}.{device->Function} failed with error {result}\n");
            Release(device);
        }
    }

    private static bool RemoveFromList(PciDriver* driver)
    {
        ulong flags = s_lock.LockIrqSave();
        bool found = false;
        for (ListHead* node = Drivers->Next; node != Drivers && !found; node = node->Next)
        {
            found = node == &driver->Link;
        }

        if (found)
        {
            ListHead.Del(&driver->Link);
        }

        s_lock.UnlockIrqRestore(flags);
        return found;
    }
}
