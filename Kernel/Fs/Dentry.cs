// Dentry: a name in a directory, and the tree of them.
//
// Linux: struct dentry, fs/dcache.c. Process context; nothing here sleeps but the freeing of an inode.
// Lock: s_lock (plain spin lock) guards the shape of the tree: hash chains, lists of children, parents, names. It is never held while a file system is
// called. Adding, removing and moving names is done with the Names mutex of the file system held as well.
// There are no negative entries and no list of unused ones: a name is in memory while somebody refers to it or the file system has pinned it (tmpfs
// pins all of them: there the tree is the directory). Found by hash of parent and name, so that large directories cost no more.
// Lifetime: Count counts users, children and the pin. A dentry holds its parent and its inode.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>A name.</summary>
/// <linux>dentry</linux>
public unsafe struct Dentry
{
    internal const int InlineSize = 40;

    /// <summary>Link among the parent's children. First in the structure.</summary>
    internal ListHead Child;

    internal Atomic Count;
    internal DentryFlags Flags;
    internal ListHead Children;
    internal Dentry* HashNext;
    internal uint Hash;
    internal int Length;
    internal byte* Bytes;

    /// <summary>Position in the listing of the directory: rises in the order of making, and is never given twice.</summary>
    internal long Cookie;
    internal long LastCookie;

    /// <summary>The directory it is in; itself for the root of a file system. Under the lock, or with Names held.</summary>
    public Dentry* Parent;

    /// <summary>What it is the name of. Constant from <see cref="Dentries.Add"/> on.</summary>
    public Inode* Inode;

    /// <summary>Whatever the file system keeps.</summary>
    public void* Private;

    private fixed byte _inline[InlineSize];

    /// <summary>The name, not ended by a zero byte. Under the lock, or with Names held.</summary>
    public static ReadOnlySpan<byte> Name(Dentry* dentry) => new(dentry->Bytes, dentry->Length);

    /// <summary>True while the name leads to it.</summary>
    /// <linux>!d_unhashed</linux>
    public static bool IsHashed(Dentry* dentry) => (dentry->Flags & DentryFlags.Hashed) != 0;

    /// <summary>Gives it a name that has been made sure to fit: <paramref name="memory"/> is null for short ones.</summary>
    internal static void SetName(Dentry* dentry, ReadOnlySpan<byte> name, byte* memory)
    {
        dentry->Bytes = memory != null ? memory : dentry->_inline;
        dentry->Length = name.Length;
        name.CopyTo(new Span<byte>(dentry->Bytes, name.Length));
    }

    /// <summary>The memory of a long name; null for short ones.</summary>
    internal static byte* LongName(Dentry* dentry) => dentry->Bytes == dentry->_inline ? null : dentry->Bytes;
}

/// <summary>State of a dentry, under the lock of the tree.</summary>
[Flags]
internal enum DentryFlags
{
    None = 0,

    /// <summary>Found by its name.</summary>
    Hashed = 1,

    /// <summary>The file system holds a reference for as long as the name exists.</summary>
    Pinned = 2,
}

/// <summary>The tree of names.</summary>
public static unsafe partial class Dentries
{
    /// <summary>Bytes of a name at most.</summary>
    /// <linux>NAME_MAX</linux>
    public const int NameMax = 255;

    private const int Buckets = 1024;

    private static SpinLock s_lock;
    private static SlabCache* s_cache;
    private static Dentry** s_table;

    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    internal static int Init()
    {
        s_lock.Init();
        s_cache = KmemCacheCreate("dentry"u8, (nuint)sizeof(Dentry), 64);
        s_table = (Dentry**)Kcalloc(Buckets, (nuint)sizeof(Dentry*), GfpFlags.Kernel);
        return s_cache == null || s_table == null ? -ENOMEM : 0;
    }

