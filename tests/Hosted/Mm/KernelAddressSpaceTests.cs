// The page tables that the kernel is going to live in, walked entry by entry.

using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class KernelAddressSpaceTests
{
    private const ulong Megabyte = 1 << 20;
    private const ulong Gigabyte = 1 << 30;

    private readonly record struct Mapping(ulong Address, ulong Physical, ulong Size, PageProtection Protection);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void No_page_is_writable_and_executable_through_any_view(int largestLevel)
    {
        List<Mapping> mappings = Build(largestLevel);
        Assert.All(mappings, m => Assert.False(Writable(m) && Executable(m), $"0x{m.Address:x} is writable and executable"));

        // Not even through two views of the same memory.
        List<Mapping> executable = mappings.FindAll(Executable);
        ulong textSize = (ulong)(LinkerSymbols.TextEnd - LinkerSymbols.TextStart);
        Assert.Equal(textSize, executable.Aggregate(0UL, (sum, m) => sum + m.Size));
        foreach (Mapping text in executable)
        {
            Assert.DoesNotContain(mappings, m => Writable(m) && m.Physical < text.Physical + text.Size && text.Physical < m.Physical + m.Size);
        }
    }

    [Fact]
    public void The_image_has_the_protection_of_its_sections()
    {
        List<Mapping> image = Build(2).FindAll(m => m.Address >= AsmOffsets.KERNEL_BASE);
        Assert.All(image, m => Assert.Equal((4096UL, m.Address - AsmOffsets.KERNEL_BASE), (m.Size, m.Physical)));
        foreach (Mapping m in image)
        {
            bool text = m.Address >= (ulong)LinkerSymbols.TextStart && m.Address < (ulong)LinkerSymbols.TextEnd;
            bool data = m.Address >= (ulong)LinkerSymbols.DataStart && m.Address < (ulong)LinkerSymbols.BssEnd;
            Assert.Equal((text, data), (Executable(m), Writable(m)));
            Assert.True((m.Protection & PageProtection.Global) != 0);
            Assert.True((m.Protection & PageProtection.User) == 0);
        }
    }

    [Fact]
    public void Guard_pages_and_nothing_else_are_missing_in_the_image()
    {
        HashSet<ulong> image = [.. Build(2).FindAll(m => m.Address >= AsmOffsets.KERNEL_BASE).Select(m => m.Address)];
        List<ulong> missing = [];
        for (ulong address = (ulong)LinkerSymbols.ImageStart; address < (ulong)LinkerSymbols.ImageEnd; address += 4096)
        {
            if (!image.Contains(address))
            {
                missing.Add(address);
            }
        }

        List<ulong> expected = [(ulong)LinkerSymbols.InitStackBottom - 4096, (ulong)LinkerSymbols.IrqStackBottom - 4096];
        for (int i = 0; i < 4; i++)
        {
            expected.Add((ulong)LinkerSymbols.ExceptionStackBottom(i) - 4096);
        }

        expected.Add((ulong)LinkerSymbols.ExceptionStackBottom(3) + AsmOffsets.THREAD_SIZE);
        Assert.Equal(expected, missing);
        Assert.Equal((ulong)LinkerSymbols.ImageEnd - (ulong)LinkerSymbols.ImageStart, 4096 * (ulong)(image.Count + missing.Count));
    }

    [Fact]
    public void The_direct_map_shows_all_memory_once_and_nothing_else()
    {
        foreach (int level in new[] { 1, 2 })
        {
            List<Mapping> direct = Direct(Build(level));
            Assert.All(direct, m => Assert.Equal(m.Address - Paging.DirectMapBase, m.Physical));
            Assert.All(direct, m => Assert.False(Executable(m)));
            ulong total = direct.Aggregate(0UL, (sum, m) => sum + m.Size);
            Assert.Equal(Memblock.Mapped.TotalSize(), total);
            Assert.All(direct, m => Assert.True(m.Size <= PageTableEntry.SizeOfLevel(level)));
            for (int i = 0; i < Memblock.Mapped.Count; i++)
            {
                MemoryRegion region = Memblock.Mapped[i];
                foreach (ulong address in new[] { region.Start, (region.Start + region.End) / 2, region.End - 1 })
                {
                    Assert.Contains(direct, m => address >= m.Physical && address < m.Physical + m.Size);
                }
            }
        }
    }

    [Fact]
    public void The_lower_half_is_empty_and_the_upper_half_complete()
    {
        Build(2);
        PageTableEntry* top = (PageTableEntry*)DirectMap.PhysToVirt(Paging.Root);
        HashSet<ulong> tables = [];
        for (int i = 0; i < PageTableEntry.EntriesPerTable; i++)
        {
            // The simulated direct map lies in the lower half of this process.
            bool simulated = i == PageTableEntry.Index(Paging.DirectMapBase, 3) || i == PageTableEntry.Index(Paging.DirectMapBase + DirectMap.MaxPhysical, 3)
                || i == PageTableEntry.Index(Paging.MemMapBase, 3);
            Assert.True(simulated || top[i].Present == (i >= 256), $"entry {i}");
            Assert.True(!top[i].Present || tables.Add(top[i].Physical), "two entries share a table");
        }

        Assert.False(Paging.Translate(0, out _, out _));
        Assert.False(Paging.Translate(Megabyte, out _, out _));
    }

    [Fact]
    public void Sixteen_megabytes_are_enough()
    {
        SimulatedMemory.Start(16);
        Assert.True(PageAllocator.FreePageCount() > 12 * 256, $"only {PageAllocator.FreePageCount()} pages are free");
    }

    [Fact]
    public void Eight_gigabytes_with_the_hole_below_four()
    {
        SimulatedMemory.Start(new(0, 0x9fc00), new(Megabyte, (3 * Gigabyte) - Megabyte), new(4 * Gigabyte, 5 * Gigabyte));
        Assert.Equal((5 * Gigabyte) >> 12, PageAllocator.ZoneAt(2)->ManagedPages);
        Invariants.CheckZones();
        void* high = PageAllocator.GetZeroedPage(GfpFlags.Kernel);
        Assert.True(DirectMap.VirtToPhys(high) >= 4 * Gigabyte);
    }

    private static List<Mapping> Build(int largestLevel)
    {
        Paging.LargestLevel = largestLevel;
        SimulatedMemory.Start(new(0, 0x9fc00), new(Megabyte, (3 * Gigabyte) - Megabyte - 0x20000), new(0xbffe0000, 0x5123, CSharpOS.Init.MemoryRangeType.AcpiReclaimable),
            new(4 * Gigabyte, (3 * Gigabyte) + 0x5000));
        Paging.LargestLevel = 2;
        List<Mapping> result = [];
        Walk(Paging.Root, PageTableEntry.TopLevel, 0, result);
        return result;
    }

    private static void Walk(ulong table, int level, ulong address, List<Mapping> result)
    {
        var entries = (PageTableEntry*)DirectMap.PhysToVirt(table);
        for (int i = 0; i < PageTableEntry.EntriesPerTable; i++)
        {
            ulong at = address + ((ulong)i * PageTableEntry.SizeOfLevel(level));
            at = level == PageTableEntry.TopLevel && i >= 256 ? at | 0xffff_0000_0000_0000 : at;
            if (!entries[i].Present)
            {
                continue;
            }

            if (level == 0 || entries[i].Large)
            {
                result.Add(new(at, entries[i].Physical, PageTableEntry.SizeOfLevel(level), entries[i].Protection));
            }
            else
            {
                Walk(entries[i].Physical, level - 1, at, result);
            }
        }
    }

    private static List<Mapping> Direct(List<Mapping> all) =>
        all.FindAll(m => m.Address >= Paging.DirectMapBase && m.Address < Paging.DirectMapBase + DirectMap.MaxPhysical);

    private static bool Writable(Mapping m) => (m.Protection & PageProtection.Writable) != 0;

    private static bool Executable(Mapping m) => (m.Protection & PageProtection.NoExecute) == 0;
}
