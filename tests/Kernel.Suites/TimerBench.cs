// TimerBench: what arming and deleting a timer costs, with one timer pending and with 100,000, spread over 1,000,000 ticks.

namespace CSharpOS.Suites;

/// <summary>The measurements of the timers.</summary>
public static unsafe class TimerBench
{
    private const int Many = 100_000;
    private const uint Spread = 1_000_000;
    private const int Samples = 500;

    // Per page of memory, so that no large piece is needed.
    private const int PerChunk = 64;

    private static TimerList** s_chunks;
    private static int s_pending;
    private static uint s_random;

    [TestSuite("bench")]
    public static void Suite()
    {
        if (!Prepare(Many))
        {
            Printk(LogLevel.Error, $"bench: no memory for {Many} timers\n");
            return;
        }

        Scheduler.SetCpusAllowed(Current, 1);
        s_pending = 1;
        Bench.Measure("timer-add-1"u8, &Add, "instructions"u8);
        Bench.Measure("timer-mod-1"u8, &Mod, "instructions"u8);
        Bench.Measure("timer-del-1"u8, &Del, "instructions"u8);
        for (int i = 0; i < Many; i++)
        {
            ModTimer(Timer(i), Jiffies + Delay());
        }

        s_pending = Many;
        Bench.Measure("timer-add-100000"u8, &Add, "instructions"u8);
        Bench.Measure("timer-mod-100000"u8, &Mod, "instructions"u8);
        Bench.Measure("timer-del-100000"u8, &Del, "instructions"u8);
        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
        Release(Many);
    }

    /// <summary>Where instructions are counted: adding, modifying and deleting a timer take as many with 100,000 pending as with one.</summary>
    internal static void SameCosts()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("instructions are not counted here"u8);
            return;
        }

        bool prepared = Prepare(Many);
        Check.True(prepared);
        if (!prepared)
        {
            return;
        }

        s_pending = 1;
        ulong add = Least(&Add), mod = Least(&Mod), del = Least(&Del);
        for (int i = 0; i < Many; i++)
        {
            ModTimer(Timer(i), Jiffies + Delay());
        }

        s_pending = Many;
        Check.Equal(add, Least(&Add));
        Check.Equal(mod, Least(&Mod));
        Check.Equal(del, Least(&Del));
        Release(Many);
    }

    // A tick may fall into a sample, and a slot may be empty or not: the least of many.
    private static ulong Least(delegate*<ulong> sample)
    {
        ulong least = ulong.MaxValue;
        for (int i = 0; i < Samples; i++)
        {
            ulong cost = sample();
            least = cost < least ? cost : least;
        }

        return least;
    }

    private static TimerList* Timer(int index) => s_chunks[index / PerChunk] + (index % PerChunk);

    private static uint Delay()
    {
        s_random = (s_random * 1_664_525) + 1_013_904_223;
        return 1000 + (s_random % Spread);
    }

    private static TimerList* Any()
    {
        uint delay = Delay();
        return Timer((int)(delay % (uint)s_pending));
    }

    private static ulong Add()
    {
        TimerList* timer = Any();
        DelTimer(timer);
        timer->Expires = Jiffies + Delay();
        ulong start = ReadTsc();
        AddTimer(timer);
        return ReadTsc() - start;
    }

    private static ulong Mod()
    {
        TimerList* timer = Any();
        ModTimer(timer, Jiffies + Delay());
        uint expires = Jiffies + Delay();
        ulong start = ReadTsc();
        ModTimer(timer, expires);
        return ReadTsc() - start;
    }

    private static ulong Del()
    {
        TimerList* timer = Any();
        ModTimer(timer, Jiffies + Delay());
        ulong start = ReadTsc();
        DelTimer(timer);
        ulong cost = ReadTsc() - start;
        ModTimer(timer, Jiffies + Delay());
        return cost;
    }

    private static bool Prepare(int count)
    {
        int chunks = (count + PerChunk - 1) / PerChunk;
        s_chunks = (TimerList**)Vmalloc.Alloc((nuint)(chunks * sizeof(void*)));
        if (s_chunks == null)
        {
            return false;
        }

        for (int i = 0; i < chunks; i++)
        {
            s_chunks[i] = (TimerList*)Kmalloc((nuint)(PerChunk * sizeof(TimerList)), GfpFlags.Kernel);
            if (s_chunks[i] == null)
            {
                Release(i * PerChunk);
                return false;
            }
        }

        for (int i = 0; i < count; i++)
        {
            SetupTimer(Timer(i), &Nothing, (ulong)i);
        }

        return true;
    }

    private static void Release(int count)
    {
        for (int i = 0; i < count; i += PerChunk)
        {
            for (int j = i; j < i + PerChunk && j < count; j++)
            {
                DelTimerSync(Timer(j));
            }

            Kfree(s_chunks[i / PerChunk]);
        }

        Vmalloc.Free(s_chunks);
    }

    private static void Nothing(ulong unused)
    {
    }
}
