// Vmalloc: memory that is contiguous in address only, and device registers.
//
// Linux: mm/vmalloc.c, arch/x86/mm/ioremap.c. Process context, may sleep: a call in an interrupt is reported. VmallocToPhys: any context.
// Lock: s_lock guards the list of areas, process context only. Pages and page tables are changed outside it: an area belongs to its maker until it
// is in use, and to whoever frees it from the moment it is marked Dying.
// Invariants: the list is sorted by address and no two areas touch: behind each lies one page that is never mapped, so a stride too
// far faults. An area leaves the list only when no processor remembers its pages any more; one whose addresses are kept stays in it, Dying.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>What an area of vmalloc space shows.</summary>
internal enum VmAreaKind
{
    Memory,
    Device,
    Dying,
}

/// <summary>One area of vmalloc space.</summary>
/// <linux>struct vm_struct</linux>
internal unsafe struct VmStruct
{
    internal VmStruct* Next;
    internal ulong Start;

    /// <summary>Bytes, without the guard page.</summary>
    internal ulong Size;

    internal VmAreaKind Kind;

    internal readonly ulong EndWithGuard => Start + Size + DirectMap.PAGE_SIZE;
}

/// <summary>Allocation of address space.</summary>
/// <rows>MM-01</rows>
public static unsafe class Vmalloc
{
    private static SpinLock s_lock;
    private static VmStruct* s_first;
    private static ulong s_memoryBytes;
    private static ulong s_deviceBytes;

    /// <summary>Bytes of all allocations, without guard pages.</summary>
    public static ulong UsedBytes => Shared.ReadOnce(ref s_memoryBytes);

    /// <summary>Bytes of all mapped device registers, in whole pages.</summary>
    public static ulong DeviceBytes => Shared.ReadOnce(ref s_deviceBytes);

    /// <summary>Forgets every area. After Slab.Init.</summary>
    /// <linux>vmalloc_init</linux>
    public static void Init()
    {
        s_lock.Init();
        s_first = null;
        s_memoryBytes = 0;
        s_deviceBytes = 0;
    }

