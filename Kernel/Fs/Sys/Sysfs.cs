// Sysfs: the file system of /sys: kernel objects as directories, their attributes as files.
//
// Linux: fs/sysfs, lib/kobject.c, kernel/ksysfs.c. Process context, sleeps. There is one of it; objects may be added before it is mounted, once FileSystemStart has run.
// An attribute is one value in one small file. Locks: Kernfs.s_lock. Removing an object or attribute waits until none of its functions runs (KernfsNode.cs).

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The file system /sys.</summary>
/// <rows>SYS-11</rows>
public static unsafe class Sysfs
{
    private const uint Magic = 0x62656572;
    private const uint DirectoryMode = FileModes.S_IFDIR | 0x1ed;
    private const int AttributeSize = 4096;

    private static FileSystemType s_type;
    private static SuperOperations s_super;
    private static KernfsNode* s_root;

    /// <summary>The uppermost directory; null before <see cref="Init"/>.</summary>
    internal static KernfsNode* Root => s_root;

    /// <summary>The object /sys/kernel.</summary>
    /// <linux>kernel_kobj</linux>
    public static KernfsNode* KernelObject { get; private set; }

    /// <summary>The object /sys/devices.</summary>
    /// <linux>devices_kset</linux>
    public static KernfsNode* DevicesObject { get; private set; }

    /// <summary>Once, at boot. 0 or minus errno.</summary>
    /// <linux>sysfs_init, ksysfs_init</linux>
    internal static int Init()
    {
        s_super = new SuperOperations { EvictInode = &Kernfs.Evict, Revalidate = &Kernfs.Revalidate };
        s_type = new FileSystemType { Fill = &Fill, Single = true };
        s_root = null;
        int error = Kernfs.New("sys"u8, DirectoryMode, out KernfsNode* root);
        if (error != 0)
        {
            return error;
        }

        s_root = root;
        error = FileSystems.Register((FileSystemType*)Unsafe.AsPointer(ref s_type), "sysfs"u8);
        KernelObject = KobjectCreateAndAdd("kernel"u8, null);
        DevicesObject = KobjectCreateAndAdd("devices"u8, null);
        return error != 0 ? error : KernelObject == null || DevicesObject == null ? -ENOMEM : SysfsCreateFile(KernelObject, "uevent_seqnum"u8, 0x124, &ShowUevents, null, null);
    }

    /// <summary>Adds an object: a directory. Process context, sleeps.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="parent">The object that it belongs to; null: /sys itself.</param>
    /// <returns>Null: the name is taken or of no use, the parent is gone, or there is no memory.</returns>
    /// <linux>kobject_create_and_add</linux>
    /// <rows>SYS-11</rows>
    public static KernfsNode* KobjectCreateAndAdd(ReadOnlySpan<byte> name, KernfsNode* parent)
    {
        MightSleep();
        parent = parent != null ? parent : s_root;
        return parent != null && Kernfs.New(name, DirectoryMode, out KernfsNode* node) == 0 && Kernfs.Link(parent, node) == 0 ? node : null;
    }

    /// <summary>Removes an object with its attributes and all below it. Returns when none of their functions runs any more; files that are still open give
    /// -EIO. Not from one of these functions. Process context, sleeps. Null is fine.</summary>
    /// <linux>kobject_del</linux>
    /// <rows>SYS-11</rows>
    public static void KobjectDel(KernfsNode* kobject)
    {
        if (kobject != null)
        {
            Kernfs.Remove(kobject);
        }
    }

    /// <summary>Adds an attribute to an object. Process context, sleeps.</summary>
    /// <param name="kobject">The object.</param>
    /// <param name="name">The attribute's name.</param>
    /// <param name="mode">Permissions: 0x124 is r--r--r--, 0x1a4 rw-r--r--.</param>
    /// <param name="show">(text, data): appends the value and a line feed; 0 or minus errno. Null: cannot be read.</param>
    /// <param name="store">(text, data): takes a new value, as it was written with one call; 0 or minus errno, which write then gives. Null: cannot be written.</param>
    /// <param name="data">The last argument of both.</param>
    /// <returns>0; -EEXIST; -ENOENT: the object has been removed; -EINVAL, -ENAMETOOLONG: no usable name; -ENOMEM.</returns>
    /// <linux>sysfs_create_file</linux>
    /// <rows>SYS-11</rows>
    public static int SysfsCreateFile(
        KernfsNode* kobject,
        ReadOnlySpan<byte> name,
        uint mode,
        delegate*<TextArea*, void*, int> show,
        delegate*<ReadOnlySpan<byte>, void*, int> store,
        void* data)
    {
        MightSleep();
        int error = Kernfs.New(name, FileModes.S_IFREG | (mode & FileModes.S_IALLUGO), out KernfsNode* node);
        if (error != 0)
        {
            return error;
        }

        node->Size = AttributeSize;
        node->Show = show;
        node->Store = store;
        node->Data = data;
        return Kernfs.Link(kobject, node);
    }

    /// <summary>Removes an attribute, as <see cref="KobjectDel"/> does. Nothing happens if there is none of that name.</summary>
    /// <linux>sysfs_remove_file</linux>
    /// <rows>SYS-11</rows>
    public static void SysfsRemoveFile(KernfsNode* kobject, ReadOnlySpan<byte> name)
    {
        MightSleep();
        KernfsNode* node = Kernfs.Find(kobject, name);
        if (node != null)
        {
            Kernfs.Remove(node);
            Kernfs.Put(node);
        }
    }

    private static int Fill(SuperBlock* super, byte* data) => Kernfs.Fill(super, s_root, (SuperOperations*)Unsafe.AsPointer(ref s_super), Magic);

    // Nobody is told when devices come and go.
    private static int ShowUevents(TextArea* text, void* unused)
    {
        text->Append("0\n"u8);
        return 0;
    }
}
