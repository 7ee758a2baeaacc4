// UserMapping: what mmap, munmap, mprotect and brk do.
//
// Linux: mm/mmap.c, mm/mprotect.c. Process context; sleeps. Lock: MmapSem, taken here for writing.

namespace CSharpOS.Mm;

/// <summary>Changing an address space.</summary>
public static unsafe partial class UserMapping
{
    /// <summary>The lowest address that may be mapped: a null pointer with an offset must fault.</summary>
    /// <linux>mmap_min_addr</linux>
    public const ulong MinimumAddress = 0x10000;

    /// <summary>Programs live below 4 GB: a system call by int 0x80 has 32-bit arguments.</summary>
    /// <linux>IA32_PAGE_OFFSET</linux>
    public const ulong TaskSize = 0xffff_e000;

    /// <summary>Maps <paramref name="length"/> bytes.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="address">Where, or near where; a multiple of the page size if <paramref name="isFixed"/>.</param>
    /// <param name="length">Bytes; made a multiple of the page size.</param>
    /// <param name="flags">Rights and kind.</param>
    /// <param name="isFixed">Exactly there, whatever was mapped before.</param>
    /// <param name="backing">Object, operations and page offset of the new area; null for anonymous memory.</param>
    /// <returns>The address; -EINVAL, -ENOMEM.</returns>
    /// <linux>do_mmap_pgoff</linux>
    public static long Map(MmStruct* mm, ulong address, ulong length, VmFlags flags, bool isFixed, VmArea* backing)
    {
        length = DirectMap.PageUp(length);
        if (length == 0)
        {
            return -EINVAL;
        }

        if (length > TaskSize)
        {
            return -ENOMEM;
        }

        if (isFixed && ((address & (DirectMap.PAGE_SIZE - 1)) != 0 || address < MinimumAddress || address > TaskSize - length))
        {
            return (address & (DirectMap.PAGE_SIZE - 1)) != 0 ? -EINVAL : address < MinimumAddress ? -EPERM : -ENOMEM;
        }

        mm->MmapSem.DownWrite();
        long result = MapLocked(mm, DirectMap.PageDown(address), length, flags, isFixed, backing);
        mm->MmapSem.UpWrite();
        return result;
    }

    /// <summary>Takes a range out of the address space. Nothing need be there.</summary>
    /// <returns>0, -EINVAL, -ENOMEM.</returns>
    /// <linux>do_munmap</linux>
    public static int Unmap(MmStruct* mm, ulong address, ulong length)
    {
        if ((address & (DirectMap.PAGE_SIZE - 1)) != 0 || length == 0 || length > Uaccess.TaskSizeMax || address > Uaccess.TaskSizeMax - length)
        {
            return -EINVAL;
        }

        mm->MmapSem.DownWrite();
        int result = UnmapLocked(mm, address, address + DirectMap.PageUp(length));
        mm->MmapSem.UpWrite();
        return result;
    }

    /// <summary>Changes the rights of a range, all of which must be mapped.</summary>
    /// <returns>0, -EINVAL, -ENOMEM.</returns>
    /// <linux>sys_mprotect</linux>
    public static int Protect(MmStruct* mm, ulong address, ulong length, VmFlags rights)
    {
        if ((address & (DirectMap.PAGE_SIZE - 1)) != 0)
        {
            return -EINVAL;
        }

        length = DirectMap.PageUp(length);
        if (length == 0)
        {
            return 0;
        }

        if (length > Uaccess.TaskSizeMax || address > Uaccess.TaskSizeMax - length)
        {
            return -ENOMEM;
        }

        mm->MmapSem.DownWrite();
        int result = ProtectLocked(mm, address, address + length, rights);
        mm->MmapSem.UpWrite();
        return result;
    }

