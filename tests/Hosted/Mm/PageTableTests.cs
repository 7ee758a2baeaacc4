using CSharpOS.Arch;
using CSharpOS.Mm;
using Xunit;

namespace CSharpOS.Hosted.Mm;

[Trait("Row", "MM-01")]
public unsafe class PageTableTests
{
    private const ulong Somewhere = 0xffff_c900_1234_5000;

    public PageTableTests() => SimulatedMemory.Start();

    [Fact]
    public void Fields_of_an_entry()
    {
        PageTableEntry entry = new(0x000f_ffff_ffff_f000, PageProtection.KernelIo);
        Assert.True(entry.Present);
        Assert.Equal(0x000f_ffff_ffff_f000UL, entry.Physical);
        Assert.Equal(PageProtection.KernelIo, entry.Protection);
        Assert.Equal(0x8000_0000_0000_0000UL | 0x17b, (ulong)PageProtection.KernelIo);
        Assert.False(default(PageTableEntry).Present);
    }

    [Fact]
    public void Index_of_every_level()
    {
        const ulong Address = 0xffff_ffff_8020_3004;
        Assert.Equal(511, PageTableEntry.Index(Address, 3));
        Assert.Equal(510, PageTableEntry.Index(Address, 2));
        Assert.Equal(1, PageTableEntry.Index(Address, 1));
        Assert.Equal(3, PageTableEntry.Index(Address, 0));
        Assert.Equal(1UL << 39, PageTableEntry.SizeOfLevel(3));
    }

    [Theory]
    [InlineData(0UL, true)]
    [InlineData(0x0000_7fff_ffff_ffffUL, true)]
    [InlineData(0x0000_8000_0000_0000UL, false)]
    [InlineData(0xffff_7fff_ffff_ffffUL, false)]
    [InlineData(0xffff_8000_0000_0000UL, true)]
    public void Canonical_addresses(ulong address, bool expected) => Assert.Equal(expected, PageTableEntry.IsCanonical(address));

    [Fact]
    public void Map_translate_protect_unmap()
    {
        ulong root = PageTable.AllocateTable();
        Assert.Equal(0, PageTable.Map(root, Somewhere, 0x123000, PageProtection.KernelData, 0));
        Assert.Equal(-EEXIST, PageTable.Map(root, Somewhere, 0x456000, PageProtection.KernelData, 0));
        Assert.True(PageTable.Translate(root, Somewhere + 0xabc, out ulong physical, out PageProtection protection));
        Assert.Equal((0x123abcUL, PageProtection.KernelData), (physical, protection));
        Assert.False(PageTable.Translate(root, Somewhere + 0x1000, out _, out _));
        Assert.False(PageTable.Translate(root, Somewhere - (1UL << 39), out _, out _));

        Assert.Equal(0, PageTable.Protect(root, Somewhere, PageProtection.KernelReadOnly));
        PageTable.Translate(root, Somewhere, out physical, out protection);
        Assert.Equal((0x123000UL, PageProtection.KernelReadOnly), (physical, protection));
        Assert.Equal(-ENOENT, PageTable.Protect(root, Somewhere + 0x1000, PageProtection.KernelData));

        Assert.Equal(0x123000UL, PageTable.Unmap(root, Somewhere).Physical);
        Assert.False(PageTable.Unmap(root, Somewhere).Present);
        Assert.False(PageTable.Unmap(root, 0x1000).Present);
        Assert.False(PageTable.Translate(root, Somewhere, out _, out _));
        Assert.Equal(0, PageTable.Map(root, Somewhere, 0x456000, PageProtection.KernelData, 0));
    }

    [Fact]
    public void Large_pages_translate_and_are_not_cut()
    {
        ulong root = PageTable.AllocateTable();
        Assert.Equal(0, PageTable.Map(root, 0xffff_8880_4000_0000, 0x4000_0000, PageProtection.KernelData, 2));
        Assert.Equal(0, PageTable.Map(root, 0xffff_8880_0020_0000, 0x20_0000, PageProtection.KernelData, 1));
        Assert.True(PageTable.Translate(root, 0xffff_8880_5234_5678, out ulong physical, out _));
        Assert.Equal(0x5234_5678UL, physical);
        Assert.True(PageTable.Translate(root, 0xffff_8880_003f_ffff, out physical, out _));
        Assert.Equal(0x3f_ffffUL, physical);
        Assert.Equal(-EEXIST, PageTable.Map(root, 0xffff_8880_4020_0000, 0, PageProtection.KernelData, 0));
        Assert.Equal(-EINVAL, PageTable.Protect(root, 0xffff_8880_0020_0000, PageProtection.KernelReadOnly));
        Assert.False(PageTable.Unmap(root, 0xffff_8880_0020_0000).Present);
        Assert.True(PageTable.Translate(root, 0xffff_8880_0020_0000, out _, out _));
    }

    [Fact]
    public void A_range_takes_the_largest_pages_that_fit()
    {
        ulong root = PageTable.AllocateTable();
        const ulong Start = 0x3fdf_f000, End = 0x8040_2000;
        PageTable.MapRange(root, Paging.DirectMapBase + Start, Start, End - Start, PageProtection.KernelData, 2);
        int[] expected = [0, 1, 2, 1, 0];
        ulong[] at = [Start, 0x3fe0_0000, 0x4000_0000, 0x8000_0000, 0x8040_1000];
        for (int i = 0; i < at.Length; i++)
        {
            PageTable.Lookup(root, Paging.DirectMapBase + at[i], out int level);
            Assert.Equal(expected[i], level);
        }

        for (ulong address = Start; address < End; address += 0x1fff_0000 / 3 & ~7UL)
        {
            Assert.True(PageTable.Translate(root, Paging.DirectMapBase + address, out ulong physical, out _));
            Assert.Equal(address, physical);
        }

        Assert.False(PageTable.Translate(root, Paging.DirectMapBase + Start - 1, out _, out _));
        Assert.False(PageTable.Translate(root, Paging.DirectMapBase + End, out _, out _));
    }

    [Fact]
    public void Random_pages_agree_with_a_dictionary()
    {
        Random random = new(3);
        ulong root = PageTable.AllocateTable();
        Dictionary<ulong, ulong> model = [];
        for (int i = 0; i < 5000; i++)
        {
            ulong address = 0xffff_c900_0000_0000 + ((ulong)random.Next(40) << 12) + ((ulong)random.Next(3) << 21) + ((ulong)random.Next(3) << 30);
            ulong physical = (ulong)random.Next(1 << 20) << 12;
            if (random.Next(2) == 0)
            {
                Assert.Equal(model.TryAdd(address, physical) ? 0 : -EEXIST, PageTable.Map(root, address, physical, PageProtection.KernelData, 0));
            }
            else
            {
                PageTableEntry entry = PageTable.Unmap(root, address);
                Assert.Equal(model.Remove(address, out ulong before), entry.Present);
                Assert.True(!entry.Present || entry.Physical == before);
            }

            Assert.Equal(model.TryGetValue(address, out ulong expected), PageTable.Translate(root, address, out ulong actual, out _));
            Assert.Equal(expected, actual);
        }
    }

    [Fact]
    public void No_memory_for_a_table_is_ENOMEM()
    {
        ulong root = PageTable.AllocateTable();
        List<nint> all = Hoard.AllPages(GfpFlags.Atomic);
        Assert.Equal(-ENOMEM, PageTable.Map(root, Somewhere, 0x1000, PageProtection.KernelData, 0));
        Hoard.Return(all);
        Assert.Equal(0, PageTable.Map(root, Somewhere, 0x1000, PageProtection.KernelData, 0));
    }
}
