// Bitmaps against a plain array of truth values.

using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Locking;

public sealed unsafe class BitsTests
{
    private const int Size = 200;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Row", "SYNC-01")]
    public void EveryOperationDoesWhatItSaysToItsBitOnly(int seed)
    {
        Random random = new(seed);
        bool[] model = new bool[Size];
        ulong* bitmap = stackalloc ulong[4];
        new Span<ulong>(bitmap, 4).Clear();
        for (int i = 0; i < 5000; i++)
        {
            int bit = random.Next(Size);
            bool before = model[bit];
            bool? answer = null;
            switch (random.Next(12))
            {
                case 0:
                    Bits.SetBit(bit, bitmap);
                    model[bit] = true;
                    break;
                case 1:
                    Bits.ClearBit(bit, bitmap);
                    model[bit] = false;
                    break;
                case 2:
                    Bits.ChangeBit(bit, bitmap);
                    model[bit] = !before;
                    break;
                case 3:
                    answer = Bits.TestAndSetBit(bit, bitmap);
                    model[bit] = true;
                    break;
                case 4:
                    answer = Bits.TestAndClearBit(bit, bitmap);
                    model[bit] = false;
                    break;
                case 5:
                    answer = Bits.TestAndChangeBit(bit, bitmap);
                    model[bit] = !before;
                    break;
                case 6:
                    Bits.SetBitNonAtomic(bit, bitmap);
                    model[bit] = true;
                    break;
                case 7:
                    Bits.ClearBitNonAtomic(bit, bitmap);
                    model[bit] = false;
                    break;
                case 8:
                    Bits.ChangeBitNonAtomic(bit, bitmap);
                    model[bit] = !before;
                    break;
                case 9:
                    answer = Bits.TestAndSetBitNonAtomic(bit, bitmap);
                    model[bit] = true;
                    break;
                case 10:
                    answer = Bits.TestAndClearBitNonAtomic(bit, bitmap);
                    model[bit] = false;
                    break;
                default:
                    answer = Bits.TestAndChangeBitNonAtomic(bit, bitmap);
                    model[bit] = !before;
                    break;
            }

            Assert.Equal(answer ?? before, before);
            if (i % 50 == 0)
            {
                Compare(model, bitmap);
            }
        }

        Compare(model, bitmap);
    }

    [Fact]
    [Trait("Row", "SYNC-01")]
    public void FindingInEmptyAndFullBitmaps()
    {
        ulong* bitmap = stackalloc ulong[2];
        foreach (int size in (int[])[0, 1, 63, 64, 65, 128])
        {
            bitmap[0] = bitmap[1] = 0;
            Assert.Equal(size, Bits.FindFirstBit(bitmap, size));
            Assert.Equal(0, Bits.FindFirstZeroBit(bitmap, size));
            Assert.Equal(0, Bits.Weight(bitmap, size));
            bitmap[0] = bitmap[1] = ulong.MaxValue;
            Assert.Equal(size, Bits.FindFirstZeroBit(bitmap, size));
            Assert.Equal(0, Bits.FindFirstBit(bitmap, size));
            Assert.Equal(size, Bits.Weight(bitmap, size));
            Assert.Equal(size, Bits.FindNextBit(bitmap, size, size));
        }
    }

    [Fact]
    [Trait("Row", "SYNC-01")]
    public void BitsOfAWord()
    {
        Assert.Equal(0, Bits.Ffs(0));
        Assert.Equal(0, Bits.Fls(0));
        for (int bit = 0; bit < 32; bit++)
        {
            Assert.Equal(bit + 1, Bits.Ffs(1 << bit));
            Assert.Equal(bit + 1, Bits.Fls(1 << bit));
            Assert.Equal(1, Bits.Ffs((1 << bit) | 1));
            Assert.Equal(32, Bits.Fls((1 << bit) | int.MinValue));
        }

        Assert.Equal(0, Bits.Ffz(0));
        Assert.Equal(63, Bits.Ffz(ulong.MaxValue >> 1));
        Assert.Equal(1, Bits.BitsToLongs(64));
        Assert.Equal(2, Bits.BitsToLongs(65));
    }

    private static void Compare(bool[] model, ulong* bitmap)
    {
        Assert.Equal(model.Count(set => set), Bits.Weight(bitmap, Size));
        for (int i = 0; i < Size; i++)
        {
            Assert.Equal(model[i], Bits.TestBit(i, bitmap));
            Assert.Equal(Next(model, i, true), Bits.FindNextBit(bitmap, Size, i));
            Assert.Equal(Next(model, i, false), Bits.FindNextZeroBit(bitmap, Size, i));
        }
    }

    private static int Next(bool[] model, int from, bool value)
    {
        int found = Array.IndexOf(model, value, from);
        return found < 0 ? Size : found;
    }
}
