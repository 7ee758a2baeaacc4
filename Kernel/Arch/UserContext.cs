// UserContext: what the processor keeps of a program besides the registers on its kernel stack, and how it follows the task from CPU to CPU.
//
// Linux: struct thread_struct, __switch_to (arch/x86/kernel/process_64.c), i387.c, tls.c. Interrupts off in the switch, which holds the run queue: nothing
// is freed here. The kernel itself uses two xmm registers, which the entry code saves; the others, the x87 unit, MXCSR and the upper halves of the YMM
// registers are always those of the last program that ran on the CPU.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>The part of a program's registers that a switch between programs exchanges.</summary>
/// <linux>thread_struct</linux>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct UserContext
{
    /// <summary>Descriptors for thread-local storage.</summary>
    /// <linux>GDT_ENTRY_TLS_ENTRIES</linux>
    public const int TlsEntries = 3;

    /// <summary>Bases of fs and gs as arch_prctl has set them.</summary>
    public ulong FsBase, GsBase;

    /// <summary>The selectors: ds, es, fs, gs from the lowest word up.</summary>
    internal ulong Segments;

    internal fixed ulong Tls[TlsEntries];

    /// <summary>x87, MXCSR and what xsave keeps; null for kernel threads.</summary>
    internal byte* Fpu;

    /// <summary>True once a base or a descriptor above has been set: then a switch to the task has to look at them.</summary>
    internal bool HasBases;
}

/// <summary>Changing over between programs.</summary>
public static unsafe class UserSwitch
{
    private const uint FsBaseRegister = 0xc0000100, KernelGsBaseRegister = 0xc0000102;
    private const ushort DefaultControlWord = 0x37f;
    private const uint DefaultMxcsr = 0x1f80;
    private const int MxcsrOffset = 24;

    private static SlabCache* s_fpuCache;

    /// <summary>Boot, after the slab caches and <see cref="CpuFeatures.Enable"/>.</summary>
    internal static void Init() => s_fpuCache = KmemCacheCreate("fpu"u8, CpuFeatures.FpuStateSize, 64);

    /// <summary>Gives a task room for its floating-point state, in its initial state. 0 or -ENOMEM; may sleep.</summary>
    internal static int AllocateFpu(TaskStruct* task)
    {
        if (task->User.Fpu == null)
        {
            task->User.Fpu = (byte*)KmemCacheAlloc(s_fpuCache, GfpFlags.Kernel);
        }

        if (task->User.Fpu == null)
        {
            return -ENOMEM;
        }

        ResetFpu(task->User.Fpu);
        return 0;
    }

    /// <summary>Frees it.</summary>
    internal static void FreeFpu(TaskStruct* task)
    {
        if (task->User.Fpu != null)
        {
            KmemCacheFree(s_fpuCache, task->User.Fpu);
            task->User.Fpu = null;
        }
    }

    /// <summary>A new program begins in the running task: nothing of the old one is left in the registers.</summary>
    /// <linux>flush_thread</linux>
    internal static void Reset(TaskStruct* task)
    {
        ulong flags = LocalIrqSave();
        byte* fpu = task->User.Fpu;
        task->User = default;
        task->User.Fpu = fpu;
        ResetFpu(fpu);
        Load(task);
        LocalIrqRestore(flags);
    }

    /// <summary>The child begins with the state that the running task has now.</summary>
    internal static void Copy(TaskStruct* child)
    {
        ulong flags = LocalIrqSave();
        TaskStruct* task = Current;
        Save(task);
        byte* fpu = child->User.Fpu;
        child->User = task->User;
        child->User.Fpu = fpu;
        new ReadOnlySpan<byte>(task->User.Fpu, (int)CpuFeatures.FpuStateSize).CopyTo(new Span<byte>(fpu, (int)CpuFeatures.FpuStateSize));
        LocalIrqRestore(flags);
    }

    /// <summary>Puts the running task onto the page tables of <paramref name="mm"/>, in place of its own. Process context.</summary>
    /// <linux>activate_mm</linux>
    internal static void Activate(MmStruct* mm)
    {
        ulong flags = LocalIrqSave();
        LoadMm(Hot, mm);
        MmStruct* dropped = TakeDropped();
        LocalIrqRestore(flags);
        if (dropped != null)
        {
            AddressSpaces.Drop(dropped);
        }
    }

    /// <summary>The same for the kernel's own page tables: the running task has left its address space.</summary>
    internal static void Deactivate()
    {
        ulong flags = LocalIrqSave();
        PerCpuHot* hot = Hot;
        MmStruct* mm = hot->LoadedMm;
        if (mm != null)
        {
            Paging.LoadKernelRoot();
            hot->LoadedMm = null;
            Shared.ClearBit(hot->CpuNumber, ref mm->CpuMask);
        }

        LocalIrqRestore(flags);
        if (mm != null)
        {
            AddressSpaces.Drop(mm);
        }
    }

