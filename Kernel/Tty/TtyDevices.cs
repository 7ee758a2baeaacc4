// TtyDevices: which terminal a device number means, and the nodes in /dev.
//
// Linux: tty_register_driver, tty_register_device, drivers/char/tty_io.c. Process context, sleeps. Lock: s_lock, a mutex, for the table.
// Numbers are Linux's: major 4 for terminals (1: the first screen, 64: the first serial port), 5,0 for the terminal of whoever opens it, 5,1 for the console.

namespace CSharpOS.Tty;

/// <summary>Terminals by number.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class TtyDevices
{
    private const int Limit = 16;
    private const uint TtyMajor = 4;
    private const uint TtyMinors = 256;
    private const uint AuxiliaryMajor = 5;
    private const uint OwnerOnly = FileModes.S_IFCHR | 0x180;
    private const uint Everybody = FileModes.S_IFCHR | 0x1b6;

    private static Mutex s_lock;
    private static Table s_table;

    /// <summary>/dev/tty.</summary>
    internal static uint Own => DeviceNumber.Make(AuxiliaryMajor, 0);

    /// <summary>/dev/console.</summary>
    internal static uint Console => DeviceNumber.Make(AuxiliaryMajor, 1);

    /// <summary>Boot, after the file systems and work queues: the drivers' numbers, /dev/tty and the console's terminal.</summary>
    /// <linux>tty_init</linux>
    [ModuleInit(InitLevel.Subsystem)]
    internal static int Init()
    {
        s_lock = default;
        s_table = default;
        TtyFiles.Init();
        int error = CharDevices.RegisterChrdevRegion(TtyMajor, 0, TtyMinors, "tty"u8, TtyFiles.Operations);
        error = error != 0 ? error : CharDevices.RegisterChrdevRegion(AuxiliaryMajor, 0, 2, "/dev/tty"u8, TtyFiles.Operations);
        error = error != 0 ? error : DeviceNodes.DeviceCreate("tty"u8, Everybody, Own);
        return error != 0 ? error : ConsoleTty.Init();
    }

    /// <summary>Makes a node that leads to a terminal; it may have several.</summary>
    /// <returns>0; -ENOSPC: too many; -EBUSY: the number is taken; or as <see cref="DeviceNodes.DeviceCreate"/>.</returns>
    /// <linux>tty_register_device</linux>
    internal static int Register(TtyStruct* tty, ReadOnlySpan<byte> name, uint device)
    {
        using (s_lock.Guard())
        {
            int place = -1;
            for (int i = 0; i < Limit; i++)
            {
                if (s_table[i].Tty != null && s_table[i].Device == device)
                {
                    return -EBUSY;
                }

                place = s_table[i].Tty == null && place < 0 ? i : place;
            }

            int error = place < 0 ? -ENOSPC : DeviceNodes.DeviceCreate(name, OwnerOnly, device);
            if (error == 0)
            {
                s_table[place] = new Entry { Tty = tty, Device = device };
            }

            return error;
        }
    }

    /// <summary>Undoes <see cref="Register"/>. Nobody has it open.</summary>
    /// <linux>tty_unregister_device</linux>
    internal static void Unregister(ReadOnlySpan<byte> name, uint device)
    {
        using (s_lock.Guard())
        {
            for (int i = 0; i < Limit; i++)
            {
                if (s_table[i].Tty != null && s_table[i].Device == device)
                {
                    s_table[i] = default;
                    DeviceNodes.DeviceDestroy(name);
                }
            }
        }
    }

    /// <summary>The terminal with a number; null: none.</summary>
    internal static TtyStruct* Find(uint device)
    {
        using (s_lock.Guard())
        {
            TtyStruct* found = null;
            for (int i = 0; i < Limit; i++)
            {
                found = s_table[i].Tty != null && s_table[i].Device == device ? s_table[i].Tty : found;
            }

            return found;
        }
    }

    private struct Entry
    {
        public TtyStruct* Tty;
        public uint Device;
    }

    [System.Runtime.CompilerServices.InlineArray(Limit)]
    private struct Table
    {
        private Entry _first;
    }
}
