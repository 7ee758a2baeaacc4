// TimerTests: kernel timers on the running machine.
//
// Process context. No test demands that a timer be on time where the emulator does not count instructions: its host may be away for any number
// of ticks. That none comes early, and that each runs once, holds everywhere.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the timers.</summary>
public static unsafe class TimerTests
{
    private const int Many = 400;
    private const uint Spread = HZ / 5;

    private static TimerArray s_timers;
    private static int s_runs;
    private static int s_early;
    private static int s_late;
    private static int s_wrongCpu;
    private static int s_wrongContext;
    private static int s_pendingInside;
    private static uint s_firstRun, s_lastRun;

    [TestSuite("timer")]
    public static void Suite()
    {
        Test.Run("a timer runs once, as a softirq, not before its tick"u8, "TIME-02 TIME-03"u8, &Once);
        Test.Run("mod_timer and del_timer say whether the timer was active"u8, "TIME-02"u8, &Results);
        Test.Run("a function arms its own timer again"u8, "TIME-02"u8, &Rearm);
        Test.Run("a function deletes its own timer and a neighbour's"u8, "TIME-02"u8, &DeleteInside);
        Test.Run("many timers with one function, none early, each once"u8, "TIME-02 TIME-03"u8, &OneFunction);
        Test.Run("on an idle CPU a timer is on time to the tick"u8, "TIME-03"u8, &OnTime);
        Test.Run("an expired time is due at the next tick"u8, "TIME-03"u8, &Past);
        Test.Run("mod_timer moves an active timer, both ways"u8, "TIME-02"u8, &Moved);
        Test.Run("a timer that is far away comes too"u8, "TIME-02"u8, &Far);
        Test.Run("one that arms itself for now runs at the next tick, again and again"u8, "TIME-03"u8, &ArmForNow);
        Test.Run("add_timer of an active timer is reported"u8, "TIME-02"u8, &AddTwice);
        Test.Run("del_timer_sync from interrupt context is reported"u8, "TIME-02"u8, &SyncInInterrupt);
        OnCpuZero.Run("adding, modifying and deleting cost the same with 1 and with 100,000 pending"u8, "TIME-03"u8, &TimerBench.SameCosts);
        Test.Run("the monitor shows the timers"u8, "TIME-02"u8, &MonitorCommand);
        Test.Run("timers run on the CPU where they were added"u8, "TIME-03"u8, &TimerSmpTests.OnEveryCpu);
        Test.Run("add_timer_on another CPU"u8, "TIME-02"u8, &TimerSmpTests.AddOn);
        Test.Run("del_timer_sync waits for the function on another CPU"u8, "TIME-02"u8, &TimerSmpTests.SyncWaits);
        Test.Run("the function is never entered on two CPUs at once"u8, "TIME-02"u8, &TimerSmpTests.NeverTwice);
        Test.Run("armed from another CPU while its function runs, it stays"u8, "TIME-02"u8, &TimerSmpTests.StaysWhileRunning);
        Test.Run("armed on one CPU, deleted on another"u8, "TIME-02"u8, &TimerSmpTests.ArmAgainstDelete);
        Test.Run("free after del_timer_sync"u8, "TIME-02"u8, &TimerSmpTests.FreeAfterSync);
        TimerRuleTests.Run();
    }

    internal static TimerList* Timer(int index) => (TimerList*)Unsafe.AsPointer(ref s_timers) + index;