    /// <summary>A dentry with one reference that leads nowhere yet and is not found. <paramref name="parent"/> null: the root of a file system.
    /// Process context, sleeps.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>d_alloc</linux>
    public static Dentry* Allocate(Dentry* parent, ReadOnlySpan<byte> name)
    {
        var dentry = (Dentry*)KmemCacheAlloc(s_cache, GfpFlags.Kernel | GfpFlags.Zero);
        if (dentry == null || !RoomFor(name, out byte* memory))
        {
            KmemCacheFree(s_cache, dentry);
            return null;
        }

        dentry->Count.Set(1);
        Dentry.SetName(dentry, name, memory);
        ListHead.Init(&dentry->Child);
        ListHead.Init(&dentry->Children);
        dentry->LastCookie = 1;
        dentry->Parent = parent == null ? dentry : parent;
        if (parent != null)
        {
            Get(parent);
            dentry->Hash = HashOf(parent, name);
        }

        return dentry;
    }

    /// <summary>Takes one more reference.</summary>
    /// <linux>dget</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Get(Dentry* dentry) => dentry->Count.Inc();

    /// <summary>Gives a reference back. With the last one the dentry goes, and perhaps its parents. Process context, may sleep. Null is fine.</summary>
    /// <linux>dput</linux>
    public static void Put(Dentry* dentry)
    {
        while (dentry != null && !dentry->Count.AddUnless(-1, 1))
        {
            Dentry* parent = null;
            using (s_lock.Guard())
            {
                if (!dentry->Count.DecAndTest())
                {
                    return;
                }

                // Nobody can find it any more from here on.
                UnhashLocked(dentry);
                parent = dentry->Parent == dentry ? null : dentry->Parent;
            }

            Inodes.Put(dentry->Inode);
            Kfree(Dentry.LongName(dentry));
            KmemCacheFree(s_cache, dentry);
            dentry = parent;
        }
    }

    /// <summary>The cached child of that name, with a reference; null if there is none.</summary>
    /// <linux>d_lookup</linux>
    public static Dentry* Lookup(Dentry* parent, ReadOnlySpan<byte> name)
    {
        uint hash = HashOf(parent, name);
        using (s_lock.Guard())
        {
            Dentry* dentry = s_table[hash % Buckets];
            while (dentry != null && (dentry->Hash != hash || dentry->Parent != parent || !Dentry.Name(dentry).SequenceEqual(name)))
            {
                dentry = dentry->HashNext;
            }

            if (dentry != null)
            {
                Get(dentry);
            }

            return dentry;
        }
    }

    /// <summary>The dentry is the name of <paramref name="inode"/> from now on, whose reference it takes over, and is found. Names is held.</summary>
    /// <linux>d_add</linux>
    public static void Add(Dentry* dentry, Inode* inode)
    {
        dentry->Inode = inode;
        if (dentry->Parent != dentry)
        {
            using (s_lock.Guard())
            {
                HashLocked(dentry);
            }
        }
    }

    /// <summary>As <see cref="Add"/>; the name stays until <see cref="Remove"/>, whoever uses it.</summary>
    public static void AddPinned(Dentry* dentry, Inode* inode)
    {
        Get(dentry);
        dentry->Flags |= DentryFlags.Pinned;
        Add(dentry, inode);
    }

    /// <summary>The name is gone: not found any more, and not pinned. Who still refers to the dentry may go on using the file. Names is held.</summary>
    /// <linux>d_delete, d_drop</linux>
    public static void Remove(Dentry* dentry)
    {
        bool pinned;
        using (s_lock.Guard())
        {
            UnhashLocked(dentry);
            pinned = (dentry->Flags & DentryFlags.Pinned) != 0;
            dentry->Flags &= ~DentryFlags.Pinned;
        }

        if (pinned)
        {
            Put(dentry);
        }
    }

