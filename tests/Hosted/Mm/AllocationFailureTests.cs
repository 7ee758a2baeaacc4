using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class AllocationFailureTests : IDisposable
{
    public AllocationFailureTests() => SimulatedMemory.Start(32);

    public void Dispose() => AllocationFailure.Clear();

    [Fact]
    public void The_nth_request_fails_and_only_that()
    {
        AllocationFailure.FailNth(3);
        Assert.Equal("110111111", Try(9, 64));
        Assert.Equal(1, AllocationFailure.Failures);
        AllocationFailure.FailNth(1);
        Assert.Equal("011", Try(3, 64));
    }

    [Fact]
    public void Every_nth_request_fails_until_cleared()
    {
        AllocationFailure.FailEvery(3);
        Assert.Equal("110110110", Try(9, 64));
        AllocationFailure.FailEvery(1);
        Assert.Equal("000", Try(3, 64));
        AllocationFailure.Clear();
        Assert.Equal("111111", Try(6, 64));
        Assert.Equal(0, AllocationFailure.Failures);
    }

    [Fact]
    public void Only_requests_of_the_size_count()
    {
        AllocationFailure.OnlySizes(100, 200);
        AllocationFailure.FailEvery(1);
        Assert.Equal("11", Try(2, 99));
        Assert.Equal("00", Try(2, 100));
        Assert.Equal("00", Try(2, 200));
        Assert.Equal("11", Try(2, 201));
    }

    [Fact]
    public void Every_allocator_obeys_and_callers_see_null()
    {
        SlabCache* cache = KmemCacheCreate("thing"u8, 40);
        AllocationFailure.FailEvery(1);
        Assert.True(Kmalloc(64, GfpFlags.Kernel) == null);
        Assert.True(Kmalloc(100_000, GfpFlags.Kernel) == null);
        Assert.True(Kzalloc<ulong>(GfpFlags.Atomic) == null);
        Assert.True(KmemCacheAlloc(cache, GfpFlags.Kernel) == null);
        Assert.True(KmemCacheCreate("other"u8, 40) == null);
        Assert.True(PageAllocator.AllocPages(0, GfpFlags.Kernel) == null);
        Assert.True(PageAllocator.GetZeroedPage(GfpFlags.Kernel) == null);
        Assert.True(Vmalloc.Alloc(100) == null);
        Assert.True(Vmalloc.Ioremap(0xfee00000, 100) == null);
        void* memory = null;
        AllocationFailure.Clear();
        memory = Kmalloc(10, GfpFlags.Kernel);
        AllocationFailure.FailEvery(1);
        Assert.True(Krealloc(memory, 5000, GfpFlags.Kernel) == null);
        AllocationFailure.Clear();
        Kfree(memory);
        Assert.Equal(0, KmemCacheDestroy(cache));
        Assert.Equal(0, MemoryReport.Count);
    }

    // Whatever step of a vmalloc fails, nothing stays behind.
    [Fact]
    public void A_failure_at_any_step_leaves_nothing_behind()
    {
        Vmalloc.Free(Vmalloc.Alloc(50_000));
        Slab.ReleaseEmptySlabs();
        ulong before = PageAllocator.FreePageCount();
        bool succeeded = false;
        for (int n = 1; !succeeded && n < 100; n++)
        {
            AllocationFailure.FailNth(n);
            void* memory = Vmalloc.Alloc(50_000);
            succeeded = memory != null;
            AllocationFailure.Clear();
            Vmalloc.Free(memory);
            Slab.ReleaseEmptySlabs();
            Assert.Equal(before, PageAllocator.FreePageCount());
        }

        Assert.True(succeeded);
        Assert.Equal(0UL, Vmalloc.UsedBytes);
    }

    private static string Try(int count, nuint size)
    {
        string result = "";
        for (int i = 0; i < count; i++)
        {
            void* memory = Kmalloc(size, GfpFlags.Kernel | GfpFlags.NoWarn);
            result += memory == null ? '0' : '1';
            Kfree(memory);
        }

        return result;
    }
}
