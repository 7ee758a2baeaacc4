// KernelAddressSpace: builds the page tables that the kernel lives in.
//
// Linux: init_mem_mapping and cleanup_highmap, arch/x86/mm/init.c. Boot only, one CPU, no locks.
//
//   0xffff888000000000  direct map of memory, 64 GB: 1 GB and 2 MB pages inside, 4 KB at ragged ends; no execution
//   0xffffc90000000000  vmalloc and ioremap space
//   0xffffea0000000000  mem_map, one struct Page for each page of memory
//   0xffffffff80000000  the kernel image, 4 KB pages, at its physical address from here on
//
// Invariants. No page is both writable and executable, through any of the views: text is read-only in the direct map as well. The guard page
// below each boot stack is mapped nowhere in the image. The lower half is empty, so page 0 faults. Every entry of the upper half of
// the top table names a table and never changes again, so that any other address space is made by copying these 256 words.

namespace CSharpOS.Mm;

/// <summary>The kernel's own page tables.</summary>
internal static unsafe class KernelAddressSpace
{
    private const int FirstUpperEntry = 256;
    private const int ExceptionStacks = 4;

    /// <summary>Bytes of the guard page below a stack.</summary>
    internal const ulong GuardSize = DirectMap.PAGE_SIZE;

    /// <summary>Builds the tables; <paramref name="largestLevel"/> is that of the largest page the processor has.</summary>
    /// <returns>The physical address of the top table: what CR3 takes.</returns>
    internal static ulong Build(int largestLevel)
    {
        ulong root = Memblock.Alloc(DirectMap.PAGE_SIZE);
        PageTableEntry* top = (PageTableEntry*)DirectMap.PhysToVirt(root);
        int upperEntries = PageTableEntry.EntriesPerTable - FirstUpperEntry;
        ulong tables = Memblock.Alloc((ulong)upperEntries * DirectMap.PAGE_SIZE);
        for (int i = 0; i < upperEntries; i++)
        {
            top[FirstUpperEntry + i] = new PageTableEntry(tables + ((ulong)i * DirectMap.PAGE_SIZE), PageProtection.Table);
        }

        MapImage(root);
        ref readonly MemoryRegions mapped = ref Memblock.Mapped;
        for (int i = 0; i < mapped.Count; i++)
        {
            MapDirect(root, mapped[i].Start, mapped[i].End, largestLevel);
        }

        return root;
    }

    /// <summary>What may be done with the page of the kernel image at <paramref name="address"/>.</summary>
    internal static PageProtection ImageProtection(ulong address)
    {
        if (address >= (ulong)LinkerSymbols.TextStart && address < (ulong)LinkerSymbols.TextEnd)
        {
            return PageProtection.KernelText;
        }

        return address >= (ulong)LinkerSymbols.DataStart && address < DirectMap.PageUp((ulong)LinkerSymbols.BssEnd)
            ? PageProtection.KernelData
            : PageProtection.KernelReadOnly;
    }

    /// <summary>True for the pages below the boot task's stack, the interrupt stack and the exception stacks, and the one above the last.</summary>
    internal static bool IsGuardPage(ulong address)
    {
        if (address == (ulong)LinkerSymbols.InitStackBottom - GuardSize || address == (ulong)LinkerSymbols.IrqStackBottom - GuardSize)
        {
            return true;
        }

        for (int i = 0; i < ExceptionStacks; i++)
        {
            if (address == (ulong)LinkerSymbols.ExceptionStackBottom(i) - GuardSize)
            {
                return true;
            }
        }

        return address == (ulong)LinkerSymbols.ExceptionStackBottom(ExceptionStacks - 1) + AsmOffsets.THREAD_SIZE;
    }

    private static void MapImage(ulong root)
    {
        ulong end = DirectMap.PageUp((ulong)LinkerSymbols.ImageEnd);
        for (ulong address = DirectMap.PageDown((ulong)LinkerSymbols.ImageStart); address != end; address += DirectMap.PAGE_SIZE)
        {
            if (!IsGuardPage(address))
            {
                PageTable.MapRange(root, address, address - AsmOffsets.KERNEL_BASE, DirectMap.PAGE_SIZE, ImageProtection(address), 0);
            }
        }
    }

    // Text and constants of the image are read-only here too: the range is cut at their borders.
    private static void MapDirect(ulong root, ulong start, ulong end, int largestLevel)
    {
        ulong readOnlyStart = DirectMap.PageDown(DirectMap.VirtToPhys(LinkerSymbols.ImageStart));
        ulong readOnlyEnd = DirectMap.PageDown(DirectMap.VirtToPhys(LinkerSymbols.DataStart));
        MapPart(root, start, Math.Min(end, readOnlyStart), PageProtection.KernelData, largestLevel);
        MapPart(root, Math.Max(start, readOnlyStart), Math.Min(end, readOnlyEnd), PageProtection.KernelReadOnly, largestLevel);
        MapPart(root, Math.Max(start, readOnlyEnd), end, PageProtection.KernelData, largestLevel);
    }

    private static void MapPart(ulong root, ulong start, ulong end, PageProtection protection, int largestLevel)
    {
        if (start < end)
        {
            PageTable.MapRange(root, Paging.DirectMapBase + start, start, end - start, protection, largestLevel);
        }
    }
}
