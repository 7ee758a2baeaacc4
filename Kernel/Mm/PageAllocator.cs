// PageAllocator: whole pages.
//
// Linux: mm/page_alloc.c. AllocPages and FreePages from any context (with GFP_ATOMIC in interrupts); with GfpFlags.Wait they may sleep.
// Lock: each zone's own, with interrupts off; innermost, nothing is taken under it.
// A request prefers the highest zone it may use and falls back downwards. Two marks protect what is scarce: the last PagesMin pages of a
// zone are for GFP_ATOMIC, and who came down from a higher zone leaves LowMemoryReserve besides.
// Invariant: a block is in a free list, or its head has a RefCount above zero; never both. Out of memory is null, never an oops.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>The allocator of pages.</summary>
/// <rows>MM-01</rows>
public static unsafe class PageAllocator
{
    /// <summary>The largest block is 2^10 pages, 4 MB.</summary>
    /// <linux>MAX_ORDER</linux>
    public const int MaxOrder = 10;

    private const ulong MinimumShare = 64;
    private const ulong MinimumLeast = 8;
    private const ulong MinimumMost = 1024;
    private const ulong LowMemoryShare = 256;

    private static Zones s_zones;

    /// <summary>Takes over all memory that Memblock has left. Boot, interrupts off, once.</summary>
    /// <linux>mem_init</linux>
    public static void Init()
    {
        for (int i = 0; i < Zone.Count; i++)
        {
            Zone.Init(ZoneAt(i), (ZoneType)i);
        }

        MemMap.Init();
        Memblock.HandOver();
        MemoryRegion region = default;
        while (Memblock.NextFree(ref region))
        {
            GiveRange(region.Start >> DirectMap.PAGE_SHIFT, region.End >> DirectMap.PAGE_SHIFT);
        }

        SetMarks();
        Printk(LogLevel.Info, $"Memory: {ManagedPageCount() << (DirectMap.PAGE_SHIFT - 10)}K/{Memblock.TotalMemory >> 10}K available\n");
    }

    /// <summary>Takes over memory that <see cref="Memblock.Reserve"/> kept: the whole pages from <paramref name="start"/> up to <paramref name="end"/>
    /// (physical), which nobody uses any more. Process context at boot.</summary>
    /// <linux>free_reserved_area</linux>
    internal static void GiveReserved(ulong start, ulong end)
    {
        start = DirectMap.PageUp(start);
        end = DirectMap.PageDown(end);
        if (start < end && Memblock.Release(start, end))
        {
            GiveRange(start >> DirectMap.PAGE_SHIFT, end >> DirectMap.PAGE_SHIFT);
        }
    }

    /// <summary>Zone number <paramref name="index"/>: 0 below 16 MB, 1 below 4 GB, 2 above.</summary>
    public static Zone* ZoneAt(int index) => (Zone*)Unsafe.AsPointer(ref s_zones) + index;

    /// <summary>Allocates 2^<paramref name="order"/> neighbouring pages, aligned to their size. Sleeps only with GfpFlags.Wait.</summary>
    /// <returns>The first page, with one reference; null if there is no memory, or <paramref name="order"/> is above MaxOrder.</returns>
    /// <linux>alloc_pages</linux>
    /// <rows>MM-01</rows>
    public static Page* AllocPages(int order, GfpFlags gfp, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        if ((gfp & GfpFlags.Wait) != 0)
        {
            MightSleep(file, line);
        }

        if (AllocationFailure.ShouldFail(order <= MaxOrder ? (nuint)DirectMap.PAGE_SIZE << order : nuint.MaxValue))
        {
            return null;
        }
#endif
        Page* page = AllocPagesQuietly(order, gfp);
        if (page == null)
        {
            MemoryReport.AllocationFailed(order, gfp, file, line);
        }
#if DEBUG_CHECKS
        else
        {
            page->Owner.Set(file, line);
        }
#endif

        return page;
    }

    /// <summary>Gives back a block from <see cref="AllocPages"/>: drops a reference, and frees it with the last. Any context. Mistakes
    /// (a block that is free already, another order) are reported and change nothing.</summary>
    /// <linux>__free_pages</linux>
    public static void FreePages(Page* page, int order)
    {
        if (page == null)
        {
            return;
        }

        if (page->Kind != PageKind.Allocated || page->Order != order || page->RefCount.Read() <= 0)
        {
            MemoryReport.BadPageFree(page, order);
            return;
        }

        if (page->RefCount.DecAndTest())
        {
            FreeBlock(page);
        }
    }

    /// <summary>Allocates one page. Sleeps only with GfpFlags.Wait.</summary>
    /// <returns>Its address in the direct map; null if there is no memory.</returns>
    /// <linux>__get_free_page</linux>
    public static void* GetFreePage(GfpFlags gfp, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        Page* page = AllocPages(0, gfp, file, line);
        return page == null ? null : MemMap.PageToVirt(page);
    }

