// Invariants: walks the allocators' own structures and throws at the first thing that cannot be.

using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Lib;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

/// <summary>Checks of whole data structures.</summary>
internal static unsafe class Invariants
{
    /// <summary>Every free block: aligned, in its zone, marked, counted, overlapping nobody, its buddy not free as well.</summary>
    public static void CheckZones()
    {
        HashSet<ulong> free = [];
        for (int z = 0; z < Zone.Count; z++)
        {
            Zone* zone = PageAllocator.ZoneAt(z);
            ulong total = 0;
            for (int order = 0; order <= PageAllocator.MaxOrder; order++)
            {
                ulong count = 0;
                ListHead* list = &Zone.Area(zone, order)->List;
                for (ListHead* link = list->Next; link != list; link = link->Next)
                {
                    Assert.True(link->Next->Prev == link && link->Prev->Next == link, "list is broken");
                    Page* page = Page.OfLink(link);
                    ulong pfn = MemMap.PageToPfn(page);
                    Assert.Equal(0UL, pfn & ((1UL << order) - 1));
                    Assert.Equal(PageKind.Free, page->Kind);
                    Assert.Equal(order, page->Order);
                    Assert.Equal((ZoneType)z, Zone.OfPfn(pfn));
                    for (ulong i = 0; i < 1UL << order; i++)
                    {
                        Assert.True(free.Add(pfn + i), "page is free twice");
                        Assert.Equal((ZoneType)z, page[i].Zone);
                        Assert.True(i == 0 || page[i].Kind == PageKind.None, "page inside a free block has a kind");
                    }

                    if (order < PageAllocator.MaxOrder)
                    {
                        Page* buddy = MemMap.PfnToPage(pfn ^ (1UL << order));
                        Assert.False(buddy->Kind == PageKind.Free && buddy->Order == order, "two free buddies are not joined");
                    }

                    count++;
                    total += 1UL << order;
                }

                Assert.Equal(count, Zone.Area(zone, order)->Count);
            }

            Assert.Equal(total, zone->FreePages);
            Assert.False(zone->Lock.IsLocked());
        }
    }

    /// <summary>The counts of free blocks of every order: equal means that everything came back and was joined.</summary>
    public static string ZoneShape()
    {
        List<string> lines = [];
        for (int z = 0; z < Zone.Count; z++)
        {
            Zone* zone = PageAllocator.ZoneAt(z);
            lines.Add($"{z}: {zone->FreePages} of {zone->ManagedPages};"
                + string.Join(' ', Enumerable.Range(0, PageAllocator.MaxOrder + 1).Select(order => Blocks(z, order))));
        }

        return string.Join('\n', lines);
    }

    /// <summary>The slabs and lists of a cache: every free object in one place only, counters right.</summary>
    public static void CheckCache(SlabCache* cache)
    {
        HashSet<ulong> free = [];
        ulong inFreeLists = 0;
        uint empty = 0;
        for (ListHead* link = cache->Partial.Next; link != &cache->Partial; link = link->Next)
        {
            Assert.True(link->Next->Prev == link && link->Prev->Next == link, "list is broken");
            Page* slab = Page.OfLink(link);
            Assert.Equal(PageKind.Slab, slab->Kind);
            Assert.True(slab->Cache == cache);
            Assert.True(slab->FreeList != null, "a full slab is in the list");
            int count = 0;
            for (void* o = slab->FreeList; o != null; o = *SlabObject.Next(cache, o))
            {
                Assert.True(Slab.SlabOf(o) == slab, "free object of another slab");
                Assert.True(free.Add((ulong)o), "object is free twice");
                count++;
            }

            Assert.Equal(slab->Objects, slab->InUse + count);
            inFreeLists += (ulong)count;
            empty += slab->InUse == 0 ? 1U : 0;
        }

        Assert.Equal(cache->FreeObjects, inFreeLists);
        Assert.Equal(cache->EmptySlabs, empty);
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            SlabCpu* list = SlabCache.OnCpu(cache, cpu);
            uint count = 0;
            for (void* o = list->Free; o != null; o = *SlabObject.Next(cache, o))
            {
                Assert.True(Slab.SlabOf(o)->Cache == cache, "object of another cache");
                Assert.True(free.Add((ulong)o), "object is free twice");
                count++;
            }

            Assert.Equal(list->Count, count);
        }

        Assert.True((ulong)free.Count <= cache->Objects);
        Assert.False(cache->Lock.IsLocked());
    }

    /// <summary>All of kmalloc's caches.</summary>
    public static void CheckKmalloc()
    {
        foreach (nuint size in KmallocSizes)
        {
            CheckCache(KmallocCaches.Find(size, GfpFlags.Kernel));
            CheckCache(KmallocCaches.Find(size, GfpFlags.Dma));
        }
    }

    public static readonly nuint[] KmallocSizes = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192];

    private static ulong Blocks(int zone, int order) => Zone.Area(PageAllocator.ZoneAt(zone), order)->Count;
}