    /// <summary>Gives the dentry another name, perhaps in another directory of the same file system. <paramref name="memory"/> is from
    /// <see cref="RoomFor"/> for that name and belongs to the dentry afterwards. Names is held. Process context, may sleep.</summary>
    /// <linux>d_move</linux>
    internal static void Move(Dentry* dentry, Dentry* parent, ReadOnlySpan<byte> name, byte* memory)
    {
        byte* oldName = Dentry.LongName(dentry);
        Dentry* oldParent = dentry->Parent;
        Get(parent);
        using (s_lock.Guard())
        {
            UnhashLocked(dentry);
            Dentry.SetName(dentry, name, memory);
            dentry->Parent = parent;
            dentry->Hash = HashOf(parent, name);
            HashLocked(dentry);
        }

        Kfree(oldName);
        Put(oldParent);
    }

    /// <summary>Memory for a name that does not fit the dentry itself: null for short ones. False: there is none. Process context, sleeps.</summary>
    internal static bool RoomFor(ReadOnlySpan<byte> name, out byte* memory)
    {
        memory = name.Length <= Dentry.InlineSize ? null : (byte*)Kmalloc((nuint)name.Length, GfpFlags.Kernel);
        return memory != null || name.Length <= Dentry.InlineSize;
    }

    /// <summary>The parent, with a reference.</summary>
    /// <linux>dget_parent</linux>
    public static Dentry* GetParent(Dentry* dentry)
    {
        using (s_lock.Guard())
        {
            Dentry* parent = dentry->Parent;
            Get(parent);
            return parent;
        }
    }

    /// <summary>True if the directory has no names. Names is held.</summary>
    /// <linux>simple_empty</linux>
    public static bool IsEmpty(Dentry* directory)
    {
        using (s_lock.Guard())
        {
            return ListHead.Empty(&directory->Children);
        }
    }

    /// <summary>True if <paramref name="dentry"/> is <paramref name="ancestor"/> or lies below it. Names is held.</summary>
    /// <linux>is_subdir</linux>
    public static bool IsBelow(Dentry* dentry, Dentry* ancestor)
    {
        while (dentry != ancestor && dentry->Parent != dentry)
        {
            dentry = dentry->Parent;
        }

        return dentry == ancestor;
    }

    /// <summary>Removes all names below <paramref name="root"/> and gives the reference to it back. Nobody else uses any of them. Process context, sleeps.</summary>
    internal static void RemoveTree(Dentry* root)
    {
        Dentry* at = root;
        while (true)
        {
            if (!ListHead.Empty(&at->Children))
            {
                at = (Dentry*)at->Children.Next;
                continue;
            }

            if (at == root)
            {
                break;
            }

            Dentry* parent = at->Parent;
            Remove(at);
            at = parent;
        }

        Put(root);
    }

    private static void HashLocked(Dentry* dentry)
    {
        Dentry** bucket = &s_table[dentry->Hash % Buckets];
        dentry->HashNext = *bucket;
        *bucket = dentry;
        dentry->Flags |= DentryFlags.Hashed;
        dentry->Cookie = ++dentry->Parent->LastCookie;
        ListHead.AddTail(&dentry->Child, &dentry->Parent->Children);
    }

    private static void UnhashLocked(Dentry* dentry)
    {
        if (!Dentry.IsHashed(dentry))
        {
            return;
        }

        Dentry** link = &s_table[dentry->Hash % Buckets];
        while (*link != dentry)
        {
            link = &(*link)->HashNext;
        }

        *link = dentry->HashNext;
        dentry->Flags &= ~DentryFlags.Hashed;
        ListHead.DelInit(&dentry->Child);
    }

    // FNV-1a over the name, begun with the parent's address.
    private static uint HashOf(Dentry* parent, ReadOnlySpan<byte> name)
    {
        uint hash = 2166136261u ^ (uint)((ulong)parent >> 6);
        for (int i = 0; i < name.Length; i++)
        {
            hash = (hash ^ name[i]) * 16777619u;
        }

        return hash;
    }
}
