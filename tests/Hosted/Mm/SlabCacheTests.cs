using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class SlabCacheTests
{
    public SlabCacheTests() => SimulatedMemory.Start(32);

    [Theory]
    [InlineData(1, 0, SlabFlags.None)]
    [InlineData(24, 8, SlabFlags.None)]
    [InlineData(40, 32, SlabFlags.None)]
    [InlineData(100, 0, SlabFlags.HardwareCacheAlign)]
    [InlineData(3000, 4096, SlabFlags.None)]
    [InlineData(20000, 0, SlabFlags.None)]
    public void Objects_are_distinct_aligned_and_return(int size, int align, SlabFlags flags)
    {
        ulong before = PageAllocator.FreePageCount();
        SlabCache* cache = KmemCacheCreate("things"u8, (nuint)size, (nuint)align, flags);
        ulong alignment = flags == SlabFlags.HardwareCacheAlign ? 64 : Math.Max(8, (ulong)align);
        SortedSet<ulong> objects = [];
        for (int i = 0; i < 150; i++)
        {
            void* o = KmemCacheAlloc(cache, GfpFlags.Kernel);
            Assert.Equal(0UL, (ulong)o % alignment);
            MemoryFill.Fill(o, (byte)i, (nuint)size);
            Assert.True(objects.Add((ulong)o));
        }

        ulong last = 0;
        foreach (ulong o in objects)
        {
            Assert.True(last == 0 || o - last >= (ulong)size);
            last = o;
        }

        Invariants.CheckCache(cache);
        Info("things", out SlabInfo info);
        Assert.Equal((150UL, (uint)size), (info.ActiveObjects, info.ObjectSize));
        foreach (ulong o in objects)
        {
            KmemCacheFree(cache, (void*)o);
        }

        Invariants.CheckCache(cache);
        Info("things", out info);
        Assert.Equal(0UL, info.ActiveObjects);
        Assert.Equal(0, KmemCacheDestroy(cache));
        Assert.False(Info("things", out _));
        Slab.ReleaseEmptySlabs();
        Assert.Equal(before, PageAllocator.FreePageCount());
        Assert.Equal(0, MemoryReport.Count);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(40_000, 0)]
    [InlineData(100, 3)]
    [InlineData(100, 8192)]
    public void Impossible_caches_are_refused(int size, int align) => Assert.True(KmemCacheCreate("no"u8, (nuint)size, (nuint)align) == null);

    [Fact]
    public void A_cache_with_objects_out_does_not_end()
    {
        SlabCache* cache = KmemCacheCreate("busy"u8, 100);
        void* o = KmemCacheAlloc(cache, GfpFlags.Kernel);
        Assert.Equal(-EBUSY, KmemCacheDestroy(cache));
        Assert.Equal(MemoryFault.CacheBusy, MemoryReport.LastFault);
        Assert.Contains("BUG busy: the cache is to end with 1 objects allocated", MemblockTests.Text());
        KmemCacheFree(cache, o);
        Assert.Equal(0, KmemCacheDestroy(cache));
        Assert.Equal(0, KmemCacheDestroy(null));
        Assert.Equal(-EBUSY, KmemCacheDestroy(KmallocCaches.Find(8, GfpFlags.Kernel)));
    }

    [Fact]
    public void Objects_in_the_lists_of_other_cpus_do_not_keep_a_cache()
    {
        SlabCache* cache = KmemCacheCreate("wanderers"u8, 100);
        for (int cpu = 0; cpu < 4; cpu++)
        {
            Simulation.SwitchTo(cpu);
            KmemCacheFree(cache, KmemCacheAlloc(cache, GfpFlags.Atomic));
        }

        Simulation.SwitchTo(0);
        Assert.Equal(0, KmemCacheDestroy(cache));
    }

    [Fact]
    public void Caches_come_and_go_in_any_order()
    {
        SlabCache*[] caches = new SlabCache*[5];
        for (int i = 0; i < 5; i++)
        {
            caches[i] = KmemCacheCreate(new[] { (byte)('a' + i) }, 32);
        }

        foreach (int i in new[] { 4, 0, 2, 3, 1 })
        {
            Assert.Equal(0, KmemCacheDestroy(caches[i]));
            Assert.False(Info(((char)('a' + i)).ToString(), out _));
        }

        SlabCache* last = KmemCacheCreate("last"u8, 32);
        Assert.True(Info("last", out _));
        Assert.Equal(0, KmemCacheDestroy(last));
    }

    [Fact]
    public void Names_are_cut_and_zeroed_objects_are_zero()
    {
        SlabCache* cache = KmemCacheCreate("a name that is far too long for the field"u8, 77);
        Assert.Equal("a name that is far too long for ", System.Text.Encoding.ASCII.GetString(SlabCache.Name(cache)));
        void* o = KmemCacheAlloc(cache, GfpFlags.Kernel);
        MemoryFill.Fill(o, 0xff, 77);
        KmemCacheFree(cache, o);
        Assert.True(MemoryFill.Check(KmemCacheAlloc(cache, GfpFlags.Kernel | GfpFlags.Zero), 0, 77, out _));
    }

    [Fact]
    public void A_slab_falls_back_to_fewer_pages_when_memory_is_in_pieces()
    {
        SlabCache* cache = KmemCacheCreate("big"u8, 3000);
        Assert.True(cache->Order > cache->MinimumOrder);

        // Every second page is taken: no two neighbours are free.
        List<nint> pages = Hoard.AllPages(GfpFlags.Atomic);
        pages.AddRange(Hoard.AllPages(GfpFlags.Atomic | GfpFlags.Dma));
        pages.Sort();
        List<nint> kept = [];
        foreach (nint page in pages)
        {
            if (MemMap.PageToPfn((Page*)page) % 2 == 0)
            {
                PageAllocator.FreePages((Page*)page, 0);
            }
            else
            {
                kept.Add(page);
            }
        }

        Assert.True(PageAllocator.AllocPages(1, GfpFlags.Atomic | GfpFlags.NoWarn) == null);
        void* o = KmemCacheAlloc(cache, GfpFlags.Kernel);
        Assert.True(o != null);
        Assert.Equal(cache->MinimumOrder, Slab.SlabOf(o)->Order);
        KmemCacheFree(cache, o);
        Invariants.CheckCache(cache);
        Hoard.Return(kept);
    }

    [Fact]
    public void Statistics_add_up()
    {
        MemInfo before = MemInfo.Get();
        Assert.Equal(before.Managed, before.Dma.Managed + before.Dma32.Managed + before.Normal.Managed);
        Assert.Equal(before.Free, before.Dma.Free + before.Dma32.Free + before.Normal.Free);
        Assert.True(before.Total > before.Managed);
        void* memory = Kmalloc(64, GfpFlags.Kernel);
        void* area = Vmalloc.Alloc(10_000);
        MemInfo after = MemInfo.Get();
        Assert.True(after.Slab > before.Slab);
        Assert.Equal(12288UL, after.VmallocUsed);
        Assert.True(after.Free < before.Free);
        Kfree(memory);
        Vmalloc.Free(area);
        Assert.Equal(0UL, MemInfo.Get().VmallocUsed);
    }

    private static bool Info(string name, out SlabInfo info)
    {
        for (int i = 0; Slab.GetInfo(i, out info); i++)
        {
            if (System.Text.Encoding.ASCII.GetString(info.Name) == name)
            {
                return true;
            }
        }

        return false;
    }
}
