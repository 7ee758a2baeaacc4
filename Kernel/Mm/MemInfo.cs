// MemInfo: where the memory is, in figures.
//
// Linux: fs/proc/meminfo.c. Process context; takes the slab list's lock for a moment. All figures are bytes of one moment each, not of the same.

namespace CSharpOS.Mm;

/// <summary>The figures of one zone, in bytes.</summary>
public struct ZoneInfo
{
    /// <summary>Given to the allocator.</summary>
    public ulong Managed;

    /// <summary>Free now.</summary>
    public ulong Free;

    /// <summary>The reserve for GFP_ATOMIC.</summary>
    public ulong Minimum;
}

/// <summary>The figures of memory, in bytes.</summary>
/// <linux>struct sysinfo</linux>
public unsafe struct MemInfo
{
    /// <summary>What the firmware calls memory.</summary>
    public ulong Total;

    /// <summary>Of that, what the allocators manage; the rest is the kernel image, page tables and mem_map.</summary>
    public ulong Managed;

    /// <summary>Free in all zones.</summary>
    public ulong Free;

    /// <summary>In slabs: kmalloc and caches.</summary>
    public ulong Slab;

    /// <summary>Allocated with vmalloc.</summary>
    public ulong VmallocUsed;

    /// <summary>Device registers mapped by ioremap.</summary>
    public ulong IoremapUsed;

    public ZoneInfo Dma;
    public ZoneInfo Dma32;
    public ZoneInfo Normal;

    /// <summary>Of this moment.</summary>
    /// <linux>si_meminfo</linux>
    public static MemInfo Get() => new()
    {
        Total = Memblock.TotalMemory,
        Managed = PageAllocator.ManagedPageCount() << DirectMap.PAGE_SHIFT,
        Free = PageAllocator.FreePageCount() << DirectMap.PAGE_SHIFT,
        Slab = Mm.Slab.TotalPages() << DirectMap.PAGE_SHIFT,
        VmallocUsed = Vmalloc.UsedBytes,
        IoremapUsed = Vmalloc.DeviceBytes,
        Dma = OfZone(0),
        Dma32 = OfZone(1),
        Normal = OfZone(2),
    };

    private static ZoneInfo OfZone(int index)
    {
        Zone* zone = PageAllocator.ZoneAt(index);
        return new ZoneInfo
        {
            Managed = zone->ManagedPages << DirectMap.PAGE_SHIFT,
            Free = Shared.ReadOnce(ref zone->FreePages) << DirectMap.PAGE_SHIFT,
            Minimum = zone->PagesMin << DirectMap.PAGE_SHIFT,
        };
    }
}
