// Hrtimers.Run: from the clock interrupt to the functions.
//
// Linux: hrtimer_interrupt, hrtimer_run_queues, run_hrtimer_softirq, kernel/hrtimer.c. ExpireQueue: the clock's hard interrupt, interrupts off: the CPU's own
// one-shot interrupt in high-resolution mode, else the tick. RunHrtimerSoftirq: softirq context, interrupts on.
// What is due is taken out of the tree in the hard interrupt. Functions for the hard interrupt are called there and then; the others wait in
// the list Pending for the softirq. A timer that is started again meanwhile leaves that list.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Hrtimers
{
    /// <summary>The tick of a CPU whose clock ticks periodically. Interrupts off.</summary>
    /// <linux>hrtimer_run_queues</linux>
    internal static void HrtimerRunQueues()
    {
        HrtimerBase* timers = s_bases.This;
        if (!timers->HighResolution && Shared.ReadOnce(&timers->First) != null)
        {
            timers->Lock.Lock();
            bool raise = ExpireQueue(timers, KtimeGet());
            timers->Lock.Unlock();
            RaiseIf(raise);
        }
    }

    /// <summary>The one-shot interrupt of this CPU's clock. Interrupts off.</summary>
    /// <linux>hrtimer_interrupt</linux>
    internal static void HrtimerInterrupt()
    {
        HrtimerBase* timers = s_bases.This;
        timers->Interrupts++;
        timers->Lock.Lock();
        long now = KtimeGet();
        bool raise = timers->First != null && timers->First->Expires <= now && ExpireQueue(timers, now);
        ulong ticks = PassTicks(timers, now);
        Program(timers, now);
        timers->Lock.Unlock();
        RaiseIf(raise);
        if (ticks != 0)
        {
            Tick(ticks);
        }
    }

    // The base is locked, and is not while a function runs. True if the softirq has something to do.
    private static bool ExpireQueue(HrtimerBase* timers, long now)
    {
        bool raise = false;
        while (timers->First != null && timers->First->Expires <= now)
        {
            Hrtimer* timer = timers->First;
            HrtimerBase.Dequeue(timers, timer);
            if (timer->CallbackMode == HrtimerCallbackMode.Softirq)
            {
                timer->State = HrtimerState.Pending;
                timers->Count++;
                ListHead.AddTail(&timer->Link, &timers->Pending);
                raise = true;
                continue;
            }

            Shared.WriteOnce(&timers->RunningHard, timer);
            timers->Expired++;
            timers->Lock.Unlock();
            HrtimerRestart restart = Call(timer);
            timers->Lock.Lock();
            Shared.WriteOnce(&timers->RunningHard, null);
            Again(timers, timer, restart);
        }

        return raise;
    }

    private static void RaiseIf(bool raise)
    {
        if (raise)
        {
            RaiseSoftirqIrqoff(HrtimerSoftirq);
        }
    }

    // Linux: run_hrtimer_softirq.
    private static void RunHrtimerSoftirq(SoftirqAction* unused)
    {
        HrtimerBase* timers = s_bases.This;
        timers->Lock.LockIrq();
        while (!ListHead.Empty(&timers->Pending))
        {
            Hrtimer* timer = OfLink(timers->Pending.Next);
            HrtimerBase.Dequeue(timers, timer);
            Shared.WriteOnce(&timers->RunningSoft, timer);
            timers->Expired++;
            timers->Lock.UnlockIrq();
            HrtimerRestart restart = Call(timer);
            timers->Lock.LockIrq();
            Shared.WriteOnce(&timers->RunningSoft, null);
            if (Again(timers, timer, restart))
            {
                Program(timers, KtimeGet());
            }
        }

        timers->Lock.UnlockIrq();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static HrtimerRestart Call(Hrtimer* timer)
    {
        TracePoints.HrtimerExpireEntry(timer);
        HrtimerRestart restart = timer->Function(timer);
        TracePoints.HrtimerExpireExit(timer);
        return restart;
    }

    // After a function. One that wants no restart may have freed its timer: it is not touched then. True if the timer is the first one now, or
    // became so while its function ran on this CPU and somebody started it from another.
    private static bool Again(HrtimerBase* timers, Hrtimer* timer, HrtimerRestart restart)
    {
        if (restart == HrtimerRestart.Restart && timer->State == HrtimerState.Inactive && timer->Base == timers)
        {
            TracePoints.HrtimerStart(timer, HrtimerMode.Abs);
            HrtimerBase.Enqueue(timers, timer);
        }

        return timers->First == timer;
    }

    private static Hrtimer* OfLink(ListHead* link)
    {
        // As if a timer began at the link: any address that is not null serves to measure the offset.
        var origin = (Hrtimer*)link;
        return (Hrtimer*)((byte*)link - ((byte*)&origin->Link - (byte*)origin));
    }
}
