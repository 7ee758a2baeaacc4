// VmArea: a stretch of a process's address space with the same rights and the same contents behind it.
//
// Linux: struct vm_area_struct, include/linux/mm_types.h, mm/mmap.c (find_vma, split_vma). Guarded by the address space's semaphore: read to look,
// write to change. Invariant: the areas of a space are in the order of their addresses, do not overlap, and begin and end at pages.

using System.Runtime.InteropServices;

namespace CSharpOS.Mm;

/// <summary>What may be done with an area, and what it is.</summary>
[Flags]
public enum VmFlags
{
    None = 0,

    /// <linux>VM_READ</linux>
    Read = 1,

    /// <linux>VM_WRITE</linux>
    Write = 2,

    /// <linux>VM_EXEC</linux>
    Exec = 4,

    /// <summary>What is written is seen by all who map it, and in the file.</summary>
    /// <linux>VM_SHARED</linux>
    Shared = 8,

    /// <summary>Grows when the page below it is touched: a stack.</summary>
    /// <linux>VM_GROWSDOWN</linux>
    GrowsDown = 0x100,

    /// <summary>The three rights.</summary>
    Rights = Read | Write | Exec,
}

/// <summary>What stands behind an area that is not anonymous memory.</summary>
/// <linux>vm_operations_struct</linux>
public unsafe struct VmOperations
{
    /// <summary>Gives the page with number <c>index</c> of the object, with a reference for the caller. 0; -ENOMEM; -EFAULT behind the end. Process
    /// context, sleeps.</summary>
    public delegate*<VmArea*, ulong, Page**, int> Fault;

    /// <summary>The area has been copied: one more user of its object.</summary>
    public delegate*<VmArea*, void> Open;

    /// <summary>The area goes away.</summary>
    public delegate*<VmArea*, void> Close;
}

/// <summary>One area.</summary>
/// <linux>vm_area_struct</linux>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct VmArea
{
    internal ListHead Link;

    /// <summary>The first byte, and the first behind the last.</summary>
    public ulong Start, End;

    /// <summary>Rights and kind.</summary>
    public VmFlags Flags;

    /// <summary>The page of the object that <see cref="Start"/> shows.</summary>
    /// <linux>vm_pgoff</linux>
    public ulong PageOffset;

    /// <summary>What is mapped; null for anonymous memory.</summary>
    /// <linux>vm_file</linux>
    public void* Object;

    /// <summary>How to get at it; null for anonymous memory.</summary>
    public VmOperations* Operations;

    /// <summary>True if a write by one process must not be seen by others.</summary>
    internal readonly bool IsPrivate => (Flags & VmFlags.Shared) == 0;

    /// <summary>The rights of a page of this area, to be written only if <paramref name="writable"/>.</summary>
    /// <linux>vm_page_prot</linux>
    internal readonly PageProtection Protection(bool writable)
    {
        PageProtection protection = PageProtection.Present | PageProtection.User | PageProtection.Accessed;
        if (writable && (Flags & VmFlags.Write) != 0)
        {
            protection |= PageProtection.Writable | PageProtection.Dirty;
        }

        return (Flags & VmFlags.Exec) != 0 ? protection : protection | PageProtection.NoExecute;
    }
}

/// <summary>The list of areas of an address space.</summary>
internal static unsafe class VmAreas
{
    private static SlabCache* s_cache;

    internal static void Init() => s_cache = KmemCacheCreate("vm_area_struct"u8, (nuint)sizeof(VmArea));

    /// <summary>A new area in no list; null without memory. May sleep.</summary>
    internal static VmArea* Allocate(ulong start, ulong end, VmFlags flags)
    {
        var area = (VmArea*)KmemCacheAlloc(s_cache, GfpFlags.Kernel);
        if (area != null)
        {
            *area = default;
            area->Start = start;
            area->End = end;
            area->Flags = flags;
        }

        return area;
    }

    /// <summary>Frees an area that is in no list any more, and lets its object go.</summary>
    internal static void Free(VmArea* area)
    {
        if (area->Operations != null && area->Operations->Close != null)
        {
            area->Operations->Close(area);
        }

        KmemCacheFree(s_cache, area);
    }

    /// <summary>A copy, in no list, with its own hold on the object; null without memory.</summary>
    internal static VmArea* Copy(VmArea* area)
    {
        VmArea* copy = Allocate(area->Start, area->End, area->Flags);
        if (copy == null)
        {
            return null;
        }

        copy->PageOffset = area->PageOffset;
        copy->Object = area->Object;
        copy->Operations = area->Operations;
        if (copy->Operations != null && copy->Operations->Open != null)
        {
            copy->Operations->Open(copy);
        }

        return copy;
    }

    /// <summary>The first area that ends above <paramref name="address"/>: it holds the address or lies above it. Null if there is none.</summary>
    /// <linux>find_vma</linux>
    internal static VmArea* Find(MmStruct* mm, ulong address)
    {
        for (ListHead* link = mm->Areas.Next; link != &mm->Areas; link = link->Next)
        {
            var area = (VmArea*)link;
            if (address < area->End)
            {
                return area;
            }
        }

        return null;
    }

    /// <summary>The area behind <paramref name="area"/>, null at the end.</summary>
    internal static VmArea* Next(MmStruct* mm, VmArea* area) =>
        area->Link.Next == &mm->Areas ? null : (VmArea*)area->Link.Next;

    /// <summary>Puts an area where its addresses belong. Nothing may be there. An anonymous one is joined with its neighbours where the rights
    /// agree, so that a growing heap stays one area; the area given may then be freed.</summary>
    /// <linux>insert_vm_struct, vma_merge</linux>
    internal static void Insert(MmStruct* mm, VmArea* area)
    {
        VmArea* above = Find(mm, area->Start);
        ListHead* before = above == null ? mm->Areas.Prev : above->Link.Prev;
        if (above != null && area->End == above->Start && CanJoin(area, above))
        {
            above->Start = area->Start;
            Free(area);
            area = above;
        }
        else
        {
            ListHead.Add(&area->Link, before);
        }

        var below = (VmArea*)area->Link.Prev;
        if (&below->Link != &mm->Areas && below->End == area->Start && CanJoin(below, area))
        {
            below->End = area->End;
            ListHead.Del(&area->Link);
            Free(area);
        }
    }

    /// <summary>Makes two areas of one, the second beginning at <paramref name="address"/>. 0 or -ENOMEM.</summary>
    /// <linux>split_vma</linux>
    internal static int Split(VmArea* area, ulong address)
    {
        VmArea* upper = Copy(area);
        if (upper == null)
        {
            return -ENOMEM;
        }

        upper->Start = address;
        upper->PageOffset += (address - area->Start) >> DirectMap.PAGE_SHIFT;
        area->End = address;
        ListHead.Add(&upper->Link, &area->Link);
        return 0;
    }

    /// <summary>Makes sure that no area crosses <paramref name="start"/> or <paramref name="end"/>. 0 or -ENOMEM.</summary>
    internal static int SplitAt(MmStruct* mm, ulong start, ulong end)
    {
        VmArea* area = Find(mm, start);
        if (area != null && area->Start < start)
        {
            int error = Split(area, start);
            if (error != 0)
            {
                return error;
            }
        }

        area = Find(mm, end);
        return area != null && area->Start < end ? Split(area, end) : 0;
    }

    private static bool CanJoin(VmArea* lower, VmArea* upper) =>
        lower->Object == null && upper->Object == null && lower->Flags == upper->Flags && (lower->Flags & (VmFlags.GrowsDown | VmFlags.Shared)) == 0;
}
