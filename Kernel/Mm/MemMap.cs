// MemMap: the array with one Page for each page of memory.
//
// Linux: mem_map, mm/sparse-vmemmap.c. Init at boot; the arithmetic from any context, no locks.
// The array is virtual: entry n lies at MemMapBase + 64 n, but only blocks of 1024 entries (4 MB of memory) that hold memory are backed.
// 4 MB is the largest buddy block and divides both zone borders, so the buddy of a block of pages with memory always has its entries.
// Invariant: a bit of s_blocks is set exactly if the 64 KB of entries of that block may be touched.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Pages by number and by address.</summary>
public static unsafe class MemMap
{
    /// <summary>Pages of one block, as order of two.</summary>
    internal const int BlockOrder = PageAllocator.MaxOrder;

    /// <summary>Bytes of one block.</summary>
    internal const ulong BlockSize = (ulong)DirectMap.PAGE_SIZE << BlockOrder;

    private const int BlockCount = (int)(DirectMap.MaxPhysical / BlockSize);
    private const int PageStructShift = 6;
    private const int BytesPerStructByte = DirectMap.PAGE_SHIFT - PageStructShift;

    private static BlockBits s_blocks;

    /// <summary>Backs the array with memory, for every block that holds some. All pages are None then.</summary>
    /// <linux>vmemmap_populate</linux>
    internal static void Init()
    {
        s_blocks = default;
        ref readonly MemoryRegions memory = ref Memblock.Memory;
        for (int i = 0; i < memory.Count; i++)
        {
            for (ulong block = memory[i].Start / BlockSize; block * BlockSize < memory[i].End; block++)
            {
                if (!HasBlock(block))
                {
                    Populate(block);
                }
            }
        }
    }

    /// <summary>The page of a page frame number for which <see cref="PfnValid"/> holds.</summary>
    /// <linux>pfn_to_page</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Page* PfnToPage(ulong pfn) => (Page*)(Paging.MemMapBase + (pfn << PageStructShift));

    /// <linux>page_to_pfn</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PageToPfn(Page* page) => ((ulong)page - Paging.MemMapBase) >> PageStructShift;

    /// <summary>The page that holds an address of the direct map.</summary>
    /// <linux>virt_to_page</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Page* VirtToPage(void* pointer)
    {
        // PfnToPage((pointer - DirectMapBase) >> PAGE_SHIFT), with the two bases folded into one constant: kfree does this each time.
        ulong offset = ((ulong)pointer >> BytesPerStructByte) & ~(ulong)((1 << PageStructShift) - 1);
        return (Page*)(offset + (Paging.MemMapBase - (Paging.DirectMapBase >> BytesPerStructByte)));
    }

    /// <linux>page_address</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* PageToVirt(Page* page) => DirectMap.PhysToVirt(PageToPhys(page));

    /// <linux>page_to_phys</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong PageToPhys(Page* page) => PageToPfn(page) << DirectMap.PAGE_SHIFT;

    /// <summary>True if there is an entry for this page frame.</summary>
    /// <linux>pfn_valid</linux>
    public static bool PfnValid(ulong pfn) => pfn < DirectMap.MaxPhysical >> DirectMap.PAGE_SHIFT && HasBlock(pfn >> BlockOrder);

    /// <summary>The page behind a pointer, or null if the pointer is not into memory that mem_map knows. For checks.</summary>
    public static Page* Find(void* pointer) =>
        DirectMap.Contains(pointer) && PfnValid(DirectMap.VirtToPhys(pointer) >> DirectMap.PAGE_SHIFT) ? VirtToPage(pointer) : null;

    private static bool HasBlock(ulong block) => (s_blocks[(int)(block >> 6)] & (1UL << (int)(block & 63))) != 0;

    private static void Populate(ulong block)
    {
        ulong size = (ulong)sizeof(Page) << BlockOrder;
        ulong physical = Memblock.Alloc(size);
        ulong address = Paging.MemMapBase + (block * size);
        for (ulong offset = 0; offset < size; offset += DirectMap.PAGE_SIZE)
        {
            if (Paging.MapPage(address + offset, physical + offset, PageProtection.KernelData) != 0)
            {
                Panic($"cannot map mem_map\n");
            }
        }

        s_blocks[(int)(block >> 6)] |= 1UL << (int)(block & 63);
    }

    [InlineArray(BlockCount / 64)]
    private struct BlockBits
    {
        private ulong _first;
    }
}