    /// <summary>From one task to another, one of which at least is a program. Run queue locked, interrupts off.</summary>
    /// <linux>__switch_to</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Switch(TaskStruct* previous, TaskStruct* next)
    {
        ulong segments = AsmImports.ReadSegments();
        if (previous->Mm != null)
        {
            previous->User.Segments = segments;
            SaveFpu(previous);
        }

        if (next->Mm != null)
        {
            PerCpuHot* hot = Hot;
            LoadMm(hot, next->Mm);
            if (segments == next->User.Segments && hot->PlainBases && !next->User.HasBases)
            {
                // Everything is there already. A program cannot have changed the bases behind the kernel's back: without descriptors for thread-local
                // storage every selector that it may load has base 0.
                *hot->EntryStack = (ulong)next->Stack + AsmOffsets.THREAD_SIZE;
                LoadFpu(next);
            }
            else
            {
                Load(next);
            }
        }
    }

    /// <summary>What the last switch left behind: whoever unlocks the run queue drops it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static MmStruct* TakeDropped()
    {
        PerCpuHot* hot = Hot;
        MmStruct* dropped = hot->DroppedMm;
        if (dropped != null)
        {
            hot->DroppedMm = null;
        }

        return dropped;
    }

    /// <summary>Writes the registers of the running program to its memory, for a signal frame or a look from outside. Interrupts off.</summary>
    internal static void Save(TaskStruct* task)
    {
        task->User.Segments = AsmImports.ReadSegments();
        SaveFpu(task);
    }

    /// <summary>Puts them back, after a change. Interrupts off.</summary>
    internal static void Load(TaskStruct* task)
    {
        PerCpuHot* hot = Hot;
        *hot->EntryStack = (ulong)task->Stack + AsmOffsets.THREAD_SIZE;
        Gdt.SetTls(hot->CpuNumber, task->User.Tls);
        ulong segments = task->User.Segments;
        uint fs = Usable(task, (ushort)(segments >> 32)), gs = Usable(task, (ushort)(segments >> 48));
        AsmImports.LoadDs(Usable(task, (ushort)segments));
        AsmImports.LoadEs(Usable(task, (ushort)(segments >> 16)));
        AsmImports.LoadFs(fs);
        AsmImports.LoadUserGs(gs);

        // A selector that is not null has its base from the descriptor.
        if (fs == 0)
        {
            AsmImports.Wrmsr(FsBaseRegister, task->User.FsBase);
        }

        if (gs == 0)
        {
            AsmImports.Wrmsr(KernelGsBaseRegister, task->User.GsBase);
        }

        hot->PlainBases = !task->User.HasBases;
        LoadFpu(task);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SaveFpu(TaskStruct* task)
    {
        if (CpuFeatures.Xsave)
        {
            AsmImports.Xsave(task->User.Fpu, CpuFeatures.XsaveFeatures);
        }
        else
        {
            AsmImports.Fxsave(task->User.Fpu);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadFpu(TaskStruct* task)
    {
        if (CpuFeatures.Xsave)
        {
            AsmImports.Xrstor(task->User.Fpu, CpuFeatures.XsaveFeatures);
        }
        else
        {
            AsmImports.Fxrstor(task->User.Fpu);
        }
    }

    // The selector, or null where its load would fault: the descriptor may be gone since the program loaded it.
    private static uint Usable(TaskStruct* task, uint selector)
    {
        // Present, privilege 3, code or data.
        const ulong UserSegment = 0x0000_f000_0000_0000;
        int tls = (int)(selector >> 3) - Gdt.FirstTlsEntry;
        if ((uint)tls < UserContext.TlsEntries && (selector & 4) == 0)
        {
            return (task->User.Tls[tls] & UserSegment) == UserSegment ? selector : 0;
        }

        return selector is AsmOffsets.USER_DS or AsmOffsets.USER32_CS or AsmOffsets.USER_CS ? selector : 0;
    }

    // The CPU holds the address space whose tables it is on; the hold on the one before goes when the run queue is free again.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadMm(PerCpuHot* hot, MmStruct* mm)
    {
        MmStruct* old = hot->LoadedMm;
        if (old == mm)
        {
            return;
        }

        mm->References.Inc();

        // The bit first: from now on flushes reach this CPU.
        int cpu = hot->CpuNumber;
        Shared.SetBit(cpu, ref mm->CpuMask);
        AsmImports.WriteCr3(mm->Root);
        hot->LoadedMm = mm;
        hot->DroppedMm = old;
        if (old != null)
        {
            Shared.ClearBit(cpu, ref old->CpuMask);
        }
    }

    private static void ResetFpu(byte* fpu)
    {
        new Span<byte>(fpu, (int)CpuFeatures.FpuStateSize).Clear();
        *(ushort*)fpu = DefaultControlWord;
        *(uint*)(fpu + MxcsrOffset) = DefaultMxcsr;
        if (CpuFeatures.XsaveFeatures != 0)
        {
            // The header behind the old area: which parts are valid. x87 and SSE are; the rest is in its initial state.
            *(ulong*)(fpu + 512) = 3;
        }
    }
}
