// TimeoutTests: sleeping for a time: schedule_timeout, msleep, wait_event_timeout, wait_for_completion_timeout.
//
// Process context. What wakes a sleeper early is a timer.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the timeouts.</summary>
public static unsafe class TimeoutTests
{
    private const int Long = 100 * HZ;

    private static TimerList s_waker;
    private static WaitQueueHead s_head;
    private static Completion s_completion;
    private static int s_condition;

    [TestSuite("timeout")]
    public static void Suite()
    {
        Test.Run("schedule_timeout sleeps for at least the ticks"u8, "TIME-05"u8, &Sleeps);
        Test.Run("a task that is running does not sleep"u8, "TIME-05"u8, &StateRunning);
        Test.Run("a wake-up ends the sleep, and what is left is returned"u8, "TIME-05"u8, &WokenEarly);
        Test.Run("MAX_SCHEDULE_TIMEOUT sleeps until woken"u8, "TIME-05"u8, &WithoutEnd);
        Test.Run("a negative timeout is reported"u8, "TIME-05"u8, &Negative);
        Test.Run("a caller that holds a lock is reported"u8, "TIME-05"u8, &HoldsLock);
        Test.Run("msleep sleeps for at least the milliseconds"u8, "TIME-05"u8, &Msleeps);
        Test.Run("wait_event_timeout: true at once, true later, never"u8, "TIME-05"u8, &WaitEvents);
        Test.Run("wait_for_completion_timeout: done, done later, never"u8, "TIME-05 SYNC-03"u8, &Completions);
        Test.Run("a signal ends interruptible sleeps, pending before or sent later, and no other"u8, "TIME-05"u8, &Signalled);
        Test.Run("cond_resched switches only if need_resched is set"u8, "TIME-01"u8, &CondReschedSwitches);
        Test.Run("cond_resched in atomic context is reported"u8, "TIME-01"u8, &CondReschedAtomic);
    }

