// CharDevices: which driver a character device node leads to.
//
// Linux: register_chrdev, fs/char_dev.c. Registering: process context, may sleep. Lock: s_lock (plain spin lock) guards the list of ranges. Opening a node looks its
// number up once; from then on the file goes to the driver directly.
// A driver unregisters only when none of its files is open: opening one holds its module (KernelModules.TryGetOwner, inside s_lock), by the address of the
// operations or of a function of theirs.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Device numbers of one driver.</summary>
/// <linux>struct cdev</linux>
internal unsafe struct CharRange
{
    internal const int NameSize = 16;

    internal CharRange* Next;
    internal uint Major;
    internal uint FirstMinor;
    internal uint Count;
    internal FileOperations* Ops;
    internal int NameLength;
    internal fixed byte NameBytes[NameSize];
}

/// <summary>Character devices.</summary>
/// <rows>DRV-03 SYS-11</rows>
public static unsafe class CharDevices
{
    private const uint LastDynamic = 254;
    private const uint FirstDynamic = 234;
    private const uint AllMinors = 1 << 20;
    private const uint MajorLimit = 512;

    private static SpinLock s_lock;
    private static CharRange* s_first;
    private static FileOperations s_node;

    /// <summary>What a device node can do before it is open.</summary>
    /// <linux>def_chr_fops</linux>
    internal static FileOperations* NodeOperations => (FileOperations*)Unsafe.AsPointer(ref s_node);

    /// <summary>Once, at boot.</summary>
    internal static void Init()
    {
        s_lock.Init();
        s_first = null;
        s_node = new FileOperations { Open = &Open };
    }

    /// <summary>All minors of a major go to a driver. Process context, may sleep.</summary>
    /// <param name="major">1 to 511; 0: any that is free.</param>
    /// <param name="name">Shown in /proc/devices; up to 16 bytes.</param>
    /// <param name="ops">What the device can do: a static of the driver.</param>
    /// <returns>The major for 0, else 0; -EBUSY: taken, or none is free; -EINVAL; -ENOMEM.</returns>
    /// <linux>register_chrdev</linux>
    /// <rows>DRV-03</rows>
    public static int RegisterChrdev(uint major, ReadOnlySpan<byte> name, FileOperations* ops) => RegisterChrdevRegion(major, 0, AllMinors, name, ops);

    /// <summary>The same for some minors only.</summary>
    /// <linux>register_chrdev_region, cdev_add</linux>
    /// <rows>DRV-03</rows>
    public static int RegisterChrdevRegion(uint major, uint firstMinor, uint count, ReadOnlySpan<byte> name, FileOperations* ops)
    {
        if (major >= MajorLimit || count == 0 || firstMinor >= AllMinors || count > AllMinors - firstMinor || ops == null || name.Length is 0 or > CharRange.NameSize)
        {
            return -EINVAL;
        }

        CharRange* range = Kzalloc<CharRange>(GfpFlags.Kernel);
        if (range == null)
        {
            return -ENOMEM;
        }

        range->FirstMinor = firstMinor;
        range->Count = count;
        range->Ops = ops;
        range->NameLength = name.Length;
        name.CopyTo(new Span<byte>(range->NameBytes, CharRange.NameSize));
        bool placed;
        using (s_lock.Guard())
        {
            range->Major = major != 0 ? major : FreeMajor();
            placed = range->Major != 0 && !Overlaps(range);
            if (placed)
            {
                range->Next = s_first;
                s_first = range;
            }
        }

        if (!placed)
        {
            Kfree(range);
            return -EBUSY;
        }

        return major == 0 ? (int)range->Major : 0;
    }

    /// <summary>Undoes <see cref="RegisterChrdev"/>: opening a node of that major gives -ENXIO from now on. Process context.</summary>
    /// <linux>unregister_chrdev</linux>
    public static void UnregisterChrdev(uint major) => UnregisterChrdevRegion(major, 0);

    /// <summary>Undoes <see cref="RegisterChrdevRegion"/>.</summary>
    /// <linux>unregister_chrdev_region</linux>
    public static void UnregisterChrdevRegion(uint major, uint firstMinor)
    {
        CharRange* range;
        using (s_lock.Guard())
        {
            fixed (CharRange** first = &s_first)
            {
                CharRange** link = first;
                while (*link != null && ((*link)->Major != major || (*link)->FirstMinor != firstMinor))
                {
                    link = &(*link)->Next;
                }

                range = *link;
                if (range != null)
                {
                    *link = range->Next;
                }
            }
        }

        Kfree(range);
    }

    /// <summary>The name and major of registration number <paramref name="index"/>, for /proc/devices. False: there are no more.</summary>
    internal static bool At(int index, Span<byte> name, out int length, out uint major) => At(index, name, out length, out major, out _);

    /// <summary>The same with what the driver gave.</summary>
    internal static bool At(int index, Span<byte> name, out int length, out uint major, out FileOperations* ops)
    {
        using (s_lock.Guard())
        {
            CharRange* range = s_first;
            while (range != null && index-- > 0)
            {
                range = range->Next;
            }

            length = range == null ? 0 : range->NameLength;
            major = range == null ? 0 : range->Major;
            ops = range == null ? null : range->Ops;
            new ReadOnlySpan<byte>(range == null ? null : range->NameBytes, length).CopyTo(name);
            return range != null;
        }
    }

    private static int Open(Inode* inode, File* file)
    {
        FileOperations* ops = Find(inode->Device, out ModuleStruct* module);
        if (ops == null)
        {
            return -ENXIO;
        }

        // Gives the module back when it is freed, be it that Open fails.
        file->Module = module;
        file->Ops = ops;
        return ops->Open == null ? 0 : ops->Open(inode, file);
    }

    /// <summary>A function of a device, by which its module is known if the operations are not a static of it.</summary>
    internal static void* FunctionOf(FileOperations* ops) =>
        ops->Open != null ? (void*)ops->Open : ops->Read != null ? (void*)ops->Read : ops->Write != null ? (void*)ops->Write : (void*)ops->Ioctl;

    // With the driver's module, held. Null: there is no driver, or it is going.
    private static FileOperations* Find(uint device, out ModuleStruct* module)
    {
        module = null;
        uint major = DeviceNumber.Major(device);
        uint minor = DeviceNumber.Minor(device);
        using (s_lock.Guard())
        {
            CharRange* range = s_first;
            while (range != null && (range->Major != major || minor < range->FirstMinor || minor - range->FirstMinor >= range->Count))
            {
                range = range->Next;
            }

            FileOperations* ops = range == null ? null : range->Ops;
            bool stays = ops != null && KernelModules.TryGetOwner(ops, out module) && (module != null || KernelModules.TryGetOwner(FunctionOf(ops), out module));
            return stays ? ops : null;
        }
    }

    private static uint FreeMajor()
    {
        for (uint major = LastDynamic; major >= FirstDynamic; major--)
        {
            CharRange* range = s_first;
            while (range != null && range->Major != major)
            {
                range = range->Next;
            }

            if (range == null)
            {
                return major;
            }
        }

        return 0;
    }

    private static bool Overlaps(CharRange* wanted)
    {
        for (CharRange* range = s_first; range != null; range = range->Next)
        {
            bool apart = range->FirstMinor >= wanted->FirstMinor + wanted->Count || wanted->FirstMinor >= range->FirstMinor + range->Count;
            if (range->Major == wanted->Major && !apart)
            {
                return true;
            }
        }

        return false;
    }
}
