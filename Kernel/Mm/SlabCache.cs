// SlabCache: objects of one size.
//
// Linux: struct kmem_cache, include/linux/slub_def.h; the design is our own, between SLAB and SLUB. A slab is a block of pages cut into
// objects; its Page holds what is known about it. Each CPU keeps a list of free objects of any slab, so that the usual
// allocation and the usual free touch only memory of that CPU, with interrupts off for a moment and without a lock.
//
//   CPU list  --(empty: Refill, Batch objects)--  slabs with free objects  --(none: a new slab)--  PageAllocator
//             --(above Limit: Flush, Batch)-->
//
// Locks: Lock guards Partial, the counters and the FreeList and InUse of every slab's Page; interrupts are off. No zone lock is
// taken under it. A CPU's list is touched by that CPU only, with interrupts off.
// Invariants: a slab hangs in Partial exactly if it has a free object in its FreeList; objects in CPU lists count as in use for their slab.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Mm;

/// <summary>How a cache behaves.</summary>
[Flags]
public enum SlabFlags : uint
{
    None = 0,

    /// <summary>Objects start on cache lines.</summary>
    /// <linux>SLAB_HWCACHE_ALIGN</linux>
    HardwareCacheAlign = 0x2000,

    /// <summary>Objects lie below 16 MB.</summary>
    /// <linux>SLAB_CACHE_DMA</linux>
    CacheDma = 0x4000,

    /// <summary>A static that is never destroyed.</summary>
    Permanent = 0x10000,
}

/// <summary>One CPU's free objects of a cache, on a cache line of its own.</summary>
/// <linux>kmem_cache_cpu</linux>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal unsafe struct SlabCpu
{
    /// <summary>How many free objects there are.</summary>
    internal uint Count;

    /// <summary>With more than this a free gives some back to their slabs.</summary>
    internal uint Limit;

    /// <summary>The first of them; each names the next.</summary>
    internal void* Free;

    /// <summary>Times the list was empty.</summary>
    internal ulong Refills;

    /// <summary>Times the list was too long.</summary>
    internal ulong Flushes;
}

/// <summary>A cache of objects of one size.</summary>
/// <linux>struct kmem_cache</linux>
/// <rows>MM-01</rows>
public unsafe struct SlabCache
{
    internal const int NameSize = 32;

    /// <summary>First in the structure: the address of a CPU's list is one shift and one addition away.</summary>
    internal CpuLists Cpus;

    /// <summary>Bytes that the caller may use.</summary>
    internal uint ObjectSize;

    /// <summary>Bytes from one object to the next.</summary>
    internal uint Stride;

    /// <summary>Bytes in front of the caller's first byte: the red zone of debug builds.</summary>
    internal uint Left;

    /// <summary>Objects that Refill and Flush move at once.</summary>
    internal uint Batch;

    /// <summary>Pages of a slab as order of two: what is tried first, and the least that holds an object.</summary>
    internal byte Order;
    internal byte MinimumOrder;

    internal SlabFlags Flags;

    internal SpinLock Lock;

    /// <summary>Slabs with free objects; those of which nothing is in use at the end.</summary>
    internal ListHead Partial;

    /// <summary>Slabs of which nothing is in use.</summary>
    internal uint EmptySlabs;

    internal ulong Slabs;
    internal ulong SlabPages;
    internal ulong Objects;

    /// <summary>Objects in the FreeLists of the slabs.</summary>
    internal ulong FreeObjects;

    /// <summary>In the list of all caches.</summary>
    internal SlabCache* Next;

    internal fixed byte NameBytes[NameSize];

    /// <summary>The list of this CPU. Interrupts off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SlabCpu* ThisCpu(SlabCache* cache) => (SlabCpu*)cache + SmpProcessorId();

    /// <summary>The list of CPU <paramref name="cpu"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static SlabCpu* OnCpu(SlabCache* cache, int cpu) => (SlabCpu*)cache + cpu;

    /// <summary>The name of a cache.</summary>
    public static ReadOnlySpan<byte> Name(SlabCache* cache)
    {
        int length = 0;
        while (length < NameSize && cache->NameBytes[length] != 0)
        {
            length++;
        }

        return new ReadOnlySpan<byte>(cache->NameBytes, length);
    }

    [InlineArray(MaxCpus)]
    internal struct CpuLists
    {
        private SlabCpu _first;
    }
}
