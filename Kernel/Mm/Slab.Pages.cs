// Slab.Pages: getting and giving back the pages of slabs.
//
// Linux: new_slab and discard_slab, mm/slub.c. NewSlab in the context that gfp says; the rest in any. Locks: Retire under the cache's lock; no lock
// is held where the page allocator is called.
// Invariant: every page of a slab says Slab, its cache and its order; when the block goes back, every page but the head is None again.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

internal static unsafe partial class Slab
{
    // Empty slabs that a cache keeps, so that a few allocations and frees in turn do not go to the page allocator each time.
    private const uint EmptySlabsKept = 2;

    /// <summary>The head page of the slab that holds <paramref name="o"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Page* SlabOf(void* o)
    {
        Page* page = MemMap.VirtToPage(o);
        return MemMap.PfnToPage(MemMap.PageToPfn(page) & ~((1UL << page->Order) - 1));
    }

    // Pages cut into objects, in nobody's list yet. Null if there is no memory.
    private static Page* NewSlab(SlabCache* cache, GfpFlags gfp)
    {
        gfp &= ~GfpFlags.Zero;
        if ((cache->Flags & SlabFlags.CacheDma) != 0)
        {
            gfp |= GfpFlags.Dma;
        }

        Page* page = null;
        if (cache->Order > cache->MinimumOrder)
        {
            // Not worth the reserve, or any effort: a smaller slab does as well.
            page = PageAllocator.AllocPagesQuietly(cache->Order, gfp & ~(GfpFlags.Wait | GfpFlags.High));
        }

        if (page == null)
        {
            page = PageAllocator.AllocPagesQuietly(cache->MinimumOrder, gfp);
        }

        if (page == null)
        {
            return null;
        }

        byte order = page->Order;
        for (long i = 0; i < 1L << order; i++)
        {
            page[i].Kind = PageKind.Slab;
            page[i].Order = order;
            page[i].Cache = cache;
        }

        page->InUse = 0;
        page->Objects = (int)((DirectMap.PAGE_SIZE << order) / cache->Stride);
        page->FreeList = null;
        byte* start = (byte*)MemMap.PageToVirt(page) + cache->Left;
        for (int i = page->Objects - 1; i >= 0; i--)
        {
            byte* o = start + ((nuint)i * cache->Stride);
#if DEBUG_CHECKS
            SlabDebug.InitObject(cache, o);
#endif
            *SlabObject.Next(cache, o) = page->FreeList;
            page->FreeList = o;
        }

        return page;
    }

    // Nothing of this slab is in use any more: it waits at the end of Partial, or goes to the list of those to free. Cache lock held.
    private static void Retire(SlabCache* cache, Page* slab, ListHead* excess)
    {
        ListHead.Del(&slab->Link);
        if (cache->EmptySlabs < EmptySlabsKept)
        {
            ListHead.AddTail(&slab->Link, &cache->Partial);
            cache->EmptySlabs++;
            return;
        }

        Remove(cache, slab, excess);
    }

    private static void Remove(SlabCache* cache, Page* slab, ListHead* excess)
    {
        ListHead.Add(&slab->Link, excess);
        cache->Slabs--;
        cache->SlabPages -= 1UL << slab->Order;
        cache->Objects -= (uint)slab->Objects;
        cache->FreeObjects -= (uint)slab->Objects;
    }

    // Frees the empty slabs of one cache beyond `keep`. Gives the number of pages.
    private static ulong ReleaseEmptySlabs(SlabCache* cache, uint keep)
    {
        ListHead excess;
        ListHead.Init(&excess);
        ulong flags = cache->Lock.LockIrqSave();
        ListHead* link = cache->Partial.Next;
        while (link != &cache->Partial && cache->EmptySlabs > keep)
        {
            Page* slab = Page.OfLink(link);
            link = link->Next;
            if (slab->InUse == 0)
            {
                ListHead.Del(&slab->Link);
                cache->EmptySlabs--;
                Remove(cache, slab, &excess);
            }
        }

        cache->Lock.UnlockIrqRestore(flags);
        return FreeSlabs(&excess);
    }

    private static ulong FreeSlabs(ListHead* slabs)
    {
        ulong pages = 0;
        while (!ListHead.Empty(slabs))
        {
            Page* page = Page.OfLink(slabs->Next);
            ListHead.Del(&page->Link);
            pages += 1UL << page->Order;
            for (long i = 0; i < 1L << page->Order; i++)
            {
                page[i].Kind = i == 0 ? PageKind.Allocated : PageKind.None;
                page[i].Cache = null;
            }

            page->RefCount.Set(0);
            PageAllocator.FreeBlock(page);
        }

        return pages;
    }
}
