// SuperBlock, FileSystemType: one file system, and the kind it is of.
//
// Linux: struct super_block, struct file_system_type, include/linux/fs.h, fs/super.c, fs/filesystems.c. Process context, may sleep.
// Locks: SuperBlock.Names, a mutex, guards all names of one file system: who looks up what is not cached, makes, removes, renames or lists holds it.
// One lock for a file system and not one for each directory: every file system here lives in memory, nobody waits long under it, and
// rename with its two directories needs no order among them. s_lock (plain spin lock) guards the list of kinds.

namespace CSharpOS.Fs;

/// <summary>A kind of file system. A static of its code, registered once; all of it is filled in before.</summary>
/// <linux>file_system_type</linux>
public unsafe struct FileSystemType
{
    internal const int NameSize = 16;

    internal FileSystemType* Next;

    /// <summary>Makes or finds the file system: sets <see cref="SuperBlock.Root"/> of the new one. 0 or minus errno.</summary>
    /// <linux>fill_super</linux>
    public delegate*<SuperBlock*, byte*, int> Fill;

    /// <summary>There is one of it, which every mount shows.</summary>
    /// <linux>get_sb_single</linux>
    public bool Single;

    internal SuperBlock* TheOne;
    internal int NameLength;
    internal fixed byte NameBytes[NameSize];

    /// <summary>The name that mount is given.</summary>
    public static ReadOnlySpan<byte> Name(FileSystemType* type) => new(type->NameBytes, type->NameLength);
}

/// <summary>What a file system does for its super block. Unset ones are left out.</summary>
/// <linux>super_operations</linux>
public unsafe struct SuperOperations
{
    /// <summary>The last reference to an inode is gone: frees what hangs on it, not the inode itself. Process context.</summary>
    /// <linux>evict_inode</linux>
    public delegate*<Inode*, void> EvictInode;

    /// <summary>False: what this cached name stood for is gone, it must be looked up again. Process context.</summary>
    /// <linux>d_revalidate</linux>
    public delegate*<Dentry*, bool> Revalidate;

    /// <summary>Total and free blocks (pages) for statfs.</summary>
    /// <linux>statfs</linux>
    public delegate*<SuperBlock*, ulong*, ulong*, void> Statfs;
}

/// <summary>One file system.</summary>
/// <linux>super_block</linux>
public unsafe struct SuperBlock
{
    /// <summary>Its kind.</summary>
    public FileSystemType* Type;

    /// <summary>What it does.</summary>
    public SuperOperations* Ops;

    /// <summary>Its uppermost directory; the super block holds a reference.</summary>
    public Dentry* Root;

    /// <summary>The device number that stat shows; no device has it.</summary>
    public uint Device;

    /// <summary>The number by which statfs tells file systems apart.</summary>
    public uint Magic;

    /// <summary>Whatever the file system keeps of itself.</summary>
    public void* Private;

    /// <summary>Guards the names; see the head of this file.</summary>
    internal Mutex Names;

    /// <summary>Mounts of it, and one more for a file system of which there is only one.</summary>
    internal Atomic Count;

    private int _lastInode;

    /// <summary>A number that no inode of this file system has had, except after four thousand million of them.</summary>
    /// <linux>get_next_ino</linux>
    public static ulong NextInode(SuperBlock* super) => (uint)Shared.AddReturn(ref super->_lastInode, 1);
}

/// <summary>The kinds of file systems, and super blocks.</summary>
public static unsafe class FileSystems
{
    private static SpinLock s_lock;
    private static FileSystemType* s_first;
    private static int s_lastDevice;

    /// <summary>The first kind, for listing; they are never removed.</summary>
    internal static FileSystemType* First
    {
        get
        {
            fixed (FileSystemType** first = &s_first)
            {
                return Shared.ReadOnce(first);
            }
        }
    }

    internal static void Init()
    {
        s_lock.Init();
        s_first = null;
        s_lastDevice = 0;
    }

    /// <summary>Makes a kind known to mount. Process context, at boot.</summary>
    /// <returns>0; -EINVAL: no usable name; -EBUSY: the name is taken.</returns>
    /// <linux>register_filesystem</linux>
    public static int Register(FileSystemType* type, ReadOnlySpan<byte> name)
    {
        if (name.Length is 0 or > FileSystemType.NameSize)
        {
            return -EINVAL;
        }

        type->NameLength = name.Length;
        name.CopyTo(new Span<byte>(type->NameBytes, FileSystemType.NameSize));
        using (s_lock.Guard())
        {
            if (FindLocked(name) != null)
            {
                return -EBUSY;
            }

            type->Next = s_first;
            fixed (FileSystemType** first = &s_first)
            {
                Shared.WriteOnce(first, type);
            }

            return 0;
        }
    }

    /// <summary>The kind of that name, or null.</summary>
    /// <linux>get_fs_type</linux>
    public static FileSystemType* Find(ReadOnlySpan<byte> name)
    {
        using (s_lock.Guard())
        {
            return FindLocked(name);
        }
    }

    /// <summary>A file system of that kind, with a reference for the caller (<see cref="Put"/>). Process context, sleeps.</summary>
    /// <returns>0; what its Fill says; -ENOMEM.</returns>
    /// <linux>get_sb</linux>
    internal static int Get(FileSystemType* type, byte* data, out SuperBlock* super)
    {
        super = type->Single ? Shared.ReadOnce(&type->TheOne) : null;
        if (super != null)
        {
            super->Count.Inc();
            return 0;
        }

        super = Kzalloc<SuperBlock>(GfpFlags.Kernel);
        if (super == null)
        {
            return -ENOMEM;
        }

        super->Type = type;
        super->Count.Set(type->Single ? 2 : 1);
        super->Device = DeviceNumber.Make(0, (uint)Shared.AddReturn(ref s_lastDevice, 1));
        int error = type->Fill(super, data);
        if (error != 0)
        {
            Kfree(super);
            super = null;
            return error;
        }

        if (type->Single && Shared.CompareExchange(ref *(long*)&type->TheOne, (long)super, 0) != 0)
        {
            // Somebody was faster: theirs is the one.
            super->Count.Set(1);
            Put(super);
            return Get(type, data, out super);
        }

        return 0;
    }

    /// <summary>Gives a reference back; with the last one the file system and all of its names and files go. Process context, sleeps.</summary>
    /// <linux>deactivate_super</linux>
    internal static void Put(SuperBlock* super)
    {
        if (super->Count.DecAndTest())
        {
            Dentries.RemoveTree(super->Root);
            Kfree(super->Private);
            Kfree(super);
        }
    }

    private static FileSystemType* FindLocked(ReadOnlySpan<byte> name)
    {
        FileSystemType* type = s_first;
        while (type != null && !FileSystemType.Name(type).SequenceEqual(name))
        {
            type = type->Next;
        }

        return type;
    }
}
