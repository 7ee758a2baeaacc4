// Slab.Objects: taking an object and giving it back.
//
// Linux: slab_alloc and slab_free, mm/slub.c. Any context: the short path turns interrupts off and touches this CPU's list only; the long
// path takes the cache's lock, and for a new slab the page allocator's. A handler may come between any two of these steps, never inside one.
// Invariant: an object is in exactly one place: with a caller, in one CPU's list, or in its slab's FreeList.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

internal static unsafe partial class Slab
{
    /// <summary>Takes an object. Null if there is no memory. Debug builds come here through SlabDebug.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void* Alloc(SlabCache* cache, GfpFlags gfp)
    {
        ulong flags = LocalIrqSave();
        SlabCpu* cpu = SlabCache.ThisCpu(cache);
        void* o = cpu->Free;
        if (o == null)
        {
            return AllocSlow(cache, gfp, flags);
        }

        Pop(cache, cpu, o);
        LocalIrqRestore(flags);
        return o;
    }

    /// <summary>Gives an object back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Free(SlabCache* cache, void* o)
    {
        ulong flags = LocalIrqSave();
        FreeOn(SmpProcessorId(), cache, o);
        LocalIrqRestore(flags);
    }

    /// <summary>The same with interrupts off, on CPU <paramref name="number"/>, which is this one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void FreeOn(int number, SlabCache* cache, void* o)
    {
        SlabCpu* cpu = SlabCache.OnCpu(cache, number);
        *SlabObject.Next(cache, o) = cpu->Free;
        cpu->Free = o;
        if (++cpu->Count > cpu->Limit)
        {
            Overflow(cache, cpu);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pop(SlabCache* cache, SlabCpu* cpu, void* o)
    {
#if DEBUG_CHECKS
        cpu->Free = SlabDebug.CheckedNext(cache, o);
        cpu->Count = cpu->Free == null ? 0 : cpu->Count - 1;
#else
        cpu->Free = *SlabObject.Next(cache, o);
        cpu->Count--;
#endif
    }

    // The list of this CPU is empty. Interrupts are off; flags say how to leave.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* AllocSlow(SlabCache* cache, GfpFlags gfp, ulong flags)
    {
        SlabCpu* cpu = SlabCache.ThisCpu(cache);
        Refill(cache, cpu, null);
        if (cpu->Free == null)
        {
            // Pages are allocated with interrupts as the caller has them: that may take long, and sleep. Afterwards this may be another CPU.
            LocalIrqRestore(flags);
            Page* slab = NewSlab(cache, gfp);
            LocalIrqSave();
            cpu = SlabCache.ThisCpu(cache);
            Refill(cache, cpu, slab);
        }

        void* o = cpu->Free;
        if (o != null)
        {
            Pop(cache, cpu, o);
        }

        LocalIrqRestore(flags);
#if !DEBUG_CHECKS
        if (o == null)
        {
            MemoryReport.AllocationFailed(cache->ObjectSize, gfp, "?", 0);
        }
#endif
        return o;
    }

    // Moves up to Batch objects from slabs to the CPU's list, after taking in a new slab. Interrupts off.
    private static void Refill(SlabCache* cache, SlabCpu* cpu, Page* newSlab)
    {
        cache->Lock.Lock();
        cpu->Refills++;
        if (newSlab != null)
        {
            ListHead.Add(&newSlab->Link, &cache->Partial);
            cache->Slabs++;
            cache->SlabPages += 1UL << newSlab->Order;
            cache->Objects += (uint)newSlab->Objects;
            cache->FreeObjects += (uint)newSlab->Objects;
            cache->EmptySlabs++;
        }

        uint wanted = cache->Batch;
        while (wanted > 0 && !ListHead.Empty(&cache->Partial))
        {
            Page* slab = Page.OfLink(cache->Partial.Next);
            cache->EmptySlabs -= slab->InUse == 0 ? 1U : 0;
            do
            {
                void* o = slab->FreeList;
                slab->InUse++;
                cache->FreeObjects--;
#if DEBUG_CHECKS
                slab->FreeList = SlabDebug.CheckedNext(cache, o);
                SlabDebug.AccountLost(cache, slab);
#else
                slab->FreeList = *SlabObject.Next(cache, o);
#endif
                *SlabObject.Next(cache, o) = cpu->Free;
                cpu->Free = o;
                cpu->Count++;
                wanted--;
            }
            while (wanted > 0 && slab->FreeList != null);

            if (slab->FreeList == null)
            {
                ListHead.Del(&slab->Link);
            }
        }

        cache->Lock.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Overflow(SlabCache* cache, SlabCpu* cpu)
    {
        cpu->Flushes++;
        Flush(cache, cpu, cache->Batch);
    }

    // Moves up to `count` objects from a CPU's list back to their slabs, and frees what slabs are in excess then. Interrupts off.
    private static void Flush(SlabCache* cache, SlabCpu* cpu, uint count)
    {
        ListHead excess;
        ListHead.Init(&excess);
        cache->Lock.Lock();
        while (count > 0 && cpu->Free != null)
        {
            void* o = cpu->Free;
            Pop(cache, cpu, o);
            count--;

            Page* slab = SlabOf(o);
            *SlabObject.Next(cache, o) = slab->FreeList;
            if (slab->FreeList == null)
            {
                ListHead.Add(&slab->Link, &cache->Partial);
            }

            slab->FreeList = o;
            slab->InUse--;
            cache->FreeObjects++;
            if (slab->InUse == 0)
            {
                Retire(cache, slab, &excess);
            }
        }

        cache->Lock.Unlock();
        FreeSlabs(&excess);
    }
}
