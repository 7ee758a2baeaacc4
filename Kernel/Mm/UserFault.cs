// UserFault: bringing a page in when a program, or the kernel on its behalf, touches it.
//
// Linux: do_page_fault, handle_mm_fault, do_wp_page, expand_stack (mm/memory.c, mm/mmap.c). Process context, interrupts on; sleeps. Takes MmapSem to
// read, so two threads may fault on one page at once: the entry is looked at again under PageTableLock, and the slower one gives its page back.

namespace CSharpOS.Mm;

/// <summary>Page faults of user memory.</summary>
/// <rows>MM-02</rows>
public static unsafe class UserFault
{
    /// <summary>How far below the lowest page of a stack a touch still makes it grow, and how large it may become, in bytes.</summary>
    /// <linux>RLIMIT_STACK</linux>
    public const ulong MaxStack = 8 << 20;

    private const ulong ErrorPresent = 1, ErrorWrite = 2, ErrorInstruction = 16;

    /// <summary>Serves a fault at <paramref name="address"/> of the current process.</summary>
    /// <param name="mm">Its address space.</param>
    /// <param name="address">Where.</param>
    /// <param name="error">The processor's error code.</param>
    /// <returns>0: try the instruction again. -EFAULT: nothing is mapped there (SIGSEGV, SEGV_MAPERR). -EACCES: not in that way (SEGV_ACCERR).
    /// -EIO: behind the end of a file (SIGBUS). -ENOMEM.</returns>
    /// <linux>handle_mm_fault</linux>
    public static int Handle(MmStruct* mm, ulong address, ulong error)
    {
        mm->MmapSem.DownRead();
        VmArea* area = VmAreas.Find(mm, address);
        if (area != null && area->Start > address && (area->Flags & VmFlags.GrowsDown) != 0)
        {
            // Growing changes the list: only the writer may.
            mm->MmapSem.UpRead();
            mm->MmapSem.DownWrite();
            area = Expand(mm, address);
            mm->MmapSem.DowngradeWrite();
        }

        int result = -EFAULT;
        if (area != null && area->Start <= address)
        {
            result = Allows(area, error) ? Serve(mm, area, DirectMap.PageDown(address), error) : -EACCES;
        }

        mm->MmapSem.UpRead();
        return result;
    }

    private static bool Allows(VmArea* area, ulong error) =>
        (error & ErrorWrite) != 0 ? (area->Flags & VmFlags.Write) != 0
        : (error & ErrorInstruction) != 0 ? (area->Flags & VmFlags.Exec) != 0
        : (area->Flags & (VmFlags.Read | VmFlags.Exec | VmFlags.Write)) != 0;

    private static int Serve(MmStruct* mm, VmArea* area, ulong address, ulong error)
    {
        bool write = (error & ErrorWrite) != 0;
        mm->PageTableLock.Lock();
        PageTableEntry* entry = PageTable.Lookup(mm->Root, address, out _);
        PageTableEntry found = entry == null ? default : *entry;
        if (found.Present)
        {
            if (write && (found.Protection & PageProtection.Writable) == 0)
            {
                return WriteShared(mm, area, address, entry);
            }

            // Another thread was faster, or the rights have grown since.
            mm->PageTableLock.Unlock();
            UserPageTable.Flush(mm, address, address + DirectMap.PAGE_SIZE);
            return 0;
        }

        mm->PageTableLock.Unlock();
        bool copied = false;
        Page* page = null;
        int result = area->Operations == null ? NewPage(&page) : OfObject(area, address, write, &page, &copied);
        if (result != 0)
        {
            return result;
        }

        bool writable = area->Operations == null || copied || !area->IsPrivate;
        result = UserPageTable.Map(mm, address, page, area->Protection(writable));
        if (result != 0)
        {
            PageAllocator.PutPage(page);
        }

        return result == -EEXIST ? 0 : result;
    }

    // A write to a page that is mapped read-only though the area may be written: somebody else has it too, or had. Comes with PageTableLock held.
    private static int WriteShared(MmStruct* mm, VmArea* area, ulong address, PageTableEntry* entry)
    {
        PageTableEntry found = *entry;
        Page* page = MemMap.PfnToPage(found.Physical >> DirectMap.PAGE_SHIFT);
        if (!area->IsPrivate || page->RefCount.Read() == 1)
        {
            PageTable.Write(entry, new PageTableEntry(found.Physical, area->Protection(writable: true)));
            mm->PageTableLock.Unlock();
            UserPageTable.Flush(mm, address, address + DirectMap.PAGE_SIZE);
            return 0;
        }

        PageAllocator.GetPage(page);
        mm->PageTableLock.Unlock();
        Page* copy = PageAllocator.AllocPages(0, GfpFlags.Kernel);
        if (copy == null)
        {
            PageAllocator.PutPage(page);
            return -ENOMEM;
        }

        CopyPage(page, copy);
        mm->PageTableLock.Lock();
        bool same = entry->Value == found.Value;
        if (same)
        {
            PageTable.Write(entry, new PageTableEntry(MemMap.PageToPhys(copy), area->Protection(writable: true)));
        }

        mm->PageTableLock.Unlock();
        UserPageTable.Flush(mm, address, address + DirectMap.PAGE_SIZE);

        // The hold of the copying, and the one of the entry that is gone; or else the page that nobody needs.
        PageAllocator.PutPage(page);
        PageAllocator.PutPage(same ? page : copy);
        return 0;
    }

    private static int NewPage(Page** page)
    {
        *page = PageAllocator.AllocPages(0, GfpFlags.Kernel | GfpFlags.Zero);
        return *page == null ? -ENOMEM : 0;
    }

    // A page of a file. A private one that is written to is copied at once.
    private static int OfObject(VmArea* area, ulong address, bool write, Page** page, bool* copied)
    {
        ulong index = area->PageOffset + ((address - area->Start) >> DirectMap.PAGE_SHIFT);
        int error = area->Operations->Fault(area, index, page);
        if (error != 0 || !write || !area->IsPrivate)
        {
            return error == -EFAULT ? -EIO : error;
        }

        Page* original = *page;
        *page = PageAllocator.AllocPages(0, GfpFlags.Kernel);
        if (*page != null)
        {
            CopyPage(original, *page);
            *copied = true;
        }

        PageAllocator.PutPage(original);
        return *page == null ? -ENOMEM : 0;
    }

    private static void CopyPage(Page* from, Page* to) =>
        new ReadOnlySpan<byte>(MemMap.PageToVirt(from), (int)DirectMap.PAGE_SIZE).CopyTo(new Span<byte>(MemMap.PageToVirt(to), (int)DirectMap.PAGE_SIZE));

    // The stack grows down to the page of the address, if it may and nothing is in the way. A page stays free below it.
    private static VmArea* Expand(MmStruct* mm, ulong address)
    {
        VmArea* area = VmAreas.Find(mm, address);
        if (area == null || area->Start <= address || (area->Flags & VmFlags.GrowsDown) == 0)
        {
            return area;
        }

        ulong start = DirectMap.PageDown(address);
        var below = (VmArea*)area->Link.Prev;
        bool free = &below->Link == &mm->Areas || below->End + DirectMap.PAGE_SIZE <= start;
        if (area->End - start <= MaxStack && free)
        {
            area->Start = start;
        }

        return area;
    }
}
