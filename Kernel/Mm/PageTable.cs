// PageTable: walking and changing a four-level page table.
//
// Linux: mm/memory.c, arch/x86/mm/pgtable.c. Works on any table by its physical root; it neither loads CR3 nor flushes the TLB (Paging does).
// Contexts: any; never sleeps. Locks: none, the caller holds the lock of the address space (Paging's for the kernel).
// Invariant: tables are only added, never freed, so a lookup may run beside a change and sees the old or the new word.
// Tables come from Memblock until the page allocator stands, then from it with GFP_ATOMIC.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Operations on page tables.</summary>
internal static unsafe class PageTable
{
    /// <summary>An empty table. Physical address, 0 when there is no memory.</summary>
    /// <linux>pgd_alloc</linux>
    internal static ulong AllocateTable()
    {
        if (Memblock.Active)
        {
            return Memblock.Alloc(DirectMap.PAGE_SIZE);
        }

        void* table = PageAllocator.GetZeroedPage(GfpFlags.Atomic);
        return table == null ? 0 : DirectMap.VirtToPhys(table);
    }

    /// <summary>Finds the word that maps <paramref name="address"/>.</summary>
    /// <returns>The last-level or large entry, present or not; null if a table on the way is missing.</returns>
    /// <linux>lookup_address</linux>
    internal static PageTableEntry* Lookup(ulong root, ulong address, out int level)
    {
        ulong table = root;
        for (level = PageTableEntry.TopLevel; ; level--)
        {
            PageTableEntry* entry = EntryOf(table, address, level);
            if (level == 0 || (entry->Present && entry->Large))
            {
                return entry;
            }

            if (!entry->Present)
            {
                return null;
            }

            table = entry->Physical;
        }
    }

    /// <summary>The physical address that <paramref name="address"/> is mapped to; false if to none.</summary>
    internal static bool Translate(ulong root, ulong address, out ulong physical, out PageProtection protection)
    {
        physical = 0;
        protection = PageProtection.None;
        PageTableEntry* entry = Lookup(root, address, out int level);
        if (entry == null || !entry->Present)
        {
            return false;
        }

        ulong inside = PageTableEntry.SizeOfLevel(level) - 1;
        physical = (entry->Physical & ~inside) | (address & inside);
        protection = entry->Protection;
        return true;
    }

    /// <summary>Maps one page of the size of <paramref name="level"/>: 0 for 4 KB, 1 for 2 MB, 2 for 1 GB.</summary>
    /// <returns>0; -ENOMEM without memory for a table; -EEXIST if something is mapped there.</returns>
    /// <linux>map_kernel_range_noflush</linux>
    internal static int Map(ulong root, ulong address, ulong physical, PageProtection protection, int level)
    {
        ulong table = root;
        for (int at = PageTableEntry.TopLevel; at > level; at--)
        {
            PageTableEntry* entry = EntryOf(table, address, at);
            if (!entry->Present)
            {
                ulong next = AllocateTable();
                if (next == 0)
                {
                    return -ENOMEM;
                }

                Write(entry, new PageTableEntry(next, PageProtection.Table | (protection & PageProtection.User)));
            }
            else if (entry->Large)
            {
                return -EEXIST;
            }

            table = entry->Physical;
        }

        PageTableEntry* last = EntryOf(table, address, level);
        if (last->Value != 0)
        {
            return -EEXIST;
        }

        Write(last, new PageTableEntry(physical, level == 0 ? protection : protection | PageProtection.Large));
        return 0;
    }

    /// <summary>Maps a range with the largest pages that fit, up to those of <paramref name="largestLevel"/>. Boot only: panics
    /// when something is in the way.</summary>
    /// <linux>kernel_physical_mapping_init</linux>
    internal static void MapRange(ulong root, ulong address, ulong physical, ulong length, PageProtection protection, int largestLevel)
    {
        while (length > 0)
        {
            int level = largestLevel;
            while (((address | physical) & (PageTableEntry.SizeOfLevel(level) - 1)) != 0 || length < PageTableEntry.SizeOfLevel(level))
            {
                level--;
            }

            int error = Map(root, address, physical, protection, level);
            if (error != 0)
            {
                Panic($"cannot map 0x{physical:x} at 0x{address:x}: error {error}\n");
            }

            address += PageTableEntry.SizeOfLevel(level);
            physical += PageTableEntry.SizeOfLevel(level);
            length -= PageTableEntry.SizeOfLevel(level);
        }
    }

    /// <summary>Takes a 4 KB page out. Flush the TLB before the memory is used again.</summary>
    /// <returns>What was mapped there; not present if nothing was.</returns>
    /// <linux>unmap_kernel_range_noflush</linux>
    internal static PageTableEntry Unmap(ulong root, ulong address)
    {
        PageTableEntry* entry = Lookup(root, address, out int level);
        if (entry == null || level != 0)
        {
            return default;
        }

        PageTableEntry before = *entry;
        Write(entry, default);
        return before;
    }

    /// <summary>Gives a mapped 4 KB page another protection. Flush the TLB before relying on it.</summary>
    /// <returns>0; -ENOENT if nothing is mapped there; -EINVAL if it lies in a large page.</returns>
    /// <linux>change_page_attr</linux>
    internal static int Protect(ulong root, ulong address, PageProtection protection)
    {
        PageTableEntry* entry = Lookup(root, address, out int level);
        if (entry == null || !entry->Present)
        {
            return -ENOENT;
        }

        if (level != 0)
        {
            return -EINVAL;
        }

        Write(entry, new PageTableEntry(entry->Physical, protection));
        return 0;
    }

    /// <summary>The word of <paramref name="address"/> in a table of <paramref name="level"/>.</summary>
    /// <linux>pte_offset_kernel</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static PageTableEntry* EntryOf(ulong table, ulong address, int level) =>
        (PageTableEntry*)DirectMap.PhysToVirt(table) + PageTableEntry.Index(address, level);

    // One store: the processor may walk this table right now.
    internal static void Write(PageTableEntry* entry, PageTableEntry value) => Shared.WriteOnce(ref *(ulong*)entry, value.Value);
}
