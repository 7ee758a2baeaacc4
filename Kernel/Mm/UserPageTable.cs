// UserPageTable: the page table entries of a process.
//
// Linux: mm/memory.c (zap_page_range, copy_page_range, free_pgtables), arch/x86/mm/tlb.c. Process context. Lock: the address space's PageTableLock, taken
// here. Each entry that is not zero holds a reference to its page; it is not present where nothing at all may be done with the page. Invariant: memory is
// given back only after every CPU has forgotten the entry.

namespace CSharpOS.Mm;

/// <summary>Operations on the lower half of an address space.</summary>
internal static unsafe class UserPageTable
{
    // Pages that are let go between two flushes.
    private const int Batch = 64;

    /// <summary>Puts <paramref name="page"/> at <paramref name="address"/>; the reference goes with it.</summary>
    /// <returns>0; -EEXIST if somebody was faster; -ENOMEM. Then the reference is still the caller's.</returns>
    internal static int Map(MmStruct* mm, ulong address, Page* page, PageProtection protection)
    {
        mm->PageTableLock.Lock();
        int error = PageTable.Map(mm->Root, address, MemMap.PageToPhys(page), protection, 0);
        if (error == 0)
        {
            mm->ResidentPages++;
            mm->HighestResident = Math.Max(mm->HighestResident, mm->ResidentPages);
        }

        mm->PageTableLock.Unlock();
        return error;
    }

    /// <summary>Takes all pages of a range out and lets them go.</summary>
    /// <linux>zap_page_range</linux>
    internal static void Zap(MmStruct* mm, ulong start, ulong end)
    {
        Page** pages = stackalloc Page*[Batch];
        ulong address = start;
        while (address < end)
        {
            int count = 0;
            ulong first = address;
            mm->PageTableLock.Lock();
            while (address < end && count < Batch)
            {
                PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out int level);
                if (entry == null)
                {
                    address = NextTable(address, level);
                    continue;
                }

                if (entry->Value != 0)
                {
                    pages[count++] = MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT);
                    PageTable.Write(entry, default);
                    mm->ResidentPages--;
                }

                address += DirectMap.PAGE_SIZE;
            }

            mm->PageTableLock.Unlock();
            if (count != 0)
            {
                Flush(mm, first, address);
            }

