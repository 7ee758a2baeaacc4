// VfsMount, Path, Mounts: where file systems hang in the tree that processes see.
//
// Linux: struct vfsmount, struct path, fs/namespace.c. Process context. Locks: s_lock (plain spin lock) guards the list and the tree of mounts;
// inside nothing but the reference counts. s_changes, a mutex, is held while one is added or removed.
// One tree for all processes; no namespaces, no bind mounts. Mounts are few: they are found by going through the list.
// Lifetime: VfsMount.Count counts the paths that lead into it, mounts upon it, and the tree. umount needs the last two alone.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>A file system hung up somewhere.</summary>
/// <linux>vfsmount</linux>
public unsafe struct VfsMount
{
    internal const int SourceSize = 32;

    /// <summary>Link in the list of all; first in the structure.</summary>
    internal ListHead Link;

    internal Atomic Count;
    internal VfsMount* Parent;
    internal Dentry* MountPoint;

    /// <summary>Its uppermost directory.</summary>
    public Dentry* Root;

    /// <summary>Its file system.</summary>
    public SuperBlock* Super;

    /// <summary>Nothing may be changed through it.</summary>
    public bool ReadOnly;

    internal int SourceLength;
    internal fixed byte SourceBytes[SourceSize];

    /// <summary>What mount was told to be mounted: "none", "proc", a device.</summary>
    public static ReadOnlySpan<byte> Source(VfsMount* mount) => new(mount->SourceBytes, mount->SourceLength);
}

/// <summary>A place in the tree: a name in a mounted file system. Who stores one holds references (<see cref="Get"/>).</summary>
/// <linux>path</linux>
public unsafe struct Path
{
    public VfsMount* Mount;
    public Dentry* Dentry;

    /// <summary>The file there.</summary>
    public readonly Inode* Inode => Dentry->Inode;

    /// <summary>Takes references.</summary>
    /// <linux>path_get</linux>
    public readonly void Get()
    {
        Mount->Count.Inc();
        Dentries.Get(Dentry);
    }

    /// <summary>Gives the references back. Process context, may sleep. An empty path is fine.</summary>
    /// <linux>path_put</linux>
    public void Put()
    {
        if (Dentry != null)
        {
            Dentries.Put(Dentry);
            Mount->Count.Dec();
            this = default;
        }
    }

    /// <summary>The same place.</summary>
    public readonly bool Equals(in Path other) => Mount == other.Mount && Dentry == other.Dentry;
}

/// <summary>The tree of mounts.</summary>
public static unsafe partial class Mounts
{
    private static SpinLock s_lock;
    private static Mutex s_changes;
    private static ListHead s_all;
    private static VfsMount* s_root;

    /// <summary>The uppermost mount, the rootfs.</summary>
    internal static VfsMount* RootMount => s_root;

    private static ListHead* All => (ListHead*)Unsafe.AsPointer(ref s_all);

    /// <summary>Once, at boot.</summary>
    internal static void Init()
    {
        s_lock.Init();
        s_root = null;
        ListHead.Init(All);
    }

    /// <summary>The top of the tree, without references: it stays.</summary>
    internal static Path Root => new() { Mount = s_root, Dentry = s_root->Root };

    /// <summary>Hangs a file system up at <paramref name="where"/>, or as the root of all if that is null. Process context, sleeps.</summary>
    /// <returns>0; -ENODEV: no such kind; -ENOTDIR; -EBUSY: it is mounted there already, or the place is gone; -ENOMEM.</returns>
    /// <linux>do_new_mount</linux>
    internal static int Mount(ReadOnlySpan<byte> source, ReadOnlySpan<byte> kind, Path* where, bool readOnly, byte* data)
    {
        FileSystemType* type = FileSystems.Find(kind);
        if (type == null)
        {
            return -ENODEV;
        }

        if (where != null && !where->Inode->IsDirectory)
        {
            return -ENOTDIR;
        }

        VfsMount* mount = Kzalloc<VfsMount>(GfpFlags.Kernel);
        if (mount == null)
        {
            return -ENOMEM;
        }

        int error = FileSystems.Get(type, data, out mount->Super);
        if (error == 0)
        {
            mount->Root = mount->Super->Root;
            mount->ReadOnly = readOnly;
            mount->Count.Set(1);
            mount->SourceLength = source.Length < VfsMount.SourceSize ? source.Length : VfsMount.SourceSize;
            source[..mount->SourceLength].CopyTo(new Span<byte>(mount->SourceBytes, VfsMount.SourceSize));
            error = Attach(mount, where);
            if (error != 0)
            {
                FileSystems.Put(mount->Super);
            }
        }

        if (error != 0)
        {
            Kfree(mount);
        }

        return error;
    }

