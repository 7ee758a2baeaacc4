// SweepTests: the critical paths, each interrupted once at every instruction.
//
// What is to be done is counted up (Ask) before it is asked for, by the path and by the strike; whoever does it notes how far he has seen the count. So
// whatever was lost shows as a note that is behind the count. Everything runs on one CPU without a clock tick: see Sweep.cs.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the interrupt sweep.</summary>
public static unsafe partial class SweepTests
{
    private const int TestIrq = 6;
    private const int TestDevicePort = 0x2000 + TestIrq;
    private const int MostTurns = 10_000;

    private static int s_asked;
    private static int s_seen;
    private static int s_struckAsked, s_struckSeen;
    private static int s_runs;
    private static int s_queued;
    private static int s_interrupts;
    private static TaskletStruct s_tasklet, s_hiTasklet;
    private static WorkStruct s_work;
    private static WorkqueueStruct* s_wq;
    private static TimerList s_timer;
    private static Hrtimer s_hrtimer;
    private static TaskStruct* s_thread;
    private static WaitQueueHead s_head;
    private static SpinLock s_lock;
    private static long s_locked;
    private static int s_inside;
    private static ulong s_bits;
    private static int s_word;
    private static Atomic s_count;
    private static int s_results;

    [TestSuite("sweep")]
    public static void Suite()
    {
        Test.Run("raise_softirq and do_softirq"u8, "SIRQ-03 SIRQ-04"u8, &RaiseAndRun);
        Test.Run("tasklet_schedule, and the tasklet's run"u8, "TASKLET-02"u8, &TaskletScheduled);
        Test.Run("the softirq loop with tasklets of both kinds"u8, "SIRQ-04 TASKLET-02"u8, &Loop);
        Test.Run("local_bh_disable and local_bh_enable"u8, "SIRQ-07"u8, &BottomHalves);
        Test.Run("queue_work, the worker's wake-up, flush"u8, "WORK-02 WORK-05"u8, &QueueAndFlush);
        Test.Run("cancel_work_sync"u8, "WORK-04"u8, &Cancel);
        Test.Run("mod_timer and del_timer"u8, "TIME-02"u8, &ModifyTimer);
        Test.Run("hrtimer_start and hrtimer_cancel"u8, "TIME-06"u8, &ModifyHrtimer);
        Test.Run("wake-up, the switch to a thread, its going to sleep"u8, "KT-04 KT-05"u8, &WakeAndSwitch);
        Test.Run("going to sleep against the wake-up"u8, "KT-05"u8, &SleepAgainstWake);
        Test.Run("spin_lock_irqsave"u8, "SYNC-02"u8, &SpinLockIrqSave);
        Test.Run("atomic and bit operations"u8, "SYNC-01"u8, &AtomicOperations);
        Test.Run("interrupt entry, handler and exit"u8, "IRQ-02 IRQ-10"u8, &InterruptPath);
        Test.Run("system calls of a program, by int 0x80 and by syscall"u8, "SYS-01 SYS-03 IRQ-10"u8, &SystemCalls);
    }

