// HrtimerTests: the clock source and high-resolution timers on the running machine.
//
// Process context. What must not be is checked everywhere: time that goes back, a timer that is early. How late one may be only where
// the emulator counts instructions.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the high-resolution timers.</summary>
public static unsafe class HrtimerTests
{
    private const int Readings = 20_000;
    private const int Timers = 8;
    private const long Millisecond = 1_000_000;
    private const int Periods = 10;

    private static TimerArray s_timers;
    private static SpinLock s_lock;
    private static long s_last;
    private static int s_backwards;
    private static int s_runs;
    private static int s_wrong;
    private static int s_order;
    private static ulong s_overruns;
    private static long s_worst;
    private static int s_inside, s_go, s_entered;
    private static TaskStruct* s_sleeper;

    [TestSuite("hrtimer")]
    public static void Suite()
    {
        Test.Run("a clock source was chosen"u8, "TIME-06"u8, &Chosen);
        Test.Run("time does not go back, on any CPU or between them"u8, "TIME-06"u8, &Monotonic);
        Test.Run("time and the time stamp counter agree"u8, "TIME-06"u8, &Agree);
        Test.Run("a timer runs once, not early, in the context it asked for"u8, "TIME-06"u8, &Once);
        Test.Run("start and cancel say whether the timer was active"u8, "TIME-06"u8, &Results);
        Test.Run("timers run in the order of their times"u8, "TIME-06"u8, &Order);
        Test.Run("a periodic timer keeps its phase"u8, "TIME-06"u8, &Periodic);
        Test.Run("hrtimer_cancel waits for the function on another CPU"u8, "TIME-06"u8, &CancelWaits);
        Test.Run("nanosleep sleeps for at least the time"u8, "TIME-06"u8, &Nanosleeps);
        Test.Run("in high-resolution mode it is not a tick late"u8, "TIME-06"u8, &Precise);
        Test.Run("schedule_hrtimeout ends with a wake-up"u8, "TIME-06"u8, &WokenEarly);
    }

    private static Hrtimer* Timer(int index) => (Hrtimer*)Unsafe.AsPointer(ref s_timers) + index;

    private static void Prepare()
    {
        s_runs = s_wrong = s_order = s_inside = s_go = s_entered = 0;
        s_overruns = 0;
        s_worst = 0;
    }

    private static void Chosen()
    {
        ReadOnlySpan<byte> name = ClockSources.Current->Name;
        Check.True(name.SequenceEqual("tsc"u8) || name.SequenceEqual("hpet"u8) || name.SequenceEqual("pit"u8));
        Check.True(ClockSources.Find("pit"u8) != null && ClockSources.Find("jiffies"u8) != null);
        Check.True(ClockSources.Find("sundial"u8) == null);
    }

    private static void Monotonic()
    {
        s_last = KtimeGet();
        s_backwards = 0;
        ReadAll(null);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        int started = 0;
        for (; started < Smp.CpuCount && OnCpu.Start(&jobs[started], started, &ReadAll, null); started++)
        {
        }

        for (int i = 0; i < started; i++)
        {
            OnCpu.Wait(&jobs[i]);
        }

        Check.Equal(0, s_backwards);
    }

    private static void ReadAll(void* unused)
    {
        for (int i = 0; i < Readings / Smp.CpuCount; i++)
        {
            s_lock.Lock();
            long now = KtimeGet();
            s_backwards += now < s_last ? 1 : 0;
            s_last = now;
            s_lock.Unlock();
        }
    }

    private static void Agree()
    {
        ulong flags = LocalIrqSave();
        ulong tsc = ReadTsc();
        long start = KtimeGet();
        while ((ReadTsc() - tsc) / TscKhz < 3)
        {
        }

        long byTsc = (long)((ReadTsc() - tsc) * 1_000_000 / TscKhz);
        long passed = KtimeGet() - start;
        LocalIrqRestore(flags);
        if (ClockSources.Current->Continuous)
        {
            // Between the readings an emulator may be away for long, but not for less than nothing.
            Check.True(passed * 1001 / 1000 >= byTsc - (byTsc / 1000) - 100_000);
        }

        if (TimeTests.CountsInstructions() && ClockSources.Current->Continuous)
        {
            Check.Between(byTsc - 10_000, byTsc + 10_000, passed);
        }
    }

