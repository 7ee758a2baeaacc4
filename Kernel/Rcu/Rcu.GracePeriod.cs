// Rcu.GracePeriod: when all readers of before have ended.
//
// Linux: kernel/rcuclassic.c. CheckCallbacks: the clock's interrupt of each CPU, interrupts off. The rest: RCU_SOFTIRQ of each CPU.
// Lock: s_lock (interrupts off), innermost: which grace period goes on, and which CPUs it waits for.
// A grace period is over when each CPU has been in a quiescent state since it began:
//   - schedule was called there: the run queue counts that anyway, so the hot path pays nothing;
//   - a tick found it idle, or in user mode, or, where preempt_count is kept, with preemption and bottom halves on.
// So a CPU that sleeps in hlt holds nothing up for longer than to its next tick.
// Invariants: s_completed == s_current, or s_completed + 1 == s_current and s_waitedFor is not zero;
// what is in Current of a CPU was queued before grace period Batch began.

using System.Runtime.CompilerServices;

namespace CSharpOS.ReadCopyUpdate;

public static unsafe partial class Rcu
{
    /// <summary>Callbacks that one pass of the softirq calls: then others have their turn.</summary>
    /// <linux>blimit</linux>
    public const int BatchLimit = 10;

    // A CPU with more callbacks than this calls them without a limit, until there are few again.
    private const int HighMark = 10_000;
    private const int LowMark = 100;
    private const int NoLimit = 1 << 30;

    private static PerCpu<RcuData> s_data;
    private static SpinLock s_lock;
    private static int s_current;
    private static int s_completed;
    private static uint s_waitedFor;
    private static bool s_anotherWanted;

    /// <summary>The number of the last grace period that is over.</summary>
    /// <linux>rcu_batches_completed</linux>
    public static int RcuBatchesCompleted => Shared.ReadOnce(ref s_completed);

    /// <summary>Callbacks of CPU <paramref name="cpu"/> that have not been called yet: true for a moment only.</summary>
    public static int RcuCallbacksWaiting(int cpu) => Shared.ReadOnce(ref s_data.On(cpu)->Count);

    /// <summary>Callbacks called on CPU <paramref name="cpu"/> since boot.</summary>
    public static ulong RcuCallbacksInvoked(int cpu) => Shared.ReadOnce(ref s_data.On(cpu)->Invoked);

    /// <summary>No grace period, no callbacks. Once, at boot, after the softirqs; interrupts off.</summary>
    /// <linux>rcu_init</linux>
    internal static void Init()
    {
        s_lock.Init();
        s_barrierMutex.Init();
        s_current = s_completed = 0;
        s_waitedFor = 0;
        s_anotherWanted = false;
        s_data = PerCpu<RcuData>.Allocate();
        OpenSoftirq(RcuSoftirq, &Process);
    }

    /// <summary>One tick of this CPU. From the clock's interrupt, interrupts off.</summary>
    /// <linux>rcu_check_callbacks</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void CheckCallbacks()
    {
        RcuData* data = s_data.This;
        if ((data->Count | data->QuiescentPending | (Shared.ReadOnce(ref s_current) ^ data->Noticed)) != 0)
        {
            Look(data);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Look(RcuData* data)
    {
        Notice(data);
        if (data->QuiescentPending != 0 && data->Passed == 0)
        {
            if (IsQuiescent() || data->Schedules != Schedules())
            {
                data->Passed = 1;
            }
#if !PREEMPT
            else
            {
                // A thread that asks whether to reschedule, and is alone, passes there.
                Cpu.NeedResched = true;
            }
#endif
        }

        bool ended = !data->Current.IsEmpty && IsOver(data->Batch);
        bool begins = data->Current.IsEmpty && !data->Next.IsEmpty;
        if (data->Passed != 0 || ended || begins || !data->Done.IsEmpty)
        {
            RaiseSoftirqIrqoff(RcuSoftirq);
        }
    }

    // What the tick interrupted is not a reader. With this tick alone on the CPU it is one exactly if preemption is off, where that is counted.
    private static bool IsQuiescent()
    {
        PtRegs* regs = InterruptRegs;
        if (regs != null && (regs->Cs & 3) != 0)
        {
            return true;
        }

#if PREEMPT || DEBUG_CHECKS
        return PreemptCount() == HardirqOffset;
#else
        return Current->IsIdle && PreemptCount() == HardirqOffset;
#endif
    }

    private static ulong Schedules() => Scheduler.Running ? RunQueues.This->Switches + RunQueues.This->Stays : 0;

    private static bool IsOver(int batch) => Shared.ReadOnce(ref s_completed) - batch >= 0;

    // This CPU sees a new grace period for the first time: only what it does from now on counts. Interrupts off.
    private static void Notice(RcuData* data)
    {
        int current = Shared.ReadOnce(ref s_current);
        if (data->Noticed != current)
        {
            data->Noticed = current;
            data->QuiescentPending = 1;
            data->Passed = 0;
            data->Schedules = Schedules();
        }
    }

    // The softirq.
    private static void Process(SoftirqAction* entry)
    {
        RcuData* data = s_data.This;
        Advance(data);
        if (ReportQuiescent(data))
        {
            Advance(data);
        }

        if (!data->Done.IsEmpty)
        {
            CallBack(data);
        }
    }

    // Moves callbacks on: those whose grace period is over, and new ones, which ask for the next.
    private static void Advance(RcuData* data)
    {
        if (!data->Current.IsEmpty && IsOver(data->Batch))
        {
            data->Done.Take(ref data->Current);
        }

        if (!data->Current.IsEmpty)
        {
            return;
        }

        ulong flags = s_lock.LockIrqSave();
        data->Current.Take(ref data->Next);
        if (!data->Current.IsEmpty)
        {
            // The one that goes on may have begun before they were queued: the next.
            data->Batch = s_current + 1;
            s_anotherWanted = true;
            BeginIfWanted();
        }

        s_lock.UnlockIrqRestore(flags);
    }

    // s_lock held.
    private static void BeginIfWanted()
    {
        if (s_anotherWanted && s_completed == s_current)
        {
            s_anotherWanted = false;
            s_waitedFor = Smp.OnlineMask;
            Shared.WriteOnce(ref s_current, s_current + 1);
        }
    }

    // True if that was the end of the grace period.
    private static bool ReportQuiescent(RcuData* data)
    {
        bool over = false;
        ulong flags = s_lock.LockIrqSave();
        Notice(data);
        if (data->QuiescentPending != 0 && (data->Passed != 0 || data->Schedules != Schedules()))
        {
            data->QuiescentPending = 0;
            data->Passed = 0;
            over = s_waitedFor == 1u << SmpProcessorId();
            s_waitedFor &= ~(1u << SmpProcessorId());
            if (over)
            {
                Shared.WriteOnce(ref s_completed, s_current);
                BeginIfWanted();
            }
        }

        s_lock.UnlockIrqRestore(flags);
        return over;
    }

    // The list is this softirq's own; the head is taken off first, for its memory is gone afterwards.
    private static void CallBack(RcuData* data)
    {
        int called = 0;
        while (!data->Done.IsEmpty && called < BatchLimit + data->Beyond)
        {
            RcuHead* head = data->Done.First;
            data->Done.First = head->Next;
            called++;
            head->Function(head);
        }

        ulong flags = LocalIrqSave();
        data->Count -= called;
        data->Invoked += (ulong)called;
        if (data->Count <= LowMark)
        {
            data->Beyond = 0;
        }

        if (!data->Done.IsEmpty)
        {
            RaiseSoftirqIrqoff(RcuSoftirq);
        }

        LocalIrqRestore(flags);
    }
}