    private static TimerList* Waker => (TimerList*)Unsafe.AsPointer(ref s_waker);

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_completion);

    private static void In(uint ticks, delegate*<ulong, void> what)
    {
        // A waker of before may have armed itself again.
        if (Waker->Function != null)
        {
            DelTimerSync(Waker);
        }

        SetupTimer(Waker, what, (ulong)Current);
        ModTimer(Waker, Jiffies + ticks);
    }

    // Again and again: the first may come before the task sleeps.
    private static void Wake(ulong task)
    {
        ModTimer(Waker, Jiffies + 2);
        Scheduler.WakeUpProcess((TaskStruct*)task);
    }

    // Of a wait that was ended early, and began at start or later.
    private static void CheckLeft(uint start, int left)
    {
        int passed = (int)(Jiffies - start);
        Check.Between(Long - passed, Long, left);
    }

    private static void MakeTrue(ulong unused)
    {
        Shared.WriteOnce(ref s_condition, 1);
        WaitQueue.WakeUp(Head);
    }

    private static void WakeForNothing(ulong unused) => WaitQueue.WakeUp(Head);

    private static void Finish(ulong unused) => Completion.Complete(Done);

    private static bool IsTrue(void* unused) => Shared.ReadOnce(ref s_condition) != 0;

    // A task that is running does not sleep.
    private static bool IsRunning() => ScheduleTimeout(Long) >= Long - HZ;

    private static void Sleeps()
    {
        for (int ticks = 0; ticks < 5; ticks++)
        {
            uint end = Jiffies + (uint)ticks;
            Check.Equal(0, ScheduleTimeoutInterruptible(ticks));
            Check.True(TimeAfterEq(Jiffies, end));
            Check.True(IsRunning());
            end = Jiffies + (uint)ticks;
            Check.Equal(0, ScheduleTimeoutUninterruptible(ticks));
            Check.True(TimeAfterEq(Jiffies, end));
        }

        uint start = Jiffies;
        Scheduler.SetCurrentState(TaskState.Interruptible);
        Check.Equal(0, ScheduleTimeout(3));
        Check.True(TimeAfterEq(Jiffies, start + 3));
    }

    private static void StateRunning() => Check.Between(Long - HZ, Long, ScheduleTimeout(Long));

    private static void WokenEarly()
    {
        uint start = Jiffies;
        In(2, &Wake);
        CheckLeft(start, ScheduleTimeoutUninterruptible(Long));
        Check.True(TimeAfterEq(Jiffies, start + 2));
        start = Jiffies;
        In(2, &Wake);
        CheckLeft(start, ScheduleTimeoutInterruptible(Long));
        Check.True(TimeAfterEq(Jiffies, start + 2));
        DelTimerSync(Waker);
    }

    private static void WithoutEnd()
    {
        uint start = Jiffies;
        In(3, &Wake);
        Check.Equal(MaxScheduleTimeout, ScheduleTimeoutUninterruptible(MaxScheduleTimeout));
        Check.True(TimeAfterEq(Jiffies, start + 3));
        DelTimerSync(Waker);
    }

    private static void Negative()
    {
        Scheduler.SetCurrentState(TaskState.Interruptible);
        Check.Equal(0, ScheduleTimeout(-5));
        Check.True(IsRunning());
        Check.Logged("schedule_timeout: wrong timeout value -5 from"u8);
        Check.Logged("TimeoutTests.cs"u8);
    }

    private static void HoldsLock()
    {
        SpinLock held = default;
        held.Lock();
        int left = ScheduleTimeoutUninterruptible(1);
        held.Unlock();
        Check.Equal(0, left);
#if DEBUG_CHECKS
        Check.Logged("BUG: sleeping function called from invalid context"u8);
        Check.Logged("BUG: scheduling while atomic"u8);
#endif
    }

    private static void Msleeps()
    {
        foreach (uint milliseconds in (ReadOnlySpan<uint>)[0, 1, 10, 25])
        {
            CheckMsleep(milliseconds, late: false);
        }

        // Begun shortly before a tick: that one does not count.
        for (uint ticks = 1; ticks <= 3; ticks++)
        {
            CheckMsleep(ticks * 1000 / HZ, late: true);
        }

        // Wake-ups do not shorten it.
        uint end = Jiffies + 5;
        In(1, &Wake);
        Msleep(5 * 1000 / HZ);
        Check.True(TimeAfterEq(Jiffies, end));
        DelTimerSync(Waker);
    }

    // By the ticks: one more than the time, since the one that has begun does not count. By the time stamp counter only where that keeps step with them: elsewhere
    // the emulator gives ticks that it owes at once.
    private static void CheckMsleep(uint milliseconds, bool late)
    {
        uint ticks = ((milliseconds * HZ) + 999) / 1000;
        for (int i = 0; i < 2; i++)
        {
            if (late)
            {
                AwaitLateTick();
            }

            ulong start = ReadTsc();
            uint from = Jiffies;
            if (i == 0)
            {
                Msleep(milliseconds);
            }
            else
            {
                Check.Equal(0, MsleepInterruptible(milliseconds));
            }

            Check.True(Jiffies - from >= ticks + 1);
            Check.True(!TimeTests.CountsInstructions() || (ReadTsc() - start) * 1000 / TscKhz >= milliseconds * 999);
        }
    }

    // Three quarters of a tick are over; or more, if the host was away.
    private static void AwaitLateTick()
    {
        uint before = Jiffies;
        while (Jiffies == before)
        {
            CpuRelax();
        }

        ulong start = ReadTsc();
        while (ReadTsc() - start < LoopsPerJiffy * 3 / 4)
        {
            CpuRelax();
        }
    }

    private static void WaitEvents()
    {
        WaitQueue.Init(Head);
        s_condition = 1;
        Check.Equal(Long, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, Long));
        Check.Equal(1, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, 0));
        s_condition = 0;
        uint start = Jiffies;
        Check.Equal(0, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, 3));
        Check.True(TimeAfterEq(Jiffies, start + 3));
        Check.Equal(0, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, 3));
        In(2, &WakeForNothing);
        start = Jiffies;
        Check.Equal(0, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, 4));
        Check.True(TimeAfterEq(Jiffies, start + 4));
        start = Jiffies;
        In(2, &MakeTrue);
        CheckLeft(start, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, Long));
        s_condition = 0;
        start = Jiffies;
        In(2, &MakeTrue);
        CheckLeft(start, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, Long));
        Check.False(WaitQueue.IsActive(Head));
        Check.True(IsRunning());
    }

    private static void Completions()
    {
        Completion.Init(Done);
        Completion.Complete(Done);
        Check.Equal(Long, Completion.WaitTimeout(Done, Long));
        uint start = Jiffies;
        Check.Equal(0, Completion.WaitTimeout(Done, 3));
        Check.True(TimeAfterEq(Jiffies, start + 3));
        Check.Equal(0, Completion.WaitInterruptibleTimeout(Done, 2));
        start = Jiffies;
        In(2, &Finish);
        CheckLeft(start, Completion.WaitTimeout(Done, Long));
        start = Jiffies;
        In(2, &Finish);
        CheckLeft(start, Completion.WaitInterruptibleTimeout(Done, Long));
        Check.False(Completion.TryWait(Done));
        Completion.CompleteAll(Done);
        Check.Equal(1, Completion.WaitTimeout(Done, 1));
        Check.Equal(2, Completion.WaitTimeout(Done, 2));
    }

    // Again and again: the first may come before the task sleeps.
    private static void SendSignal(ulong task)
    {
        ModTimer(Waker, Jiffies + 2);
        Shared.WriteOnce(ref ((TaskStruct*)task)->PendingSignals, 1);
        Scheduler.TryToWakeUp((TaskStruct*)task, TaskState.Interruptible);
    }

    private static uint SignalIn(uint ticks)
    {
        NoSignal();
        uint start = Jiffies;
        In(ticks, &SendSignal);
        return start;
    }

    private static void NoSignal()
    {
        DelTimerSync(Waker);
        Shared.WriteOnce(ref Current->PendingSignals, 0);
    }

    private static void Signalled()
    {
        const uint LongMilliseconds = Long * 1000u / HZ;
        WaitQueue.Init(Head);
        Completion.Init(Done);
        s_condition = 0;
        uint start = SignalIn(2);
        CheckLeft(start, ScheduleTimeoutInterruptible(Long));
        Check.True(TimeAfterEq(Jiffies, start + 2));
        start = Jiffies;
        CheckLeft(start, ScheduleTimeoutInterruptible(Long));
        Check.True(MsleepInterruptible(10) >= 10);
        start = SignalIn(2);
        uint left = MsleepInterruptible(LongMilliseconds);
        uint passed = Jiffies - start;
        Check.Between((Long - passed) * 1000 / HZ, LongMilliseconds, left);
        start = SignalIn(2);
        Check.Equal(-ERESTARTSYS, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, Long));
        Check.True(TimeAfterEq(Jiffies, start + 2));
        Check.Equal(-ERESTARTSYS, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, Long));
        Check.Equal(0, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, 0));
        SignalIn(2);
        Check.Equal(-ERESTARTSYS, Completion.WaitInterruptibleTimeout(Done, Long));

        // A signal is pending all the while.
        start = Jiffies;
        Check.Equal(0, ScheduleTimeoutUninterruptible(6));
        Check.True(TimeAfterEq(Jiffies, start + 6));
        start = Jiffies;
        Msleep(6 * 1000 / HZ);
        Check.True(TimeAfterEq(Jiffies, start + 6));
        start = Jiffies;
        Check.Equal(0, WaitQueue.WaitEventTimeout(Head, &IsTrue, null, 6));
        Check.True(TimeAfterEq(Jiffies, start + 6));
        s_condition = 1;
        Check.Equal(Long, WaitQueue.WaitEventInterruptibleTimeout(Head, &IsTrue, null, Long));
        NoSignal();
        Check.False(WaitQueue.IsActive(Head));
    }

    private static void CondReschedSwitches()
    {
        // Nobody else wants this CPU for a while.
        ulong switches = 0;
        bool switched = true;
        for (int tries = 0; tries < 100; tries++)
        {
            Msleep(1);
            ulong flags = LocalIrqSave();
            bool wanted = Scheduler.NeedResched();
            switches = Current->VoluntarySwitches + Current->InvoluntarySwitches;
            LocalIrqRestore(flags);
            if (wanted)
            {
                continue;
            }

            switched = Scheduler.CondResched();
            if (!switched && Current->VoluntarySwitches + Current->InvoluntarySwitches == switches)
            {
                break;
            }
        }

        Check.False(switched);
        Check.Equal(switches, Current->VoluntarySwitches + Current->InvoluntarySwitches);
        s_condition = 0;
        OnCpu job;
        PreemptDisable();
        int cpu = SmpProcessorId();
        PreemptEnable();
        Scheduler.SetCpusAllowed(Current, 1u << cpu);
        if (OnCpu.Start(&job, cpu, &SetCondition, null))
        {
            // Until a tick or the newcomer's priority asks for it.
            while (Shared.ReadOnce(ref s_condition) == 0)
            {
                Scheduler.CondResched();
            }

            OnCpu.Wait(&job);
        }

        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
    }

    private static void SetCondition(void* unused) => Shared.WriteOnce(ref s_condition, 1);

    private static void CondReschedAtomic()
    {
        PreemptDisable();
        Scheduler.CondResched();
        PreemptEnable();
#if DEBUG_CHECKS
        Check.Logged("BUG: sleeping function called from invalid context"u8);
        Check.Logged("CondReschedAtomic"u8);
#endif
    }
}
