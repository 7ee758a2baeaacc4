// Tmpfs: files in memory.
//
// Linux: mm/shmem.c, fs/ramfs. Process context, sleeps. The tree of dentries is the file system: every name is pinned, and what is not in memory is not there. The
// content is the inode's PageTree; a page that was never written is a hole, read as zeros, and gets memory when it is written or mapped.
// Locks: Inode.Mutex for a write or a change of size; reading takes none but the spin lock of the tree. SuperBlock.Names as for all file systems.
// rootfs, tmpfs and devtmpfs are of this kind. One may hold half of the memory at most (-ENOSPC).
// This file: names. Tmpfs.Data.cs: content.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The file system in memory.</summary>
public static unsafe partial class Tmpfs
{
    private const uint Magic = 0x01021994;
    private const uint RootMode = FileModes.S_IFDIR | 0x1ed;

    private static FileSystemType s_rootfs;
    private static FileSystemType s_tmpfs;
    private static SuperOperations s_super;
    private static InodeOperations s_directory;
    private static InodeOperations s_file;
    private static InodeOperations s_link;
    private static InodeOperations s_node;
    private static FileOperations s_directoryFile;
    private static FileOperations s_regularFile;

    /// <summary>What an open directory can do whose names are all in memory.</summary>
    /// <linux>simple_dir_operations</linux>
    internal static FileOperations DirectoryFile => s_directoryFile;

    /// <summary>Once, at boot.</summary>
    internal static void Init()
    {
        s_super = new SuperOperations { EvictInode = &Evict, Statfs = &Statfs };
        s_directory = new InodeOperations
        {
            Create = &Create,
            Mknod = &Mknod,
            Mkdir = &Create,
            Symlink = &Symlink,
            Link = &Link,
            Unlink = &Unlink,
            Rmdir = &Rmdir,
            Rename = &Rename,
        };
        s_file = new InodeOperations { SetSize = &SetSize, GetPage = &GetPage };
        s_link = new InodeOperations { ReadLink = &ReadLink };
        s_node = default;
        s_directoryFile = new FileOperations { Iterate = &Dentries.Iterate };
        s_regularFile = new FileOperations { Read = &Read, Write = &Write };
        s_rootfs = new FileSystemType { Fill = &Fill };
        s_tmpfs = new FileSystemType { Fill = &Fill };
        FileSystems.Register((FileSystemType*)Unsafe.AsPointer(ref s_rootfs), "rootfs"u8);
        FileSystems.Register((FileSystemType*)Unsafe.AsPointer(ref s_tmpfs), "tmpfs"u8);
    }

    /// <summary>Makes an empty file system: the Fill of a kind that works like this one.</summary>
    /// <linux>shmem_fill_super</linux>
    internal static int Fill(SuperBlock* super, byte* data)
    {
        super->Ops = (SuperOperations*)Unsafe.AsPointer(ref s_super);
        super->Magic = Magic;
        Quota* quota = Kzalloc<Quota>(GfpFlags.Kernel);
        super->Private = quota;
        super->Root = quota == null ? null : Dentries.Allocate(null, "/"u8);
        Inode* inode = super->Root == null ? null : NewInode(super, RootMode, 0);
        if (inode == null)
        {
            Dentries.Put(super->Root);
            Kfree(quota);
            return -ENOMEM;
        }

        quota->Limit = (long)(PageAllocator.ManagedPageCount() / 2);
        Dentries.Add(super->Root, inode);
        return 0;
    }

    /// <summary>A file of <paramref name="size"/> zeros that no directory names: memory that processes share. 0, -ENOMEM, -ENFILE.</summary>
    /// <linux>shmem_file_setup</linux>
    internal static int OpenUnnamed(long size, out File* file)
    {
        file = Files.Allocate(OpenFlags.O_RDWR);
        if (file == null)
        {
            return -ENFILE;
        }

        Path root = FsStruct.CurrentRoot();
        Inode* inode = NewInode(root.Inode->Super, FileModes.S_IFREG | FileModes.S_IRWXUGO, 0);
        root.Put();
        if (inode == null)
        {
            Files.Put(file);
            file = null;
            return -ENOMEM;
        }

        inode->LinkCount = 0;
        inode->Size = size;
        file->Inode = inode;
        file->Ops = inode->FileOps;
        file->Mode |= FileModeBits.Opened;
        return 0;
    }

