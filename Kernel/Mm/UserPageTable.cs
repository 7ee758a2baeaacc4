// UserPageTable: the page table entries of a process.
//
// Linux: mm/memory.c (zap_page_range, copy_page_range, free_pgtables), arch/x86/mm/tlb.c. Process context. Lock: the address space's PageTableLock, taken
// here. Each entry that is not zero holds a reference to its page; it is not present where nothing at all may be done with the page. Invariant: memory is
// given back only after every CPU has forgotten the entry. Every table below the top one is made here and
// stands in the address space's list, so that nobody need look for them at the end.

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
        PageTableEntry* entry = EntryFor(mm, address);
        int error = entry == null ? -ENOMEM : entry->Value != 0 ? -EEXIST : 0;
        if (error == 0)
        {
            PageTable.Write(entry, new PageTableEntry(MemMap.PageToPhys(page), protection));
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

                ulong stop = Math.Min(end, NextTable(address, 1));
                for (; address < stop && count < Batch; address += DirectMap.PAGE_SIZE, entry++)
                {
                    if (entry->Value != 0)
                    {
                        pages[count++] = MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT);
                        PageTable.Write(entry, default);
                    }
                }
            }

            mm->ResidentPages -= count;
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

            ulong stop = Math.Min(area->End, NextTable(address, 1));
            error = CopyTable(to, area, entry, address, stop);
            address = stop;
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
        for (ulong address = from; address < end;)
        {
            PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out int level);
            if (entry == null)
            {
                address = NextTable(address, level);
                continue;
            }

            if (entry->Value != 0)
            {
                PageTableEntry* copy = EntryFor(mm, to + (address - from));
                if (copy == null)
                {
                    error = -ENOMEM;
                    break;
                }

                PageTable.Write(copy, *entry);
                PageAllocator.GetPage(MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT));
                mm->ResidentPages++;
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
        for (; mm->TopEntries != 0; top++)
        {
            if (top->Value != 0)
            {
                PageTable.Write(top, default);
                mm->TopEntries--;
            }
        }

        // The processor keeps the upper levels of the tables too.
        Flush(mm, 0, Uaccess.TaskSizeMax);
        while (!ListHead.Empty(&mm->Tables))
        {
            Page* table = Page.OfLink(mm->Tables.Next);
            ListHead.Del(&table->Link);
            PageAllocator.PutPage(table);
        }
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

    // The part of CopyRange that lies in one last table of the original, whose entry of `address` this is. 0 or -ENOMEM.
    private static int CopyTable(MmStruct* to, VmArea* area, PageTableEntry* entry, ulong address, ulong stop)
    {
        PageTableEntry* table = null;
        for (; address < stop; address += DirectMap.PAGE_SIZE, entry++)
        {
            if (entry->Value == 0)
            {
                continue;
            }

            PageTableEntry* copy = table != null ? table + PageTableEntry.Index(address, 0) : EntryFor(to, address);
            if (copy == null)
            {
                return -ENOMEM;
            }

            table = copy - PageTableEntry.Index(address, 0);
            PageTableEntry value = *entry;
            if (area->IsPrivate && (value.Protection & PageProtection.Writable) != 0)
            {
                value = new PageTableEntry(value.Value & ~(ulong)PageProtection.Writable);
                PageTable.Write(entry, value);
            }

            PageTable.Write(copy, value);
            PageAllocator.GetPage(MemMap.PfnToPage(value.Physical >> DirectMap.PAGE_SHIFT));
            to->ResidentPages++;
        }

        return 0;
    }

    // The last-level entry of an address; the tables on the way are made. Null without memory.
    private static PageTableEntry* EntryFor(MmStruct* mm, ulong address)
    {
        ulong table = mm->Root;
        for (int level = PageTableEntry.TopLevel; level > 0; level--)
        {
            PageTableEntry* entry = PageTable.EntryOf(table, address, level);
            if (!entry->Present && !AddTable(mm, entry, level))
            {
                return null;
            }

            table = entry->Physical;
        }

        return PageTable.EntryOf(table, address, 0);
    }

    private static bool AddTable(MmStruct* mm, PageTableEntry* entry, int level)
    {
        ulong table = PageTable.AllocateTable();
        if (table == 0)
        {
            return false;
        }

        ListHead.Add(&MemMap.PfnToPage(table >> DirectMap.PAGE_SHIFT)->Link, &mm->Tables);
        mm->TopEntries += level == PageTableEntry.TopLevel ? 1 : 0;
        PageTable.Write(entry, new PageTableEntry(table, PageProtection.Table | PageProtection.User));
        return true;
    }

    // The first address behind what the missing table of this level would map: Lookup stopped at the entry of `level` that is not there.
    private static ulong NextTable(ulong address, int level)
    {
        ulong size = PageTableEntry.SizeOfLevel(level);
        return (address & ~(size - 1)) + size;
    }
}
