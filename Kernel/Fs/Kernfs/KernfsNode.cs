// KernfsNode, Kernfs: trees of names whose files are functions of the kernel: what /proc and /sys have in common.
//
// Linux: struct proc_dir_entry (fs/proc/generic.c), struct kernfs_node (fs/kernfs). Process context; making and removing may sleep.
// Lock: s_lock (plain spin lock) guards the shape of the trees and the counts of running functions; it is not held while a function runs.
// Removing: the name is gone at once. Remove returns when none of the entry's functions runs any more, and none is called after that: what is read or
// written through a file that is still open gives -EIO. So a module may go after it has removed its entries. A function that removes its own entry
// waits for itself.
// Lifetime: Count counts the tree's reference, inodes, and users in passing.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>An entry of /proc or /sys: a file, directory or symbolic link.</summary>
/// <linux>proc_dir_entry, kernfs_node</linux>
public unsafe struct KernfsNode
{
    /// <summary>Bytes of a name at most.</summary>
    public const int NameSize = 64;

    /// <summary>Link among the parent's children. First in the structure.</summary>
    internal ListHead Sibling;
    internal ListHead Children;
    internal KernfsNode* Parent;
    internal Atomic Count;

    /// <summary>Functions that run just now.</summary>
    internal int InUse;
    internal bool Removed;

    /// <summary>Position in the listing of the directory; rises in the order of making.</summary>
    internal long Cookie, LastCookie;
    internal ulong Number;

    /// <summary>Kind and permissions.</summary>
    public uint Mode;

    /// <summary>Owner and group; root's at first.</summary>
    public uint Uid, Gid;

    /// <summary>Bytes that stat shows.</summary>
    public long Size;

    /// <summary>(text, data): appends what is read. 0 or minus errno. Null: cannot be read.</summary>
    internal delegate*<TextArea*, void*, int> Show;

    /// <summary>(text, data): acts on what is written. 0 or minus errno. Null: cannot be written.</summary>
    internal delegate*<ReadOnlySpan<byte>, void*, int> Store;

    /// <summary>The functions' argument.</summary>
    public void* Data;

    /// <summary>Instead of the functions: for files of the kernel itself that are never removed.</summary>
    internal FileOperations* FileOps;
    internal InodeOperations* InodeOps;

    /// <summary>Symbolic link: where to.</summary>
    internal byte* Target;
    internal int NameLength;
    internal fixed byte NameBytes[NameSize];

    /// <summary>The name.</summary>
    internal static ReadOnlySpan<byte> Name(KernfsNode* node) => new(node->NameBytes, node->NameLength);

    internal readonly bool IsDirectory => (Mode & FileModes.S_IFMT) == FileModes.S_IFDIR;
}

/// <summary>The trees.</summary>
internal static unsafe partial class Kernfs
{
    /// <summary>Numbers from here on; below are those of processes.</summary>
    /// <linux>PROC_DYNAMIC_FIRST</linux>
    internal const ulong FirstNumber = 0xf000_0000;

    private static SpinLock s_lock;
    private static WaitQueueHead s_idle;
    private static int s_lastNumber;

    /// <summary>Once, at boot.</summary>
    internal static void Init()
    {
        s_lock.Init();
        WaitQueue.Init((WaitQueueHead*)Unsafe.AsPointer(ref s_idle));
        s_lastNumber = 0;
        InitOperations();
    }

    /// <summary>An entry that is in no tree yet, with one reference. Process context, sleeps.</summary>
    /// <returns>0; -EINVAL, -ENAMETOOLONG: no usable name; -ENOMEM.</returns>
    internal static int New(ReadOnlySpan<byte> name, uint mode, out KernfsNode* node)
    {
        node = null;
        if (name.Length == 0 || name.IndexOf((byte)'/') >= 0 || name.IndexOf((byte)0) >= 0)
        {
            return -EINVAL;
        }

        if (name.Length > KernfsNode.NameSize)
        {
            return -ENAMETOOLONG;
        }

        node = Kzalloc<KernfsNode>(GfpFlags.Kernel);
        if (node == null)
        {
            return -ENOMEM;
        }

        ListHead.Init(&node->Sibling);
        ListHead.Init(&node->Children);
        node->Count.Set(1);
        node->LastCookie = 1;
        node->Mode = mode;
        node->Number = FirstNumber + (uint)Shared.AddReturn(ref s_lastNumber, 1);
        node->NameLength = name.Length;
        name.CopyTo(new Span<byte>(node->NameBytes, KernfsNode.NameSize));
        return 0;
    }

