// UserMapping.Move: mremap.
//
// Linux: mm/mremap.c. Process context; sleeps. Lock: MmapSem, taken here for writing, so that no fault is served meanwhile; a thread on another CPU may go on
// using the old addresses until they are gone.

namespace CSharpOS.Mm;

public static unsafe partial class UserMapping
{
    /// <summary>Makes a mapping longer or shorter, and moves it if it must and may.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="address">Its first page.</param>
    /// <param name="oldLength">Bytes that it has; all in one area.</param>
    /// <param name="newLength">Bytes that it shall have.</param>
    /// <param name="mayMove">It may get other addresses.</param>
    /// <param name="target">Where it shall lie exactly, whatever was mapped there; 0: anywhere.</param>
    /// <returns>Where it is; -EINVAL; -EFAULT if it is not mapped like that; -ENOMEM.</returns>
    /// <linux>do_mremap</linux>
    public static long Move(MmStruct* mm, ulong address, ulong oldLength, ulong newLength, bool mayMove, ulong target)
    {
        const ulong Offset = DirectMap.PAGE_SIZE - 1;
        if ((address & Offset) != 0 || oldLength - 1 >= TaskSize || newLength - 1 >= TaskSize || address > TaskSize - oldLength)
        {
            return -EINVAL;
        }

        oldLength = DirectMap.PageUp(oldLength);
        newLength = DirectMap.PageUp(newLength);
        bool overlap = target < address + oldLength && address < target + newLength;
        if (target != 0 && ((target & Offset) != 0 || target < MinimumAddress || target > TaskSize - newLength || overlap))
        {
            return -EINVAL;
        }

        mm->MmapSem.DownWrite();
        long result = MoveLocked(mm, address, oldLength, newLength, mayMove, target);
        mm->MmapSem.UpWrite();
        return result;
    }

    private static long MoveLocked(MmStruct* mm, ulong address, ulong oldLength, ulong newLength, bool mayMove, ulong target)
    {
        VmArea* area = VmAreas.Find(mm, address);
        if (area == null || area->Start > address || area->End < address + oldLength)
        {
            return -EFAULT;
        }

        if (newLength < oldLength)
        {
            int error = UnmapLocked(mm, address + newLength, address + oldLength);
            if (error != 0)
            {
                return error;
            }

            oldLength = newLength;
            area = VmAreas.Find(mm, address);
        }

        if (target == 0 && newLength == oldLength)
        {
            return (long)address;
        }

        ulong end = address + newLength;
        if (target == 0 && area->End == address + oldLength && end <= TaskSize && IsFree(mm, area->End, end))
        {
            area->End = end;
            return (long)address;
        }

        return mayMove ? Relocate(mm, area, address, oldLength, newLength, target) : -ENOMEM;
    }

    // The pages are shown at both places before the old one goes: what fails leaves it as it was.
    private static long Relocate(MmStruct* mm, VmArea* area, ulong address, ulong oldLength, ulong newLength, ulong target)
    {
        if (target != 0)
        {
            int error = UnmapLocked(mm, target, target + newLength);
            if (error != 0)
            {
                return error;
            }
        }

        ulong place = target != 0 ? target : FindFree(mm, newLength);
        VmArea* moved = place == 0 ? null : VmAreas.Copy(area);
        if (moved == null)
        {
            return -ENOMEM;
        }

        moved->PageOffset += (address - area->Start) >> DirectMap.PAGE_SHIFT;
        moved->Start = place;
        moved->End = place + newLength;
        if (UserPageTable.Repeat(mm, address, address + oldLength, place) != 0)
        {
            UserPageTable.Zap(mm, place, place + newLength);
            VmAreas.Free(moved);
            return -ENOMEM;
        }

        VmAreas.Insert(mm, moved);
        int result = UnmapLocked(mm, address, address + oldLength);
        return result != 0 ? result : (long)place;
    }
}