    /// <summary>Allocates <paramref name="size"/> bytes, rounded up to pages, with a guard page behind. May sleep.</summary>
    /// <returns>The memory, page-aligned, with any content; null if there is none or <paramref name="size"/> is 0.</returns>
    /// <linux>vmalloc</linux>
    /// <rows>MM-01</rows>
    public static void* Alloc(nuint size, GfpFlags gfp = GfpFlags.Kernel, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        AllocBetween(Paging.VmallocStart, Paging.VmallocEnd, size, gfp, file, line);

    /// <summary>The same in the kernel's own 2 GB, for the code of a module. <see cref="Free"/> gives it back, too.</summary>
    /// <linux>module_alloc</linux>
    internal static void* AllocModule(nuint size, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        AllocBetween(Paging.ModulesStart, Paging.ModulesEnd, size, GfpFlags.Kernel, file, line);

    private static void* AllocBetween(ulong low, ulong high, nuint size, GfpFlags gfp, string file, int line)
    {
        MightSleep(file, line);
        ulong bytes = size >> DirectMap.PAGE_SHIFT > PageAllocator.ManagedPageCount() ? 0 : DirectMap.PageUp(size);
#if DEBUG_CHECKS
        bytes = AllocationFailure.ShouldFail(size) ? 0 : bytes;
#endif
        VmStruct* area = bytes == 0 ? null : Reserve(bytes, VmAreaKind.Memory, low, high);
        if (area == null)
        {
            return null;
        }

        for (ulong offset = 0; offset < bytes; offset += DirectMap.PAGE_SIZE)
        {
            Page* page = PageAllocator.AllocPagesQuietly(0, gfp);
            if (page == null)
            {
                MemoryReport.AllocationFailed(size, gfp, file, line);
                Release(area);
                return null;
            }

            if (Paging.MapPage(area->Start + offset, MemMap.PageToPhys(page), PageProtection.KernelData) != 0)
            {
                PageAllocator.FreePages(page, 0);
                Release(area);
                return null;
            }
        }

        return (void*)area->Start;
    }

    /// <summary>The same, filled with zeros.</summary>
    /// <linux>vzalloc</linux>
    public static void* AllocZeroed(nuint size, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Alloc(size, GfpFlags.Kernel | GfpFlags.Zero, file, line);

    /// <summary>Frees what <see cref="Alloc"/> gave. Null is fine; anything else that is not the start of an allocation is reported. May sleep.</summary>
    /// <linux>vfree</linux>
    /// <rows>MM-01</rows>
    public static void Free(void* pointer) => Close(pointer, VmAreaKind.Memory, "Vmalloc.Free");

    /// <summary>Gives the memory back but keeps the addresses for good: nothing else is ever there, and whoever still goes there faults. May sleep.</summary>
    internal static void FreeKeepingAddresses(void* pointer) => Close(pointer, VmAreaKind.Memory, "Vmalloc.FreeKeepingAddresses", keepAddresses: true);

    /// <summary>Maps device registers at physical address <paramref name="physical"/>, uncached. May sleep.</summary>
    /// <returns>Where they are; null if there is no memory, the range is empty or wraps around, or is memory that the kernel manages.</returns>
    /// <linux>ioremap</linux>
    public static void* Ioremap(ulong physical, nuint size, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        MightSleep(file, line);
        ulong last = physical + size - 1;
        if (size == 0 || last < physical || last > PageTableEntry.AddressMask)
        {
            return null;
        }

        ulong start = DirectMap.PageDown(physical);
        ulong bytes = DirectMap.PageDown(last) - start + DirectMap.PAGE_SIZE;
        if (PageAllocator.Manages(start, start + bytes))
        {
            MemoryReport.BadPointer(DirectMap.PhysToVirt(physical), "Ioremap");
            return null;
        }

        VmStruct* area = Reserve(bytes, VmAreaKind.Device, Paging.VmallocStart, Paging.VmallocEnd);
        if (area == null)
        {
            return null;
        }

        for (ulong offset = 0; offset < bytes; offset += DirectMap.PAGE_SIZE)
        {
            if (Paging.MapPage(area->Start + offset, start + offset, PageProtection.KernelIo) != 0)
            {
                Release(area);
                return null;
            }
        }

        return (void*)(area->Start + (physical - start));
    }

    /// <summary>Ends a mapping of <see cref="Ioremap"/>. Null is fine. May sleep.</summary>
    /// <linux>iounmap</linux>
    public static void Iounmap(void* pointer) => Close((void*)DirectMap.PageDown((ulong)pointer), VmAreaKind.Device, "Vmalloc.Iounmap");

    /// <summary>The physical address behind an address of vmalloc space; 0 if nothing is mapped there.</summary>
    /// <linux>vmalloc_to_pfn</linux>
    public static ulong VmallocToPhys(void* pointer) =>
        Contains(pointer) && Paging.Translate((ulong)pointer, out ulong physical, out _) ? physical : 0;

    /// <summary>True if the address lies in vmalloc space, mapped or not.</summary>
    /// <linux>is_vmalloc_addr</linux>
    public static bool Contains(void* pointer) => (ulong)pointer >= Paging.VmallocStart && (ulong)pointer < Paging.VmallocEnd;

    // The first hole that is large enough becomes an area.
    private static VmStruct* Reserve(ulong size, VmAreaKind kind, ulong low, ulong high)
    {
        VmStruct* area = Kzalloc<VmStruct>(GfpFlags.Kernel);
        if (area == null)
        {
            return null;
        }

        area->Size = size;
        area->Kind = kind;
        area->Start = low;
        s_lock.Lock();
        VmStruct* before = null;
        VmStruct* next = s_first;
        while (next != null && next->Start < area->EndWithGuard)
        {
            area->Start = next->EndWithGuard > low ? next->EndWithGuard : low;
            before = next;
            next = next->Next;
        }

        bool fits = area->EndWithGuard <= high && area->EndWithGuard > area->Start;
        if (fits)
        {
            area->Next = next;
            if (before == null)
            {
                s_first = area;
            }
            else
            {
                before->Next = area;
            }

            Account(kind, size);
        }

        s_lock.Unlock();
        if (!fits)
        {
            Kfree(area);
            return null;
        }

        return area;
    }

    private static void Close(void* pointer, VmAreaKind kind, string function, bool keepAddresses = false)
    {
        if (pointer == null)
        {
            return;
        }

        MightSleep();
        s_lock.Lock();
        VmStruct* area = s_first;
        while (area != null && (area->Start != (ulong)pointer || area->Kind != kind))
        {
            area = area->Next;
        }

        if (area != null)
        {
            area->Kind = VmAreaKind.Dying;
            Account(kind, 0 - area->Size);
        }

        s_lock.Unlock();
        if (area == null)
        {
            MemoryReport.BadPointer(pointer, function);
            return;
        }

        Unmap(area, kind == VmAreaKind.Memory);
        if (!keepAddresses)
        {
            Remove(area);
        }
    }

    // A half-made area goes.
    private static void Release(VmStruct* area)
    {
        s_lock.Lock();
        VmAreaKind kind = area->Kind;
        area->Kind = VmAreaKind.Dying;
        Account(kind, 0 - area->Size);
        s_lock.Unlock();
        Unmap(area, kind == VmAreaKind.Memory);
        Remove(area);
    }

    // Unmap, make every processor forget, and only then free the pages.
    private static void Unmap(VmStruct* area, bool freePages)
    {
        ListHead pages;
        ListHead.Init(&pages);
        for (ulong offset = 0; offset < area->Size; offset += DirectMap.PAGE_SIZE)
        {
            PageTableEntry entry = Paging.UnmapPage(area->Start + offset);
            if (entry.Present && freePages)
            {
                ListHead.Add(&MemMap.PfnToPage(entry.Physical >> DirectMap.PAGE_SHIFT)->Link, &pages);
            }
        }

        Paging.FlushTlbKernelRange(area->Start, area->Start + area->Size);
        while (!ListHead.Empty(&pages))
        {
            Page* page = Page.OfLink(pages.Next);
            ListHead.Del(&page->Link);
            PageAllocator.FreePages(page, 0);
        }
    }

    // And then the addresses.
    private static void Remove(VmStruct* area)
    {
        s_lock.Lock();
        if (s_first == area)
        {
            s_first = area->Next;
        }
        else
        {
            VmStruct* before = s_first;
            while (before->Next != area)
            {
                before = before->Next;
            }

            before->Next = area->Next;
        }

        s_lock.Unlock();
        Kfree(area);
    }

    private static void Account(VmAreaKind kind, ulong size)
    {
        if (kind == VmAreaKind.Memory)
        {
            Shared.WriteOnce(ref s_memoryBytes, s_memoryBytes + size);
        }
        else
        {
            Shared.WriteOnce(ref s_deviceBytes, s_deviceBytes + size);
        }
    }
}
