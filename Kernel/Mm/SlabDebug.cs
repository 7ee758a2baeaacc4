// SlabDebug: what debug builds do around every allocation and every free.
//
// Linux: mm/slub.c with slub_debug=FPZU. Any context; sleeping as gfp says. No lock: a checked object is in the hands of one caller only; two
// callers that free the same one at once meet in one atomic exchange of its state.
// Red zones before and behind an object hold 0xcc while it is allocated and 0xbb while it is free; the one behind starts at the first byte
// that was not asked for. A free object holds 0x6b, its last byte 0xa5, a new one 0x5a: a value like 0x6b6b6b6b6b6b6b6b in
// an oops means use after free, 0x5a5a5a5a5a5a5a5a use of memory never written.
// A mistake is reported (MemoryReport) and then repaired, so that one mistake gives one report and the kernel goes on.

#if DEBUG_CHECKS

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Checked allocation.</summary>
internal static unsafe class SlabDebug
{
    /// <linux>SLUB_RED_ACTIVE</linux>
    internal const byte RedActive = 0xcc;

    /// <linux>SLUB_RED_INACTIVE</linux>
    internal const byte RedInactive = 0xbb;

    /// <linux>POISON_FREE</linux>
    internal const byte PoisonFree = 0x6b;

    /// <linux>POISON_END</linux>
    internal const byte PoisonEnd = 0xa5;

    /// <linux>POISON_INUSE</linux>
    internal const byte PoisonInUse = 0x5a;

    internal static void* Kmalloc(nuint size, GfpFlags gfp, string file, int line)
    {
        if (size - 1 < KmallocCaches.LargestClass)
        {
            return Alloc(KmallocCaches.Find(size, gfp), size, gfp, file, line);
        }

        if (!Enter(size, gfp, file, line))
        {
            return null;
        }

        void* o = KmallocCaches.AllocLarge(size, gfp);
        if (o == null)
        {
            MemoryReport.AllocationFailed(size, gfp, file, line);
        }
        else if (size != 0)
        {
            Page* page = MemMap.VirtToPage(o);
            page->Owner.Set(file, line);
            page->RequestedSize = size;
        }

        return o;
    }

    internal static void* Alloc(SlabCache* cache, nuint size, GfpFlags gfp, string file, int line)
    {
        if (!Enter(size, gfp, file, line))
        {
            return null;
        }

        byte* o = (byte*)Slab.Alloc(cache, gfp);
        if (o == null)
        {
            MemoryReport.AllocationFailed(size, gfp, file, line);
            return null;
        }

        SlabTrack* track = SlabObject.Track(cache, o);
        CheckFreeObject(cache, o);
        track->State = SlabTrack.Allocated;
        track->RequestedSize = size;
        track->AllocatedAt.Set(file, line);
        track->FreedAt = default;
        MemoryFill.Fill(o - cache->Left, RedActive, cache->Left);
        MemoryFill.Fill(o, (gfp & GfpFlags.Zero) != 0 ? (byte)0 : PoisonInUse, size);
        MemoryFill.Fill(o + size, RedActive, RightZoneEnd(cache) - size);
        return o;
    }

    internal static void Kfree(void* pointer, string file, int line)
    {
        if ((ulong)pointer <= KmallocCaches.ZeroSizePointer)
        {
            return;
        }

        Page* page = MemMap.Find(pointer);
        if (page == null)
        {
            MemoryReport.BadPointer(pointer, "Kfree");
        }
        else if (page->Kind != PageKind.Slab)
        {
            KmallocCaches.FreeLarge(page, pointer);
        }
        else
        {
            Free(page->Cache, pointer, file, line);
        }
    }

    internal static void Free(SlabCache* cache, void* pointer, string file, int line)
    {
        Page* page = MemMap.Find(pointer);
        if (page == null || page->Kind != PageKind.Slab)
        {
            MemoryReport.BadPointer(pointer, "KmemCacheFree");
            return;
        }

        if (page->Cache != cache)
        {
            MemoryReport.WrongCache(cache, page->Cache, pointer);
            return;
        }

        if (!IsObject(cache, pointer))
        {
            MemoryReport.NotAnObject(cache, pointer);
            return;
        }

        SlabTrack* track = SlabObject.Track(cache, pointer);
        if (Softirqs.TaskletTracker.IsInUse(pointer, cache->ObjectSize))
        {
            return;
        }

        long state = Shared.Exchange(ref track->State, SlabTrack.Free);
        if (state == SlabTrack.Free)
        {
            MemoryReport.DoubleFree(cache, pointer, track);
            return;
        }

        CheckRedZones(cache, (byte*)pointer, RedActive, state == SlabTrack.Allocated ? (nuint)track->RequestedSize : cache->ObjectSize);
        if (state != SlabTrack.Allocated)
        {
            MemoryReport.TrackOverwritten(cache, pointer);
        }

        track->FreedAt.Set(file, line);
        MakeFree(cache, (byte*)pointer);
        Slab.Free(cache, pointer);
    }

