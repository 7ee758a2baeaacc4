// The wheel against time: every delay class, the boundaries of the groups, the wrap of jiffies, and 100,000 timers against a model.

using Xunit;
using static CSharpOS.Hosted.Time.TimerWheel;

namespace CSharpOS.Hosted.Time;

public sealed unsafe class TimerWheelTests : IDisposable
{
    public void Dispose() => Stop();

    // Around the ends of the groups; the largest that a test can wait for by single ticks.
    public static TheoryData<uint> Delays =>
    [
        0, 1, 2, 254, 255, 256, 257, 258, 511, 512, 513, 16_127, 16_383, 16_384, 16_385, 16_639, 16_640, 16_641, 65_536, 1_048_319,
        1_048_575, 1_048_576, 1_048_577, 1_048_832,
    ];

    [Theory]
    [MemberData(nameof(Delays))]
    [Trait("Row", "TIME-03")]
    public void EveryDelayIsKeptToTheTick(uint delay)
    {
        // Started at many places of the first two groups.
        foreach (uint offset in delay < 100_000 ? (uint[])[0, 1, 128, 255, 256, 16_383] : [200])
        {
            Start();
            Ticks(offset);
            uint due = Jiffies + delay;
            Arm(0, delay);
            Ticks(delay + 1);
            (int _, uint ran, int _) = Assert.Single(Calls);

            // A timer for the tick that is under way runs at the next one.
            Assert.Equal(delay == 0 ? due + 1 : due, ran);
        }
    }

    [Fact]
    [Trait("Row", "TIME-03")]
    public void NeverEarlyAcrossTheWrap()
    {
        // Jiffies begins 300 seconds before the wrap.
        const uint ToWrap = 300 * HZ;
        for (uint delay = ToWrap - 300; delay < ToWrap + 300; delay += 29)
        {
            Start();
            uint due = Jiffies + delay;
            Arm(0, delay);
            Ticks(delay - 1);
            Assert.Empty(Calls);
            OneTick();
            Assert.Equal(due, Assert.Single(Calls).Jiffies);
        }

        Assert.True(Jiffies < 1000);
    }

    [Fact]
    [Trait("Row", "TIME-03")]
    public void TheLongestDelaysAreFarAwayAndNotInThePast()
    {
        Start();
        Arm(0, int.MaxValue);
        Arm(1, (1u << 26) + 5);
        Arm(2, (1u << 20) * 63);
        Ticks(200_000);
        Assert.Empty(Calls);
        Assert.Equal(1, DelTimer(Timer(0)));
        Assert.Equal(1, DelTimer(Timer(1)));
        Assert.Equal(1, DelTimer(Timer(2)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [Trait("Row", "TIME-03")]
    public void AHundredThousandTimersDoWhatAListWouldDo(int seed)
    {
        const int Count = 100_000;
        Start(Count);
        Random random = new(seed);
        var due = new uint?[Count];
        var model = new SortedDictionary<ulong, HashSet<int>>();
        ulong now = 0;
        var dueAt = new ulong[Count];

        void Set(int i, uint delay)
        {
            Clear(i);
            ulong at = now + Math.Max(delay, 1);
            due[i] = delay;
            dueAt[i] = at;
            if (!model.TryGetValue(at, out HashSet<int>? set))
            {
                model[at] = set = [];
            }

            set.Add(i);
        }

        void Clear(int i)
        {
            if (due[i] == null)
            {
                return;
            }

            due[i] = null;
            model[dueAt[i]].Remove(i);
        }

        uint RandomDelay() => (uint)random.Next(random.Next(5) switch { 0 => 2, 1 => 300, 2 => 17_000, 3 => 70_000, _ => 120_000 });

        for (int i = 0; i < Count; i++)
        {
            uint delay = RandomDelay();
            Arm(i, delay);
            Set(i, delay);
        }

        while (now < 100_000)
        {
            Calls.Clear();
            now++;
            OneTick();
            model.Remove(now, out HashSet<int>? expected);
            Assert.Equal(expected?.Count ?? 0, Calls.Count);
            foreach ((int timer, uint _, int _) in Calls)
            {
                Assert.Contains(timer, expected!);
                due[timer] = null;
            }

            for (int change = 0; change < 3; change++)
            {
                int i = random.Next(Count);
                Assert.Equal(due[i] != null, TimerPending(Timer(i)));
                int active = due[i] != null ? 1 : 0;
                if (random.Next(3) == 0)
                {
                    Assert.Equal(active, DelTimer(Timer(i)));
                    Clear(i);
                }
                else
                {
                    uint delay = RandomDelay();
                    Assert.Equal(active, ModTimer(Timer(i), Jiffies + delay));
                    Set(i, delay);
                }
            }
        }
    }
}
