// Page: what the kernel knows of one page of memory.
//
// Linux: struct page, include/linux/mm_types.h. 64 bytes, one cache line, for each page of memory; all of them together are mem_map.
// Who may touch which field depends on Kind: Free belongs to the zone (under its lock), Slab to the cache (Link, FreeList, InUse under its lock,
// Cache and Order constant while it is a slab), Allocated and Large to whoever has the page. Zeroed is None.

using System.Runtime.InteropServices;

namespace CSharpOS.Mm;

/// <summary>What a page is used for.</summary>
public enum PageKind : byte
{
    /// <summary>Not the head of a block: inside one, or never given to the allocator (the kernel image, firmware, holes).</summary>
    None,

    /// <summary>Head of a free block of 2^Order pages.</summary>
    Free,

    /// <summary>Head of an allocated block of 2^Order pages.</summary>
    Allocated,

    /// <summary>Part of a slab; every page of it says so.</summary>
    Slab,

    /// <summary>Head of what Kmalloc gave out in whole pages.</summary>
    Large,
}

/// <summary>One page of memory.</summary>
/// <linux>struct page</linux>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public unsafe struct Page
{
    private const int LinkOffset = 8;

    /// <summary>What the page is used for.</summary>
    public PageKind Kind;

    /// <summary>The block has 2^Order pages. In slabs on every page, else on the head.</summary>
    public byte Order;

    /// <summary>The zone it belongs to, for good.</summary>
    public ZoneType Zone;

    /// <summary>True while every byte holds the poison of free pages (debug builds).</summary>
    internal bool Poisoned;

    /// <summary>How many hold the block. At zero it goes back to its zone.</summary>
    /// <linux>_count</linux>
    public Atomic RefCount;

    /// <summary>Free: in the zone's list of its order. Slab: in the cache's list of slabs with free objects.</summary>
    /// <linux>lru</linux>
    public ListHead Link;

    /// <summary>Slab: whose. On every page of the slab.</summary>
    internal SlabCache* Cache;

    /// <summary>Slab, head: the free objects that no CPU's list holds.</summary>
    internal void* FreeList;

    /// <summary>Slab, head: objects not in FreeList.</summary>
    internal int InUse;

    /// <summary>Slab, head: objects in all.</summary>
    internal int Objects;

    /// <summary>Who allocated the block (debug builds).</summary>
    internal CallSite Owner;

    /// <summary>Large: the bytes asked for (debug builds), in the place of Cache.</summary>
    internal nuint RequestedSize
    {
        readonly get => (nuint)Cache;
        set => Cache = (SlabCache*)value;
    }

    /// <summary>The page whose <see cref="Link"/> this is.</summary>
    /// <linux>list_entry</linux>
    internal static Page* OfLink(ListHead* link) => ListHead.Entry<Page>(link, LinkOffset);
}
