// MmStruct: the address space of a process.
//
// Linux: struct mm_struct, kernel/fork.c (mm_alloc, mmput, mmdrop), include/asm-x86/mmu_context.h. Two counts: Users are the tasks that live in it; with
// the last one its memory goes. References keep the structure and the top table: one for all users together, one for each CPU that is on its page
// tables (PerCpuHot.LoadedMm): a kernel thread runs on whatever tables its CPU has.
// Locks: MmapSem guards the list of areas and the numbers; PageTableLock the page table entries. Order: MmapSem, PageTableLock, a zone's lock.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Mm;

/// <summary>An address space.</summary>
/// <linux>mm_struct</linux>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct MmStruct
{
    /// <summary>Physical address of the top page table.</summary>
    /// <linux>pgd</linux>
    internal ulong Root;

    /// <summary>CPUs that may remember entries of it, one bit each.</summary>
    /// <linux>cpu_vm_mask</linux>
    internal int CpuMask;

    /// <summary>Tasks that live in it.</summary>
    /// <linux>mm_users</linux>
    internal Atomic Users;

    /// <summary>Holds on the structure.</summary>
    /// <linux>mm_count</linux>
    internal Atomic References;

    /// <linux>mmap_sem</linux>
    internal RwSemaphore MmapSem;

    /// <linux>page_table_lock</linux>
    internal SpinLock PageTableLock;

    /// <summary>The areas, <see cref="VmArea.Link"/>.</summary>
    internal ListHead Areas;

    /// <summary>The page tables below the top one, <see cref="Page.Link"/>, and how many entries of that name one. Guarded by PageTableLock.</summary>
    internal ListHead Tables;

    /// <inheritdoc cref="Tables"/>
    internal int TopEntries;

    /// <summary>Borders of the program's parts, for the heap and for /proc.</summary>
    public ulong StartCode, EndCode, StartData, EndData, StartBrk, Brk, StartStack, ArgStart, ArgEnd, EnvStart, EnvEnd;

    /// <summary>Pages that are present, and the most there ever were.</summary>
    /// <linux>rss</linux>
    internal int ResidentPages, HighestResident;

    /// <summary>Where new mappings are put, downwards from here.</summary>
    /// <linux>mmap_base</linux>
    public ulong MmapBase;

    /// <summary>The program's file, for /proc/PID/exe.</summary>
    internal Fs.File* Executable;
}

/// <summary>Making, sharing and ending address spaces.</summary>
public static unsafe class AddressSpaces
{
    private static SlabCache* s_cache;

    /// <summary>Boot, after the slab caches.</summary>
    internal static void Init()
    {
        s_cache = KmemCacheCreate("mm_struct"u8, (nuint)sizeof(MmStruct));
        VmAreas.Init();
    }

    /// <summary>An empty address space with one user; null without memory. Process context; may sleep.</summary>
    /// <linux>mm_alloc</linux>
    public static MmStruct* Allocate()
    {
        var mm = (MmStruct*)KmemCacheAlloc(s_cache, GfpFlags.Kernel);
        if (mm == null)
        {
            return null;
        }

        *mm = default;
        mm->Root = Paging.NewUserRoot();
        if (mm->Root == 0)
        {
            KmemCacheFree(s_cache, mm);
            return null;
        }

        mm->Users.Set(1);
        mm->References.Set(1);
        mm->MmapSem.Init();
        mm->PageTableLock.Init();
        ListHead.Init(&mm->Areas);
        ListHead.Init(&mm->Tables);
        return mm;
    }

    /// <summary>One more task lives in it.</summary>
    /// <linux>mmget</linux>
    public static void Get(MmStruct* mm) => mm->Users.Inc();

    /// <summary>A task leaves it: with the last one all memory goes. Process context; may sleep.</summary>
    /// <linux>mmput</linux>
    public static void Put(MmStruct* mm)
    {
        MightSleep();
        if (mm->Users.DecAndTest())
        {
            UnmapEverything(mm);
            Drop(mm);
        }
    }

    /// <summary>One hold on the structure less. Any context with interrupts on.</summary>
    /// <linux>mmdrop</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Drop(MmStruct* mm)
    {
        if (mm->References.DecAndTest())
        {
            Free(mm);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Free(MmStruct* mm)
    {
        PageAllocator.FreePage(DirectMap.PhysToVirt(mm->Root));
        KmemCacheFree(s_cache, mm);
    }

    /// <summary>The address space of another task, with a hold as of a user (<see cref="Put"/>); null if it has none.</summary>
    /// <linux>get_task_mm</linux>
    public static MmStruct* OfTask(TaskStruct* task)
    {
        MmStruct* found = null;
        ulong flags = task->MmLock.LockIrqSave();
        if (task->Mm != null)
        {
            found = task->Mm;
            Get(found);
        }

        task->MmLock.UnlockIrqRestore(flags);
        return found;
    }

    /// <summary>A copy for a forked process: the same areas; private pages are shared until one of the two writes. Process context; may sleep.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>dup_mmap</linux>
    public static MmStruct* Duplicate(MmStruct* from)
    {
        MmStruct* copy = Allocate();
        if (copy == null)
        {
            return null;
        }

        bool complete = true;
        from->MmapSem.DownWrite();
        CopyNumbers(from, copy);
        for (ListHead* link = from->Areas.Next; complete && link != &from->Areas; link = link->Next)
        {
            VmArea* area = VmAreas.Copy((VmArea*)link);
            complete = area != null;
            if (complete)
            {
                ListHead.AddTail(&area->Link, &copy->Areas);
                complete = UserPageTable.CopyRange(from, copy, area) == 0;
            }
        }

        UserPageTable.Flush(from, 0, Uaccess.TaskSizeMax);
        from->MmapSem.UpWrite();
        if (complete)
        {
            return copy;
        }

        Put(copy);
        return null;
    }

    private static void CopyNumbers(MmStruct* from, MmStruct* to)
    {
        to->StartCode = from->StartCode;
        to->EndCode = from->EndCode;
        to->StartData = from->StartData;
        to->EndData = from->EndData;
        to->StartBrk = from->StartBrk;
        to->Brk = from->Brk;
        to->StartStack = from->StartStack;
        to->ArgStart = from->ArgStart;
        to->ArgEnd = from->ArgEnd;
        to->EnvStart = from->EnvStart;
        to->EnvEnd = from->EnvEnd;
        to->MmapBase = from->MmapBase;
        to->Executable = from->Executable;
        if (to->Executable != null)
        {
            Fs.Files.Get(to->Executable);
        }
    }

    // Nobody lives in it: no lock is needed, but other CPUs may still be on its tables with a kernel thread.
    private static void UnmapEverything(MmStruct* mm)
    {
        while (!ListHead.Empty(&mm->Areas))
        {
            var area = (VmArea*)mm->Areas.Next;
            UserPageTable.Zap(mm, area->Start, area->End);
            ListHead.Del(&area->Link);
            VmAreas.Free(area);
        }

        UserPageTable.FreeTables(mm);
        Fs.Files.Put(mm->Executable);
        mm->Executable = null;
    }
}