    private static HrtimerRestart Note(Hrtimer* timer)
    {
        long late = KtimeGet() - timer->Expires;
        bool hard = timer->CallbackMode == HrtimerCallbackMode.HardIrq;
        bool right = hard ? InIrq() && IrqsDisabled() : InSoftirq() && !InIrq() && !IrqsDisabled();
        s_wrong += late < 0 || !right ? 1 : 0;
        s_worst = late > s_worst ? late : s_worst;
        s_order = (s_order * 10) + (int)(timer - Timer(0)) + 1;
        Shared.AddReturn(ref s_runs, 1);
        return HrtimerRestart.NoRestart;
    }

    private static void Once()
    {
        Prepare();
        HrtimerInit(Timer(0), &Note);
        HrtimerInit(Timer(1), &Note, HrtimerCallbackMode.HardIrq);

        // An emulator may be slow: what is looked at while it is active is active for long.
        Check.Equal(0, HrtimerStart(Timer(0), 1_000_000 * Millisecond, HrtimerMode.Rel));
        Check.True(HrtimerActive(Timer(0)));
        Check.Equal(1, HrtimerCancel(Timer(0)));
        Check.Equal(0, HrtimerStart(Timer(0), 2 * Millisecond, HrtimerMode.Rel));
        Check.Equal(0, HrtimerStart(Timer(1), KtimeGet() + Millisecond, HrtimerMode.Abs));
        Check.True(TimerTests.Await(ref s_runs, 2));
        Msleep(5);
        Check.Equal(2, s_runs);
        Check.Equal(0, s_wrong);
        Check.Equal(0, HrtimerCancel(Timer(0)));
        Check.False(HrtimerActive(Timer(0)) || HrtimerActive(Timer(1)));
    }

    private static void Results()
    {
        Prepare();
        HrtimerInit(Timer(0), &Note);
        Check.Equal(0, HrtimerTryToCancel(Timer(0)));
        Check.Equal(0, HrtimerStart(Timer(0), 3600 * 1000 * Millisecond, HrtimerMode.Rel));
        Check.Equal(1, HrtimerStart(Timer(0), 1800 * 1000 * Millisecond, HrtimerMode.Rel));
        Check.Between(1000 * 1000 * Millisecond, 1800 * 1000 * Millisecond, HrtimerGetRemaining(Timer(0)));
        Check.Equal(1, HrtimerTryToCancel(Timer(0)));
        Check.Equal(0, HrtimerStart(Timer(0), long.MaxValue, HrtimerMode.Rel));
        Check.Equal(1, HrtimerCancel(Timer(0)));
        Check.Equal(0, HrtimerCancel(Timer(0)));
        Check.Equal(0, s_runs);
    }

    private static void Order()
    {
        Prepare();

        // However late the host lets this go on: all stand in the tree before the first can run.
        LocalIrqDisable();
        long start = KtimeGet() + (2 * Millisecond);
        for (int i = 0; i < 5; i++)
        {
            HrtimerInit(Timer(i), &Note);

            // The first last; the third and the fourth at the same moment.
            HrtimerStart(Timer(i), start + ((i == 3 ? 3 : 5 - i) * 50_000), HrtimerMode.Abs);
        }

        LocalIrqEnable();
        Check.True(TimerTests.Await(ref s_runs, 5));
        Check.Equal(53421, s_order);
        Check.Equal(0, s_wrong);
    }

    private static void Periodic()
    {
        Prepare();
        HrtimerInit(Timer(0), &Again);
        long start = KtimeGet() + Millisecond;
        HrtimerStart(Timer(0), start, HrtimerMode.Abs);
        Check.True(TimerTests.Await(ref s_runs, Periods));
        HrtimerCancel(Timer(0));
        Check.Equal(0, s_wrong);

        // However late it was, it was due at whole periods.
        Check.Equal(start + ((long)s_overruns * (Millisecond / 2)), Timer(0)->Expires);
        Check.True(s_overruns >= Periods - 1);
    }

    private static HrtimerRestart Again(Hrtimer* timer)
    {
        s_wrong += KtimeGet() < timer->Expires ? 1 : 0;
        if (Shared.AddReturn(ref s_runs, 1) == Periods)
        {
            return HrtimerRestart.NoRestart;
        }

        s_overruns += HrtimerForward(timer, KtimeGet(), Millisecond / 2);
        return HrtimerRestart.Restart;
    }

