// Inode: a file as such, whatever its names.
//
// Linux: struct inode, struct inode_operations, include/linux/fs.h, fs/inode.c. Process context.
// Locks: Inode.Mutex guards size, content and attributes against each other's writers: who holds it may touch user memory, so a page fault
// must not want it (GetPage takes the spin lock of the pages only). LinkCount is guarded by the Names mutex of the file system.
// Lifetime: Count counts dentries, open files without a name (pipes) and users in passing; the last Put evicts and frees.

namespace CSharpOS.Fs;

/// <summary>What an inode can do. A static of the file system, filled in by its Init; unset ones give the error that Linux gives.</summary>
/// <remarks>All in process context; all may sleep. Those that get a directory are called with the <see cref="SuperBlock.Names"/> mutex held.</remarks>
/// <linux>inode_operations</linux>
public unsafe struct InodeOperations
{
    /// <summary>(directory, dentry): finds a name that is not cached; <see cref="Dentries.Add"/> if it is there, else -ENOENT. Unset: what is not
    /// cached is not there.</summary>
    public delegate*<Inode*, Dentry*, int> Lookup;

    /// <summary>(directory, dentry, mode): makes a regular file.</summary>
    public delegate*<Inode*, Dentry*, uint, int> Create;

    /// <summary>(directory, dentry, mode, device number): makes a node of any kind but directories and links.</summary>
    public delegate*<Inode*, Dentry*, uint, uint, int> Mknod;

    /// <summary>(directory, dentry, mode): makes a directory.</summary>
    public delegate*<Inode*, Dentry*, uint, int> Mkdir;

    /// <summary>(directory, dentry, target, its length): makes a symbolic link.</summary>
    public delegate*<Inode*, Dentry*, byte*, int, int> Symlink;

    /// <summary>(what, directory, dentry): gives a file another name.</summary>
    public delegate*<Inode*, Inode*, Dentry*, int> Link;

    /// <summary>(directory, dentry): removes a name that is no directory.</summary>
    public delegate*<Inode*, Dentry*, int> Unlink;

    /// <summary>(directory, dentry): removes an empty directory.</summary>
    public delegate*<Inode*, Dentry*, int> Rmdir;

    /// <summary>(old directory, old dentry, new directory, the dentry that is replaced or null).</summary>
    public delegate*<Inode*, Dentry*, Inode*, Dentry*, int> Rename;

    /// <summary>(inode, buffer, its size): the target of a symbolic link; its length, without a zero byte.</summary>
    public delegate*<Inode*, byte*, int, int> ReadLink;

    /// <summary>(inode, where to): a link that leads to a place and not to a name, as in /proc/PID/fd. Gives references.</summary>
    public delegate*<Inode*, Path*, int> FollowLink;

    /// <summary>(inode, size): cuts or lengthens the content. The inode's mutex is held.</summary>
    /// <linux>truncate</linux>
    public delegate*<Inode*, long, int> SetSize;

    /// <summary>(inode): brings what stat shows up to date.</summary>
    /// <linux>getattr</linux>
    public delegate*<Inode*, void> Refresh;

    /// <summary>(inode, index, page): the page of the content, with a reference. See <see cref="FilePages.GetPage"/>.</summary>
    /// <linux>address_space_operations.readpage</linux>
    public delegate*<Inode*, ulong, Page**, int> GetPage;
}

/// <summary>A file.</summary>
/// <linux>inode</linux>
public unsafe struct Inode
{
    internal Atomic Count;

    /// <summary>What it is (<see cref="FileModes"/>), and who may do what.</summary>
    public uint Mode;

    /// <summary>Owner.</summary>
    public uint Uid;

    /// <summary>Group.</summary>
    public uint Gid;

    /// <summary>Names it has; an empty directory has 2.</summary>
    /// <linux>i_nlink</linux>
    public uint LinkCount;

    /// <summary>Which device, for device nodes: <see cref="DeviceNumber"/>.</summary>
    /// <linux>i_rdev</linux>
    public uint Device;

    /// <summary>Its file system; null for pipes and their like.</summary>
    public SuperBlock* Super;

    /// <summary>Its number there.</summary>
    /// <linux>i_ino</linux>
    public ulong Number;

    /// <summary>Bytes.</summary>
    public long Size;

    /// <summary>What it can do.</summary>
    public InodeOperations* Ops;

    /// <summary>What a file opened on it can do; for device nodes and FIFOs the open replaces it.</summary>
    /// <linux>i_fop</linux>
    public FileOperations* FileOps;

    /// <summary>Last read, last change of the content, last change of the attributes.</summary>
    public Timespec AccessTime, ModifyTime, ChangeTime;

    /// <summary>Guards content and attributes; see the head of this file.</summary>
    /// <linux>i_mutex</linux>
    public Mutex Mutex;

    /// <summary>The pages of the content.</summary>
    /// <linux>i_data</linux>
    internal PageTree Pages;

    /// <summary>Pipe or FIFO: its buffer while somebody has it open. Guarded by <see cref="Pipes"/>.</summary>
    internal Pipe* Pipe;

    /// <summary>Symbolic link: the target, Size bytes.</summary>
    internal byte* Target;

    /// <summary>Whatever the file system keeps.</summary>
    public void* Private;

    /// <summary>True for that kind of file.</summary>
    public readonly bool Is(uint type) => (Mode & FileModes.S_IFMT) == type;

    /// <summary>True for a directory.</summary>
    public readonly bool IsDirectory => Is(FileModes.S_IFDIR);
}

/// <summary>Inodes as such.</summary>
public static unsafe class Inodes
{
    private static SlabCache* s_cache;

    internal static void Init() => s_cache = KmemCacheCreate("inode"u8, (nuint)sizeof(Inode), 64);

    /// <summary>A new inode with one reference, numbered, its times now, owned by the caller's user. Process context, sleeps.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>new_inode</linux>
    public static Inode* New(SuperBlock* super, uint mode)
    {
        var inode = (Inode*)KmemCacheAlloc(s_cache, GfpFlags.Kernel | GfpFlags.Zero);
        if (inode == null)
        {
            return null;
        }

        inode->Count.Set(1);
        inode->Mode = mode;
        inode->LinkCount = 1;
        inode->Uid = Credentials.FsUid;
        inode->Gid = Credentials.FsGid;
        inode->Super = super;
        inode->Number = super == null ? 0 : SuperBlock.NextInode(super);
        inode->Pages.Init();
        inode->AccessTime = inode->ModifyTime = inode->ChangeTime = Xtime;
        return inode;
    }

    /// <summary>Takes one more reference.</summary>
    /// <linux>igrab</linux>
    public static void Get(Inode* inode) => inode->Count.Inc();

    /// <summary>Gives a reference back; the last one frees the inode and its content. Process context, may sleep. Null is fine.</summary>
    /// <linux>iput</linux>
    public static void Put(Inode* inode)
    {
        if (inode == null || !inode->Count.DecAndTest())
        {
            return;
        }

        if (inode->Super != null && inode->Super->Ops != null && inode->Super->Ops->EvictInode != null)
        {
            inode->Super->Ops->EvictInode(inode);
        }

        Kfree(inode->Target);
        KmemCacheFree(s_cache, inode);
    }

    /// <summary>The content has changed: sets its times.</summary>
    public static void Modified(Inode* inode) => inode->ModifyTime = inode->ChangeTime = Xtime;
}
