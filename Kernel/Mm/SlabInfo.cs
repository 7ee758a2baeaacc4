// SlabInfo: the figures of one cache at one moment.
//
// Linux: struct slabinfo, mm/slab.h. Read without stopping anybody: figures of a busy cache may not add up exactly.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>What slabinfo shows of a cache.</summary>
/// <linux>struct slabinfo</linux>
public unsafe struct SlabInfo
{
    private fixed byte _name[SlabCache.NameSize];

    /// <summary>Bytes that the caller of an allocation may use.</summary>
    public uint ObjectSize;

    /// <summary>Bytes that an object takes, with alignment and, in debug builds, red zones.</summary>
    public uint Stride;

    /// <summary>Objects with callers.</summary>
    public ulong ActiveObjects;

    /// <summary>Objects in all slabs.</summary>
    public ulong TotalObjects;

    /// <summary>Slabs.</summary>
    public ulong Slabs;

    /// <summary>Slabs of which something is in use, or in a CPU's list.</summary>
    public ulong ActiveSlabs;

    /// <summary>Objects and pages of a slab of the usual size. Where memory was short there are smaller ones.</summary>
    public uint ObjectsPerSlab, PagesPerSlab;

    /// <summary>Free objects in a CPU's list at most, and how many come and go at once.</summary>
    public uint Limit, Batch;

    /// <summary>Pages of all slabs.</summary>
    public ulong Pages;

    /// <summary>Times a CPU's list was empty, all CPUs.</summary>
    public ulong Refills;

    /// <summary>Times a CPU's list was too long, all CPUs.</summary>
    public ulong Flushes;

    /// <summary>The cache's name.</summary>
    [System.Diagnostics.CodeAnalysis.UnscopedRef]
    public readonly ReadOnlySpan<byte> Name
    {
        get
        {
            int length = 0;
            while (length < SlabCache.NameSize && _name[length] != 0)
            {
                length++;
            }

            return new ReadOnlySpan<byte>(Unsafe.AsPointer(ref Unsafe.AsRef(in _name[0])), length);
        }
    }

    internal void Fill(SlabCache* cache)
    {
        ReadOnlySpan<byte> name = SlabCache.Name(cache);
        for (int i = 0; i < name.Length; i++)
        {
            _name[i] = name[i];
        }

        ObjectSize = cache->ObjectSize;
        Stride = cache->Stride;
        PagesPerSlab = 1u << cache->Order;
        ObjectsPerSlab = (DirectMap.PAGE_SIZE << cache->Order) / cache->Stride;
        Limit = SlabCache.OnCpu(cache, 0)->Limit;
        Batch = cache->Batch;
        ulong flags = cache->Lock.LockIrqSave();
        TotalObjects = cache->Objects;
        Slabs = cache->Slabs;
        ActiveSlabs = cache->Slabs - cache->EmptySlabs;
        Pages = cache->SlabPages;
        ulong free = cache->FreeObjects;
        for (int cpu = 0; cpu < MaxCpus; cpu++)
        {
            SlabCpu* list = SlabCache.OnCpu(cache, cpu);
            free += Shared.ReadOnce(ref list->Count);
            Refills += list->Refills;
            Flushes += list->Flushes;
        }

        cache->Lock.UnlockIrqRestore(flags);
        ActiveObjects = TotalObjects - Math.Min(free, TotalObjects);
    }
}