    /// <summary>Moves the end of the heap. 0, or an address that cannot be, changes nothing.</summary>
    /// <returns>Where the end is now.</returns>
    /// <linux>sys_brk</linux>
    public static ulong Brk(MmStruct* mm, ulong brk)
    {
        mm->MmapSem.DownWrite();
        ulong old = DirectMap.PageUp(mm->Brk);
        if (brk >= mm->StartBrk && brk < TaskSize)
        {
            ulong end = DirectMap.PageUp(brk);
            bool done = end <= old
                ? end == old || UnmapLocked(mm, end, old) == 0
                : IsFree(mm, old, end + DirectMap.PAGE_SIZE) && AddArea(mm, old, end, VmFlags.Read | VmFlags.Write, null) == 0;
            if (done)
            {
                mm->Brk = brk;
            }
        }

        ulong result = mm->Brk;
        mm->MmapSem.UpWrite();
        return result;
    }

    /// <summary>Adds an area where nothing is. MmapSem is held for writing, or nobody else knows the address space. 0 or -ENOMEM.</summary>
    internal static int AddArea(MmStruct* mm, ulong start, ulong end, VmFlags flags, VmArea* backing)
    {
        VmArea* area = VmAreas.Allocate(start, end, flags);
        if (area == null)
        {
            return -ENOMEM;
        }

        if (backing != null)
        {
            area->Object = backing->Object;
            area->Operations = backing->Operations;
            area->PageOffset = backing->PageOffset;
            if (area->Operations->Open != null)
            {
                area->Operations->Open(area);
            }
        }

        VmAreas.Insert(mm, area);
        return 0;
    }

    private static long MapLocked(MmStruct* mm, ulong address, ulong length, VmFlags flags, bool isFixed, VmArea* backing)
    {
        if (isFixed)
        {
            int error = UnmapLocked(mm, address, address + length);
            if (error != 0)
            {
                return error;
            }
        }
        else if (address < MinimumAddress || address > TaskSize - length || !IsFree(mm, address, address + length))
        {
            address = FindFree(mm, length);
            if (address == 0)
            {
                return -ENOMEM;
            }
        }

        int result = AddArea(mm, address, address + length, flags, backing);
        return result != 0 ? result : (long)address;
    }

    private static int UnmapLocked(MmStruct* mm, ulong start, ulong end)
    {
        int error = VmAreas.SplitAt(mm, start, end);
        if (error != 0)
        {
            return error;
        }

        VmArea* area = VmAreas.Find(mm, start);
        while (area != null && area->Start < end)
        {
            VmArea* next = VmAreas.Next(mm, area);
            ListHead.Del(&area->Link);
            UserPageTable.Zap(mm, area->Start, area->End);
            VmAreas.Free(area);
            area = next;
        }

        return 0;
    }

    private static int ProtectLocked(MmStruct* mm, ulong start, ulong end, VmFlags rights)
    {
        // All of it must be there before anything is changed.
        ulong covered = start;
        VmArea* area = VmAreas.Find(mm, start);
        while (area != null && area->Start <= covered && covered < end)
        {
            covered = area->End;
            area = VmAreas.Next(mm, area);
        }

        if (covered < end)
        {
            return -ENOMEM;
        }

        int error = VmAreas.SplitAt(mm, start, end);
        if (error != 0)
        {
            return error;
        }

        for (area = VmAreas.Find(mm, start); area != null && area->Start < end; area = VmAreas.Next(mm, area))
        {
            area->Flags = (area->Flags & ~VmFlags.Rights) | rights;
            UserPageTable.Protect(mm, area);
        }

        return 0;
    }

    private static bool IsFree(MmStruct* mm, ulong start, ulong end)
    {
        VmArea* area = VmAreas.Find(mm, start);
        return area == null || area->Start >= end;
    }

    // The highest gap below MmapBase that is large enough; above the heap, so that it can grow.
    private static ulong FindFree(MmStruct* mm, ulong length)
    {
        ulong top = mm->MmapBase;
        for (ListHead* link = mm->Areas.Prev; link != &mm->Areas; link = link->Prev)
        {
            var area = (VmArea*)link;
            if (area->End <= top && top - area->End >= length)
            {
                return top - length;
            }

            top = Math.Min(top, area->Start);
        }

        return top >= MinimumAddress + length ? top - length : 0;
    }
}