    /// <summary>Device nodes, FIFOs and sockets work the same in all file systems: what opening them does.</summary>
    /// <linux>init_special_inode</linux>
    internal static void SetSpecial(Inode* inode, uint device)
    {
        inode->Device = device;
        inode->FileOps = (inode->Mode & FileModes.S_IFMT) switch
        {
            FileModes.S_IFCHR => CharDevices.NodeOperations,
            FileModes.S_IFIFO => Pipes.FifoOperations,
            _ => null,
        };
    }

    private static Inode* NewInode(SuperBlock* super, uint mode, uint device)
    {
        Inode* inode = Inodes.New(super, mode);
        if (inode == null)
        {
            return null;
        }

        switch (mode & FileModes.S_IFMT)
        {
            case FileModes.S_IFDIR:
                inode->LinkCount = 2;
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_directory);
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_directoryFile);
                break;
            case FileModes.S_IFREG:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_file);
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_regularFile);
                break;
            case FileModes.S_IFLNK:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_link);
                break;
            default:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_node);
                SetSpecial(inode, device);
                break;
        }

        return inode;
    }

    private static int Create(Inode* directory, Dentry* dentry, uint mode) => Mknod(directory, dentry, mode, 0);

    private static int Mknod(Inode* directory, Dentry* dentry, uint mode, uint device)
    {
        Inode* inode = NewInode(directory->Super, mode, device);
        if (inode == null)
        {
            return -ENOMEM;
        }

        // A directory with the set-group-id bit gives its group to what is made in it.
        if ((directory->Mode & FileModes.S_ISGID) != 0)
        {
            inode->Gid = directory->Gid;
            inode->Mode |= inode->IsDirectory ? FileModes.S_ISGID : 0;
        }

        directory->LinkCount += inode->IsDirectory ? 1u : 0;
        Inodes.Modified(directory);
        Dentries.AddPinned(dentry, inode);
        return 0;
    }

    private static int Symlink(Inode* directory, Dentry* dentry, byte* target, int length)
    {
        var copy = (byte*)Kmalloc((nuint)length, GfpFlags.Kernel);
        if (copy == null)
        {
            return -ENOMEM;
        }

        new ReadOnlySpan<byte>(target, length).CopyTo(new Span<byte>(copy, length));
        int error = Mknod(directory, dentry, FileModes.S_IFLNK | FileModes.S_IRWXUGO, 0);
        if (error != 0)
        {
            Kfree(copy);
            return error;
        }

        dentry->Inode->Target = copy;
        dentry->Inode->Size = length;
        return 0;
    }

    private static int ReadLink(Inode* inode, byte* buffer, int size)
    {
        int length = inode->Size < size ? (int)inode->Size : size;
        new ReadOnlySpan<byte>(inode->Target, length).CopyTo(new Span<byte>(buffer, length));
        return length;
    }

    private static int Link(Inode* inode, Inode* directory, Dentry* dentry)
    {
        inode->LinkCount++;
        inode->ChangeTime = Xtime;
        Inodes.Modified(directory);
        Inodes.Get(inode);
        Dentries.AddPinned(dentry, inode);
        return 0;
    }

    private static int Unlink(Inode* directory, Dentry* dentry)
    {
        dentry->Inode->LinkCount--;
        dentry->Inode->ChangeTime = Xtime;
        Inodes.Modified(directory);
        return 0;
    }

    private static int Rmdir(Inode* directory, Dentry* dentry)
    {
        if (!Dentries.IsEmpty(dentry))
        {
            return -ENOTEMPTY;
        }

        dentry->Inode->LinkCount = 0;
        directory->LinkCount--;
        Inodes.Modified(directory);
        return 0;
    }

    private static int Rename(Inode* oldDirectory, Dentry* dentry, Inode* newDirectory, Dentry* replaced)
    {
        if (replaced != null)
        {
            int error = replaced->Inode->IsDirectory ? Rmdir(newDirectory, replaced) : Unlink(newDirectory, replaced);
            if (error != 0)
            {
                return error;
            }
        }

        if (dentry->Inode->IsDirectory)
        {
            oldDirectory->LinkCount--;
            newDirectory->LinkCount++;
        }

        Inodes.Modified(oldDirectory);
        Inodes.Modified(newDirectory);
        dentry->Inode->ChangeTime = Xtime;
        return 0;
    }
}
