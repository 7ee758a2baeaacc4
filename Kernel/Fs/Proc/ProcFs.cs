// ProcFs: the file system of /proc, and how the kernel and drivers add entries to it.
//
// Linux: fs/proc/root.c, fs/proc/generic.c. Process context, sleeps. There is one of it; entries may be made before it is mounted, once FileSystemStart has run.
// Its uppermost directory shows the entries of the tree, and behind them a directory for every process (ProcPid). Locks: Kernfs.s_lock.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The file system /proc.</summary>
/// <rows>IRQ-13</rows>
public static unsafe class ProcFs
{
    private const uint Magic = 0x9fa0;
    private const uint DirectoryMode = FileModes.S_IFDIR | 0x16d;

    private static FileSystemType s_type;
    private static SuperOperations s_super;
    private static InodeOperations s_root;
    private static FileOperations s_rootFile;
    private static KernfsNode* s_rootNode;

    /// <summary>The uppermost directory; null before <see cref="Init"/>.</summary>
    internal static KernfsNode* Root => s_rootNode;

    /// <summary>Once, at boot. 0 or minus errno.</summary>
    internal static int Init()
    {
        s_super = new SuperOperations { EvictInode = &Evict, Revalidate = &Revalidate };
        s_root = new InodeOperations { Lookup = &Lookup };
        s_rootFile = new FileOperations { Iterate = &Iterate };
        s_type = new FileSystemType { Fill = &Fill, Single = true };
        s_rootNode = null;
        int error = Kernfs.New("proc"u8, DirectoryMode, out KernfsNode* root);
        if (error != 0)
        {
            return error;
        }

        root->InodeOps = (InodeOperations*)Unsafe.AsPointer(ref s_root);
        root->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_rootFile);
        s_rootNode = root;
        ProcPid.Init();
        error = FileSystems.Register((FileSystemType*)Unsafe.AsPointer(ref s_type), "proc"u8);
        error = error != 0 ? error : ProcKernel.Init();
        error = error != 0 ? error : ProcSysctl.Init();
        error = error != 0 ? error : Modules.ModuleText.Init();
        return error != 0 ? error : ProcIrq.Init();
    }

    /// <summary>Adds a file to /proc, whose content is what functions make of it. Process context, sleeps.</summary>
    /// <param name="name">Its name in <paramref name="parent"/>: <c>"driver/toy"u8</c> goes through directories that exist.</param>
    /// <param name="mode">Permissions: 0x124 is r--r--r--, 0x1a4 rw-r--r--; 0 stands for the former.</param>
    /// <param name="parent">A directory from <see cref="ProcMkdir"/>; null: /proc itself.</param>
    /// <param name="read">(text, data): appends the whole content, <c>text->Append($"...")</c>; 0 or minus errno. Called when a reader begins, once more if the
    /// text did not fit. May sleep. Null: the file cannot be read.</param>
    /// <param name="write">(text, data): acts on what has been written, all of one call, up to 4095 bytes; 0 or minus errno, which write then gives. May
    /// sleep. Null: the file cannot be written.</param>
    /// <param name="data">The last argument of both.</param>
    /// <returns>The entry, for <see cref="RemoveProcEntry"/>; null: the name is taken or too long, the directory is not there, or there is no memory.</returns>
    /// <linux>create_proc_entry, create_proc_read_entry</linux>
    /// <rows>IRQ-13</rows>
    public static KernfsNode* CreateProcEntry(
        ReadOnlySpan<byte> name,
        uint mode,
        KernfsNode* parent,
        delegate*<TextArea*, void*, int> read,
        delegate*<ReadOnlySpan<byte>, void*, int> write,
        void* data)
    {
        MightSleep();
        KernfsNode* node = New(name, FileModes.S_IFREG | (mode == 0 ? 0x124 : mode & FileModes.S_IALLUGO), parent, out KernfsNode* directory);
        if (node != null)
        {
            node->Show = read;
            node->Store = write;
            node->Data = data;
        }

        return LinkInto(directory, node);
    }

    /// <summary>Adds a file with operations of its own: for what is never removed. Null as <see cref="CreateProcEntry"/>.</summary>
    /// <linux>proc_create</linux>
    internal static KernfsNode* ProcCreate(ReadOnlySpan<byte> name, uint mode, KernfsNode* parent, FileOperations* ops)
    {
        KernfsNode* node = New(name, FileModes.S_IFREG | mode, parent, out KernfsNode* directory);
        if (node != null)
        {
            node->FileOps = ops;
        }

        return LinkInto(directory, node);
    }

    /// <summary>Adds a directory. Process context, sleeps. Arguments and result as of <see cref="CreateProcEntry"/>.</summary>
    /// <linux>proc_mkdir</linux>
    /// <rows>IRQ-13</rows>
    public static KernfsNode* ProcMkdir(ReadOnlySpan<byte> name, KernfsNode* parent)
    {
        MightSleep();
        KernfsNode* node = New(name, DirectoryMode, parent, out KernfsNode* directory);
        return LinkInto(directory, node);
    }

    /// <summary>Adds a symbolic link. Process context, sleeps. Arguments and result as of <see cref="CreateProcEntry"/>.</summary>
    /// <linux>proc_symlink</linux>
    public static KernfsNode* ProcSymlink(ReadOnlySpan<byte> name, KernfsNode* parent, ReadOnlySpan<byte> target)
    {
        MightSleep();
        KernfsNode* node = New(name, FileModes.S_IFLNK | FileModes.S_IRWXUGO, parent, out KernfsNode* directory);
        if (node != null)
        {
            node->Target = (byte*)Kmalloc((nuint)target.Length + 1, GfpFlags.Kernel);
            if (node->Target == null)
            {
                Kernfs.Put(node);
                Kernfs.Put(directory);
                return null;
            }

            target.CopyTo(new Span<byte>(node->Target, target.Length));
            node->Target[target.Length] = 0;
        }

        return LinkInto(directory, node);
    }

    /// <summary>Removes an entry, and all below it if it is a directory. Returns when none of their functions runs any more; none is called afterwards: what is
    /// read or written through files that are still open gives -EIO. Not from one of these functions. Process context, sleeps. Null is fine.</summary>
    /// <linux>remove_proc_entry, remove_proc_subtree</linux>
    /// <rows>IRQ-13</rows>
    public static void RemoveProcEntry(KernfsNode* entry)
    {
        if (entry != null)
        {
            Kernfs.Remove(entry);
        }
    }

    // A new entry for the last component, and the directory that it belongs to, both held; null and null.
    private static KernfsNode* New(ReadOnlySpan<byte> name, uint mode, KernfsNode* parent, out KernfsNode* directory)
    {
        directory = parent != null ? parent : s_rootNode;
        if (directory == null)
        {
            return null;
        }

        Kernfs.Get(directory);
        int slash;
        while (directory != null && (slash = name.IndexOf((byte)'/')) >= 0)
        {
            KernfsNode* next = Kernfs.Find(directory, name[..slash]);
            Kernfs.Put(directory);
            directory = next;
            name = name[(slash + 1)..];
        }

        if (directory == null || Kernfs.New(name, mode, out KernfsNode* node) != 0)
        {
            Kernfs.Put(directory);
            directory = null;
            return null;
        }

        return node;
    }

    private static KernfsNode* LinkInto(KernfsNode* directory, KernfsNode* node)
    {
        int error = node == null ? -ENOENT : Kernfs.Link(directory, node);
        Kernfs.Put(directory);
        return error == 0 ? node : null;
    }

    private static int Fill(SuperBlock* super, byte* data) =>
        Kernfs.Fill(super, s_rootNode, (SuperOperations*)Unsafe.AsPointer(ref s_super), Magic);

    private static bool IsOfProcess(Inode* inode) => inode->Number < Kernfs.FirstNumber;

    private static void Evict(Inode* inode)
    {
        if (IsOfProcess(inode))
        {
            ProcPid.Evict(inode);
        }
        else
        {
            Kernfs.Evict(inode);
        }
    }

    private static bool Revalidate(Dentry* dentry) => IsOfProcess(dentry->Inode) ? ProcPid.Revalidate(dentry->Inode) : Kernfs.Revalidate(dentry);

    private static int Lookup(Inode* directory, Dentry* dentry)
    {
        int error = Kernfs.Lookup(directory, dentry);
        return error == -ENOENT ? ProcPid.Lookup(directory, dentry) : error;
    }

    private static int Iterate(File* file, DirContext* context)
    {
        if (Kernfs.List(file, context))
        {
            ProcPid.List(context);
        }

        return 0;
    }
}
