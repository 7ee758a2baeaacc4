// Smp.Trampoline: the page below 1 MB from which other CPUs start.
//
// Linux: setup_trampoline, arch/i386/kernel/smpboot.c. Process context of the boot CPU, while it starts the others. The page is one of those that Memblock
// keeps for this purpose; the page tables that show it are given back at the end. They are the only ones in which that page can be executed, and it
// cannot be written there.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    private const int Tables = 4;

    private static ulong s_identityRoot;
    private static ulong s_trampolinePage;
    private static TrampolineTables s_tables;

    // A page of real-mode memory with the code, and page tables that show it where it is.
    private static bool PrepareTrampoline()
    {
        s_trampolinePage = RealModePage();
        bool ready = s_trampolinePage != 0;
        for (int i = 0; i < Tables; i++)
        {
            s_tables[i] = (nuint)PageAllocator.GetZeroedPage(GfpFlags.Kernel | GfpFlags.Dma32);
            ready &= s_tables[i] != 0;
        }

        if (!ready)
        {
            Printk(LogLevel.Error, $"SMP: no memory to start other CPUs from\n");
            FreeTrampoline();
            return false;
        }

        // The upper half is the kernel's, the lower shows one page.
        s_identityRoot = DirectMap.VirtToPhys((void*)s_tables[0]);
        const int UpperHalf = PageTableEntry.EntriesPerTable / 2 * sizeof(ulong);
        new ReadOnlySpan<byte>((byte*)DirectMap.PhysToVirt(Paging.Root) + UpperHalf, UpperHalf)
            .CopyTo(new Span<byte>((byte*)s_tables[0] + UpperHalf, UpperHalf));
        for (int level = PageTableEntry.TopLevel; level > 0; level--)
        {
            int table = PageTableEntry.TopLevel - level;
            ((PageTableEntry*)s_tables[table])[PageTableEntry.Index(s_trampolinePage, level)] =
                new PageTableEntry(DirectMap.VirtToPhys((void*)s_tables[table + 1]), PageProtection.Table);
        }

        ((PageTableEntry*)s_tables[Tables - 1])[PageTableEntry.Index(s_trampolinePage, 0)] =
            new PageTableEntry(s_trampolinePage, PageProtection.Present | PageProtection.Accessed);
        TrampolineTable* image = AsmImports.TrampolineTable();
        new ReadOnlySpan<byte>(image->Start, (int)(image->End - image->Start))
            .CopyTo(new Span<byte>(DirectMap.PhysToVirt(s_trampolinePage), (int)DirectMap.PAGE_SIZE));
        return true;
    }

    // A page of what Memblock keeps for this, that the firmware calls memory: from 32 KB, else from 4 KB up. 0 if there is none.
    private static ulong RealModePage()
    {
        const ulong Middle = Memblock.RealModeEnd / 2;
        for (ulong offset = 0; offset < Memblock.RealModeEnd; offset += DirectMap.PAGE_SIZE)
        {
            ulong page = (Middle + offset) % Memblock.RealModeEnd;
            if (page != 0 && IsMemory(page, page + DirectMap.PAGE_SIZE))
            {
                return page;
            }
        }

        return 0;
    }

    private static bool IsMemory(ulong start, ulong end)
    {
        bool usable = false;
        for (int i = 0; i < BootInfo.RangeCount; i++)
        {
            ref MemoryRange range = ref BootInfo.Range(i);
            bool overlaps = range.Base < end && start < range.Base + range.Length;
            if (overlaps && range.Type != MemoryRangeType.Usable)
            {
                return false;
            }

            usable |= overlaps && range.Base <= start && end <= range.Base + range.Length;
        }

        return usable;
    }

    private static void FreeTrampoline()
    {
        for (int i = 0; i < Tables; i++)
        {
            if (s_tables[i] != 0)
            {
                PageAllocator.FreePage((void*)s_tables[i]);
                s_tables[i] = 0;
            }
        }
    }

    [InlineArray(Tables)]
    private struct TrampolineTables
    {
        private nuint _first;
    }
}