    /// <summary>Takes down what is mounted with its root at <paramref name="path"/>, whose references it takes over. Process context, sleeps.</summary>
    /// <returns>0; -EINVAL: nothing is mounted there; -EBUSY: somebody uses it.</returns>
    /// <linux>do_umount</linux>
    internal static int Unmount(ref Path path)
    {
        VfsMount* mount = path.Mount;
        bool isRoot = path.Dentry == mount->Root;
        Dentries.Put(path.Dentry);
        int error = !isRoot || mount == s_root ? -EINVAL : 0;
        Dentry* mountPoint = null;
        if (error == 0)
        {
            using (s_changes.Guard())
            {
                error = Detach(mount, &mountPoint);
            }
        }

        mount->Count.Dec();
        path = default;
        if (error != 0)
        {
            return error;
        }

        mount->Parent->Count.Dec();
        Dentries.Put(mountPoint);
        FileSystems.Put(mount->Super);
        Kfree(mount);
        return 0;
    }

    /// <summary>If something is mounted at <paramref name="path"/>, goes to its root, as often as that is so. References go along.</summary>
    /// <linux>follow_mount</linux>
    internal static void Enter(ref Path path)
    {
        while (true)
        {
            VfsMount* found = null;
            using (s_lock.Guard())
            {
                for (ListHead* link = All->Next; link != All && found == null; link = link->Next)
                {
                    var mount = (VfsMount*)link;
                    found = mount->Parent == path.Mount && mount->MountPoint == path.Dentry ? mount : null;
                }

                if (found == null)
                {
                    return;
                }

                found->Count.Inc();
            }

            path.Put();
            path.Mount = found;
            path.Dentry = found->Root;
            Dentries.Get(found->Root);
        }
    }

    /// <summary>If <paramref name="path"/> is the root of a mount, goes to the place where that is mounted. False: it is not, or it is the root of all.</summary>
    /// <linux>follow_up</linux>
    internal static bool Leave(ref Path path)
    {
        Path up;
        using (s_lock.Guard())
        {
            if (path.Dentry != path.Mount->Root || path.Mount->Parent == null)
            {
                return false;
            }

            up = new Path { Mount = path.Mount->Parent, Dentry = path.Mount->MountPoint };
            up.Get();
        }

        path.Put();
        path = up;
        return true;
    }

    /// <summary>True if something is mounted at that name, in whichever mount.</summary>
    /// <linux>d_mountpoint</linux>
    internal static bool IsMountPoint(Dentry* dentry)
    {
        using (s_lock.Guard())
        {
            for (ListHead* link = All->Next; link != All; link = link->Next)
            {
                if (((VfsMount*)link)->MountPoint == dentry)
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Mount number <paramref name="index"/> in the order of mounting, with a reference in <paramref name="root"/>, for listing. False: there are no more.</summary>
    internal static bool At(int index, out Path root)
    {
        using (s_lock.Guard())
        {
            ListHead* link = All->Next;
            while (link != All && index-- > 0)
            {
                link = link->Next;
            }

            root = default;
            if (link == All)
            {
                return false;
            }

            root.Mount = (VfsMount*)link;
            root.Dentry = root.Mount->Root;
            root.Get();
            return true;
        }
    }

    // The place is looked at again with the names locked: a directory that was removed meanwhile is no place for a mount.
    private static int Attach(VfsMount* mount, Path* where)
    {
        using (s_changes.Guard())
        {
            if (where == null)
            {
                s_root = mount;
                Link(mount);
                return 0;
            }

            using (where->Mount->Super->Names.Guard())
            {
                bool again = where->Dentry == where->Mount->Root && where->Mount->Super == mount->Super;
                if (again || (where->Dentry->Parent != where->Dentry && !Dentry.IsHashed(where->Dentry)))
                {
                    return -EBUSY;
                }

                where->Get();
                mount->Parent = where->Mount;
                mount->MountPoint = where->Dentry;
                Link(mount);
                return 0;
            }
        }
    }

    private static void Link(VfsMount* mount)
    {
        using (s_lock.Guard())
        {
            ListHead.AddTail(&mount->Link, All);
        }
    }

    // One reference is the tree's and one the caller's.
    private static int Detach(VfsMount* mount, Dentry** mountPoint)
    {
        using (s_lock.Guard())
        {
            if (mount->Count.Read() != 2)
            {
                return -EBUSY;
            }

            ListHead.Del(&mount->Link);
            *mountPoint = mount->MountPoint;
            return 0;
        }
    }
}
