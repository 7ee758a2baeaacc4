// SlabObject: what lies where in one object of a slab.
//
// Linux: the layout comment of mm/slub.c. Pure address arithmetic.
// Release: the object and nothing else; while it is free its first word names the next free object.
// Debug:   | red zone | object, filled up to a multiple of 8 | red zone | SlabTrack |
// The pointer that travels through the lists is that of the object itself in both.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

#if DEBUG_CHECKS
/// <summary>What debug builds know about an object, behind it.</summary>
/// <linux>struct track</linux>
internal unsafe struct SlabTrack
{
    internal const long Allocated = 0x41_4c_4c_4f_43;
    internal const long Free = 0x46_52_45_45;

    /// <summary>The next free object.</summary>
    internal void* Next;

    /// <summary>Allocated or Free; anything else: overwritten.</summary>
    internal long State;

    /// <summary>The bytes the caller asked for.</summary>
    internal ulong RequestedSize;

    internal CallSite AllocatedAt;
    internal CallSite FreedAt;
}
#endif

/// <summary>Addresses inside an object.</summary>
internal static unsafe class SlabObject
{
    /// <summary>Bytes of the red zone behind the object.</summary>
    internal const uint RightRedZone = 8;

    /// <summary>The word of a free object that names the next one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void** Next(SlabCache* cache, void* o)
    {
#if DEBUG_CHECKS
        return &Track(cache, o)->Next;
#else
        return (void**)o;
#endif
    }

#if DEBUG_CHECKS
    internal static SlabTrack* Track(SlabCache* cache, void* o) =>
        (SlabTrack*)((byte*)o + RoundedSize(cache->ObjectSize) + RightRedZone);

    internal static uint RoundedSize(uint size) => (size + 7) & ~7U;
#endif

    /// <summary>Sets Left and Stride for objects of <paramref name="size"/> bytes at multiples of <paramref name="align"/>.</summary>
    /// <linux>calculate_sizes</linux>
    internal static void Lay(SlabCache* cache, uint size, uint align)
    {
        cache->ObjectSize = size;
#if DEBUG_CHECKS
        cache->Left = Math.Max(16, align);
        uint stride = cache->Left + RoundedSize(size) + RightRedZone + (uint)sizeof(SlabTrack);
#else
        cache->Left = 0;
        uint stride = Math.Max(size, (uint)sizeof(void*));
#endif
        cache->Stride = (stride + align - 1) & ~(align - 1);
    }
}
