// Memblock: memory before there is a page allocator.
//
// Linux: mm/memblock.c. Boot only: one CPU, interrupts off, no locks. Two sets of ranges: what is memory, and which of it is taken.
// Alloc gives whole pages from the top of the memory below 4 GB, so that the scarce pages below 16 MB stay free and the boot page tables reach
// what it gives; PageAllocator.Init takes over everything that is left, and from then on Alloc is an error.
// Firmware maps are not believed: ranges may overlap, be empty, wrap around, come in any order. A byte that any entry calls something
// other than usable is not used.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Mm;

/// <summary>The early allocator.</summary>
/// <linux>memblock</linux>
public static unsafe class Memblock
{
    /// <summary>The first 64 KB hold the real-mode vectors and the BIOS data area, and later the start-up code of other CPUs.</summary>
    public const ulong RealModeEnd = 64 << 10;

    /// <summary>From 640 KB to 1 MB lie the screen and firmware, whatever the map says.</summary>
    public const ulong IsaHoleStart = 640 << 10;

    /// <summary>The end of the ISA hole.</summary>
    public const ulong IsaHoleEnd = 1 << 20;

    private const ulong AllocLimit = 4UL << 30;
    private const ulong RootPointerLength = 36;

    private static MemoryRegions s_memory;
    private static MemoryRegions s_reserved;
    private static MemoryRegions s_mapped;
    private static bool s_handedOver;
    private static int s_lostRanges;

    /// <summary>All memory that the firmware gave, sorted, in whole pages.</summary>
    internal static ref readonly MemoryRegions Memory => ref s_memory;

    /// <summary>What is taken of it.</summary>
    internal static ref readonly MemoryRegions Reserved => ref s_reserved;

    /// <summary>What the direct map shows: all memory, the ACPI tables and the first megabyte.</summary>
    internal static ref readonly MemoryRegions Mapped => ref s_mapped;

    /// <summary>Bytes of memory that the firmware gave.</summary>
    /// <linux>memblock_phys_mem_size</linux>
    public static ulong TotalMemory => s_memory.TotalSize();

    /// <summary>True until the page allocator takes over.</summary>
    internal static bool Active => !s_handedOver;

    /// <summary>Ranges of the map that found no place in the tables and are not used.</summary>
    public static int LostRanges => s_lostRanges;

    /// <summary>Reads the memory map of the boot information. Panics if there is none.</summary>
    /// <linux>e820__memblock_setup</linux>
    public static void Init()
    {
        MemoryRange* ranges = BootInfo.RangeCount > 0 ? (MemoryRange*)Unsafe.AsPointer(ref BootInfo.Range(0)) : null;
        Init(ranges, BootInfo.RangeCount);
        KeepModule(BootInfo.ModuleStart, BootInfo.ModuleEnd);
        if (BootInfo.AcpiRsdp != 0)
        {
            // multiboot2 passes a copy of the root pointer in memory that the map calls usable. ACPI reads it much later.
            Reserve(BootInfo.AcpiRsdp, BootInfo.AcpiRsdp + RootPointerLength);
        }

        if (s_lostRanges + BootInfo.RangesLost > 0)
        {
            Printk(LogLevel.Warning, $"memory map: {s_lostRanges + BootInfo.RangesLost} ranges do not fit the tables and are not used\n");
        }
    }

    /// <summary>The same for any map.</summary>
    internal static void Init(MemoryRange* ranges, int count)
    {
        s_memory.Clear();
        s_reserved.Clear();
        s_mapped.Clear();
        s_handedOver = false;
        s_lostRanges = 0;

        for (int i = 0; i < count; i++)
        {
            if (ranges[i].Type == MemoryRangeType.Usable && Clip(ranges[i].Base, ranges[i].Length, out ulong start, out ulong end)
                && !s_memory.Add(DirectMap.PageUp(start), DirectMap.PageDown(end)))
            {
                s_lostRanges++;
            }
        }

        for (int i = 0; i < count; i++)
        {
            if (!Clip(ranges[i].Base, ranges[i].Length, out ulong start, out ulong end))
            {
                continue;
            }

            if (ranges[i].Type is MemoryRangeType.Usable or MemoryRangeType.AcpiReclaimable or MemoryRangeType.AcpiNvs)
            {
                s_mapped.Add(DirectMap.PageDown(start), DirectMap.PageUp(end));
            }

            if (ranges[i].Type != MemoryRangeType.Usable && s_memory.Overlaps(DirectMap.PageDown(start), DirectMap.PageUp(end)))
            {
                Reserve(start, end);
            }
        }

        s_mapped.Add(0, IsaHoleEnd);
        Reserve(0, RealModeEnd);
        Reserve(IsaHoleStart, IsaHoleEnd);
        Reserve(DirectMap.VirtToPhys(LinkerSymbols.ImageStart), DirectMap.VirtToPhys(LinkerSymbols.ImageEnd));
        if (s_memory.Count == 0)
        {
            Panic($"the boot loader gave no memory map with usable memory\n");
        }
    }