    private static TaskletStruct* Tasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    private static TaskletStruct* HiTasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_hiTasklet);

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    private static TimerList* Timer => (TimerList*)Unsafe.AsPointer(ref s_timer);

    private static Hrtimer* HighResolution => (Hrtimer*)Unsafe.AsPointer(ref s_hrtimer);

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    private static void Ask() => Shared.AddReturn(ref s_asked, 1);

    private static void See() => Shared.WriteOnce(ref s_seen, Shared.ReadOnce(ref s_asked));

    private static bool Begin()
    {
        s_asked = s_seen = s_struckAsked = s_struckSeen = s_runs = s_queued = s_interrupts = 0;
        return Sweep.IsPossible();
    }

    // ---- softirqs ----

    private static void RaiseAndRun()
    {
        if (Begin())
        {
            OpenBoth();
            Sweep.Run(&RaisePath, &StrikeRaises, &BothSeen);
        }
    }

    private static void SoftirqSees(SoftirqAction* action) => See();

    private static void RaisePath()
    {
        Ask();
        RaiseSoftirq(SoftirqTests.First);
        DoSoftirq();
    }

    // Another one than the path's, with counts of its own: that the path's runs must not hide that this one was lost.
    private static void StrikeRaises()
    {
        s_struckAsked++;
        RaiseSoftirqIrqoff(SoftirqTests.Second);
    }

    private static void OpenBoth()
    {
        Check.Equal(0, OpenSoftirq(SoftirqTests.First, &SoftirqSees));
        Check.Equal(0, OpenSoftirq(SoftirqTests.Second, &SoftirqSeesStrike));
    }

    private static void SoftirqSeesStrike(SoftirqAction* action) => s_struckSeen = s_struckAsked;

    private static void BothSeen()
    {
        AllSeen();
        CheckSame(s_struckAsked, s_struckSeen);
    }

    // Whatever was asked for has been seen: nothing waits for somebody to look.
    private static void AllSeen() => CheckSame(s_asked, s_seen);

    private static void CheckSame(long expected, long actual)
    {
        if (expected != actual)
        {
            Check.Equal(expected, actual);
            Check.Equal(-1, (int)Sweep.Strikes);
        }
    }

    // ---- tasklets ----

    private static void TaskletScheduled()
    {
        if (Begin())
        {
            TaskletInit(Tasklet, &TaskletSees, 0);
            Sweep.Run(&TaskletPath, &StrikeSchedules, &TaskletSeen);
        }
    }

    private static void TaskletSees(ulong data) => See();

    private static void TaskletPath()
    {
        Ask();
        LocalBhDisable();
        TaskletSchedule(Tasklet);
        LocalBhEnable();
    }

    private static void StrikeSchedules()
    {
        Ask();
        TaskletSchedule(Tasklet);
    }

    private static void TaskletSeen()
    {
        AllSeen();
        CheckSame(0, Tasklet->IsScheduled || Tasklet->IsRunning ? 1 : 0);
    }

    private static void Loop()
    {
        if (Begin())
        {
            TaskletInit(Tasklet, &TaskletSees, 0);
            TaskletInit(HiTasklet, &TaskletSees, 0);
            Check.Equal(0, OpenSoftirq(SoftirqTests.First, &SoftirqSees));
            Check.Equal(0, OpenSoftirq(SoftirqTests.Second, &SoftirqSchedules));
            Sweep.Run(&LoopPath, &StrikeAll, &LoopSeen);
        }
    }

    private static void SoftirqSchedules(SoftirqAction* action)
    {
        Ask();
        TaskletHiSchedule(HiTasklet);
    }

    private static void LoopPath()
    {
        Ask();
        LocalBhDisable();
        TaskletSchedule(Tasklet);
        TaskletHiSchedule(HiTasklet);
        RaiseSoftirq(SoftirqTests.First);
        RaiseSoftirq(SoftirqTests.Second);
        LocalBhEnable();
    }

    private static void StrikeAll()
    {
        Ask();
        TaskletHiSchedule(HiTasklet);
        TaskletSchedule(Tasklet);
        RaiseSoftirqIrqoff(SoftirqTests.First);
        RaiseSoftirqIrqoff(SoftirqTests.Second);
    }

    private static void LoopSeen()
    {
        TaskletSeen();
        CheckSame(0, HiTasklet->IsScheduled || HiTasklet->IsRunning ? 1 : 0);
    }

    private static void BottomHalves()
    {
        if (Begin())
        {
            OpenBoth();
            Sweep.Run(&BottomHalfPath, &StrikeRaises, &BothSeen);
            Sweep.Run(&EmptyBottomHalfPath, &StrikeRaises, &BothSeen);
        }
    }

    private static void BottomHalfPath()
    {
        Ask();
        LocalBhDisable();
        LocalBhDisable();
        RaiseSoftirq(SoftirqTests.First);
        LocalBhEnable();
        LocalBhEnable();
    }

    // Nothing is pending but what the strike raises: whoever looks at the mask too early leaves it lying.
    private static void EmptyBottomHalfPath()
    {
        LocalBhDisable();
        LocalBhEnable();
    }

    // ---- atomics ----

    // The path works on bits 0 to 3, the strike turns bits 31 and 63 over and counts: what either does in the middle of the other must not be lost.
    private static void AtomicOperations()
    {
        if (Begin())
        {
            s_bits = 0;
            s_word = 0;
            s_count.Set(0);
            s_results = 0;
            Sweep.Run(&AtomicPath, &StrikeChanges, &BothChangesSeen);
        }
    }

    private static void AtomicPath()
    {
        ulong* bits = (ulong*)Unsafe.AsPointer(ref s_bits);
        bool right = !Bits.TestAndSetBit(0, bits);
        Bits.SetBit(1, bits);
        Bits.ChangeBit(2, bits);
        right &= Bits.TestAndChangeBit(3, bits) == ((s_runs & 1) != 0);
        right &= Bits.TestAndClearBit(0, bits);
        Bits.ClearBit(1, bits);
        right &= !Shared.TestAndSetBit(0, ref s_word);
        Shared.SetBit(1, ref s_word);
        right &= Shared.TestAndClearBit(0, ref s_word);
        Shared.ClearBit(1, ref s_word);
        s_count.Inc();
        s_runs++;
        s_results += right ? 1 : 0;
    }

    private static void StrikeChanges()
    {
        Ask();
        s_bits ^= 1UL << 63;
        s_word ^= int.MinValue;
        s_count.Set(s_count.Read() + 1);
    }

    private static void BothChangesSeen()
    {
        bool struckOdd = (s_asked & 1) != 0;
        ulong own = (s_runs & 1) != 0 ? 0b1100UL : 0;
        CheckSame((long)(struckOdd ? own | (1UL << 63) : own), (long)s_bits);
        CheckSame(struckOdd ? int.MinValue : 0, s_word);
        CheckSame(s_asked + s_runs, s_count.Read());
        CheckSame(s_runs, s_results);
    }

    // ---- locks ----

    private static void SpinLockIrqSave()
    {
        if (Begin())
        {
            s_locked = 0;
            s_inside = 0;
            Sweep.Run(&LockPath, &StrikeLocks, &LockCounted);
        }
    }

    private static void LockPath()
    {
        Ask();
        ulong flags = s_lock.LockIrqSave();
        CheckSame(0, s_inside);
        s_inside = 1;
        s_locked++;
        s_inside = 0;
        s_lock.UnlockIrqRestore(flags);
    }

    private static void StrikeLocks()
    {
        Ask();
        s_lock.Lock();
        CheckSame(0, s_inside);
        s_locked++;
        s_lock.Unlock();
    }

    private static void LockCounted() => CheckSame(s_asked, s_locked);

    // ---- interrupts ----

    private static void InterruptPath()
    {
        if (!Begin() || !IrqTests.HasTestDevice())
        {
            return;
        }

        TaskletInit(Tasklet, &TaskletSees, 0);
        Check.Equal(0, RequestIrq(TestIrq, &Handler, IrqFlags.None, "sweep"u8, null));
        Sweep.Run(&PulsePath, &StrikeSchedules, &PulseSeen);
        FreeIrq(TestIrq, null);
    }

    private static IrqReturn Handler(int irq, void* devId, PtRegs* regs)
    {
        Shared.AddReturn(ref s_interrupts, 1);
        Ask();
        TaskletSchedule(Tasklet);
        return IrqReturn.Handled;
    }

    private static void PulsePath()
    {
        Shared.AddReturn(ref s_runs, 1);
        PortIo.Out8(TestDevicePort, 1);
        PortIo.Out8(TestDevicePort, 0);
    }

    private static void PulseSeen()
    {
        CheckSame(s_runs, s_interrupts);
        TaskletSeen();
    }
}