    /// <summary>Puts a filled-in entry into a directory; the tree takes the caller's reference over, or it is given back. Process context.</summary>
    /// <returns>0; -EEXIST; -ENOENT: the directory has been removed; -ENOTDIR.</returns>
    internal static int Link(KernfsNode* parent, KernfsNode* node)
    {
        int error;
        using (s_lock.Guard())
        {
            error = parent->Removed ? -ENOENT
                : !parent->IsDirectory ? -ENOTDIR
                : FindLocked(parent, KernfsNode.Name(node)) != null ? -EEXIST : 0;
            if (error == 0)
            {
                node->Parent = parent;
                node->Cookie = ++parent->LastCookie;
                ListHead.AddTail(&node->Sibling, &parent->Children);
            }
        }

        if (error != 0)
        {
            Put(node);
        }

        return error;
    }

    /// <summary>The child of that name, with a reference; null if there is none.</summary>
    internal static KernfsNode* Find(KernfsNode* parent, ReadOnlySpan<byte> name)
    {
        using (s_lock.Guard())
        {
            KernfsNode* node = FindLocked(parent, name);
            if (node != null)
            {
                Get(node);
            }

            return node;
        }
    }

    /// <summary>Removes an entry with all below it, and waits until none of their functions runs. Process context, sleeps.</summary>
    internal static void Remove(KernfsNode* node)
    {
        MightSleep();
        Get(node);
        KernfsNode* leaf;
        do
        {
            leaf = null;
            using (s_lock.Guard())
            {
                if (!node->Removed)
                {
                    leaf = node;
                    while (!ListHead.Empty(&leaf->Children))
                    {
                        leaf = (KernfsNode*)leaf->Children.Next;
                    }

                    ListHead.DelInit(&leaf->Sibling);
                    leaf->Removed = true;
                }
            }

            if (leaf != null)
            {
                WaitQueue.WaitEvent((WaitQueueHead*)Unsafe.AsPointer(ref s_idle), &IsIdle, leaf);
                Put(leaf);
            }
        }
        while (leaf != null && leaf != node);

        Put(node);
    }

    internal static void Get(KernfsNode* node) => node->Count.Inc();

    /// <summary>Gives a reference back. Null is fine.</summary>
    internal static void Put(KernfsNode* node)
    {
        if (node != null && node->Count.DecAndTest())
        {
            Kfree(node->Target);
            Kfree(node);
        }
    }

    /// <summary>One of the entry's functions is going to run. False: it has been removed.</summary>
    internal static bool Begin(KernfsNode* node)
    {
        using (s_lock.Guard())
        {
            bool there = !node->Removed;
            Shared.WriteOnce(ref node->InUse, node->InUse + (there ? 1 : 0));
            return there;
        }
    }

    /// <summary>It has returned.</summary>
    internal static void End(KernfsNode* node)
    {
        bool wake;
        using (s_lock.Guard())
        {
            Shared.WriteOnce(ref node->InUse, node->InUse - 1);
            wake = node->Removed && node->InUse == 0;
        }

        if (wake)
        {
            WaitQueue.WakeUpAll((WaitQueueHead*)Unsafe.AsPointer(ref s_idle));
        }
    }

    private static bool IsIdle(void* node) => Shared.ReadOnce(ref ((KernfsNode*)node)->InUse) == 0;

    private static KernfsNode* FindLocked(KernfsNode* parent, ReadOnlySpan<byte> name)
    {
        for (ListHead* link = parent->Children.Next; link != &parent->Children; link = link->Next)
        {
            if (KernfsNode.Name((KernfsNode*)link).SequenceEqual(name))
            {
                return (KernfsNode*)link;
            }
        }

        return null;
    }

    // The first child at or behind the position, with a reference; gives the one before back.
    private static KernfsNode* NextChild(KernfsNode* directory, KernfsNode* before, long position)
    {
        KernfsNode* found = null;
        using (s_lock.Guard())
        {
            bool goOn = before != null && !before->Removed;
            ListHead* link = goOn ? before->Sibling.Next : directory->Children.Next;
            while (link != &directory->Children && ((KernfsNode*)link)->Cookie < position)
            {
                link = link->Next;
            }

            if (link != &directory->Children)
            {
                found = (KernfsNode*)link;
                Get(found);
            }
        }

        Put(before);
        return found;
    }
}
