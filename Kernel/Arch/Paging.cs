// Paging: the page tables the kernel runs on, and the processor's part in them.
//
// Linux: arch/x86/mm/init_64.c, pageattr.c, tlb.c. Init once at boot with interrupts off; the rest from any context, never sleeps.
// Lock: s_lock (interrupts off) guards the kernel's tables; a page of memory may be allocated under it, so it comes before a zone's lock.
// Invariant: what is unmapped or loses a right goes through FlushTlbKernelRange before anybody relies on it. That is the one place that has
// to tell the other processors. What was not mapped before needs no flush: the processor remembers no absent pages.
// The layout of the upper half is drawn in Kernel/Mm/KernelAddressSpace.cs. The hosted kernel replaces this class: same members.

using CSharpOS.Mm;

namespace CSharpOS.Arch;

/// <summary>The kernel's address space.</summary>
public static unsafe class Paging
{
    /// <summary>Where physical address 0 appears in the direct map.</summary>
    /// <linux>PAGE_OFFSET</linux>
    public const ulong DirectMapBase = AsmOffsets.DIRECT_MAP_BASE;

    /// <linux>VMALLOC_START</linux>
    public const ulong VmallocStart = 0xffffc90000000000;

    /// <linux>VMALLOC_END</linux>
    public const ulong VmallocEnd = VmallocStart + (512UL << 30);

    /// <summary>Where mem_map lies.</summary>
    /// <linux>VMEMMAP_START</linux>
    public const ulong MemMapBase = 0xffffea0000000000;

    /// <summary>Room for loaded modules: in the same 2 GB as the kernel, so that 32-bit relative calls reach.</summary>
    /// <linux>MODULES_VADDR</linux>
    public const ulong ModulesStart = 0xffffffffa0000000;

    /// <linux>MODULES_END</linux>
    public const ulong ModulesEnd = 0xffffffffff000000;

    private const uint EferRegister = 0xc0000080;
    private const ulong EferNoExecute = 1 << 11;
    private const ulong Cr0WriteProtect = 1 << 16;
    private const ulong Cr4GlobalPages = 1 << 7;
    private const uint CpuidExtended = 0x80000001;
    private const uint CpuidGigabytePages = 1 << 26;

    // From this many pages on, forgetting everything is cheaper than one INVLPG for each.
    private const ulong FlushAllThreshold = 64;

    private static SpinLock s_lock;
    private static ulong s_root;

    /// <summary>The physical address of the kernel's top table.</summary>
    /// <linux>swapper_pg_dir</linux>
    public static ulong Root => s_root;

    /// <summary>Builds the final page tables and moves onto them. After Memblock.Init, before PageAllocator.Init.</summary>
    /// <linux>paging_init</linux>
    public static void Init()
    {
        s_lock.Init();
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(CpuidExtended, 0, registers);
        s_root = KernelAddressSpace.Build((registers[3] & CpuidGigabytePages) != 0 ? 2 : 1);
        ActivateOnThisCpu();
    }

    /// <summary>Puts this CPU onto the kernel's page tables, with write protection, no-execute and global pages. Each CPU at its
    /// start, interrupts off.</summary>
    public static void ActivateOnThisCpu()
    {
        AsmImports.Wrmsr(EferRegister, AsmImports.Rdmsr(EferRegister) | EferNoExecute);
        AsmImports.WriteCr0(AsmImports.ReadCr0() | Cr0WriteProtect);
        AsmImports.WriteCr3(s_root);
        AsmImports.WriteCr4(AsmImports.ReadCr4() | Cr4GlobalPages);
        FlushTlbAllLocal();
    }

