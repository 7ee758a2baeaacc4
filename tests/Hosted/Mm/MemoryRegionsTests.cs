using System.Linq;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public class MemoryRegionsTests
{
    [Fact]
    public void Neighbours_and_overlaps_melt()
    {
        MemoryRegions regions = default;
        regions.Add(10, 20);
        regions.Add(30, 40);
        regions.Add(20, 30);
        Assert.Equal(1, regions.Count);
        Assert.Equal((10UL, 40UL), (regions[0].Start, regions[0].End));
        regions.Add(5, 100);
        Assert.Equal(1, regions.Count);
        Assert.Equal(95UL, regions.TotalSize());
    }

    [Fact]
    public void Empty_ranges_are_nothing()
    {
        MemoryRegions regions = default;
        Assert.True(regions.Add(10, 10));
        Assert.True(regions.Add(20, 10));
        Assert.Equal(0, regions.Count);
    }

    [Fact]
    public void Random_ranges_agree_with_a_bitmap()
    {
        Random random = new(1);
        for (int round = 0; round < 300; round++)
        {
            MemoryRegions regions = default;
            bool[] model = new bool[600];
            for (int i = 0; i < 60; i++)
            {
                int start = random.Next(600);
                int end = random.Next(3) == 0 ? start + random.Next(3) : random.Next(601);
                regions.Add((ulong)start, (ulong)Math.Min(end, 600));
                for (int a = start; a < Math.Min(end, 600); a++)
                {
                    model[a] = true;
                }

                if (random.Next(3) == 0)
                {
                    int first = random.Next(600), last = Math.Max(0, first + random.Next(40) - 5);
                    Assert.True(regions.Remove((ulong)first, (ulong)last));
                    for (int a = first; a < Math.Min(last, 600); a++)
                    {
                        model[a] = false;
                    }
                }
            }

            AssertEqual(model, ref regions);
            int low = random.Next(600), high = low + random.Next(20);
            Assert.Equal(model.Skip(low).Take(high - low).Any(b => b), regions.Overlaps((ulong)low, (ulong)high));
            bool covered = high <= 600 && model.Skip(low).Take(high - low).All(b => b);
            Assert.Equal(covered, regions.Covers((ulong)low, (ulong)high));
        }
    }

    [Fact]
    public void A_full_list_loses_added_ranges_but_covers_reserved_ones()
    {
        MemoryRegions regions = default;
        for (int i = 0; i < MemoryRegions.Capacity; i++)
        {
            Assert.True(regions.Add((ulong)i * 10, ((ulong)i * 10) + 5));
        }

        Assert.False(regions.Add(100_000, 100_001));
        Assert.False(regions.Add(7, 8));
        Assert.True(regions.Add(5, 6));
        Assert.Equal(MemoryRegions.Capacity, regions.Count);

        regions.AddCovering(17, 18);
        Assert.True(regions.Overlaps(17, 18));
        regions.AddCovering(100_000, 100_001);
        Assert.True(regions.Overlaps(100_000, 100_001));
        for (int i = 0; i < MemoryRegions.Capacity; i++)
        {
            Assert.True(regions.Overlaps((ulong)i * 10, ((ulong)i * 10) + 1));
        }

        for (int i = 1; i < regions.Count; i++)
        {
            Assert.True(regions[i - 1].End < regions[i].Start);
        }
    }

    [Fact]
    public void Nothing_is_taken_out_of_the_middle_of_a_full_list()
    {
        MemoryRegions regions = default;
        for (int i = 0; i < MemoryRegions.Capacity; i++)
        {
            regions.Add((ulong)i * 10, ((ulong)i * 10) + 5);
        }

        Assert.False(regions.Remove(11, 12));
        Assert.Equal((ulong)MemoryRegions.Capacity * 5, regions.TotalSize());
        Assert.True(regions.Remove(10, 12));
        Assert.True(regions.Remove(20, 25));
        Assert.True(regions.Remove(11, 13));
        Assert.Equal(((ulong)MemoryRegions.Capacity * 5) - 8, regions.TotalSize());
        Assert.True(regions.Remove(31, 32));
    }

    private static void AssertEqual(bool[] model, ref MemoryRegions regions)
    {
        bool[] actual = new bool[model.Length];
        for (int i = 0; i < regions.Count; i++)
        {
            Assert.True(regions[i].Start < regions[i].End);
            Assert.True(i == 0 || regions[i - 1].End < regions[i].Start);
            for (ulong a = regions[i].Start; a < regions[i].End; a++)
            {
                actual[a] = true;
            }
        }

        Assert.Equal(model, actual);
    }
}