    /// <summary>The bytes that the caller of Kmalloc asked for.</summary>
    internal static nuint RequestedSize(void* pointer)
    {
        Page* page = (ulong)pointer <= KmallocCaches.ZeroSizePointer ? null : MemMap.Find(pointer);
        return page == null ? 0
            : page->Kind == PageKind.Slab ? (nuint)SlabObject.Track(page->Cache, pointer)->RequestedSize
            : page->Kind == PageKind.Large ? page->RequestedSize : 0;
    }

    /// <summary>Changes the bytes that an allocation counts as, if its place is large enough.</summary>
    internal static bool Resize(void* pointer, nuint size)
    {
        Page* page = MemMap.Find(pointer);
        if (page == null || page->Kind != PageKind.Slab || size > page->Cache->ObjectSize)
        {
            return false;
        }

        SlabTrack* track = SlabObject.Track(page->Cache, pointer);
        CheckRedZones(page->Cache, (byte*)pointer, RedActive, (nuint)track->RequestedSize);
        track->RequestedSize = size;
        MemoryFill.Fill((byte*)pointer + size, RedActive, RightZoneEnd(page->Cache) - size);
        return true;
    }

    /// <summary>A fresh object of a new slab.</summary>
    internal static void InitObject(SlabCache* cache, byte* o)
    {
        SlabTrack* track = SlabObject.Track(cache, o);
        *track = default;
        track->State = SlabTrack.Free;
        MakeFree(cache, o);
    }

    /// <summary>The next object in a list of free ones. Debug builds do not follow a pointer that somebody has overwritten: the rest of the
    /// list is lost.</summary>
    internal static void* CheckedNext(SlabCache* cache, void* o)
    {
        void* next = SlabObject.Track(cache, o)->Next;
        if (next == null)
        {
            return null;
        }

        Page* page = MemMap.Find(next);
        if (page != null && page->Kind == PageKind.Slab && page->Cache == cache && IsObject(cache, next))
        {
            return next;
        }

        MemoryReport.ListOverwritten(cache, o);
        SlabObject.Track(cache, o)->Next = null;
        return null;
    }

    /// <summary>After CheckedNext lost the rest of a slab's list: those objects count as in use for good.</summary>
    internal static void AccountLost(SlabCache* cache, Page* slab)
    {
        int lost = slab->FreeList == null ? slab->Objects - slab->InUse : 0;
        slab->InUse += lost;
        cache->FreeObjects -= (uint)lost;
    }

    private static bool Enter(nuint size, GfpFlags gfp, string file, int line)
    {
        if ((gfp & GfpFlags.Wait) != 0)
        {
            MightSleep(file, line);
        }

        return !AllocationFailure.ShouldFail(size);
    }

    // True if the address is where an object of its slab begins.
    private static bool IsObject(SlabCache* cache, void* pointer)
    {
        Page* slab = Slab.SlabOf(pointer);
        ulong offset = (ulong)pointer - (ulong)MemMap.PageToVirt(slab);
        return offset >= cache->Left && (offset - cache->Left) % cache->Stride == 0
            && (offset - cache->Left) / cache->Stride < (ulong)slab->Objects;
    }

    private static nuint RightZoneEnd(SlabCache* cache) => SlabObject.RoundedSize(cache->ObjectSize) + SlabObject.RightRedZone;

    private static void MakeFree(SlabCache* cache, byte* o)
    {
        MemoryFill.Fill(o - cache->Left, RedInactive, cache->Left);
        MemoryFill.Fill(o, PoisonFree, cache->ObjectSize - 1);
        o[cache->ObjectSize - 1] = PoisonEnd;
        MemoryFill.Fill(o + cache->ObjectSize, RedInactive, RightZoneEnd(cache) - cache->ObjectSize);
    }

    // An object that comes from a list must look the way MakeFree left it.
    private static void CheckFreeObject(SlabCache* cache, byte* o)
    {
        if (SlabObject.Track(cache, o)->State != SlabTrack.Free)
        {
            MemoryReport.TrackOverwritten(cache, o);
        }

        CheckRedZones(cache, o, RedInactive, cache->ObjectSize);
        if (!MemoryFill.Check(o, PoisonFree, cache->ObjectSize - 1, out nuint offset) || o[offset] != PoisonEnd)
        {
            MemoryReport.UsedAfterFree(cache, o, offset);
        }
    }

    private static void CheckRedZones(SlabCache* cache, byte* o, byte pattern, nuint size)
    {
        if (!MemoryFill.Check(o - cache->Left, pattern, cache->Left, out nuint before))
        {
            MemoryReport.RedZone(cache, o, (long)before - cache->Left);
        }

        if (!MemoryFill.Check(o + size, pattern, RightZoneEnd(cache) - size, out nuint behind))
        {
            MemoryReport.RedZone(cache, o, (long)(size + behind));
        }
    }
}

#endif
