// Misuse of memory: each kind is found, named and survived.

using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class SlabDebugTests
{
    private const string File = "SlabDebugTests.cs";

    public SlabDebugTests() => SimulatedMemory.Start(32);

    [Theory]
    [InlineData(64, 64)]
    [InlineData(60, 60)]
    [InlineData(60, 63)]
    [InlineData(61, 71)]
    [InlineData(64, -1)]
    [InlineData(64, -16)]
    [InlineData(8192, 8192)]
    [InlineData(1, 1)]
    public void A_write_outside_is_found_at_the_free(int size, int offset)
    {
        byte* memory = (byte*)Kmalloc((nuint)size, GfpFlags.Kernel);
        memory[offset] = 0x41;
        Kfree(memory);
        Expect(MemoryFault.RedZoneOverwritten, memory, $"red zone of object 0x{(ulong)memory:x16} overwritten: 0x41 at byte {offset}", File);
        AssertStillWorks((nuint)size);
    }

    [Theory]
    [InlineData(64, 0)]
    [InlineData(64, 63)]
    [InlineData(8, 7)]
    [InlineData(1024, 500)]
    public void A_write_to_freed_memory_is_found_at_the_next_allocation(int size, int offset)
    {
        byte* memory = (byte*)Kmalloc((nuint)size, GfpFlags.Kernel);
        Kfree(memory);
        memory[offset] = 0x41;
        Assert.True(Kmalloc((nuint)size, GfpFlags.Kernel) == memory);
        Expect(MemoryFault.UseAfterFree, memory, $"kmalloc-{size}: free object 0x{(ulong)memory:x16} was written to: 0x41 at byte {offset}", "freed at");
        Kfree(memory);
        AssertStillWorks((nuint)size);
    }

    [Fact]
    public void A_second_free_is_found_and_names_the_first()
    {
        byte* memory = (byte*)Kmalloc(100, GfpFlags.Kernel);
        Kfree(memory);
        Kfree(memory);
        Expect(MemoryFault.DoubleFree, memory, "kmalloc-128: object", "is freed a second time", "allocated at", "freed at", File);
        byte* one = (byte*)Kmalloc(100, GfpFlags.Kernel);
        byte* two = (byte*)Kmalloc(100, GfpFlags.Kernel);
        Assert.True(one != two);
        AssertStillWorks(100);
    }

    [Fact]
    public void Wrong_pointers_are_found()
    {
        byte* memory = (byte*)Kmalloc(100, GfpFlags.Kernel);
        int local = 0;
        foreach (nint wrong in new[] { (nint)(memory + 8), (nint)(memory - 16), (nint)(&local), 0x1234, (nint)MemMap.PageToVirt(PageAllocator.AllocPages(0, GfpFlags.Kernel)), -5 })
        {
            int before = MemoryReport.Count;
            Kfree((void*)wrong);
            Assert.Equal((before + 1, MemoryFault.BadPointer, (ulong)wrong), (MemoryReport.Count, MemoryReport.LastFault, MemoryReport.LastAddress));
        }

        SimulatedMemory.Start(32);
        memory = (byte*)Kmalloc(100, GfpFlags.Kernel);
        Kfree(memory + 8);
        Expect(MemoryFault.BadPointer, memory + 8, "kmalloc-128: free of", "which is not the start of an object");
        Kfree(memory);
        AssertStillWorks(100);
    }

    [Fact]
    public void A_free_to_the_wrong_cache_is_found()
    {
        SlabCache* apples = KmemCacheCreate("apples"u8, 100);
        SlabCache* pears = KmemCacheCreate("pears"u8, 100);
        void* apple = KmemCacheAlloc(apples, GfpFlags.Kernel);
        KmemCacheFree(pears, apple);
        Expect(MemoryFault.WrongCache, apple, "BUG pears: object", "is freed here but belongs to apples");
        KmemCacheFree(apples, apple);
        KmemCacheFree(apples, null);
        Assert.Equal(0, KmemCacheDestroy(apples));
        Assert.Equal(0, KmemCacheDestroy(pears));
    }

    [Fact]
    public void A_long_overflow_that_destroys_what_is_known_of_the_object_is_survived()
    {
        byte* memory = (byte*)Kmalloc(64, GfpFlags.Kernel);
        MemoryFill.Fill(memory, 0x41, 64 + 8 + 24);
        Kfree(memory);
        Assert.Equal((2, MemoryFault.TrackOverwritten), (MemoryReport.Count, MemoryReport.LastFault));
        AssertStillWorks(64);
    }

    [Fact]
    public void A_broken_free_list_is_not_followed()
    {
        byte*[] objects = new byte*[3];
        for (int i = 0; i < 3; i++)
        {
            objects[i] = (byte*)Kmalloc(64, GfpFlags.Kernel);
        }

        Kfree(objects[0]);
        Kfree(objects[1]);
        SlabCache* cache = KmallocCaches.Find(64, GfpFlags.Kernel);
        SlabObject.Track(cache, objects[1])->Next = (void*)0x4141414141414141;
        Assert.True(Kmalloc(64, GfpFlags.Kernel) == objects[1]);
        Expect(MemoryFault.ListOverwritten, objects[1], "kmalloc-64: the list of free objects is broken");
        for (int i = 0; i < 500; i++)
        {
            Assert.True(Kmalloc(64, GfpFlags.Kernel) != null);
        }

        Assert.Equal(1, MemoryReport.Count);
    }

    [Fact]
    public void A_broken_list_inside_a_slab_is_not_followed()
    {
        SlabCache* cache = KmallocCaches.Find(1024, GfpFlags.Kernel);
        void*[] objects = new void*[200];
        for (int i = 0; i < 200; i++)
        {
            objects[i] = Kmalloc(1024, GfpFlags.Kernel);
        }

        for (int i = 0; i < 200; i++)
        {
            Kfree(objects[i]);
        }

        Page* slab = Page.OfLink(cache->Partial.Next);
        SlabObject.Track(cache, slab->FreeList)->Next = (void*)16;
        for (int i = 0; i < 100; i++)
        {
            Assert.True(Kmalloc(1024, GfpFlags.Kernel) != null);
        }

        Assert.Equal((1, MemoryFault.ListOverwritten), (MemoryReport.Count, MemoryReport.LastFault));
        Invariants.CheckCache(cache);
    }

    [Fact]
    public void New_memory_and_freed_memory_are_poisoned()
    {
        byte* memory = (byte*)Kmalloc(64, GfpFlags.Kernel);
        Assert.True(MemoryFill.Check(memory, SlabDebug.PoisonInUse, 64, out _));
        Kfree(memory);
        Assert.True(MemoryFill.Check(memory, SlabDebug.PoisonFree, 63, out _));
        Assert.Equal(SlabDebug.PoisonEnd, memory[63]);
    }

    // CallSite keeps the addresses of file names where the garbage collector does not look: they must be literals that never move.
    [Fact]
    public void File_names_of_callers_never_move()
    {
        string file = Here();
        CallSite site = default;
        site.Set(file, 5);
        GC.Collect();
        GC.Collect();
        Assert.EndsWith(File, site.File);
        Assert.Equal(int.MaxValue, GC.GetGeneration(file));
    }

    private static string Here([System.Runtime.CompilerServices.CallerFilePath] string file = "") => file;

    private static void Expect(MemoryFault fault, void* address, params string[] texts)
    {
        Assert.Equal((1, fault, (ulong)address), (MemoryReport.Count, MemoryReport.LastFault, MemoryReport.LastAddress));
        string log = MemblockTests.Text();
        Assert.All(texts, text => Assert.Contains(text, log));
    }

    // One mistake, one report: afterwards everything is as it should be.
    private static void AssertStillWorks(nuint size)
    {
        int before = MemoryReport.Count;
        List<nint> all = [];
        for (int i = 0; i < 200; i++)
        {
            void* memory = Kmalloc(size, GfpFlags.Kernel);
            MemoryFill.Fill(memory, 0x33, size);
            all.Add((nint)memory);
        }

        Assert.Equal(200, all.Distinct().Count());
        all.ForEach(memory => Kfree((void*)memory));
        Assert.Equal(before, MemoryReport.Count);
        Invariants.CheckKmalloc();
    }
}
