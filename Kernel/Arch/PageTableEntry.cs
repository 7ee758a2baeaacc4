// PageTableEntry: one 64-bit word of an x86-64 page table, and where an address stands in the four levels.
//
// Linux: arch/x86/include/asm/pgtable_types.h. Pure arithmetic: any context, no locks, no hardware, so the hosted kernel uses
// this very file. Invariant: a present entry of level 0, or one with Large set, names memory; every other present entry names a table.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The bits of a page table entry that say what may be done with the page.</summary>
/// <linux>pgprot_t</linux>
[Flags]
public enum PageProtection : ulong
{
    None = 0,

    /// <linux>_PAGE_PRESENT</linux>
    Present = 1 << 0,

    /// <linux>_PAGE_RW</linux>
    Writable = 1 << 1,

    /// <linux>_PAGE_USER</linux>
    User = 1 << 2,

    /// <linux>_PAGE_PWT</linux>
    WriteThrough = 1 << 3,

    /// <linux>_PAGE_PCD</linux>
    CacheDisable = 1 << 4,

    /// <linux>_PAGE_ACCESSED</linux>
    Accessed = 1 << 5,

    /// <linux>_PAGE_DIRTY</linux>
    Dirty = 1 << 6,

    /// <summary>In levels 1 and 2: this entry is a page of 2 MB or 1 GB.</summary>
    /// <linux>_PAGE_PSE</linux>
    Large = 1 << 7,

    /// <summary>Stays in the TLB when CR3 is written.</summary>
    /// <linux>_PAGE_GLOBAL</linux>
    Global = 1 << 8,

    /// <linux>_PAGE_NX</linux>
    NoExecute = 1UL << 63,

    /// <summary>Kernel code: read and execute.</summary>
    /// <linux>PAGE_KERNEL_ROX</linux>
    KernelText = Present | Accessed | Global,

    /// <summary>Kernel constants: read.</summary>
    /// <linux>PAGE_KERNEL_RO</linux>
    KernelReadOnly = Present | Accessed | Global | NoExecute,

    /// <summary>Kernel data: read and write.</summary>
    /// <linux>PAGE_KERNEL</linux>
    KernelData = Present | Accessed | Dirty | Global | Writable | NoExecute,

    /// <summary>Device registers: read and write, uncached.</summary>
    /// <linux>PAGE_KERNEL_NOCACHE</linux>
    KernelIo = KernelData | CacheDisable | WriteThrough,

    /// <summary>An entry that names a table: everything is allowed here, the last level decides.</summary>
    /// <linux>_KERNPG_TABLE</linux>
    Table = Present | Writable | Accessed,
}

/// <summary>One word of a page table of any level.</summary>
/// <linux>pte_t</linux>
public readonly struct PageTableEntry
{
    public const int PageShift = 12;
    public const ulong PageSize = 1UL << PageShift;
    public const ulong LargePageSize = 1UL << 21;
    public const ulong GigabytePageSize = 1UL << 30;

    /// <summary>Entries of one table.</summary>
    /// <linux>PTRS_PER_PTE</linux>
    public const int EntriesPerTable = 512;

    /// <summary>The level of the table that CR3 names; level 0 is the last.</summary>
    public const int TopLevel = 3;

    /// <summary>Bits 12-51: the physical address in an entry.</summary>
    /// <linux>PTE_PFN_MASK</linux>
    public const ulong AddressMask = 0x000f_ffff_ffff_f000;

    /// <summary>The word as the processor reads it.</summary>
    public readonly ulong Value;

    public PageTableEntry(ulong value) => Value = value;

    /// <summary>An entry that names <paramref name="physical"/>, a multiple of the page size.</summary>
    /// <linux>pfn_pte</linux>
    public PageTableEntry(ulong physical, PageProtection protection) => Value = (physical & AddressMask) | (ulong)protection;

    /// <linux>pte_present</linux>
    public bool Present => (Value & (ulong)PageProtection.Present) != 0;

    /// <summary>True if this entry of levels 1 or 2 is a page and not a table.</summary>
    /// <linux>pmd_large</linux>
    public bool Large => (Value & (ulong)PageProtection.Large) != 0;

    /// <summary>The physical address of the page or table that this 4 KB, table or large entry names.</summary>
    /// <linux>pte_pfn</linux>
    public ulong Physical => Value & AddressMask;

    /// <summary>Everything but the address.</summary>
    /// <linux>pte_pgprot</linux>
    public PageProtection Protection => (PageProtection)(Value & ~AddressMask);

    /// <summary>Bytes that one entry of <paramref name="level"/> covers: 4 KB, 2 MB, 1 GB, 512 GB.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong SizeOfLevel(int level) => PageSize << (9 * level);

    /// <summary>The index of <paramref name="address"/> in its table of <paramref name="level"/>.</summary>
    /// <linux>pgd_index</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Index(ulong address, int level) => (int)(address >> (PageShift + (9 * level))) & (EntriesPerTable - 1);

    /// <summary>True if bits 47-63 of <paramref name="address"/> are equal, as the processor demands.</summary>
    public static bool IsCanonical(ulong address) => (ulong)((long)(address << 16) >> 16) == address;
}
