// DeviceNodes: /dev, whose nodes appear when drivers register.
//
// Linux: devtmpfs, drivers/base/devtmpfs.c. Process context, sleeps. A file system of the kind of tmpfs of which there is one; it exists before it is mounted, so
// drivers make nodes at any time after the file systems have been set up. Lock: Names of that file system.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The nodes in /dev.</summary>
/// <rows>DRV-03</rows>
public static unsafe class DeviceNodes
{
    private const uint DirectoryMode = FileModes.S_IFDIR | 0x1ed;

    private static FileSystemType s_type;
    private static SuperBlock* s_super;

    /// <summary>Once, at boot. 0 or minus errno.</summary>
    internal static int Init()
    {
        s_type = new FileSystemType { Fill = &Tmpfs.Fill, Single = true };
        var type = (FileSystemType*)Unsafe.AsPointer(ref s_type);
        int error = FileSystems.Register(type, "devtmpfs"u8);
        return error != 0 ? error : FileSystems.Get(type, null, out s_super);
    }

    /// <summary>Makes a node, and the directories that its name goes through.</summary>
    /// <param name="name">Below /dev: <c>"rtc"u8</c>, <c>"input/mice"u8</c>.</param>
    /// <param name="mode">Kind and permissions, such as <c>FileModes.S_IFCHR | 0x1b6</c> for rw-rw-rw-.</param>
    /// <param name="device"><see cref="DeviceNumber.Make"/>.</param>
    /// <returns>0; -EEXIST; -EINVAL: no usable name; -ENOMEM.</returns>
    /// <linux>device_create, devtmpfs_create_node</linux>
    /// <rows>DRV-03</rows>
    public static int DeviceCreate(ReadOnlySpan<byte> name, uint mode, uint device)
    {
        MightSleep();
        using (s_super->Names.Guard())
        {
            Dentry* directory = s_super->Root;
            Dentries.Get(directory);
            int error = 0;
            int slash;
            while (error == 0 && (slash = name.IndexOf((byte)'/')) >= 0)
            {
                Dentry* parent = directory;
                error = FindOrMakeDirectory(parent, name[..slash], out directory);
                Dentries.Put(parent);
                name = name[(slash + 1)..];
            }

            if (error == 0)
            {
                error = MakeNode(directory, name, mode, device);
            }

            Dentries.Put(directory);
            return error;
        }
    }

    /// <summary>Removes a node. Files that are open on it stay open.</summary>
    /// <returns>0 or -ENOENT.</returns>
    /// <linux>device_destroy</linux>
    /// <rows>DRV-03</rows>
    public static int DeviceDestroy(ReadOnlySpan<byte> name)
    {
        MightSleep();
        Dentry* node = s_super->Root;
        Dentries.Get(node);
        using (s_super->Names.Guard())
        {
            while (node != null && name.Length != 0)
            {
                int slash = name.IndexOf((byte)'/');
                Dentry* parent = node;
                node = Dentries.Lookup(parent, slash < 0 ? name : name[..slash]);
                Dentries.Put(parent);
                name = slash < 0 ? default : name[(slash + 1)..];
            }

            if (node != null && !node->Inode->IsDirectory)
            {
                Dentry* parent = node->Parent;
                parent->Inode->Ops->Unlink(parent->Inode, node);
                Dentries.Remove(node);
                Dentries.Put(node);
                return 0;
            }
        }

        Dentries.Put(node);
        return -ENOENT;
    }

    private static int FindOrMakeDirectory(Dentry* parent, ReadOnlySpan<byte> name, out Dentry* directory)
    {
        directory = Dentries.Lookup(parent, name);
        if (directory != null)
        {
            return directory->Inode->IsDirectory ? 0 : -ENOTDIR;
        }

        int error = Make(parent, name, DirectoryMode, 0, out directory);
        return error;
    }

    private static int MakeNode(Dentry* directory, ReadOnlySpan<byte> name, uint mode, uint device)
    {
        Dentry* there = Dentries.Lookup(directory, name);
        if (there != null)
        {
            Dentries.Put(there);
            return -EEXIST;
        }

        int error = Make(directory, name, mode, device, out Dentry* dentry);
        Dentries.Put(dentry);
        return error;
    }

    private static int Make(Dentry* parent, ReadOnlySpan<byte> name, uint mode, uint device, out Dentry* dentry)
    {
        dentry = null;
        if (name.Length is 0 or > Dentries.NameMax)
        {
            return -EINVAL;
        }

        Dentry* made = Dentries.Allocate(parent, name);
        int error = made == null ? -ENOMEM : parent->Inode->Ops->Mknod(parent->Inode, made, mode, device);
        if (error != 0)
        {
            Dentries.Put(made);
            return error;
        }

        dentry = made;
        return 0;
    }
}
