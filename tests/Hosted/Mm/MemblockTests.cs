// Memory maps as firmware gives them, and as it should not.

using System.Linq;
using CSharpOS.Arch;
using CSharpOS.Init;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class MemblockTests
{
    private const ulong Megabyte = 1 << 20;
    private const ulong Gigabyte = 1 << 30;

    [Fact]
    public void The_map_of_a_pc()
    {
        Read(new(0, 0x9fc00), new(0x9fc00, 0x400, MemoryRangeType.Reserved), new(0xf0000, 0x10000, MemoryRangeType.Reserved),
            new(0x100000, 0x7ee0000), new(0x7fe0000, 0x20000, MemoryRangeType.Reserved), new(0xfffc0000, 0x40000, MemoryRangeType.Reserved));
        Assert.Equal(0x9f000UL + 0x7ee0000, Memblock.TotalMemory);
        List<(ulong, ulong)> free = Free();
        Assert.Equal([(0x10000UL, 0x9f000UL), (0x200000UL, 0x7fe0000UL)], free);
    }

    [Fact]
    public void Unsorted_overlapping_empty_and_wrapping_entries()
    {
        Read(new(64 * Megabyte, 64 * Megabyte), new(3 * Megabyte, 0), new(0x100000, 100 * Megabyte), new(ulong.MaxValue - 5, 10),
            new(80 * Megabyte, 0x1800, MemoryRangeType.Bad), new(0, 0xa0000), new(0xa0000, 0x60000));
        Assert.Equal([(0x10000UL, 0xa0000UL), (0x200000UL, 80 * Megabyte), ((80 * Megabyte) + 0x2000, 128 * Megabyte)], Free());
    }

    [Fact]
    public void A_range_that_wraps_around_ends_at_the_highest_address()
    {
        MemoryRange* ranges = stackalloc MemoryRange[2];
        ranges[0] = new MemoryRange { Base = Megabyte, Length = 32 * Megabyte, Type = MemoryRangeType.Usable };
        ranges[1] = new MemoryRange { Base = 20 * Megabyte, Length = ulong.MaxValue, Type = MemoryRangeType.Reserved };
        Prepare();
        Memblock.Init(ranges, 2);
        Assert.Equal([(2 * Megabyte, 20 * Megabyte)], Free());
    }

    [Fact]
    public void Memory_beyond_what_mem_map_can_hold_is_left_alone()
    {
        Read(new(0x100000, 64 * Megabyte), new(DirectMap.MaxPhysical - Megabyte, 1UL << 40), new(1UL << 50, Gigabyte));
        Assert.Equal(DirectMap.MaxPhysical, Free()[^1].End);
        Assert.Equal(65 * Megabyte, Memblock.TotalMemory);
    }

    [Fact]
    public void More_entries_than_fit()
    {
        // 4 KB of memory in every 8 KB: none of them touch. The list fills up, and the kernel lives with what it has.
        MemoryRange* ranges = stackalloc MemoryRange[400];
        ranges[0] = new MemoryRange { Base = Megabyte, Length = 32 * Megabyte, Type = MemoryRangeType.Usable };
        for (int i = 1; i < 400; i++)
        {
            ranges[i] = new MemoryRange { Base = (64 * Megabyte) + ((ulong)i * 8192), Length = 4096, Type = MemoryRangeType.Usable };
        }

        Prepare();
        Memblock.Init(ranges, 400);
        Assert.Equal(400 - MemoryRegions.Capacity, Memblock.LostRanges);
        Assert.NotEqual(0UL, Memblock.Alloc(Megabyte));
    }

    [Fact]
    public void No_memory_at_all_is_a_panic_with_a_reason()
    {
        Prepare();
        Assert.ThrowsAny<Exception>(() => Memblock.Init(null, 0));
        Assert.Contains("memory map", Text());
    }

    [Fact]
    public void Too_little_memory_is_a_panic_with_figures()
    {
        Read(new MapEntry(0x100000, 2 * Megabyte));
        Assert.ThrowsAny<Exception>(() => Memblock.Alloc(4 * Megabyte));
        Assert.Contains("too little memory to start: 4096 KB wanted, 2048 KB in all", Text());
    }

    [Fact]
    public void Alloc_gives_zeroed_pages_from_the_top_below_4_gigabytes()
    {
        Read(new(0x100000, 255 * Megabyte), new(4 * Gigabyte, Gigabyte));
        *(ulong*)DirectMap.PhysToVirt((256 * Megabyte) - 4096) = 5;
        ulong first = Memblock.Alloc(1);
        Assert.Equal((256 * Megabyte) - 4096, first);
        Assert.Equal(0UL, *(ulong*)DirectMap.PhysToVirt(first));
        ulong aligned = Memblock.Alloc(4096, 2 * Megabyte);
        Assert.Equal(0UL, aligned % (2 * Megabyte));
        Assert.Equal(first - 4096, Memblock.Alloc(4096));
    }

    [Fact]
    public void A_module_is_kept_and_the_direct_map_shows_acpi_tables()
    {
        Read(new(0x100000, 63 * Megabyte), new(64 * Megabyte, 0x1234, MemoryRangeType.AcpiReclaimable));
        Memblock.Reserve((8 * Megabyte) + 5, (9 * Megabyte) + 5);
        Assert.Contains((2 * Megabyte, 8 * Megabyte), Free());
        Assert.True(Memblock.Mapped.Overlaps((64 * Megabyte) + 0x1000, (64 * Megabyte) + 0x1001));
        Assert.False(Memblock.Mapped.Overlaps((64 * Megabyte) + 0x2000, ulong.MaxValue));
        Assert.False(Memblock.Memory.Overlaps(64 * Megabyte, 65 * Megabyte));
    }

    [Fact]
    public void What_the_boot_information_points_at_is_kept()
    {
        Prepare();
        BootInfo.Reset();
        byte* information = stackalloc byte[256];
        uint at = 8;
        void Tag(uint type, params ReadOnlySpan<uint> words)
        {
            *(uint*)(information + at) = type;
            *(uint*)(information + at + 4) = 8 + (4 * (uint)words.Length);
            for (int i = 0; i < words.Length; i++)
            {
                *(uint*)(information + at + 8 + (4 * i)) = words[i];
            }

            at += (8 + (4 * (uint)words.Length) + 7) & ~7U;
        }

        Tag(6, 24, 0, 0x100000, 0, 63 << 20, 0, 1, 0);
        Tag(3, (8 << 20) + 5, (9 << 20) + 5);
        Tag(15, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Tag(0);
        *(uint*)information = at;
        BootInfo.ParseMultiboot(information, (12 << 20) + 0xfe0);
        Memblock.Init();
        ulong rsdp = BootInfo.AcpiRsdp;
        Assert.InRange(rsdp, (12UL << 20) + 0xfe0, (13UL << 20) - 1);
        Assert.True(Memblock.Reserved.Overlaps(rsdp, rsdp + 1) && Memblock.Reserved.Overlaps(rsdp + 35, rsdp + 36));
        Assert.Contains(Free(), range => range.End == 8 * Megabyte);
        Assert.Contains(Free(), range => range.Start == (9 * Megabyte) + 4096);
    }

    [Theory]
    [InlineData(8 * Megabyte, (8 * Megabyte) + 100, true)]
    [InlineData(8 * Megabyte, 64 * Megabyte, true)]
    [InlineData(8 * Megabyte, (64 * Megabyte) + 1, false)]
    [InlineData(100 * Megabyte, 101 * Megabyte, false)]
    [InlineData(9 * Megabyte, 8 * Megabyte, false)]
    [InlineData(Megabyte, 3 * Megabyte, false)]
    [InlineData(8 * Megabyte, ulong.MaxValue, false)]
    public void A_module_must_lie_in_memory_that_nothing_else_has(ulong start, ulong end, bool good)
    {
        Prepare();
        BootInfo.Reset();
        BootInfo.AddRange(Megabyte, 63 * Megabyte, 1);
        byte* start0 = stackalloc byte[64], module = stackalloc byte[32];
        new Span<byte>(start0, 64).Clear();
        *(uint*)(start0 + 12) = 1;
        *(ulong*)(start0 + 16) = (ulong)module;
        *(ulong*)module = start;
        *(ulong*)(module + 8) = end - start;
        BootInfo.ParsePvh(start0, 0);
        Memblock.Init();
        Assert.Equal(good, BootInfo.ModuleEnd != 0);
        Assert.Equal(!good, Text().Contains("module", StringComparison.Ordinal));
        Assert.DoesNotContain(Free(), range => good && range.Start <= start && range.End > start);
    }

    [Fact]
    public void Random_maps_agree_with_a_page_by_page_model()
    {
        Random random = new(2);
        const int Pages = 2000;
        MemoryRange* ranges = stackalloc MemoryRange[30];
        for (int round = 0; round < 300; round++)
        {
            bool[] usable = new bool[Pages];
            bool[] other = new bool[Pages];
            int count = random.Next(2, 30);
            for (int i = 0; i < count; i++)
            {
                ulong start = i == 0 ? 0 : (ulong)random.Next(Pages * 4096);
                ulong length = i == 0 ? Pages * 4096 * 3 / 4 : (ulong)random.Next(random.Next(2) == 0 ? 10_000 : 1_000_000);
                length = Math.Min(length, (Pages * 4096) - start);
                MemoryRangeType type = i == 0 ? MemoryRangeType.Usable : (MemoryRangeType)random.Next(1, 6);
                ranges[i] = new MemoryRange { Base = start, Length = length, Type = type };
                for (ulong page = 0; page < Pages; page++)
                {
                    bool whole = start <= page * 4096 && start + length >= (page + 1) * 4096;
                    bool touched = length > 0 && start < (page + 1) * 4096 && start + length > page * 4096;
                    usable[page] |= type == MemoryRangeType.Usable && whole;
                    other[page] |= type != MemoryRangeType.Usable && touched;
                }
            }

            Prepare();
            Memblock.Init(ranges, count);
            List<ulong> taken = [];
            for (int i = 0; i < 5; i++)
            {
                taken.Add(Memblock.Alloc((ulong)random.Next(1, 20_000), 1UL << random.Next(12, 16)));
            }

            bool[] free = new bool[Pages];
            foreach ((ulong start, ulong end) in Free())
            {
                for (ulong page = start / 4096; page < end / 4096; page++)
                {
                    free[page] = true;
                }
            }

            for (ulong page = 0; page < Pages; page++)
            {
                bool kept = page < 16 || (page >= 160 && page < 512);
                bool expected = usable[page] && !other[page] && !kept;
                Assert.False(free[page] && !expected, $"round {round}: page {page} must not be used");
                Assert.True(free[page] || !expected || page * 4096 >= taken.Min(), $"round {round}: page {page} is lost");
            }

            Assert.All(taken, start => Assert.False(free[start / 4096]));
        }
    }

    internal static string Text()
    {
        System.Text.StringBuilder text = new();
        LogReader reader = new(0);
        while (reader.MoveNext())
        {
            text.Append(System.Text.Encoding.UTF8.GetString(reader.Current.Text)).Append('\n');
        }

        return text.ToString();
    }

    private static void Prepare()
    {
        Simulation.Reset();
        KernelLog.Init();
        Paging.SwitchOn();
    }

    private static void Read(params ReadOnlySpan<MapEntry> map)
    {
        Prepare();
        BootInfo.Reset();
        foreach (MapEntry entry in map)
        {
            BootInfo.AddRange(entry.Start, entry.Length, (uint)entry.Type);
        }

        Memblock.Init();
    }

    private static List<(ulong Start, ulong End)> Free()
    {
        List<(ulong, ulong)> result = [];
        MemoryRegion region = default;
        while (Memblock.NextFree(ref region))
        {
            result.Add((region.Start, region.End));
        }

        return result;
    }
}
