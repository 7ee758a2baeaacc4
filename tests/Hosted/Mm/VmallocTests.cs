using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class VmallocTests
{
    public VmallocTests() => SimulatedMemory.Start(32);

    [Fact]
    public void Memory_is_contiguous_usable_and_returns()
    {
        ulong before = PageAllocator.FreePageCount();
        void* first = Vmalloc.Alloc(100_000);
        Vmalloc.Free(first);
        ulong tables = before - PageAllocator.FreePageCount();

        byte* memory = (byte*)Vmalloc.Alloc(100_000);
        Assert.True(Vmalloc.Contains(memory));
        MemoryFill.Fill(memory, 0x77, 100_000);
        Assert.True(MemoryFill.Check(memory, 0x77, 100_000, out _));
        for (nuint offset = 0; offset < 100_000; offset += 4096)
        {
            ulong physical = Vmalloc.VmallocToPhys(memory + offset + 5);
            Assert.Equal(5UL, physical % 4096);
            Assert.Equal(0x77, *(byte*)DirectMap.PhysToVirt(physical));
            Assert.Equal(PageKind.Allocated, MemMap.PfnToPage(physical >> 12)->Kind);
        }

        Vmalloc.Free(memory);
        Slab.ReleaseEmptySlabs();
        Assert.Equal(0UL, Vmalloc.UsedBytes);
        Assert.True(before - PageAllocator.FreePageCount() <= tables);
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void A_guard_page_lies_behind_each_area()
    {
        List<nint> areas = [];
        foreach (nuint size in new nuint[] { 1, 4096, 4097, 50_000, 4096 })
        {
            areas.Add((nint)Vmalloc.Alloc(size));
        }

        for (int i = 0; i < areas.Count; i++)
        {
            ulong end = (ulong)areas[i];
            while (Paging.Translate(end, out _, out PageProtection protection))
            {
                Assert.Equal(PageProtection.KernelData, protection);
                end += 4096;
            }

            Assert.Equal(0UL, Vmalloc.VmallocToPhys((void*)end));
            Assert.False(Paging.IsRemembered(end));
            Assert.True(i == areas.Count - 1 || end + 4096 == (ulong)areas[i + 1]);
        }
    }

    [Fact]
    public void Freed_memory_is_unmapped_flushed_and_its_addresses_used_again()
    {
        byte* one = (byte*)Vmalloc.Alloc(10_000);
        byte* two = (byte*)Vmalloc.Alloc(10_000);
        int flushes = Paging.Flushes;
        Vmalloc.Free(one);
        Assert.True(Paging.Flushes > flushes);
        Assert.False(Paging.IsRemembered((ulong)one));
        Assert.Equal(0UL, Vmalloc.VmallocToPhys(one));
        Assert.NotEqual(0UL, Vmalloc.VmallocToPhys(two));
        Assert.True(Vmalloc.Alloc(12_000) == one);
        Assert.True(Vmalloc.Alloc(13_000) != one);
    }

    [Fact]
    public void Random_areas_never_overlap()
    {
        Random random = new(8);
        Dictionary<nint, (nuint Size, byte Mark)> live = [];
        for (int i = 0; i < 1500; i++)
        {
            if (random.Next(2) == 0)
            {
                nuint size = (nuint)random.Next(1, 60_000);
                byte* memory = (byte*)Vmalloc.Alloc(size);
                Assert.True(memory != null);
                byte mark = (byte)random.Next(1, 256);
                MemoryFill.Fill(memory, mark, size);
                live.Add((nint)memory, (size, mark));
            }
            else if (live.Count > 0)
            {
                (nint victim, (nuint size, byte mark)) = live.ElementAt(random.Next(live.Count));
                Assert.True(MemoryFill.Check((void*)victim, mark, size, out _));
                Vmalloc.Free((void*)victim);
                live.Remove(victim);
            }
        }

        Assert.Equal(live.Values.Aggregate(0UL, (sum, area) => sum + DirectMap.PageUp(area.Size)), Vmalloc.UsedBytes);
        foreach ((nint memory, (nuint size, byte mark)) in live)
        {
            Assert.True(MemoryFill.Check((void*)memory, mark, size, out _));
            Vmalloc.Free((void*)memory);
        }

        Assert.Equal(0UL, Vmalloc.UsedBytes);
        Assert.Equal(0, MemoryReport.Count);
        Invariants.CheckZones();
    }

    [Fact]
    public void Running_out_in_the_middle_gives_null_and_everything_back()
    {
        Vmalloc.Free(Vmalloc.Alloc(30 << 20 >> 1));
        Slab.ReleaseEmptySlabs();
        ulong before = PageAllocator.FreePageCount();
        Assert.True(Vmalloc.Alloc(31 << 20, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
        Assert.True(Vmalloc.Alloc(nuint.MaxValue) == null);
        Assert.True(Vmalloc.Alloc(nuint.MaxValue - 4095) == null);
        Assert.True(Vmalloc.Alloc(0) == null);
        Assert.True(Vmalloc.Alloc((nuint)PageAllocator.FreePageCount() << 12, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
        Slab.ReleaseEmptySlabs();
        Assert.InRange(before - PageAllocator.FreePageCount(), 0UL, 8UL);
        Assert.Equal(0UL, Vmalloc.UsedBytes);
        Assert.True(Vmalloc.Alloc(1 << 20) != null);
        Invariants.CheckZones();
    }

    [Fact]
    public void Wrong_frees_are_reported()
    {
        byte* memory = (byte*)Vmalloc.Alloc(10_000);
        void* device = Vmalloc.Ioremap(0xfebf0000, 4096);
        int local = 0;
        foreach (nint wrong in new[] { (nint)(memory + 4096), (nint)(memory + 1), (nint)(&local), (nint)device })
        {
            int before = MemoryReport.Count;
            Vmalloc.Free((void*)wrong);
            Assert.Equal((before + 1, MemoryFault.BadPointer), (MemoryReport.Count, MemoryReport.LastFault));
        }

        int count = MemoryReport.Count;
        Vmalloc.Iounmap(memory);
        Assert.Equal(count + 1, MemoryReport.Count);
        Vmalloc.Free(memory);
        Assert.Equal(count + 1, MemoryReport.Count);
        Vmalloc.Free(memory);
        Assert.Equal(count + 2, MemoryReport.Count);
        Vmalloc.Free(null);
        Vmalloc.Iounmap(null);
        Assert.Equal(count + 2, MemoryReport.Count);
    }

    [Fact]
    public void Device_registers_are_uncached_and_unaligned_ranges_work()
    {
        byte* registers = (byte*)Vmalloc.Ioremap(0xfee00ff0, 32);
        Assert.Equal(0xff0UL, (ulong)registers % 4096);
        Assert.Equal(0xfee00ff0UL, Vmalloc.VmallocToPhys(registers));
        Assert.Equal(0xfee01000UL, Vmalloc.VmallocToPhys(registers + 16));
        Paging.Translate((ulong)registers, out _, out PageProtection protection);
        Assert.Equal(PageProtection.KernelIo, protection);
        Assert.Equal(PageProtection.CacheDisable | PageProtection.WriteThrough, protection & (PageProtection.CacheDisable | PageProtection.WriteThrough));
        Assert.Equal(8192UL, Vmalloc.DeviceBytes);
        Vmalloc.Iounmap(registers);
        Assert.Equal(0UL, Vmalloc.DeviceBytes);
        Assert.Equal(0UL, Vmalloc.VmallocToPhys(registers));
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void Ioremap_refuses_nothing_wrapping_ranges_and_the_kernels_own_memory()
    {
        Assert.True(Vmalloc.Ioremap(0xfee00000, 0) == null);
        Assert.True(Vmalloc.Ioremap(ulong.MaxValue - 10, 100) == null);
        Assert.True(Vmalloc.Ioremap(1UL << 53, 4096) == null);
        Assert.Equal(0, MemoryReport.Count);
        Assert.True(Vmalloc.Ioremap(DirectMap.VirtToPhys(Kmalloc(64, GfpFlags.Kernel)), 64) == null);
        Assert.Equal(1, MemoryReport.Count);
        Assert.True(Vmalloc.Ioremap(0xa0000, 0x20000) != null);
    }
}
