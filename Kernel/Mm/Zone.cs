// Zone: the free pages of one stretch of physical memory, as a buddy system.
//
// Linux: struct zone, include/linux/mmzone.h; __rmqueue and __free_one_page, mm/page_alloc.c. Any context.
// Lock: Lock, taken with interrupts off; nothing else is taken under it.
// A free block of order n is 2^n pages, aligned to its size, and hangs in Areas[n]. To give a small block a large one is halved, again and
// again; a freed block joins its buddy (the other half) as long as that is free and whole.
// Invariants: FreePages is the sum over all free blocks; no two free buddies of one order exist below MaxOrder; a free block's head says
// Free and its order, its other pages None.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Which stretch of memory.</summary>
/// <linux>zone_type</linux>
public enum ZoneType : byte
{
    /// <summary>Below 16 MB.</summary>
    /// <linux>ZONE_DMA</linux>
    Dma,

    /// <summary>From there to 4 GB.</summary>
    /// <linux>ZONE_DMA32</linux>
    Dma32,

    /// <summary>Above 4 GB.</summary>
    /// <linux>ZONE_NORMAL</linux>
    Normal,
}

/// <summary>The free blocks of one order.</summary>
/// <linux>free_area</linux>
public struct FreeArea
{
    public ListHead List;
    public ulong Count;
}

/// <summary>One zone.</summary>
/// <linux>struct zone</linux>
public unsafe struct Zone
{
    /// <summary>How many zones there are.</summary>
    /// <linux>MAX_NR_ZONES</linux>
    public const int Count = 3;

    /// <summary>Guards everything here.</summary>
    public SpinLock Lock;

    internal FreeAreas Areas;

    /// <summary>Pages free now.</summary>
    /// <linux>NR_FREE_PAGES</linux>
    public ulong FreePages;

    /// <summary>Pages that were ever given to this zone.</summary>
    /// <linux>present_pages</linux>
    public ulong ManagedPages;

    /// <summary>The reserve: only <see cref="GfpFlags.High"/> goes below this many free pages.</summary>
    /// <linux>pages_min</linux>
    public ulong PagesMin;

    /// <summary>What a caller that would rather have a higher zone must leave besides.</summary>
    /// <linux>lowmem_reserve</linux>
    public ulong LowMemoryReserve;

    /// <summary>Blocks given out since boot.</summary>
    public ulong Allocations;

    /// <summary>Blocks taken back since boot.</summary>
    public ulong Frees;

    /// <summary>Requests that preferred this zone and had to go on to a lower one, or in vain.</summary>
    public ulong Misses;

    /// <summary>Which zone this is.</summary>
    public ZoneType Type;

    /// <summary>The name as text.</summary>
    public readonly ReadOnlySpan<byte> Name => Type switch
    {
        ZoneType.Dma => "DMA"u8,
        ZoneType.Dma32 => "DMA32"u8,
        _ => "Normal"u8,
    };

    /// <summary>The zone of a page frame.</summary>
    /// <linux>page_zone</linux>
    public static ZoneType OfPfn(ulong pfn) => pfn < 16UL << (20 - DirectMap.PAGE_SHIFT) ? ZoneType.Dma
        : pfn < 4UL << (30 - DirectMap.PAGE_SHIFT) ? ZoneType.Dma32 : ZoneType.Normal;

    /// <summary>Empties the zone. <paramref name="zone"/> stays where it is for good: its lists point at themselves.</summary>
    internal static void Init(Zone* zone, ZoneType type)
    {
        *zone = default;
        zone->Type = type;
        for (int order = 0; order <= PageAllocator.MaxOrder; order++)
        {
            ListHead.Init(&Area(zone, order)->List);
        }
    }

    /// <summary>The free blocks of one order.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static FreeArea* Area(Zone* zone, int order) => (FreeArea*)&zone->Areas + order;

    /// <summary>True if a block of <paramref name="order"/> may go and leave <paramref name="mark"/> pages. Zone lock held.</summary>
    /// <linux>zone_watermark_ok</linux>
    internal readonly bool MayTake(int order, ulong mark) => FreePages >= mark + (1UL << order);

    /// <summary>Takes a block out, null if there is none that large. Zone lock held.</summary>
    /// <linux>__rmqueue</linux>
    internal static Page* Take(Zone* zone, int order)
    {
        for (int found = order; found <= PageAllocator.MaxOrder; found++)
        {
            ListHead* list = &Area(zone, found)->List;
            if (ListHead.Empty(list))
            {
                continue;
            }

            Page* page = Page.OfLink(list->Next);
            Remove(zone, page, found);
            while (found > order)
            {
                found--;
                Insert(zone, page + (1L << found), found);
            }

            zone->FreePages -= 1UL << order;
            return page;
        }

        return null;
    }

    /// <summary>Puts a block in and joins it with its free buddies. Its pages must all be None. Zone lock held.</summary>
    /// <linux>__free_one_page</linux>
    internal static void Put(Zone* zone, Page* page, int order)
    {
        ulong pfn = MemMap.PageToPfn(page);
        zone->FreePages += 1UL << order;
        while (order < PageAllocator.MaxOrder)
        {
            Page* buddy = MemMap.PfnToPage(pfn ^ (1UL << order));
            if (buddy->Kind != PageKind.Free || buddy->Order != order)
            {
                break;
            }

            Remove(zone, buddy, order);
            buddy->Kind = PageKind.None;
            pfn &= ~(1UL << order);
            order++;
        }

        Insert(zone, MemMap.PfnToPage(pfn), order);
    }

    private static void Insert(Zone* zone, Page* page, int order)
    {
        page->Kind = PageKind.Free;
        page->Order = (byte)order;
        ListHead.Add(&page->Link, &Area(zone, order)->List);
        Area(zone, order)->Count++;
    }

    private static void Remove(Zone* zone, Page* page, int order)
    {
        ListHead.Del(&page->Link);
        Area(zone, order)->Count--;
    }

    [InlineArray(PageAllocator.MaxOrder + 1)]
    internal struct FreeAreas
    {
        private FreeArea _first;
    }
}
