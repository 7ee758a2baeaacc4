// Zones and buddies.

using CSharpOS.Arch;
using CSharpOS.Init;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class PageAllocatorTests
{
    private const ulong Megabyte = 1 << 20;
    private const ulong Gigabyte = 1 << 30;

    [Fact]
    public void Everything_that_memblock_left_is_free()
    {
        SimulatedMemory.Start(32);
        Invariants.CheckZones();
        Assert.Equal(PageAllocator.ManagedPageCount(), PageAllocator.FreePageCount());
        MemoryRegion region = default;
        ulong bytes = 0;
        while (Memblock.NextFree(ref region))
        {
            bytes += region.End - region.Start;
        }

        Assert.Equal(bytes >> 12, PageAllocator.ManagedPageCount());
    }

    [Fact]
    public void Blocks_are_aligned_distinct_and_come_back_as_they_were()
    {
        SimulatedMemory.Start(64);
        string before = Invariants.ZoneShape();
        List<nint> blocks = [];
        HashSet<ulong> pages = [];
        for (int order = 0; order <= PageAllocator.MaxOrder; order++)
        {
            for (int i = 0; i < 3; i++)
            {
                Page* page = PageAllocator.AllocPages(order, GfpFlags.Kernel);
                ulong pfn = MemMap.PageToPfn(page);
                Assert.Equal(0UL, pfn & ((1UL << order) - 1));
                Assert.Equal(1, page->RefCount.Read());
                for (ulong p = 0; p < 1UL << order; p++)
                {
                    Assert.True(pages.Add(pfn + p));
                }

                blocks.Add((nint)page);
                Invariants.CheckZones();
            }
        }

        Hoard.Return(blocks);
        Assert.Equal(before, Invariants.ZoneShape());
    }

    [Fact]
    public void Random_allocations_and_frees()
    {
        SimulatedMemory.Start(new(0, 0x9fc00), new(Megabyte, 30 * Megabyte), new((4 * Gigabyte) - (3 * Megabyte), 5 * Megabyte));
        string before = Invariants.ZoneShape();
        Random random = new(4);
        List<(nint Page, int Order, byte Mark)> live = [];
        Dictionary<ulong, int> owner = [];
        GfpFlags[] flags = [GfpFlags.Kernel, GfpFlags.Atomic, GfpFlags.NoWait, GfpFlags.Dma, GfpFlags.Dma32, GfpFlags.Kernel | GfpFlags.Dma];
        for (int i = 0; i < 30_000; i++)
        {
            if (random.Next(100) < (i / 3000 % 2 == 0 ? 60 : 40))
            {
                int order = random.Next(8) == 0 ? random.Next(11) : random.Next(4);
                GfpFlags gfp = flags[random.Next(flags.Length)];
                Page* page = PageAllocator.AllocPages(order, gfp | GfpFlags.NoWarn);
                if (page != null)
                {
                    Assert.True(page->Zone <= PageAllocator.PreferredZone(gfp));
                    for (ulong p = 0; p < 1UL << order; p++)
                    {
                        Assert.True(owner.TryAdd(MemMap.PageToPfn(page) + p, i), "page given out twice");
                    }

                    byte mark = (byte)random.Next(256);
                    *(byte*)MemMap.PageToVirt(page) = mark;
                    live.Add(((nint)page, order, mark));
                }
            }
            else if (live.Count > 0)
            {
                int victim = random.Next(live.Count);
                (nint address, int order, byte mark) = live[victim];
                Page* page = (Page*)address;
                Assert.Equal(mark, *(byte*)MemMap.PageToVirt(page));
                for (ulong p = 0; p < 1UL << order; p++)
                {
                    owner.Remove(MemMap.PageToPfn(page) + p);
                }

                live[victim] = live[^1];
                live.RemoveAt(live.Count - 1);
                PageAllocator.FreePages(page, order);
            }

            if (i % 1000 == 0)
            {
                Invariants.CheckZones();
                Assert.Equal(PageAllocator.ManagedPageCount() - PageAllocator.FreePageCount(), (ulong)owner.Count);
            }
        }

        foreach ((nint page, int order, _) in live)
        {
            PageAllocator.FreePages((Page*)page, order);
        }

        Assert.Equal(before, Invariants.ZoneShape());
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void Memory_that_was_kept_at_boot_comes_in_later_as_whole_pages()
    {
        Simulation.Reset();
        KernelLog.Init();
        Paging.SwitchOn();
        BootInfo.Reset();
        BootInfo.AddRange(Megabyte, 39 * Megabyte, 1);
        Memblock.Init();
        ulong start = (14 * Megabyte) + 0x800, end = (19 * Megabyte) + 0x10;
        Memblock.Reserve(start, end);
        Paging.Init();
        PageAllocator.Init();
        ulong before = PageAllocator.ManagedPageCount();
        Assert.False(PageAllocator.Manages(start, end));

        PageAllocator.GiveReserved(start, end);
        Assert.Equal(before + (5 * Megabyte >> 12) - 1, PageAllocator.ManagedPageCount());
        Assert.Equal(PageAllocator.ManagedPageCount(), PageAllocator.FreePageCount());
        Assert.True(PageAllocator.Manages(16 * Megabyte, 17 * Megabyte));
        Assert.False(PageAllocator.Manages(14 * Megabyte, start));
        Assert.False(PageAllocator.Manages(19 * Megabyte, end));
        Invariants.CheckZones();

        // Less than a page is nothing.
        PageAllocator.GiveReserved((14 * Megabyte) + 1, (14 * Megabyte) + 0xfff);
        Invariants.CheckZones();
    }

    [Fact]
    public void Zone_borders_at_16_megabytes_and_4_gigabytes()
    {
        SimulatedMemory.Start(new(0, 0x9fc00), new(Megabyte, 39 * Megabyte), new((4 * Gigabyte) - (8 * Megabyte), 16 * Megabyte));
        Invariants.CheckZones();
        Assert.Equal(8 * Megabyte >> 12, PageAllocator.ZoneAt(2)->ManagedPages);

        Assert.True(MemMap.PageToPhys(PageAllocator.AllocPages(0, GfpFlags.Dma)) < 16 * Megabyte);
        ulong below = MemMap.PageToPhys(PageAllocator.AllocPages(0, GfpFlags.Dma32));
        Assert.InRange(below, 16 * Megabyte, (4 * Gigabyte) - 1);
        Assert.True(MemMap.PageToPhys(PageAllocator.AllocPages(0, GfpFlags.Kernel)) >= 4 * Gigabyte);

        // The last page of one zone and the first of the next are never one block.
        foreach (nint block in Hoard.AllPages(GfpFlags.Atomic, PageAllocator.MaxOrder))
        {
            ulong start = MemMap.PageToPhys((Page*)block);
            Assert.Equal(Zone.OfPfn(start >> 12), Zone.OfPfn((start + (4 * Megabyte) - 1) >> 12));
        }
    }

    [Fact]
    public void Requests_fall_back_downwards_and_leave_the_lower_zone_its_reserve()
    {
        SimulatedMemory.Start(new(0, 0x9fc00), new(Megabyte, 128 * Megabyte));
        Zone* dma = PageAllocator.ZoneAt(0);
        List<nint> pages = Hoard.AllPages(GfpFlags.Kernel);
        Assert.Contains(pages, page => MemMap.PageToPhys((Page*)page) < 16 * Megabyte);
        Assert.True(dma->LowMemoryReserve > 0);
        Assert.Equal(dma->PagesMin + dma->LowMemoryReserve, dma->FreePages);

        // Who needs DMA memory still gets some, GFP_ATOMIC even more.
        List<nint> low = Hoard.AllPages(GfpFlags.Kernel | GfpFlags.Dma);
        Assert.Equal(dma->PagesMin, dma->FreePages);
        Assert.Equal((int)dma->LowMemoryReserve, low.Count);
        Hoard.Return(low);
        Hoard.Return(pages);
    }

    [Fact]
    public void Exhaustion_gives_null_the_reserve_is_for_atomic_and_everything_recovers()
    {
        SimulatedMemory.Start(16);
        string before = Invariants.ZoneShape();
        List<nint> kernel = Hoard.AllPages(GfpFlags.Kernel);
        Assert.Equal(PageAllocator.ZoneAt(0)->PagesMin, PageAllocator.FreePageCount());
        Assert.True(PageAllocator.AllocPages(0, GfpFlags.NoWait | GfpFlags.NoWarn) == null);
        List<nint> atomic = Hoard.AllPages(GfpFlags.Atomic);
        Assert.Equal(0UL, PageAllocator.FreePageCount());
        Assert.NotEmpty(atomic);
        Assert.True(PageAllocator.AllocPages(0, GfpFlags.Atomic | GfpFlags.NoWarn) == null);
        Invariants.CheckZones();
        Hoard.Return(kernel);
        Hoard.Return(atomic);
        Assert.Equal(before, Invariants.ZoneShape());
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void Failure_is_reported_with_the_call_site_but_not_each_time()
    {
        SimulatedMemory.Start(16);
        List<nint> pages = Hoard.AllPages(GfpFlags.Atomic);
        int before = MemoryReport.AllocationFailures;
        for (int i = 0; i < 1000; i++)
        {
            Assert.True(PageAllocator.AllocPages(0, GfpFlags.Atomic) == null);
        }

        Assert.Equal(before + 1000, MemoryReport.AllocationFailures);
        string log = MemblockTests.Text();
        Assert.Contains("PageAllocatorTests.cs", log);
        Assert.InRange(log.Split("out of memory").Length - 1, 5, 12);
        Hoard.Return(pages);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(11)]
    [InlineData(int.MaxValue)]
    [InlineData(int.MinValue)]
    public void Impossible_orders_give_null(int order)
    {
        SimulatedMemory.Start(32);
        Assert.True(PageAllocator.AllocPages(order, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
    }

    [Fact]
    public void References_keep_a_block()
    {
        SimulatedMemory.Start(32);
        ulong before = PageAllocator.FreePageCount();
        Page* page = PageAllocator.AllocPages(2, GfpFlags.Kernel);
        PageAllocator.GetPage(page);
        PageAllocator.PutPage(page);
        Assert.Equal(before - 4, PageAllocator.FreePageCount());
        PageAllocator.PutPage(page);
        Assert.Equal(before, PageAllocator.FreePageCount());
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void Double_free_wrong_order_and_wrong_page_are_reported_and_change_nothing()
    {
        SimulatedMemory.Start(32);
        string before = Invariants.ZoneShape();
        Page* page = PageAllocator.AllocPages(1, GfpFlags.Kernel);
        PageAllocator.FreePages(page, 0);
        Assert.Equal((1, MemoryFault.BadPageFree), (MemoryReport.Count, MemoryReport.LastFault));
        PageAllocator.FreePages(page + 1, 0);
        Assert.Equal(2, MemoryReport.Count);
        PageAllocator.FreePages(page, 1);
        Assert.Equal(2, MemoryReport.Count);
        PageAllocator.FreePages(page, 1);
        Assert.Equal(3, MemoryReport.Count);
        int local = 0;
        PageAllocator.FreePage(&local);
        Assert.Equal((4, MemoryFault.BadPointer), (MemoryReport.Count, MemoryReport.LastFault));
        PageAllocator.FreePage(null);
        PageAllocator.FreePages(null, 3);
        Assert.Equal(4, MemoryReport.Count);
        Assert.Equal(before, Invariants.ZoneShape());
        Invariants.CheckZones();
    }

    [Fact]
    public void A_write_to_a_free_page_is_found()
    {
        SimulatedMemory.Start(32);
        Page* page = PageAllocator.AllocPages(0, GfpFlags.Kernel);
        byte* memory = (byte*)MemMap.PageToVirt(page);
        PageAllocator.FreePages(page, 0);
        Assert.Equal(PagePoison.Pattern, memory[4095]);
        memory[1234] = 7;
        List<nint> all = Hoard.AllPages(GfpFlags.Atomic);
        Assert.Equal((1, MemoryFault.FreePageWritten, (ulong)(memory + 1234)), (MemoryReport.Count, MemoryReport.LastFault, MemoryReport.LastAddress));
        Assert.Contains("PageAllocatorTests.cs", MemblockTests.Text());
        Hoard.Return(all);
    }

    [Fact]
    public void Zeroed_pages_are_zero()
    {
        SimulatedMemory.Start(32);
        byte* page = (byte*)PageAllocator.GetFreePage(GfpFlags.Kernel);
        MemoryFill.Fill(page, 0xff, 4096);
        PageAllocator.FreePage(page);
        for (int i = 0; i < 50; i++)
        {
            Assert.True(MemoryFill.Check(PageAllocator.GetZeroedPage(GfpFlags.Kernel), 0, 4096, out _));
        }
    }

    [Fact]
    public void Arithmetic_of_mem_map()
    {
        SimulatedMemory.Start(32);
        Assert.Equal(64, sizeof(Page));
        Page* page = PageAllocator.AllocPages(0, GfpFlags.Kernel);
        void* memory = MemMap.PageToVirt(page);
        Assert.True(MemMap.VirtToPage((byte*)memory + 4095) == page);
        Assert.True(MemMap.PfnToPage(MemMap.PageToPfn(page)) == page);
        Assert.Equal(MemMap.PageToPhys(page), DirectMap.VirtToPhys(memory));
        Assert.True(Page.OfLink(&page->Link) == page);
        Assert.False(MemMap.PfnValid(40 * Megabyte >> 12));
        Assert.False(MemMap.PfnValid(ulong.MaxValue));
        Assert.True(MemMap.Find((void*)8) == null);
        Assert.Equal(0x1234UL, DirectMap.VirtToPhys((void*)(AsmOffsets.KERNEL_BASE + 0x1234)));
    }

    [Theory]
    [InlineData(0, 1000, 0, true, 1000)]
    [InlineData(7, 100, 7, true, 100)]
    [InlineData(7, 100, 50, false, 50)]
    [InlineData(3, 100, 99, false, 99)]
    public void Check_finds_the_first_wrong_byte(int start, int size, int wrong, bool expected, ulong offset)
    {
        byte* bytes = stackalloc byte[2000];
        MemoryFill.Fill(bytes, 0x11, 2000);
        MemoryFill.Fill(bytes + start, 0x6b, (nuint)size);
        if (!expected)
        {
            bytes[start + wrong] = 0;
        }

        Assert.Equal(expected, MemoryFill.Check(bytes + start, 0x6b, (nuint)size, out nuint found));
        Assert.Equal(offset, found);
    }
}
