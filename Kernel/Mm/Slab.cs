// Slab: the list of caches, and their coming and going.
//
// Linux: mm/slab_common.c. Creating and destroying: process context, may sleep. The hot paths are in Slab.Objects.cs, the pages in Slab.Pages.cs.
// Locks: s_listLock guards the list of caches, process context only; before any cache's lock and any zone's lock.
// Invariant: a cache in the list is complete; it leaves the list before its memory goes.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>The slab allocator.</summary>
internal static unsafe partial class Slab
{
    private const uint CacheLine = 64;
    private const uint SmallestAlign = 8;
    private const int LargestOrder = 3;
    private const uint EnoughObjects = 8;
    private const uint WasteShare = 8;
    private const uint BytesInCpuList = 32768;
    private const uint MostInCpuList = 64;
    private const uint LeastInCpuList = 4;

    private static SpinLock s_listLock;
    private static SlabCache* s_first;
    private static SlabCache* s_last;

    /// <summary>Forgets all caches and makes those of kmalloc. After PageAllocator.Init.</summary>
    /// <linux>kmem_cache_init</linux>
    internal static void Init()
    {
        s_listLock.Init();
        s_first = null;
        s_last = null;
        MemoryReport.Reset();
#if DEBUG_CHECKS
        AllocationFailure.Clear();
#endif
        KmallocCaches.Init();
    }

    /// <summary>Makes <paramref name="cache"/> an empty cache and puts it into the list. -EINVAL if no slab could hold such an object.</summary>
    internal static int Open(SlabCache* cache, ReadOnlySpan<byte> name, nuint size, nuint align, SlabFlags flags)
    {
        if (size == 0 || size > (nuint)DirectMap.PAGE_SIZE << LargestOrder || align > DirectMap.PAGE_SIZE || (align & (align - 1)) != 0)
        {
            return -EINVAL;
        }

        align = Math.Max(align, (flags & SlabFlags.HardwareCacheAlign) != 0 ? CacheLine : SmallestAlign);
        *cache = default;
        SlabObject.Lay(cache, (uint)size, (uint)align);
        if (!ChooseOrder(cache))
        {
            return -EINVAL;
        }

        cache->Flags = flags;
        uint limit = Math.Min(MostInCpuList, Math.Max(LeastInCpuList, BytesInCpuList / cache->Stride));
        cache->Batch = limit / 2;
        for (int cpu = 0; cpu < MaxCpus; cpu++)
        {
            SlabCache.OnCpu(cache, cpu)->Limit = limit;
        }

        ListHead.Init(&cache->Partial);
        for (int i = 0; i < Math.Min(name.Length, SlabCache.NameSize); i++)
        {
            cache->NameBytes[i] = name[i];
        }

        s_listLock.Lock();
        if (s_first == null)
        {
            s_first = cache;
        }
        else
        {
            s_last->Next = cache;
        }

        s_last = cache;
        s_listLock.Unlock();
        return 0;
    }

    /// <summary>Takes a cache out of use. -EBUSY while objects of it are allocated: then it stays as it was.</summary>
    internal static int Close(SlabCache* cache)
    {
        DrainAll(cache);
        ulong inUse = cache->Objects - cache->FreeObjects;
        if (inUse != 0)
        {
            MemoryReport.CacheBusy(cache, inUse);
            return -EBUSY;
        }

        s_listLock.Lock();
        SlabCache* before = null;
        SlabCache* at = s_first;
        while (at != cache && at != null)
        {
            before = at;
            at = at->Next;
        }

        if (at == cache)
        {
            if (before == null)
            {
                s_first = cache->Next;
            }
            else
            {
                before->Next = cache->Next;
            }

            s_last = s_last == cache ? before : s_last;
        }

        s_listLock.Unlock();
        ReleaseEmptySlabs(cache, 0);
        return 0;
    }

    /// <summary>Gives the pages of unused slabs of every cache back. Process context.</summary>
    /// <returns>How many pages.</returns>
    /// <linux>kmem_cache_shrink</linux>
    internal static ulong ReleaseEmptySlabs()
    {
        ulong pages = 0;
        s_listLock.Lock();
        for (SlabCache* cache = s_first; cache != null; cache = cache->Next)
        {
            ulong flags = LocalIrqSave();
            Flush(cache, SlabCache.ThisCpu(cache), uint.MaxValue);
            LocalIrqRestore(flags);
            pages += ReleaseEmptySlabs(cache, 0);
        }

        s_listLock.Unlock();
        return pages;
    }

    /// <summary>Fills <paramref name="info"/> for cache number <paramref name="index"/> in order of creation; false behind the last.</summary>
    internal static bool GetInfo(int index, out SlabInfo info)
    {
        info = default;
        s_listLock.Lock();
        SlabCache* cache = s_first;
        while (cache != null && index > 0)
        {
            cache = cache->Next;
            index--;
        }

        if (cache != null)
        {
            info.Fill(cache);
        }

        s_listLock.Unlock();
        return cache != null;
    }

    /// <summary>Calls <paramref name="visit"/> for each cache in order of creation: (its figures, <paramref name="argument"/>), with the list locked, so it neither
    /// sleeps nor makes or ends a cache. Process context.</summary>
    internal static void ForEach(delegate*<SlabInfo*, void*, void> visit, void* argument)
    {
        s_listLock.Lock();
        for (SlabCache* cache = s_first; cache != null; cache = cache->Next)
        {
            SlabInfo info = default;
            info.Fill(cache);
            visit(&info, argument);
        }

        s_listLock.Unlock();
    }

    /// <summary>Pages of all slabs.</summary>
    internal static ulong TotalPages()
    {
        ulong pages = 0;
        s_listLock.Lock();
        for (SlabCache* cache = s_first; cache != null; cache = cache->Next)
        {
            pages += Shared.ReadOnce(ref cache->SlabPages);
        }

        s_listLock.Unlock();
        return pages;
    }

    // The smallest slab with enough objects and little waste; failing that, the largest allowed.
    private static bool ChooseOrder(SlabCache* cache)
    {
        int order = 0;
        while (order <= LargestOrder && cache->Stride > DirectMap.PAGE_SIZE << order)
        {
            order++;
        }

        if (order > LargestOrder)
        {
            return false;
        }

        cache->MinimumOrder = (byte)order;
        while (order < LargestOrder)
        {
            uint size = DirectMap.PAGE_SIZE << order;
            if (size / cache->Stride >= EnoughObjects && size % cache->Stride <= size / WasteShare)
            {
                break;
            }

            order++;
        }

        cache->Order = (byte)order;
        return true;
    }

    // Empties the lists of all CPUs. Nobody else uses the cache any more, so those of other CPUs lie still.
    private static void DrainAll(SlabCache* cache)
    {
        ulong flags = LocalIrqSave();
        for (int cpu = 0; cpu < MaxCpus; cpu++)
        {
            Flush(cache, SlabCache.OnCpu(cache, cpu), uint.MaxValue);
        }

        LocalIrqRestore(flags);
    }
}
