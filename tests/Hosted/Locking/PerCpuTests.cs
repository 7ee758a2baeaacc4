// The memory of per-CPU variables: no two share a byte, and what is freed comes back.

using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace CSharpOS.Hosted.Locking;

public sealed unsafe class PerCpuTests : LockMachine
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [Trait("Row", "SYNC-03")]
    public void NoTwoVariablesShareAByte(int seed)
    {
        Random random = new(seed);
        List<(nuint Start, nuint Size)> taken = [];
        for (int i = 0; i < 3000; i++)
        {
            if (random.Next(3) == 0 && taken.Count > 0)
            {
                (nuint start, nuint length) = taken[random.Next(taken.Count)];
                taken.Remove((start, length));
                PerCpuArea.Release(start, length);
                continue;
            }

            nuint size = (nuint)(1 + random.Next(random.Next(4) == 0 ? 900 : 40));
            if (PerCpuArea.TryReserve(size, out nuint offset))
            {
                Assert.True(offset >= 16 && offset % 16 == 0 && offset + size <= PerCpuArea.Size);
                Assert.DoesNotContain(taken, other => offset < other.Start + other.Size && other.Start < offset + size);
                taken.Add((offset, size));
            }
        }

        taken.ForEach(entry => PerCpuArea.Release(entry.Start, entry.Size));

        // Everything is one free piece again.
        Assert.True(PerCpuArea.TryReserve(PerCpuArea.Size - 16, out nuint all));
        Assert.False(PerCpuArea.TryReserve(1, out _));
        PerCpuArea.Release(all, PerCpuArea.Size - 16);
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void EachCpuHasItsOwnCopyWhichBeginsAsZero()
    {
        Assert.Equal(0, PerCpu<long>.Allocate(out PerCpu<long> variable));
        for (int cpu = 0; cpu < 4; cpu++)
        {
            *variable.On(cpu) = cpu + 10;
        }

        for (int cpu = 0; cpu < 4; cpu++)
        {
            Simulation.SwitchTo(cpu);
            Assert.Equal(cpu, GetCpu());
            using (variable.Guard(out long* mine))
            {
                Assert.Equal(cpu + 10, *mine);
                Assert.Equal(2, Cpu.PreemptCount());
            }

            Assert.True(variable.Get() == variable.On(cpu));
            variable.Put();
            PutCpu();
            Assert.Equal(0, Cpu.PreemptCount());
        }

        variable.Free();
        Assert.Equal(0, PerCpu<long>.Allocate(out variable));
        Assert.All(Enumerable.Range(0, 4), cpu => Assert.Equal(0, *variable.On(cpu)));
    }
}