    /// <summary>Keeps the pages from <paramref name="start"/> up to <paramref name="end"/> (physical) out of use.</summary>
    /// <linux>memblock_reserve</linux>
    public static void Reserve(ulong start, ulong end)
    {
        if (start < end && start < DirectMap.MaxPhysical)
        {
            s_reserved.AddCovering(DirectMap.PageDown(start), DirectMap.PageUp(Math.Min(end, DirectMap.MaxPhysical)));
        }
    }

    /// <summary>Takes back what <see cref="Reserve"/> did for whole pages, when the page allocator is about to own them.</summary>
    /// <returns>False where the table is full: they stay out of use.</returns>
    /// <linux>memblock_free</linux>
    internal static bool Release(ulong start, ulong end) => s_reserved.Remove(start, end);

    /// <summary>Takes <paramref name="size"/> bytes, rounded up to pages, zeroed, for good. Panics when there are none: the
    /// machine has too little memory to start.</summary>
    /// <returns>The physical address, a multiple of <paramref name="align"/> and of the page size.</returns>
    /// <linux>memblock_phys_alloc</linux>
    public static ulong Alloc(ulong size, ulong align = DirectMap.PAGE_SIZE)
    {
        size = DirectMap.PageUp(size);
        ulong physical = s_handedOver ? 0 : Find(size, Math.Max(align, DirectMap.PAGE_SIZE));
        if (physical == 0)
        {
            Panic($"too little memory to start: {size >> 10} KB wanted, {TotalMemory >> 10} KB in all\n");
        }

        s_reserved.AddCovering(physical, physical + size);
        MemoryFill.Clear(DirectMap.PhysToVirt(physical), (nuint)size);
        return physical;
    }

    /// <summary>Walks the memory that nobody has taken. Start with a zeroed <paramref name="region"/>; false at the end.</summary>
    /// <linux>for_each_free_mem_range</linux>
    internal static bool NextFree(ref MemoryRegion region)
    {
        ulong position = region.End;
        for (int i = 0; i < s_memory.Count; i++)
        {
            ulong start = Math.Max(position, s_memory[i].Start);
            ulong end = s_memory[i].End;
            for (int r = 0; r < s_reserved.Count && start < end; r++)
            {
                MemoryRegion taken = s_reserved[r];
                if (taken.Start > start)
                {
                    end = Math.Min(end, taken.Start);
                    break;
                }

                start = Math.Max(start, taken.End);
            }

            if (start < end)
            {
                region.Start = start;
                region.End = end;
                return true;
            }
        }

        return false;
    }

    /// <summary>The page allocator owns the free memory now.</summary>
    internal static void HandOver() => s_handedOver = true;

    private static ulong Find(ulong size, ulong align)
    {
        for (int i = s_memory.Count - 1; i >= 0; i--)
        {
            ulong start = s_memory[i].Start;
            ulong top = Math.Min(s_memory[i].End, AllocLimit);
            for (int r = s_reserved.Count - 1; top > start; r--)
            {
                ulong bottom = r >= 0 ? Math.Max(start, s_reserved[r].End) : start;
                if (top > bottom && top - bottom >= size && ((top - size) & ~(align - 1)) >= bottom)
                {
                    return (top - size) & ~(align - 1);
                }

                if (r < 0)
                {
                    break;
                }

                top = Math.Min(top, s_reserved[r].Start);
            }
        }

        return 0;
    }

    // The loader's module lies in memory that nothing else has: whole pages of it become the page allocator's later.
    private static void KeepModule(ulong start, ulong end)
    {
        ulong firstPage = DirectMap.PageUp(start), lastPage = DirectMap.PageDown(end);
        if (start < end && end <= DirectMap.MaxPhysical && s_memory.Covers(start, end) && !s_reserved.Overlaps(firstPage, lastPage))
        {
            Reserve(start, end);
        }
        else if (start != end)
        {
            Printk(LogLevel.Error, $"the boot loader's module from {start:x} to {end:x} does not lie in usable memory: ignored\n");
            BootInfo.DropModule();
        }
    }

    // The part of a range that lies below MaxPhysical; false if nothing does.
    private static bool Clip(ulong address, ulong length, out ulong start, out ulong end)
    {
        start = address;
        end = address + length < address ? DirectMap.MaxPhysical : Math.Min(address + length, DirectMap.MaxPhysical);
        return start < end;
    }
}