    /// <summary>Sleeps until <paramref name="word"/> is <paramref name="value"/>, at most five seconds.</summary>
    internal static bool Await(ref int word, int value)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref word) != value)
        {
            if (MonotonicMicroseconds() - start > 60_000_000)
            {
                return false;
            }

            Msleep(1);
        }

        return true;
    }

    private static void Prepare()
    {
        s_runs = s_early = s_late = s_wrongCpu = s_wrongContext = s_pendingInside = 0;
    }

    // Data: the CPU on which it is to run, and the timer's index above.
    private static void Note(ulong data)
    {
        TimerList* timer = Timer((int)(data >> 8));
        uint now = Jiffies;
        s_firstRun = Shared.ReadOnce(ref s_runs) == 0 ? now : s_firstRun;
        s_lastRun = now;
        s_early += TimeBefore(now, timer->Expires) ? 1 : 0;
        s_late += TimeAfter(now, timer->Expires) ? 1 : 0;
        s_wrongCpu += SmpProcessorId() != (int)(data & 0xff) ? 1 : 0;
        s_wrongContext += InSoftirq() && !InIrq() && !IrqsDisabled() ? 0 : 1;
        s_pendingInside += TimerPending(timer) ? 1 : 0;
        Shared.AddReturn(ref s_runs, 1);
    }

    private static void Add(int index, uint delay)
    {
        PreemptDisable();
        TimerList* timer = Timer(index);
        SetupTimer(timer, &Note, ((ulong)index << 8) | (uint)SmpProcessorId());
        timer->Expires = Jiffies + delay;
        AddTimer(timer);
        PreemptEnable();
    }

    private static void Once()
    {
        Prepare();
        LocalIrqDisable();
        Add(0, 3);
        Check.True(TimerPending(Timer(0)));
        LocalIrqEnable();
        Check.True(Await(ref s_runs, 1));
        Msleep(5 * 1000 / HZ);
        Check.Equal(1, s_runs);
        Check.Equal(0, s_early);
        Check.Equal(0, s_wrongContext);
        Check.Equal(0, s_wrongCpu);
        Check.Equal(0, s_pendingInside);
        Check.False(TimerPending(Timer(0)));
        Check.Equal(0, DelTimer(Timer(0)));
    }

    private static void Results()
    {
        Prepare();
        TimerList* timer = Timer(0);
        SetupTimer(timer, &Note, 0);
        Check.Equal(0, DelTimer(timer));
        Check.Equal(0, ModTimerPending(timer, Jiffies + 1000));
        Check.Equal(0, ModTimer(timer, Jiffies + 1000));
        Check.Equal(1, ModTimer(timer, Jiffies + 2000));
        Check.Equal(1, ModTimerPending(timer, Jiffies + 3000));
        Check.Equal(1, DelTimer(timer));
        Check.Equal(0, DelTimer(timer));
        Check.Equal(0, ModTimer(timer, Jiffies + 1000));
        Check.Equal(1, DelTimerSync(timer));
        Check.Equal(0, DelTimerSync(timer));
        Check.Equal(0, ModTimer(timer, Jiffies + 1000));
        Check.Equal(1, TryToDelTimerSync(timer));
        Check.Equal(0, TryToDelTimerSync(timer));
        Check.Equal(0, s_runs);
        Check.NotLogged("BUG"u8);
    }

    private static void Rearm()
    {
        Prepare();
        SetupTimer(Timer(0), &ArmAgain, 0);
        uint start = Jiffies;
        ModTimer(Timer(0), start + 2);
        Check.True(Await(ref s_runs, 5));
        Check.True(TimeAfterEq(s_lastRun, start + 10));
        Check.Equal(0, DelTimerSync(Timer(0)));
    }

    private static void ArmAgain(ulong unused)
    {
        s_lastRun = Jiffies;
        if (Shared.AddReturn(ref s_runs, 1) < 5)
        {
            ModTimer(Timer(0), Jiffies + 2);
        }
    }

    // Three timers of one tick: the second deletes the third, and itself although it is inactive.
    private static void DeleteInside()
    {
        Prepare();
        LocalIrqDisable();
        uint due = Jiffies + 3;
        SetupTimer(Timer(0), &CountRun, 0);
        SetupTimer(Timer(1), &DeleteTwo, 0);
        SetupTimer(Timer(2), &CountRun, 0);
        for (int i = 0; i < 3; i++)
        {
            ModTimer(Timer(i), due);
        }

        LocalIrqEnable();
        Check.True(Await(ref s_runs, 1 + 10));
        Check.False(TimerPending(Timer(2)));
        Msleep(3 * 1000 / HZ);
        Check.Equal(11, s_runs);
    }

    private static void CountRun(ulong unused) => Shared.AddReturn(ref s_runs, 1);

    private static void DeleteTwo(ulong unused)
    {
        Check.Equal(0, DelTimer(Timer(1)));
        Check.Equal(1, DelTimer(Timer(2)));
        Shared.AddReturn(ref s_runs, 10);
    }

    private static void OneFunction()
    {
        Prepare();
        for (int i = 0; i < Many; i++)
        {
            Add(i, 1 + ((uint)i * 7 % Spread));
        }

        Check.True(Await(ref s_runs, Many));
        Check.Equal(0, s_early);
        Check.Equal(0, s_wrongCpu);
        Msleep(2 * 1000 / HZ);
        Check.Equal(Many, s_runs);
    }

    private static void OnTime()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("the emulator may be late by itself"u8);
            return;
        }

        Prepare();
        for (int i = 0; i < 20; i++)
        {
            Add(i, 1 + ((uint)i * 37));
        }

        Check.True(Await(ref s_runs, 20));
        Check.Equal(0, s_early);
        Check.Equal(0, s_late);
    }

    private static void Past()
    {
        Prepare();
        uint start = Jiffies;
        Add(0, 0);
        Add(1, unchecked((uint)-1000));
        Check.True(Await(ref s_runs, 2));
        Check.True(TimeAfterEq(s_firstRun, start));
        if (TimeTests.CountsInstructions())
        {
            Check.Between(0, 2, s_lastRun - start);
        }
    }

    private static void Moved()
    {
        // Interrupts are off between setting and moving: however late the emulator is, the timer cannot expire there.
        Prepare();
        ulong flags = LocalIrqSave();
        TimerList* timer = Timer(0);
        SetupTimer(timer, &NoteTick, 0);
        ModTimer(timer, Jiffies + 100_000);
        Check.Equal(1, ModTimer(timer, Jiffies + 3));
        LocalIrqRestore(flags);
        Check.True(Await(ref s_runs, 1));

        flags = LocalIrqSave();
        uint later = Jiffies + 8;
        ModTimer(timer, Jiffies + 2);
        Check.Equal(1, ModTimer(timer, later));
        LocalIrqRestore(flags);
        Check.True(Await(ref s_runs, 2));
        Check.True(TimeAfterEq(s_lastRun, later));
        Check.Equal(0, DelTimerSync(timer));
    }

    // Farther than the finest slots of the wheel reach: on its way it is sorted anew.
    private static void Far()
    {
        Prepare();
        uint due = Jiffies + 300;
        SetupTimer(Timer(0), &NoteTick, 0);
        ModTimer(Timer(0), due);
        Check.True(Await(ref s_runs, 1));
        Check.True(TimeAfterEq(s_lastRun, due));
        Check.Equal(0, DelTimerSync(Timer(0)));
    }

    private static void ArmForNow()
    {
        Prepare();
        SetupTimer(Timer(0), &ArmSelfForNow, 0);
        ModTimer(Timer(0), Jiffies);
        Check.True(Await(ref s_runs, 100));
        Check.Equal(0, DelTimerSync(Timer(0)));
    }

    private static void NoteTick(ulong unused)
    {
        s_lastRun = Jiffies;
        Shared.AddReturn(ref s_runs, 1);
    }

    private static void ArmSelfForNow(ulong unused)
    {
        if (Shared.AddReturn(ref s_runs, 1) < 100)
        {
            ModTimer(Timer(0), Jiffies);
        }
    }

    private static void AddTwice()
    {
        Prepare();
        Add(0, 1000);
        Timer(0)->Expires = Jiffies + 2;
        AddTimer(Timer(0));
        Check.Logged("BUG: add_timer: timer"u8);
        Check.Logged("AddTwice"u8);
        Check.True(Await(ref s_runs, 1));
        Check.Equal(0, DelTimerSync(Timer(0)));
    }

    private static void SyncInInterrupt()
    {
        Prepare();
        Add(0, 1000);
        ulong flags = LocalIrqSave();
        IrqEnter();
        int active = DelTimerSync(Timer(0));
        IrqExit();
        LocalIrqRestore(flags);
        Check.Equal(1, active);
        Check.Logged("called from interrupt context"u8);
    }

    private static void MonitorCommand()
    {
        Add(0, 1000);
        Check.Equal(0, Monitor.Execute("timers"u8));
        Check.Equal(-EINVAL, Monitor.Execute("timers x"u8));
        Check.Equal(1, DelTimer(Timer(0)));
    }

    [InlineArray(Many)]
    private struct TimerArray
    {
        private TimerList _first;
    }
}
