// Kmalloc, caches, and interrupts in the middle of them.

using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class KmallocTests
{
    public KmallocTests() => SimulatedMemory.Start(32);

    [Fact]
    public void Every_size_up_to_the_largest_class_has_a_cache_that_fits_closely()
    {
        for (nuint size = 1; size <= KmallocCaches.LargestClass; size++)
        {
            nuint expected = Invariants.KmallocSizes.First(s => s >= size);
            Assert.Equal(expected, KmallocCaches.Find(size, GfpFlags.Kernel)->ObjectSize);
            Assert.Equal(expected, KmallocCaches.Find(size, GfpFlags.Dma)->ObjectSize);
        }
    }

    [Fact]
    public void Alignment_is_as_documented()
    {
        for (nuint size = 1; size <= 8192; size += size < 256 ? 1U : 97)
        {
            ulong address = (ulong)Kmalloc(size, GfpFlags.Kernel);
            Assert.Equal(0UL, address % (size >= 16 ? 16U : 8));
            Assert.True(!System.Numerics.BitOperations.IsPow2(size) || size < 64 || address % 64 == 0);
        }
    }

    [Fact]
    public void Kzalloc_is_zero_and_memory_does_not_overlap()
    {
        Dictionary<nint, (nuint Size, byte Mark)> live = [];
        Random random = new(5);
        for (int i = 0; i < 3000; i++)
        {
            nuint size = (nuint)random.Next(1, random.Next(4) == 0 ? 20_000 : 600);
            byte* memory = (byte*)Kzalloc(size, GfpFlags.Kernel | GfpFlags.NoWarn);
            if (memory == null)
            {
                break;
            }

            Assert.True(MemoryFill.Check(memory, 0, size, out _));
            byte mark = (byte)(1 + random.Next(255));
            MemoryFill.Fill(memory, mark, size);
            live.Add((nint)memory, (size, mark));
            if (random.Next(3) == 0)
            {
                (nint victim, (nuint victimSize, byte victimMark)) = live.ElementAt(random.Next(live.Count));
                Assert.True(MemoryFill.Check((void*)victim, victimMark, victimSize, out _), "memory overlaps");
                Kfree((void*)victim);
                live.Remove(victim);
            }
        }

        foreach ((nint memory, (nuint size, byte mark)) in live)
        {
            Assert.True(MemoryFill.Check((void*)memory, mark, size, out _), "memory overlaps");
            Kfree((void*)memory);
        }

        Invariants.CheckKmalloc();
        Invariants.CheckZones();
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void When_everything_is_freed_all_pages_can_go_back()
    {
        ulong before = PageAllocator.FreePageCount();
        string shape = Invariants.ZoneShape();
        List<nint> all = [];
        for (int i = 0; i < 5000; i++)
        {
            all.Add((nint)Kmalloc((nuint)(1 + (i * 37 % 9000)), GfpFlags.Kernel | GfpFlags.NoWarn));
        }

        Assert.True(PageAllocator.FreePageCount() < before);
        foreach (nint memory in all)
        {
            Kfree((void*)memory);
        }

        Invariants.CheckKmalloc();
        Slab.ReleaseEmptySlabs();
        Invariants.CheckKmalloc();
        Assert.Equal(before, PageAllocator.FreePageCount());
        Assert.Equal(shape, Invariants.ZoneShape());
        Assert.Equal(0UL, MemInfo.Get().Slab);
    }

    [Fact]
    public void Nothing_null_and_too_much()
    {
        Assert.Equal(16UL, (ulong)Kmalloc(0, GfpFlags.Kernel));
        Kfree(Kmalloc(0, GfpFlags.Kernel));
        Kfree(null);
        Assert.True(Kmalloc(((nuint)4 << 20) + 1, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
        Assert.True(Kmalloc(nuint.MaxValue, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
        Assert.True(Kcalloc(nuint.MaxValue / 2, 3, GfpFlags.Kernel) == null);
        Assert.Equal(0UL, Ksize(null));
        void* large = Kmalloc((nuint)4 << 20, GfpFlags.Kernel);
        Assert.True(large != null);
        Kfree(large);
        Assert.Equal(0, MemoryReport.Count);
    }

    [Fact]
    public void Large_requests_are_whole_pages()
    {
        ulong before = PageAllocator.FreePageCount();
        byte* memory = (byte*)Kmalloc(8193, GfpFlags.Kernel);
        Assert.Equal(0UL, (ulong)memory % 4096);
        Assert.Equal(before - 4, PageAllocator.FreePageCount());
        Assert.Equal(8193UL, Ksize(memory));
        Kfree(memory + 4096);
        Assert.Equal((1, MemoryFault.BadPointer), (MemoryReport.Count, MemoryReport.LastFault));
        Kfree(memory);
        Kfree(memory);
        Assert.Equal(2, MemoryReport.Count);
        Assert.Equal(before, PageAllocator.FreePageCount());
    }

    [Fact]
    public void Dma_memory_lies_below_16_megabytes()
    {
        Assert.True(DirectMap.VirtToPhys(Kmalloc(100, GfpFlags.Kernel)) >= 16 << 20);
        Assert.True(DirectMap.VirtToPhys(Kmalloc(100, GfpFlags.Kernel | GfpFlags.Dma)) < 16 << 20);
        Assert.True(DirectMap.VirtToPhys(Kmalloc(100_000, GfpFlags.Kernel | GfpFlags.Dma)) < 16 << 20);
    }

    [Fact]
    public void Krealloc_keeps_the_content()
    {
        byte* memory = (byte*)Krealloc(null, 10, GfpFlags.Kernel);
        for (int i = 0; i < 10; i++)
        {
            memory[i] = (byte)i;
        }

        foreach (nuint size in new nuint[] { 12, 70, 5000, 100_000, 60, 11 })
        {
            memory = (byte*)Krealloc(memory, size, GfpFlags.Kernel);
            Assert.Equal(size, Ksize(memory));
            for (int i = 0; i < 10; i++)
            {
                Assert.Equal(i, memory[i]);
            }

            memory[size - 1] = 1;
        }

        Krealloc(memory, 0, GfpFlags.Kernel);
        Assert.Equal(0, MemoryReport.Count);
        Invariants.CheckKmalloc();
    }

    [Fact]
    public void Running_out_gives_null_and_recovers()
    {
        foreach (nuint size in new nuint[] { 8, 64, 700, 8192, 50_000 })
        {
            SimulatedMemory.Start(16);
            List<nint> all = [];
            foreach (GfpFlags gfp in new[] { GfpFlags.Kernel, GfpFlags.Atomic })
            {
                while (Kmalloc(size, gfp | GfpFlags.NoWarn) is var memory && memory != null)
                {
                    all.Add((nint)memory);
                }
            }

            Assert.NotEmpty(all);
            Assert.True(Kmalloc(size, GfpFlags.Atomic | GfpFlags.NoWarn) == null);
            Assert.Equal(all.Count, all.Distinct().Count());
            foreach (nint memory in all)
            {
                Kfree((void*)memory);
            }

            Assert.True(Kmalloc(size, GfpFlags.Kernel) != null);
            Invariants.CheckZones();
            Invariants.CheckKmalloc();
            Assert.Equal(0, MemoryReport.Count);
        }
    }

    [Fact]
    public void Memory_in_unused_slabs_is_found_again_by_who_may_wait()
    {
        List<nint> small = [];
        for (int i = 0; i < 64; i++)
        {
            small.Add((nint)Kmalloc(2048, GfpFlags.Kernel));
        }

        foreach (nint memory in small)
        {
            Kfree((void*)memory);
        }

        List<nint> pages = Hoard.AllPages(GfpFlags.NoWait);
        Assert.True(MemInfo.Get().Slab > 0);
        Page* page = PageAllocator.AllocPages(0, GfpFlags.Kernel | GfpFlags.NoWarn);
        Assert.True(page != null);
        Assert.Equal(0UL, MemInfo.Get().Slab);
        Hoard.Return(pages);
    }

    [Fact]
    public void Sleeping_allocations_in_atomic_context_are_reported_and_atomic_ones_are_not()
    {
        Kfree(Kmalloc(64, GfpFlags.Kernel));
        PageAllocator.FreePages(PageAllocator.AllocPages(0, GfpFlags.Kernel), 0);
        Assert.DoesNotContain("sleeping function", MemblockTests.Text());

        PreemptDisable();
        Kfree(Kmalloc(64, GfpFlags.Atomic));
        Kfree(Kmalloc(100_000, GfpFlags.Atomic));
        PageAllocator.FreePages(PageAllocator.AllocPages(0, GfpFlags.NoWait), 0);
        PreemptEnable();
        ulong flags = LocalIrqSave();
        Kfree(Kmalloc(64, GfpFlags.Atomic));
        LocalIrqRestore(flags);
        Assert.DoesNotContain("sleeping function", MemblockTests.Text());

        int reported = 0;
        void Expect(Action action, bool interruptsOff)
        {
            ulong saved = 0;
            if (interruptsOff)
            {
                saved = LocalIrqSave();
            }
            else
            {
                IrqEnter();
            }

            action();
            if (interruptsOff)
            {
                LocalIrqRestore(saved);
            }
            else
            {
                IrqExit();
            }

            int now = MemblockTests.Text().Split("sleeping function called from invalid context").Length - 1;
            Assert.True(now > reported, "not reported");
            reported = now;
        }

        Expect(() => Kfree(Kmalloc(64, GfpFlags.Kernel)), true);
        Expect(() => Kfree(Kmalloc(64, GfpFlags.Kernel)), false);
        Expect(() => Kfree(Kmalloc(100_000, GfpFlags.Kernel)), true);
        Expect(() => PageAllocator.FreePages(PageAllocator.AllocPages(0, GfpFlags.Kernel), 0), false);
        Expect(() => Vmalloc.Free(Vmalloc.Alloc(5000)), true);
        Expect(() => KmemCacheDestroy(KmemCacheCreate("short"u8, 24)), false);
        Expect(() => ManagedAllocate(24), false);
        Assert.Contains("KmallocTests.cs", MemblockTests.Text());
    }

    // A handler that strikes at every arch call of the allocator while interrupts are on, and allocates and frees by itself.
    [Fact]
    public void Interrupts_that_allocate_in_the_middle_of_allocations()
    {
        Random random = new(6);
        List<(nint Address, nuint Size, byte Mark)> handlers = [];
        int interrupts = 0;
        Simulation.OnArchCall = () =>
        {
            if (!Simulation.InterruptsEnabled || random.Next(3) != 0)
            {
                return;
            }

            interrupts++;
            Simulation.InterruptsEnabled = false;
            IrqEnter();
            nuint size = (nuint)random.Next(1, 300);
            byte* memory = (byte*)Kmalloc(size, GfpFlags.Atomic | GfpFlags.NoWarn);
            if (memory != null)
            {
                byte mark = (byte)random.Next(256);
                MemoryFill.Fill(memory, mark, size);
                handlers.Add(((nint)memory, size, mark));
            }

            if (handlers.Count > 50)
            {
                int victim = random.Next(handlers.Count);
                Assert.True(MemoryFill.Check((void*)handlers[victim].Address, handlers[victim].Mark, handlers[victim].Size, out _));
                Kfree((void*)handlers[victim].Address);
                handlers.RemoveAt(victim);
            }

            IrqExit();
            Simulation.InterruptsEnabled = true;
        };

        List<(nint Address, nuint Size, byte Mark)> own = [];
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(2) == 0 || own.Count < 20)
            {
                nuint size = (nuint)random.Next(1, 300);
                byte* memory = (byte*)Kmalloc(size, GfpFlags.Kernel);
                byte mark = (byte)random.Next(256);
                MemoryFill.Fill(memory, mark, size);
                own.Add(((nint)memory, size, mark));
            }
            else
            {
                int victim = random.Next(own.Count);
                Assert.True(MemoryFill.Check((void*)own[victim].Address, own[victim].Mark, own[victim].Size, out _));
                Kfree((void*)own[victim].Address);
                own.RemoveAt(victim);
            }
        }

        Simulation.OnArchCall = null;
        Assert.True(interrupts > 10_000);
        Invariants.CheckKmalloc();
        foreach ((nint address, _, _) in own.Concat(handlers))
        {
            Kfree((void*)address);
        }

        Invariants.CheckKmalloc();
        Slab.ReleaseEmptySlabs();
        Assert.Equal(0UL, MemInfo.Get().Slab);
        Assert.Equal(0, MemoryReport.Count);
        Assert.DoesNotContain("sleeping function", MemblockTests.Text());
    }

    [Fact]
    public void Objects_wander_between_cpus()
    {
        Random random = new(7);
        List<nint> live = [];
        for (int i = 0; i < 30_000; i++)
        {
            Simulation.SwitchTo(random.Next(4));
            Simulation.InterruptsEnabled = true;
            if (random.Next(100) < 52)
            {
                void* memory = Kmalloc((nuint)random.Next(1, 130), GfpFlags.Atomic | GfpFlags.NoWarn);
                Assert.True(memory != null);
                live.Add((nint)memory);
            }
            else if (live.Count > 0)
            {
                int victim = random.Next(live.Count);
                Kfree((void*)live[victim]);
                live[victim] = live[^1];
                live.RemoveAt(live.Count - 1);
            }
        }

        Invariants.CheckKmalloc();
        foreach (nint memory in live)
        {
            Kfree((void*)memory);
        }

        Invariants.CheckKmalloc();
        for (int cpu = 0; cpu < 4; cpu++)
        {
            Simulation.SwitchTo(cpu);
            Slab.ReleaseEmptySlabs();
        }

        Assert.Equal(0UL, MemInfo.Get().Slab);
        Simulation.SwitchTo(0);
    }

    [Fact]
    public void The_hot_pair_takes_no_lock()
    {
        Kfree(Kmalloc(64, GfpFlags.Kernel));
        SlabCache* cache = KmallocCaches.Find(64, GfpFlags.Kernel);
        cache->Lock.Lock();
        for (int z = 0; z < Zone.Count; z++)
        {
            PageAllocator.ZoneAt(z)->Lock.Lock();
        }

        // With every lock held, anything that took one would spin for good.
        for (int i = 0; i < 1000; i++)
        {
            Kfree(Kmalloc(64, GfpFlags.Atomic));
        }

        for (int z = Zone.Count - 1; z >= 0; z--)
        {
            PageAllocator.ZoneAt(z)->Lock.Unlock();
        }

        cache->Lock.Unlock();
    }
}