    /// <summary>A top table for a process: nothing in the lower half; the upper half is the kernel's, whose tables of the next level are all there from
    /// boot on, so that it never has to be brought up to date.</summary>
    /// <returns>Its physical address; 0 without memory. May sleep.</returns>
    /// <linux>pgd_alloc</linux>
    internal static ulong NewUserRoot()
    {
        var top = (ulong*)PageAllocator.GetFreePage(GfpFlags.Kernel);
        if (top == null)
        {
            return 0;
        }

        const int Half = PageTableEntry.EntriesPerTable / 2;
        new Span<ulong>(top, Half).Clear();
        new ReadOnlySpan<ulong>((ulong*)DirectMap.PhysToVirt(s_root) + Half, Half).CopyTo(new Span<ulong>(top + Half, Half));
        return DirectMap.VirtToPhys(top);
    }

    /// <summary>Puts this CPU onto the kernel's own page tables. Interrupts off.</summary>
    internal static void LoadKernelRoot() => AsmImports.WriteCr3(s_root);

    /// <summary>Maps one 4 KB page in the kernel's half. Any context; does not sleep.</summary>
    /// <returns>0; -ENOMEM without memory for a page table; -EEXIST if something is mapped there.</returns>
    /// <linux>map_vm_area</linux>
    internal static int MapPage(ulong address, ulong physical, PageProtection protection)
    {
        using (s_lock.IrqSaveGuard())
        {
            return PageTable.Map(s_root, address, physical, protection, 0);
        }
    }

    /// <summary>Takes one 4 KB page out of the kernel's half. Follow with <see cref="FlushTlbKernelRange"/>.</summary>
    /// <returns>What was mapped; not present if nothing was.</returns>
    /// <linux>unmap_vm_area</linux>
    internal static PageTableEntry UnmapPage(ulong address)
    {
        using (s_lock.IrqSaveGuard())
        {
            return PageTable.Unmap(s_root, address);
        }
    }

    /// <summary>Changes what may be done with a mapped 4 KB page of the kernel's half, and flushes it.</summary>
    /// <returns>0; -ENOENT if nothing is mapped there; -EINVAL if it is part of a large page.</returns>
    /// <linux>change_page_attr</linux>
    public static int ProtectPage(ulong address, PageProtection protection)
    {
        int result;
        using (s_lock.IrqSaveGuard())
        {
            result = PageTable.Protect(s_root, address, protection);
        }

        FlushTlbKernelRange(address, address + DirectMap.PAGE_SIZE);
        return result;
    }

    /// <summary>What <paramref name="address"/> is mapped to. False: nothing. Any context, no lock: a table once there stays.</summary>
    /// <linux>lookup_address</linux>
    public static bool Translate(ulong address, out ulong physical, out PageProtection protection)
    {
        if (PageTableEntry.IsCanonical(address))
        {
            return PageTable.Translate(s_root, address, out physical, out protection);
        }

        physical = 0;
        protection = PageProtection.None;
        return false;
    }

    /// <summary>Makes every processor forget what it remembers of these addresses, and waits until all have. Hold no lock that another processor
    /// takes with interrupts off.</summary>
    /// <linux>flush_tlb_kernel_range</linux>
    internal static void FlushTlbKernelRange(ulong start, ulong end)
    {
        PreemptDisable();
        FlushTlbLocal(start, end);
        Smp.FlushTlb(Smp.OnlineMask & ~(1u << Cpu.SmpProcessorId()), start, end);
        PreemptEnable();
    }

    /// <summary>The same for this processor only.</summary>
    internal static void FlushTlbLocal(ulong start, ulong end)
    {
        if ((end - start) >> DirectMap.PAGE_SHIFT > FlushAllThreshold)
        {
            FlushTlbAllLocal();
            return;
        }

        for (ulong address = start; address < end; address += DirectMap.PAGE_SIZE)
        {
            AsmImports.Invlpg((void*)address);
        }
    }

    /// <summary>Makes this processor forget everything.</summary>
    // Global pages survive a write of CR3, not a change of CR4.PGE.
    internal static void FlushTlbAllLocal()
    {
        ulong flags = Cpu.LocalIrqSave();
        ulong cr4 = AsmImports.ReadCr4();
        AsmImports.WriteCr4(cr4 & ~Cr4GlobalPages);
        AsmImports.WriteCr4(cr4);
        Cpu.LocalIrqRestore(flags);
    }
}
