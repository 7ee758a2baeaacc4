// WrapLoad: what goes on while jiffies wrap. Timers that arm themselves again, some soon and some far away; a thread that sleeps for ticks; a delayed work that queues
// itself. Each knows the tick that it is due, and is wrong if it comes at another. Part of the suite time, only where instructions are counted: an idle CPU is on
// time there to the tick.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class WrapLoad
{
    private const int Timers = 32;
    private const uint Near = HZ * 12 / 5, Far = 70_000;
    private const uint SleepTicks = HZ / 35, WorkTicks = HZ / 22;

    private static TimerArray s_timers;
    private static DueArray s_due;
    private static DelayedWork s_work;
    private static TaskStruct* s_sleeper;
    private static uint s_random;
    private static uint s_workDue;
    private static int s_timerRuns, s_sleeps, s_workRuns;
    private static int s_acrossTheWrap;
    private static int s_wrong;

    private static TimerList* Timer(int index) => (TimerList*)Unsafe.AsPointer(ref s_timers) + index;

    private static DelayedWork* Work => (DelayedWork*)Unsafe.AsPointer(ref s_work);

    /// <summary>Begins. False: the sleeping thread could not be made.</summary>
    public static bool Start()
    {
        s_timerRuns = s_sleeps = s_workRuns = s_acrossTheWrap = s_wrong = 0;
        s_random = 1;
        for (int i = 0; i < Timers; i++)
        {
            SetupTimer(Timer(i), &Again, (ulong)i);
            Arm(i);
        }

        DelayedWork.Init(Work, &WorkAgain);
        s_workDue = Jiffies + WorkTicks;
        Check.True(ScheduleDelayedWork(Work, WorkTicks));
        s_sleeper = Kthread.Run(&SleepAgain, null, $"wrap", out int error);
        Check.Equal(0, error);
        return error == 0;
    }

    /// <summary>Ends, and checks: nothing was wrong, all of it went on for <paramref name="ticks"/>, and some were armed before the wrap for after it.</summary>
    public static void StopAndCheck(uint ticks)
    {
        Kthread.Stop(s_sleeper);
        for (int i = 0; i < Timers; i++)
        {
            DelTimerSync(Timer(i));
        }

        CancelDelayedWorkSync(Work);
        Check.Equal(0, s_wrong);
        Check.True(s_acrossTheWrap >= 3);
        Check.True(s_timerRuns > ticks / Near);
        Check.Between(ticks / (SleepTicks + 2), ticks / SleepTicks, s_sleeps);
        Check.Between(ticks / (WorkTicks + 2), ticks / WorkTicks, s_workRuns);
    }

    private static void Arm(int index)
    {
        s_random = (s_random * 1_664_525) + 1_013_904_223;
        uint now = Jiffies;
        uint due = now + 1 + ((s_random >> 8) % (index % 8 == 0 ? Far : Near));
        s_due[index] = due;
        NoteArmed(now, due);
        Check.Equal(0, ModTimer(Timer(index), due));
    }

    private static void Again(ulong index)
    {
        NoteCame(Jiffies == s_due[(int)index]);
        s_timerRuns++;
        Arm((int)index);
    }

    private static void WorkAgain(WorkStruct* work)
    {
        // Whole ticks: the one that has begun does not count.
        NoteCame(Jiffies - s_workDue <= 1);
        s_workRuns++;
        uint now = Jiffies;
        s_workDue = now + WorkTicks;
        NoteArmed(now, s_workDue);
        ScheduleDelayedWork(Work, WorkTicks);
    }

    private static int SleepAgain(void* unused)
    {
        while (!Kthread.ShouldStop())
        {
            uint now = Jiffies;
            NoteArmed(now, now + SleepTicks);
            int left = ScheduleTimeoutUninterruptible((int)SleepTicks);
            if (Kthread.ShouldStop())
            {
                // Woken for that, perhaps before its time.
                break;
            }

            NoteCame(left == 0 && Jiffies - now is SleepTicks or SleepTicks + 1);
            s_sleeps++;
        }

        return 0;
    }

    private static void NoteArmed(uint now, uint due) => Shared.AddReturn(ref s_acrossTheWrap, due < now ? 1 : 0);

    private static void NoteCame(bool inTime) => Shared.AddReturn(ref s_wrong, inTime ? 0 : 1);

    [InlineArray(Timers)]
    private struct TimerArray
    {
        private TimerList _first;
    }

    [InlineArray(Timers)]
    private struct DueArray
    {
        private uint _first;
    }
}
