// SchedPickTests: what a switch costs when few and when many wait for the CPU. Part of the suite sched.
//
// Two real-time threads yield to each other, under a conductor; a crowd of less urgent ones waits in the same run queue meanwhile. Where time is the count of
// instructions the cheapest of many turns is exact: it holds no tick and no other interrupt.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedPickTests
{
    private const int Crowd = 150;
    private const int Turns = 100;
    private const int Slack = 16;

    private static Threads s_threads;
    private static ulong s_cheapest;

    internal static void ConstantTime()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("time is not counted in instructions"u8);
            return;
        }

        // The first round teaches the checks of this build what they keep.
        CostBeside(0);
        ulong few = CostBeside(0);
        ulong many = CostBeside(Crowd);
        Check.True(few > 0);
        Check.Between((long)few - Slack, (long)few + Slack, (long)many);
    }

    private static SchedThread* Thread(int i) => (SchedThread*)Unsafe.AsPointer(ref s_threads) + i;

    private static ulong CostBeside(int crowd)
    {
        s_cheapest = ulong.MaxValue;
        SchedThread.BeConductor();
        for (int i = 0; i < crowd; i++)
        {
            SchedThread.Make(Thread(2 + i), 0, &Nothing, null);
            Scheduler.SetUserNice(Thread(2 + i)->Task, (i % 40) - 20);
            SchedThread.Start(Thread(2 + i));
        }

        Check.True(RunQueues.Of(0)->RunningCount > crowd);
        for (int i = 0; i < 2; i++)
        {
            SchedThread.Make(Thread(i), 0, &TakeTurns, null);
            Check.Equal(0, Scheduler.SetScheduler(Thread(i)->Task, SchedPolicy.Fifo, 50));
        }

        SchedThread.Start(Thread(0));
        SchedThread.Start(Thread(1));
        for (int i = 0; i < 2 + crowd; i++)
        {
            SchedThread.Join(Thread(i));
        }

        SchedThread.BeOrdinary();
        return s_cheapest;
    }

    // To the other and back.
    private static void TakeTurns(void* unused)
    {
        for (int i = 0; i < Turns; i++)
        {
            ulong start = ReadTsc();
            Scheduler.Yield();
            s_cheapest = Math.Min(s_cheapest, ReadTsc() - start);
        }
    }

    private static void Nothing(void* unused)
    {
    }

    [InlineArray(2 + Crowd)]
    private struct Threads
    {
        private SchedThread _first;
    }
}