            for (int i = 0; i < count; i++)
            {
                PageAllocator.PutPage(pages[i]);
            }
        }
    }

    /// <summary>Gives the copy of an area the pages that the original has. What both may write from now on by themselves becomes read-only in both.</summary>
    /// <returns>0 or -ENOMEM.</returns>
    /// <linux>copy_page_range</linux>
    internal static int CopyRange(MmStruct* from, MmStruct* to, VmArea* area)
    {
        int error = 0;
        from->PageTableLock.Lock();
        for (ulong address = area->Start; address < area->End && error == 0;)
        {
            PageTableEntry* entry = PageTable.Lookup(from->Root, address, out int level);
            if (entry == null)
            {
                address = NextTable(address, level);
                continue;
            }

            if (entry->Value != 0)
            {
                PageProtection protection = entry->Protection;
                if (area->IsPrivate && (protection & PageProtection.Writable) != 0)
                {
                    protection &= ~PageProtection.Writable;
                    PageTable.Write(entry, new PageTableEntry(entry->Physical, protection));
                }

                error = PageTable.Map(to->Root, address, entry->Physical, protection, 0);
                if (error == 0)
                {
                    PageAllocator.GetPage(MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT));
                    to->ResidentPages++;
                }
            }

            address += DirectMap.PAGE_SIZE;
        }

        from->PageTableLock.Unlock();
        to->HighestResident = to->ResidentPages;
        return error;
    }

    /// <summary>Shows the pages of <paramref name="from"/> to <paramref name="end"/> at <paramref name="to"/> as well. Nothing may be mapped there.</summary>
    /// <returns>0 or -ENOMEM.</returns>
    /// <linux>move_page_tables</linux>
    internal static int Repeat(MmStruct* mm, ulong from, ulong end, ulong to)
    {
        int error = 0;
        mm->PageTableLock.Lock();
        for (ulong address = from; address < end && error == 0;)
        {
            PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out int level);
            if (entry == null)
            {
                address = NextTable(address, level);
                continue;
            }

            if (entry->Value != 0)
            {
                error = PageTable.Map(mm->Root, to + (address - from), entry->Physical, entry->Protection, 0);
                if (error == 0)
                {
                    PageAllocator.GetPage(MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT));
                    mm->ResidentPages++;
                }
            }

            address += DirectMap.PAGE_SIZE;
        }

        mm->PageTableLock.Unlock();
        return error;
    }

    /// <summary>Gives present pages of a range the rights that <paramref name="area"/> has now. Pages that may be somebody else's too stay read-only:
    /// the write fault decides.</summary>
    /// <linux>change_protection</linux>
    internal static void Protect(MmStruct* mm, VmArea* area)
    {
        mm->PageTableLock.Lock();
        for (ulong address = area->Start; address < area->End;)
        {
            PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out int level);
            if (entry == null)
            {
                address = NextTable(address, level);
                continue;
            }

            if (entry->Value != 0)
            {
                bool writable = !area->IsPrivate || (entry->Protection & PageProtection.Writable) != 0;
                bool accessible = (area->Flags & VmFlags.Rights) != 0;
                PageProtection protection = area->Protection(writable);
                PageTable.Write(entry, new PageTableEntry(entry->Physical, accessible ? protection : protection & ~PageProtection.Present));
            }

            address += DirectMap.PAGE_SIZE;
        }

        mm->PageTableLock.Unlock();
        Flush(mm, area->Start, area->End);
    }

    /// <summary>Frees the tables below the top one. Nothing is mapped any more, and nobody lives here.</summary>
    /// <linux>free_pgtables</linux>
    internal static void FreeTables(MmStruct* mm)
    {
        Flush(mm, 0, Uaccess.TaskSizeMax);
        var top = (PageTableEntry*)DirectMap.PhysToVirt(mm->Root);
        for (int i = 0; i < PageTableEntry.EntriesPerTable / 2; i++)
        {
            if (top[i].Present)
            {
                FreeTable(top[i].Physical, PageTableEntry.TopLevel - 1);
                PageTable.Write(&top[i], default);
            }
        }

        // The processor keeps the upper levels of the tables too.
        Flush(mm, 0, Uaccess.TaskSizeMax);
    }

    /// <summary>Makes every CPU that is on these page tables forget a range, and waits until all have. Preemptible process context, no spinning lock
    /// held.</summary>
    /// <linux>flush_tlb_range</linux>
    internal static void Flush(MmStruct* mm, ulong start, ulong end)
    {
        PreemptDisable();
        uint mask = (uint)Shared.ReadOnce(ref mm->CpuMask);
        uint me = 1u << SmpProcessorId();
        if ((mask & me) != 0)
        {
            Paging.FlushTlbLocal(start, end);
        }

        if ((mask & ~me) != 0)
        {
            Smp.FlushTlb(mask & ~me, start, end);
        }

        PreemptEnable();
    }

    private static void FreeTable(ulong table, int level)
    {
        var entries = (PageTableEntry*)DirectMap.PhysToVirt(table);
        for (int i = 0; level > 0 && i < PageTableEntry.EntriesPerTable; i++)
        {
            if (entries[i].Present)
            {
                FreeTable(entries[i].Physical, level - 1);
            }
        }

        PageAllocator.FreePage(entries);
    }

    // The first address behind what the missing table of this level would map: Lookup stopped at the entry of `level` that is not there.
    private static ulong NextTable(ulong address, int level)
    {
        ulong size = PageTableEntry.SizeOfLevel(level);
        return (address & ~(size - 1)) + size;
    }
}
