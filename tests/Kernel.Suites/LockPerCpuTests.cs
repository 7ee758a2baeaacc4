// LockPerCpuTests: per-CPU variables. Part of the suite lock.

namespace CSharpOS.Suites;

internal static unsafe class LockPerCpuTests
{
    private static PerCpu<long> s_counter;
    private static int s_turns;
    private static int s_moved;

    // Threads that may run anywhere count in the copy of the CPU they are on.
    internal static void Counting()
    {
        Check.Equal(0, PerCpu<long>.Allocate(out s_counter));
        s_turns = LockTests.Turns(4000);
        s_moved = 0;
        Crew.RunAll(&Count, bound: false);
        long sum = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            sum += *s_counter.On(cpu);
        }

        Check.Equal((long)s_turns * LockTests.CrewSize, sum);
        Check.Equal(0, s_moved);
        s_counter.Free();

        int here = GetCpu();
        Check.Equal(SmpProcessorId(), here);
#if PREEMPT || DEBUG_CHECKS
        Check.Equal(1, PreemptCount());
#endif
        PutCpu();
        Check.Equal(0, PreemptCount());
    }

    internal static void Allocation()
    {
        Check.Equal(0, PerCpu<Sample>.Allocate(out PerCpu<Sample> first));
        Check.Equal(0, PerCpu<Sample>.Allocate(out PerCpu<Sample> second));
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Sample* one = first.On(cpu);
            Sample* two = second.On(cpu);
            Check.True(one + 1 <= two || two + 1 <= one);
            Check.Equal(0, one->First + one->Last + two->First + two->Last);
            one->First = one->Last = cpu + 1;
            two->First = two->Last = -1;
        }

        second.Free();
        Check.Equal(Smp.CpuCount, first.On(Smp.CpuCount - 1)->Last);

        // The same place again, and zero again.
        Check.Equal(0, PerCpu<Sample>.Allocate(out second));
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(0, second.On(cpu)->First + second.On(cpu)->Last);
        }

        Check.Equal(-ENOMEM, PerCpu<TooBig>.Allocate(out _));
        first.Free();
        second.Free();
        int rounds = 0;
        while (rounds < 2000 && PerCpu<Sample>.Allocate(out first) == 0)
        {
            first.Free();
            rounds++;
        }

        Check.Equal(2000, rounds);
    }

    private static void Count(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            if ((i & 1) == 0)
            {
                long* mine = s_counter.Get();
                *mine += 1;
                s_moved += mine == s_counter.On(SmpProcessorId()) ? 0 : 1;
                s_counter.Put();
            }
            else
            {
                using (s_counter.Guard(out long* mine))
                {
                    *mine += 1;
                }
            }

            if ((i & 127) == 0)
            {
                Scheduler.Yield();
            }
        }
    }

    private struct Sample
    {
        public long First, Second, Third, Last;
    }

    [System.Runtime.CompilerServices.InlineArray(PerCpuArea.Size / 8)]
    private struct TooBig
    {
        private long _first;
    }
}
