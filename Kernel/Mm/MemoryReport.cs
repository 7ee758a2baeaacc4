// MemoryReport: what the allocators say when somebody misuses memory, and when it runs out.
//
// Linux: the reports of mm/slub.c and warn_alloc, mm/page_alloc.c. Any context, never sleeps. A broken list is reported with its cache's lock
// held, so printing must not allocate from a cache; it does not. Counters are for tests and the monitor.
// A report names the cache, the object's address and the lines that allocated and freed it; then comes the call trace. The kernel goes on.

using CSharpOS.Debugging;

namespace CSharpOS.Mm;

/// <summary>The kinds of misuse.</summary>
public enum MemoryFault
{
    None,
    RedZoneOverwritten,
    UseAfterFree,
    DoubleFree,
    BadPointer,
    WrongCache,
    TrackOverwritten,
    ListOverwritten,
    FreePageWritten,
    BadPageFree,
    CacheBusy,
}

/// <summary>Reports of misuse.</summary>
public static unsafe class MemoryReport
{
    private static int s_count;
    private static int s_failures;
    private static int s_lastFault;
    private static ulong s_lastAddress;

    /// <summary>Misuses reported since boot.</summary>
    public static int Count => Shared.ReadOnce(ref s_count);

    /// <summary>The last one.</summary>
    public static MemoryFault LastFault => (MemoryFault)Shared.ReadOnce(ref s_lastFault);

    /// <summary>The object, page or pointer it was about.</summary>
    public static ulong LastAddress => Shared.ReadOnce(ref s_lastAddress);

    /// <summary>Requests that found no memory since boot.</summary>
    public static int AllocationFailures => Shared.ReadOnce(ref s_failures);

    internal static void Reset()
    {
        s_count = 0;
        s_failures = 0;
        s_lastFault = 0;
        s_lastAddress = 0;
    }

    /// <summary>A request for pages got none. Printed the 1st, 2nd, 4th, 8th ... time, and not with NoWarn.</summary>
    /// <linux>warn_alloc_failed</linux>
    internal static void AllocationFailed(int order, GfpFlags gfp, string file, int line) =>
        AllocationFailed(order is >= 0 and < 32 ? (nuint)DirectMap.PAGE_SIZE << order : nuint.MaxValue, gfp, file, line);

    /// <summary>The same for bytes.</summary>
    internal static void AllocationFailed(nuint size, GfpFlags gfp, string file, int line)
    {
        int count = Shared.AddReturn(ref s_failures, 1);
        if ((gfp & GfpFlags.NoWarn) == 0 && (count & (count - 1)) == 0)
        {
            Printk(LogLevel.Warning, $"out of memory: {size} bytes, flags 0x{(uint)gfp:x}, for {ContextReport.Trim(file)}:{line}; {PageAllocator.FreePageCount()} pages free\n");
        }
    }

    internal static void BadPageFree(Page* page, int order)
    {
        Note(MemoryFault.BadPageFree, page);
        string what = page->Kind == PageKind.Free ? "free already" : page->Kind == PageKind.Allocated ? "of another order" : "no such block";
        Printk(LogLevel.Error, $"BUG: free of a block of order {order} at page frame 0x{MemMap.PageToPfn(page):x}, which is {what}\n");
        DumpStack();
    }

    internal static void BadPointer(void* pointer, string function)
    {
        Note(MemoryFault.BadPointer, pointer);
        Printk(LogLevel.Error, $"BUG: {function} of {pointer}, which no allocation gave\n");
        DumpStack();
    }

    internal static void CacheBusy(SlabCache* cache, ulong objects)
    {
        Note(MemoryFault.CacheBusy, cache);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: the cache is to end with {objects} objects allocated\n");
        DumpStack();
    }

#if DEBUG_CHECKS
    internal static void FreePageWritten(Page* page, byte* at)
    {
        Note(MemoryFault.FreePageWritten, at);
        Printk(LogLevel.Error, $"BUG: somebody wrote 0x{*at:x2} to {at} in a free page\n");
        Printk(LogLevel.Error, $"  last allocated at {page->Owner.ShownFile}:{page->Owner.Line}\n");
        DumpStack();
    }

    internal static void RedZone(SlabCache* cache, byte* o, long offset)
    {
        Note(MemoryFault.RedZoneOverwritten, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: red zone of object {o} overwritten: 0x{o[offset]:x2} at byte {offset}\n");
        Tracks(cache, o);
    }

    internal static void UsedAfterFree(SlabCache* cache, byte* o, nuint offset)
    {
        Note(MemoryFault.UseAfterFree, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: free object {o} was written to: 0x{o[offset]:x2} at byte {offset}\n");
        Tracks(cache, o);
    }

    internal static void DoubleFree(SlabCache* cache, void* o, SlabTrack* track)
    {
        Note(MemoryFault.DoubleFree, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: object {o} is freed a second time\n");
        Tracks(cache, o);
    }

    internal static void WrongCache(SlabCache* cache, SlabCache* owner, void* o)
    {
        Note(MemoryFault.WrongCache, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: object {o} is freed here but belongs to {SlabCache.Name(owner)}\n");
        DumpStack();
    }

    internal static void NotAnObject(SlabCache* cache, void* pointer)
    {
        Note(MemoryFault.BadPointer, pointer);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: free of {pointer}, which is not the start of an object\n");
        DumpStack();
    }

    internal static void TrackOverwritten(SlabCache* cache, void* o)
    {
        Note(MemoryFault.TrackOverwritten, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: what is known of object {o} was overwritten\n");
        DumpStack();
    }

    internal static void ListOverwritten(SlabCache* cache, void* o)
    {
        Note(MemoryFault.ListOverwritten, o);
        Printk(LogLevel.Error, $"BUG {SlabCache.Name(cache)}: the list of free objects is broken at {o}\n");
        DumpStack();
    }

    private static void Tracks(SlabCache* cache, void* o)
    {
        SlabTrack* track = SlabObject.Track(cache, o);
        Printk(LogLevel.Error, $"  allocated at {track->AllocatedAt.ShownFile}:{track->AllocatedAt.Line}, {track->RequestedSize} bytes\n");
        if (track->FreedAt.Line != 0)
        {
            Printk(LogLevel.Error, $"  freed at {track->FreedAt.ShownFile}:{track->FreedAt.Line}\n");
        }

        DumpStack();
    }
#endif

    private static void Note(MemoryFault fault, void* address)
    {
        Shared.AddReturn(ref s_count, 1);
        Shared.WriteOnce(ref s_lastFault, (int)fault);
        Shared.WriteOnce(ref s_lastAddress, (ulong)address);
    }
}