    private static void CancelWaits()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        Scheduler.SetCpusAllowed(Current, 1);
        HrtimerInit(Timer(0), &Slow);
        OnCpu job;
        if (OnCpu.Start(&job, 1, &StartTimer, null))
        {
            // The function may interrupt the very job that started the timer, so that one cannot be waited for before.
            Check.True(SmpTests.Becomes(ref s_entered, 1));
            Check.Equal(-1, HrtimerTryToCancel(Timer(0)));
            Check.True(HrtimerActive(Timer(0)));
            Shared.WriteOnce(ref s_go, 1);
            Check.Equal(1, HrtimerCancel(Timer(0)));
            Check.Equal(0, Shared.ReadOnce(ref s_inside));
            OnCpu.Wait(&job);
            Msleep(5);
            Check.Equal(1, s_entered);
        }

        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
    }

    private static void StartTimer(void* unused) => HrtimerStart(Timer(0), Millisecond, HrtimerMode.Rel);

    private static HrtimerRestart Slow(Hrtimer* timer)
    {
        Shared.WriteOnce(ref s_inside, 1);
        Shared.WriteOnce(ref s_entered, s_entered + 1);
        SmpTests.Becomes(ref s_go, 1);
        SmpLine.Delay(200);
        HrtimerForward(timer, KtimeGet(), 100_000 * Millisecond);
        Shared.WriteOnce(ref s_inside, 0);
        return HrtimerRestart.Restart;
    }

    private static void Nanosleeps()
    {
        foreach (int microseconds in (ReadOnlySpan<int>)[0, 1, 50, 300, 2500])
        {
            long start = KtimeGet();
            Check.Equal(0, HrtimerNanosleep(microseconds * 1000L, HrtimerMode.Rel, out long left));
            Check.Equal(0, left);
            Check.True(KtimeGet() - start >= microseconds * 1000L);
            start = KtimeGet();
            Usleep((uint)microseconds);
            Check.True(KtimeGet() - start >= microseconds * 1000L);
        }

        Check.Equal(0, HrtimerNanosleep(KtimeGet() - Millisecond, HrtimerMode.Abs, out _));
        Check.Equal(0, HrtimerNanosleep(-5, HrtimerMode.Rel, out _));
    }

    private static void Precise()
    {
        if (Hrtimers.HighResolutionCpus == 0 || !TimeTests.CountsInstructions())
        {
            Test.Skip("no high-resolution mode, or an emulator that may be late by itself"u8);
            return;
        }

        Check.Equal(Smp.CpuCount, Hrtimers.HighResolutionCpus);
        Check.Equal(1, HrtimerGetRes());
        for (int i = 1; i <= 20; i++)
        {
            long start = KtimeGet();
            HrtimerNanosleep(i * 37_000L, HrtimerMode.Rel, out _);
            Check.Between(i * 37_000L, (i * 37_000L) + 50_000, KtimeGet() - start);
        }
    }

    private static void WokenEarly()
    {
        Prepare();
        s_sleeper = Current;
        HrtimerInit(Timer(0), &WakeAgain);
        HrtimerStart(Timer(0), Millisecond, HrtimerMode.Rel);
        Scheduler.SetCurrentState(TaskState.Uninterruptible);
        Check.Equal(-EINTR, Hrtimers.ScheduleHrtimeout(3600 * 1000 * Millisecond, HrtimerMode.Rel));
        HrtimerCancel(Timer(0));
        Scheduler.SetCurrentState(TaskState.Uninterruptible);
        Check.Equal(0, Hrtimers.ScheduleHrtimeout(Millisecond, HrtimerMode.Rel));
    }

    // Again and again: the first may come before the task sleeps.
    private static HrtimerRestart WakeAgain(Hrtimer* timer)
    {
        Scheduler.WakeUpProcess(s_sleeper);
        HrtimerForward(timer, KtimeGet(), Millisecond);
        return HrtimerRestart.Restart;
    }

    [InlineArray(Timers)]
    private struct TimerArray
    {
        private Hrtimer _first;
    }
}
