// DirectMap: where the kernel sees physical memory.
//
// Linux: __va, __pa and friends, arch/x86/include/asm/page.h. Any context, never sleeps, no locks: arithmetic.
// Three views of memory exist: the direct map of all of it, the kernel image at KERNEL_BASE, and vmalloc space, where neighbouring
// pages are neighbours in address only. Invariant: an address from PhysToVirt is good for reading and writing if the memory
// map called the range memory; what devices own is reached through Vmalloc.Ioremap.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Physical addresses to pointers and back.</summary>
public static unsafe class DirectMap
{
    /// <linux>PAGE_SHIFT</linux>
    public const int PAGE_SHIFT = PageTableEntry.PageShift;

    /// <linux>PAGE_SIZE</linux>
    public const uint PAGE_SIZE = 1U << PAGE_SHIFT;

    /// <summary>Memory from here on is not used: mem_map has no room for it.</summary>
    /// <linux>MAX_PHYSMEM_BITS</linux>
    public const ulong MaxPhysical = 64UL << 30;

    /// <summary>The pointer through which the kernel reads and writes physical address <paramref name="physical"/>.</summary>
    /// <linux>phys_to_virt</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* PhysToVirt(ulong physical) => (void*)(physical + Paging.DirectMapBase);

    /// <summary>The physical address behind a pointer into the direct map or the kernel image. Not for vmalloc space: see
    /// <see cref="Vmalloc.VmallocToPhys"/>.</summary>
    /// <linux>virt_to_phys</linux>
    public static ulong VirtToPhys(void* pointer)
    {
        ulong address = (ulong)pointer;
        return address >= AsmOffsets.KERNEL_BASE ? address - AsmOffsets.KERNEL_BASE : address - Paging.DirectMapBase;
    }

    /// <summary>True if the pointer lies in the direct map.</summary>
    /// <linux>virt_addr_valid</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Contains(void* pointer) => (ulong)pointer - Paging.DirectMapBase < MaxPhysical;

    /// <summary>The multiple of a page at or below <paramref name="address"/>.</summary>
    /// <linux>PAGE_MASK</linux>
    public static ulong PageDown(ulong address) => address & ~(ulong)(PAGE_SIZE - 1);

    /// <summary>The multiple of a page at or above <paramref name="address"/>, which must not be in the very last page.</summary>
    /// <linux>PAGE_ALIGN</linux>
    public static ulong PageUp(ulong address) => (address + PAGE_SIZE - 1) & ~(ulong)(PAGE_SIZE - 1);
}
