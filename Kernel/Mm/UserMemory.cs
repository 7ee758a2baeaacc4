// UserMemory: reading the memory of a process that is not the current one.
//
// Linux: access_process_vm, get_user_pages (mm/memory.c). Process context; sleeps: pages that are not there are brought in as if the process had touched them. Takes
// MmapSem (in UserFault) and PageTableLock, one after the other. The page is held while it is copied, so it may be unmapped meanwhile.

namespace CSharpOS.Mm;

/// <summary>Access to the memory of other processes.</summary>
public static unsafe class UserMemory
{
    /// <summary>Copies <paramref name="count"/> bytes from <paramref name="address"/> of an address space. The caller holds it (<see cref="AddressSpaces.OfTask"/>).</summary>
    /// <returns>How many were copied: fewer, if something cannot be read.</returns>
    /// <linux>access_process_vm</linux>
    public static nuint ReadFrom(MmStruct* mm, ulong address, void* buffer, nuint count)
    {
        MightSleep();
        nuint copied = 0;
        while (copied < count && address < Uaccess.TaskSizeMax)
        {
            Page* page = GetPage(mm, address);
            if (page == null)
            {
                break;
            }

            nuint offset = (nuint)(address & (DirectMap.PAGE_SIZE - 1));
            nuint part = Math.Min(count - copied, (nuint)DirectMap.PAGE_SIZE - offset);
            new ReadOnlySpan<byte>((byte*)MemMap.PageToVirt(page) + offset, (int)part).CopyTo(new Span<byte>((byte*)buffer + copied, (int)part));
            PageAllocator.PutPage(page);
            copied += part;
            address += part;
        }

        return copied;
    }

    // The page at the address with a reference; null if nothing can be read there. One that was brought in may be gone again before it is looked at.
    private static Page* GetPage(MmStruct* mm, ulong address)
    {
        while (true)
        {
            mm->PageTableLock.Lock();
            PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out _);
            Page* page = null;
            if (entry != null && entry->Present)
            {
                page = MemMap.PfnToPage(entry->Physical >> DirectMap.PAGE_SHIFT);
                PageAllocator.GetPage(page);
            }

            mm->PageTableLock.Unlock();
            if (page != null || UserFault.Handle(mm, address, 0) != 0)
            {
                return page;
            }
        }
    }
}
