// The entropy pool and its hash function.

using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class EntropyPoolTests
{
    private readonly IrqMachine _machine = new();

    public EntropyPoolTests() => Handlers.Reset();

    private static string Hash(ReadOnlySpan<byte> data, ReadOnlySpan<byte> key, int piece = int.MaxValue)
    {
        Blake2s hash = default;
        hash.Start(key);
        for (int i = 0; i < data.Length; i += Math.Min(piece, data.Length))
        {
            hash.Update(data.Slice(i, Math.Min(piece, data.Length - i)));
        }

        byte[] result = new byte[32];
        hash.Finish(result);
        return Convert.ToHexString(result).ToLowerInvariant();
    }

    private static byte[] Counting(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)i;
        }

        return bytes;
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void Blake2sGivesTheResultsOfItsSpecification()
    {
        Assert.Equal("508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982", Hash("abc"u8, default));
        Assert.Equal("69217a3079908094e11121d042354a7c1f55b6482ca1a51e1b250dfd1ed0eef9", Hash(default, default));
        byte[] key = Counting(32);
        Assert.Equal("48a8997da407876b3d79c0d92325ad3b89cbb754d86ab71aee047ad345fd2c49", Hash(default, key));
        Assert.Equal("40d15fee7c328830166ac3f918650f807e7e01e177258cdc0a39b11f598066f1", Hash(Counting(1), key));
        Assert.Equal("3fb735061abc519dfe979e54c1ee5bfad0a9d858b3315bad34bde999efd724dd", Hash(Counting(255), key));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [Trait("Row", "IRQ-14")]
    public void ThePiecesInWhichDataComeDoNotMatter(int piece)
    {
        byte[] data = Counting(256);
        foreach (int length in (int[])[1, 63, 64, 65, 127, 128, 129, 256])
        {
            Assert.Equal(Hash(data.AsSpan(0, length), default), Hash(data.AsSpan(0, length), default, piece));
        }
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void OnlyHandlersThatAskFeedThePoolAndEachInterruptFeedsItOnce()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "plain"u8, null);
        RequestIrq(6, Handlers.Get(0), IrqFlags.Shared, "one"u8, (void*)1);
        RequestIrq(6, Handlers.Get(1), IrqFlags.Shared | IrqFlags.SaSampleRandom, "two"u8, (void*)2);
        RequestIrq(6, Handlers.Get(2), IrqFlags.Shared | IrqFlags.SaSampleRandom, "three"u8, (void*)3);
        Random random = new(1);
        for (int i = 0; i < 50; i++)
        {
            Simulation.Tsc += (ulong)random.Next(1000, 100_000);
            _machine.Pulse(5);
        }

        Assert.Equal(0, EntropyPool.EntropyCount);
        for (int i = 0; i < 50; i++)
        {
            Simulation.Tsc += (ulong)random.Next(1000, 100_000);
            _machine.Pulse(6);
        }

        Assert.InRange(EntropyPool.EntropyCount, 45, 50);
    }

    [Theory]
    [InlineData(0b000, 0)]
    [InlineData(0b001, 50)]
    [InlineData(0b100, 50)]
    [InlineData(0b111, 50)]
    [Trait("Row", "IRQ-06")]
    [Trait("Row", "IRQ-14")]
    public void ASharedLineIsSampledOnceIfAnyOfItsHandlersAsks(int asking, int credit)
    {
        for (int i = 0; i < 3; i++)
        {
            IrqFlags flags = (asking & (1 << i)) != 0 ? IrqFlags.Shared | IrqFlags.SampleRandom : IrqFlags.Shared;
            RequestIrq(10, Handlers.Get(i), flags, "device"u8, (void*)(i + 1));
        }

        // Every sample is worth one bit here, so a second one of the same interrupt would show.
        Random random = new(3);
        for (int i = 0; i < 50; i++)
        {
            Simulation.Tsc += (ulong)random.Next(1000, 100_000);
            _machine.Pulse(10);
        }

        Assert.Equal(150, Handlers.Calls.Count);
        Assert.Equal(credit, EntropyPool.EntropyCount);
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void RegularInterruptsAreWorthNothing()
    {
        for (int i = 0; i < 100; i++)
        {
            Simulation.Tsc = (ulong)i * 1_000_000;
            EntropyPool.AddInterruptRandomness(5);
        }

        Assert.InRange(EntropyPool.EntropyCount, 0, 3);
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void TheEstimateIsCappedAndGoesDownWithWhatIsTaken()
    {
        Random random = new(2);
        for (int i = 0; i < 1000; i++)
        {
            Simulation.Tsc += (ulong)random.Next(1000, 100_000);
            EntropyPool.AddInterruptRandomness(5);
        }

        Assert.Equal(256, EntropyPool.EntropyCount);
        EntropyPool.GetRandomBytes(new byte[10]);
        Assert.Equal(176, EntropyPool.EntropyCount);
        EntropyPool.GetRandomBytes(new byte[1000]);
        Assert.Equal(0, EntropyPool.EntropyCount);
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void OneDifferentInterruptChangesAllThatFollows()
    {
        static string Draw(ulong time)
        {
            _ = new IrqMachine();
            for (ulong i = 0; i < 10; i++)
            {
                Simulation.Tsc = i * 1000 * i;
                EntropyPool.AddInterruptRandomness(5);
            }

            Simulation.Tsc = time;
            EntropyPool.AddInterruptRandomness(5);
            Simulation.Tsc = 10_000_000;
            byte[] bytes = new byte[100];
            EntropyPool.GetRandomBytes(bytes);
            return Convert.ToHexString(bytes);
        }

        Assert.Equal(Draw(500_000), Draw(500_000));
        string first = Draw(500_000);
        string second = Draw(500_001);
        int equal = 0;
        for (int i = 0; i < first.Length; i++)
        {
            equal += first[i] == second[i] ? 1 : 0;
        }

        // One sixteenth by chance.
        Assert.InRange(equal, 0, 40);
    }

    [Fact]
    [Trait("Row", "IRQ-14")]
    public void BytesNeverRepeatAndAreEvenlySpread()
    {
        byte[] bytes = new byte[65_536];
        for (int i = 0; i < bytes.Length; i += 77)
        {
            EntropyPool.GetRandomBytes(bytes.AsSpan(i, Math.Min(77, bytes.Length - i)));
        }

        int[] counts = new int[256];
        int ones = 0;
        foreach (byte value in bytes)
        {
            counts[value]++;
            ones += System.Numerics.BitOperations.PopCount(value);
        }

        double chiSquared = counts.Sum(count => (count - 256.0) * (count - 256.0) / 256.0);
        Assert.InRange(chiSquared, 150, 380);
        Assert.InRange(ones, 262_144 - 2000, 262_144 + 2000);
        HashSet<string> blocks = [];
        for (int i = 0; i < bytes.Length; i += 16)
        {
            Assert.True(blocks.Add(Convert.ToHexString(bytes, i, 16)));
        }
    }
}
