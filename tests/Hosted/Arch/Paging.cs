// The simulated paging unit: same members as Kernel/Arch/Paging.cs.
//
// Physical memory is a sparse file without a name. The direct map is one mapping of all of it; vmalloc space and mem_map are reserved
// stretches of this process's addresses, into which single pages of the file are mapped as the kernel's own page tables say. So the kernel's
// pointers are real pointers here, and what it has not mapped faults.
// Like the processor, the simulation remembers a mapping until it is flushed: UnmapPage changes the table, FlushTlbKernelRange the
// real mapping.

using System.Runtime.InteropServices;
using CSharpOS.Mm;

namespace CSharpOS.Arch;

public static unsafe partial class Paging
{
    public const ulong ModulesStart = 0xffffffffa0000000;
    public const ulong ModulesEnd = 0xffffffffff000000;

    private const ulong VmallocSize = 1UL << 30;
    private const ulong MemMapSize = (DirectMap.MaxPhysical >> DirectMap.PAGE_SHIFT) * 64;
    private const int ProtectionNone = 0;
    private const int ProtectionReadWrite = 3;
    private const int MapShared = 1;
    private const int MapPrivate = 2;
    private const int MapFixed = 0x10;
    private const int MapAnonymous = 0x20;
    private const int MapNoReserve = 0x4000;

    private static readonly HashSet<ulong> s_remembered = [];
    private static int s_memory = -1;
    private static ulong s_root;

    public static ulong DirectMapBase { get; private set; }

    public static ulong VmallocStart { get; private set; }

    public static ulong VmallocEnd => VmallocStart + VmallocSize;

    public static ulong MemMapBase { get; private set; }

    public static ulong Root => s_root;

    /// <summary>The largest pages of the simulated processor: 1 for 2 MB, 2 for 1 GB.</summary>
    public static int LargestLevel { get; set; } = 2;

    /// <summary>How many times <see cref="FlushTlbKernelRange"/> was called.</summary>
    public static int Flushes { get; private set; }

    /// <summary>Memory as it is after switching on: all zeros, nothing mapped but the direct map.</summary>
    public static void SwitchOn()
    {
        if (s_memory < 0)
        {
            s_memory = MemoryFile("physical memory", 0);
            if (s_memory < 0)
            {
                throw new InvalidOperationException("no memory file");
            }

            Resize(DirectMap.MaxPhysical);
            // At a multiple of 1 GB, so that the tables for it may use pages of that size.
            const ulong Gigabyte = PageTableEntry.GigabytePageSize;
            ulong room = MapMemory(0, DirectMap.MaxPhysical + Gigabyte, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
            DirectMapBase = (room + Gigabyte - 1) & ~(Gigabyte - 1);
            MapMemory(DirectMapBase, DirectMap.MaxPhysical, ProtectionReadWrite, MapShared | MapNoReserve | MapFixed, s_memory, 0);
            VmallocStart = MapMemory(0, VmallocSize, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
            MemMapBase = MapMemory(0, MemMapSize, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve, -1, 0);
        }

        Resize(0);
        Resize(DirectMap.MaxPhysical);
        MapMemory(VmallocStart, VmallocSize, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve | MapFixed, -1, 0);
        MapMemory(MemMapBase, MemMapSize, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve | MapFixed, -1, 0);
        s_remembered.Clear();
        s_root = 0;
        Flushes = 0;
    }

    public static void Init() => s_root = KernelAddressSpace.Build(LargestLevel);

    /// <summary>True while the simulated processor would reach memory at this page.</summary>
    public static bool IsRemembered(ulong address) => s_remembered.Contains(DirectMap.PageDown(address));

    public static bool Translate(ulong address, out ulong physical, out PageProtection protection) =>
        PageTable.Translate(s_root, address, out physical, out protection);

    public static int ProtectPage(ulong address, PageProtection protection)
    {
        int result = PageTable.Protect(s_root, address, protection);
        FlushTlbKernelRange(address, address + DirectMap.PAGE_SIZE);
        return result;
    }

    internal static int MapPage(ulong address, ulong physical, PageProtection protection)
    {
        int result = PageTable.Map(s_root, address, physical, protection, 0);
        if (result == 0)
        {
            Show(address);
        }

        return result;
    }

    internal static PageTableEntry UnmapPage(ulong address) => PageTable.Unmap(s_root, address);

    internal static ulong NewUserRoot()
    {
        var top = (ulong*)PageAllocator.GetZeroedPage(GfpFlags.Kernel);
        return top == null ? 0 : DirectMap.VirtToPhys(top);
    }

    // Nothing remembers user mappings here.
    internal static void FlushTlbLocal(ulong start, ulong end)
    {
    }

    internal static void FlushTlbKernelRange(ulong start, ulong end)
    {
        Flushes++;
        for (ulong address = start; address < end; address += DirectMap.PAGE_SIZE)
        {
            if (s_remembered.Remove(address))
            {
                MapMemory(address, DirectMap.PAGE_SIZE, ProtectionNone, MapPrivate | MapAnonymous | MapNoReserve | MapFixed, -1, 0);
            }

            if (PageTable.Translate(s_root, address, out _, out _))
            {
                Show(address);
            }
        }
    }

    private static void Show(ulong address)
    {
        if (s_remembered.Contains(address))
        {
            throw new InvalidOperationException($"page {address:x} is mapped anew while the processor remembers the old mapping");
        }

        // Addresses of the real kernel's layout (the image, the direct map in its tables) have no counterpart here, nor have devices.
        PageTable.Translate(s_root, address, out ulong physical, out _);
        bool simulated = (address >= VmallocStart && address < VmallocEnd) || (address >= MemMapBase && address < MemMapBase + MemMapSize);
        if (simulated && physical < DirectMap.MaxPhysical)
        {
            MapMemory(address, DirectMap.PAGE_SIZE, ProtectionReadWrite, MapShared | MapFixed | MapNoReserve, s_memory, (long)physical);
            s_remembered.Add(address);
        }
    }

    private static ulong MapMemory(ulong address, ulong size, int protection, int flags, int file, long offset)
    {
        void* result = Map((void*)address, (nuint)size, protection, flags, file, offset);
        if ((nint)result == -1)
        {
            throw new InvalidOperationException($"mmap of {size} bytes failed: {Marshal.GetLastPInvokeError()}");
        }

        return (ulong)result;
    }

    private static void Resize(ulong size)
    {
        if (Truncate(s_memory, (long)size) != 0)
        {
            throw new InvalidOperationException("ftruncate failed");
        }
    }

    [DllImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static extern void* Map(void* address, nuint size, int protection, int flags, int file, long offset);

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    private static extern int MemoryFile([MarshalAs(UnmanagedType.LPStr)] string name, uint flags);

    [DllImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static extern int Truncate(int file, long size);
}