    /// <summary>The same, filled with zeros.</summary>
    /// <linux>get_zeroed_page</linux>
    public static void* GetZeroedPage(GfpFlags gfp, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        GetFreePage(gfp | GfpFlags.Zero, file, line);

    /// <summary>Gives back a page from <see cref="GetFreePage"/>; null is fine. Any context.</summary>
    /// <linux>free_page</linux>
    public static void FreePage(void* pointer)
    {
        if (pointer == null)
        {
            return;
        }

        Page* page = MemMap.Find(pointer);
        if (page == null)
        {
            MemoryReport.BadPointer(pointer, "FreePage");
            return;
        }

        FreePages(page, 0);
    }

    /// <summary>Takes another reference to an allocated block.</summary>
    /// <linux>get_page</linux>
    public static void GetPage(Page* page) => page->RefCount.Inc();

    /// <summary>Drops a reference, and frees the block with the last.</summary>
    /// <linux>put_page</linux>
    public static void PutPage(Page* page) => FreePages(page, page->Order);

    /// <summary>Free pages of all zones.</summary>
    /// <linux>nr_free_pages</linux>
    public static ulong FreePageCount()
    {
        ulong total = 0;
        for (int i = 0; i < Zone.Count; i++)
        {
            total += Shared.ReadOnce(ref ZoneAt(i)->FreePages);
        }

        return total;
    }

    /// <summary>Pages of all zones, free or not.</summary>
    public static ulong ManagedPageCount()
    {
        ulong total = 0;
        for (int i = 0; i < Zone.Count; i++)
        {
            total += ZoneAt(i)->ManagedPages;
        }

        return total;
    }

    /// <summary>True if any byte from <paramref name="start"/> up to <paramref name="end"/> (physical) is memory of this allocator, free or not.</summary>
    /// <linux>page_is_ram</linux>
    internal static bool Manages(ulong start, ulong end)
    {
        MemoryRegion region = default;
        while (Memblock.NextFree(ref region))
        {
            if (region.Start < end && start < region.End)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>AllocPages for the slab and page table code: no check of the context, no failure on purpose, no warning.</summary>
    internal static Page* AllocPagesQuietly(int order, GfpFlags gfp)
    {
        if ((uint)order > MaxOrder)
        {
            return null;
        }

        Page* page = TryZones(order, gfp);
        if (page == null && (gfp & (GfpFlags.Wait | GfpFlags.NoRetry)) == GfpFlags.Wait && MayReclaim() && Slab.ReleaseEmptySlabs() > 0)
        {
            page = TryZones(order, gfp);
        }

        if (page == null)
        {
            return null;
        }

        nuint size = (nuint)DirectMap.PAGE_SIZE << order;
#if DEBUG_CHECKS
        PagePoison.CheckAndForget(page, order);
#endif
        if ((gfp & GfpFlags.Zero) != 0)
        {
            MemoryFill.Clear(MemMap.PageToVirt(page), size);
        }

        return page;
    }

    /// <summary>Gives a block whose last reference is gone back to its zone. Every page but the head must be None.</summary>
    internal static void FreeBlock(Page* page)
    {
#if DEBUG_CHECKS
        PagePoison.Apply(page, page->Order);
#endif
        Zone* zone = ZoneAt((int)page->Zone);
        ulong flags = zone->Lock.LockIrqSave();
        page->Kind = PageKind.None;
        zone->Frees++;
        Zone.Put(zone, page, page->Order);
        zone->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>The highest zone that <paramref name="gfp"/> allows.</summary>
    /// <linux>gfp_zone</linux>
    internal static ZoneType PreferredZone(GfpFlags gfp) => (gfp & GfpFlags.Dma) != 0 ? ZoneType.Dma
        : (gfp & GfpFlags.Dma32) != 0 ? ZoneType.Dma32 : ZoneType.Normal;

    // A handler that says it may wait is reported, but must not meet the lock that the code below it holds.
    private static bool MayReclaim() => !InAtomic() && !IrqsDisabled();

    private static Page* TryZones(int order, GfpFlags gfp)
    {
        // The first zone on the way down that has memory at all is the preferred one.
        bool cameDown = false;
        for (int i = (int)PreferredZone(gfp); i >= 0; i--)
        {
            Zone* zone = ZoneAt(i);
            if (zone->ManagedPages == 0)
            {
                continue;
            }

            ulong mark = ((gfp & GfpFlags.High) != 0 ? 0 : zone->PagesMin) + (cameDown ? zone->LowMemoryReserve : 0);
            ulong flags = zone->Lock.LockIrqSave();
            Page* page = zone->MayTake(order, mark) ? Zone.Take(zone, order) : null;
            if (page != null)
            {
                page->Kind = PageKind.Allocated;
                page->Order = (byte)order;
                page->RefCount.Set(1);
                zone->Allocations++;
            }
            else if (!cameDown)
            {
                zone->Misses++;
            }

            zone->Lock.UnlockIrqRestore(flags);
            if (page != null)
            {
                return page;
            }

            cameDown = true;
        }

        return null;
    }

    // Cuts a range into the largest aligned blocks.
    private static void GiveRange(ulong pfn, ulong end)
    {
        while (pfn < end)
        {
            int order = MaxOrder;
            while ((pfn & ((1UL << order) - 1)) != 0 || pfn + (1UL << order) > end)
            {
                order--;
            }

            ZoneType type = Zone.OfPfn(pfn);
            for (ulong i = 0; i < 1UL << order; i++)
            {
                MemMap.PfnToPage(pfn + i)->Zone = type;
            }

            Zone* zone = ZoneAt((int)type);
            ulong flags = zone->Lock.LockIrqSave();
            zone->ManagedPages += 1UL << order;
            Zone.Put(zone, MemMap.PfnToPage(pfn), order);
            zone->Lock.UnlockIrqRestore(flags);
            pfn += 1UL << order;
        }
    }

    private static void SetMarks()
    {
        ulong above = 0;
        for (int i = Zone.Count - 1; i >= 0; i--)
        {
            Zone* zone = ZoneAt(i);
            zone->PagesMin = Math.Min(MinimumMost, Math.Max(MinimumLeast, zone->ManagedPages / MinimumShare));
            zone->LowMemoryReserve = Math.Min(above / LowMemoryShare, zone->ManagedPages / 4);
            above += zone->ManagedPages;
        }
    }

    [InlineArray(Zone.Count)]
    private struct Zones
    {
        private Zone _first;
    }
}
