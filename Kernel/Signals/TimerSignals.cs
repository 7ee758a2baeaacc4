// TimerSignals: the signals of POSIX timers.
//
// Linux: send_sigqueue, collect_signal, flush_sigqueue (kernel/signal.c). Any context but NMI; never sleeps. Lock: the process's Lock, held by the caller with
// interrupts off. A timer is an entry in a list of pending signals itself, so nothing is allocated when it expires, none is lost, and it is there once:
// until it has been taken out the timer rests, and when it goes on it counts what it has missed.

namespace CSharpOS.Processes;

/// <summary>POSIX timers as pending signals.</summary>
/// <rows>TIME-06</rows>
internal static unsafe class TimerSignals
{
    /// <summary>Makes the signal of a timer that is in no list pending; for the whole process, too, if the thread that it was meant for has ended.</summary>
    /// <returns>False if the process ignores it. One that has been deleted has nothing to tell.</returns>
    /// <linux>send_sigqueue</linux>
    internal static bool Send(PosixTimer* timer)
    {
        if (timer->Deleted)
        {
            return true;
        }

        Process* process = timer->Process;
        int signal = timer->Signo;
        if (!Signals.Prepare(process, signal))
        {
            return false;
        }

        TaskStruct* thread = timer->Thread;
        bool one = thread != null && !ListHead.Empty(&thread->ThreadLink);
        SigPending* pending = one ? &thread->Signals.Pending : &process->Pending;
        PosixTimer** end = &pending->Timers;
        while (*end != null)
        {
            end = &(*end)->NextPending;
        }

        *end = timer;
        timer->Pending = pending;
        pending->Set |= Signal.Mask(signal);
        if (one)
        {
            Signals.Recalculate(thread);
            Signals.Wake(thread, signal);
        }
        else
        {
            Signals.WakeOne(process, signal);
        }

        return true;
    }

    /// <summary>A thread acts on <paramref name="signal"/>, which is pending: what was sent first, then one timer after the other.</summary>
    /// <param name="pending">Where it is pending.</param>
    /// <param name="signal">Its number.</param>
    /// <param name="info">What a timer says; unchanged if it was sent.</param>
    /// <linux>collect_signal</linux>
    internal static void Take(SigPending* pending, int signal, ref SigInfo info)
    {
        ulong mask = Signal.Mask(signal);
        PosixTimer* timer = (pending->Sent & mask) != 0 ? null : Find(pending, signal);
        if (timer != null)
        {
            Remove(timer);
            PosixTimers.GoOn(timer);
            info = new SigInfo { Code = SigInfo.SI_TIMER, Pid = timer->Id, Uid = timer->LastOverruns, Address = timer->Value };
        }

        pending->Sent &= ~mask;
        pending->Set = Find(pending, signal) != null ? pending->Set : pending->Set & ~mask;
    }

    /// <summary>Signals that are not acted on: they are pending no more, and timers with an interval go on.</summary>
    /// <linux>rm_from_queue</linux>
    internal static void Forget(SigPending* pending, ulong set)
    {
        pending->Sent &= ~set;
        pending->Set &= ~set;
        for (PosixTimer* timer = pending->Timers, next; timer != null; timer = next)
        {
            next = timer->NextPending;
            if ((Signal.Mask(timer->Signo) & set) != 0)
            {
                Remove(timer);
                PosixTimers.GoOnUnseen(timer);
            }
        }
    }

    /// <summary>A timer is set anew or deleted: its signal is taken back if it is pending.</summary>
    internal static void TakeBack(PosixTimer* timer)
    {
        SigPending* pending = timer->Pending;
        if (pending == null)
        {
            return;
        }

        Remove(timer);
        ulong mask = Signal.Mask(timer->Signo);
        if ((pending->Sent & mask) == 0 && Find(pending, timer->Signo) == null)
        {
            // Who has been woken for it finds nothing, and goes on.
            pending->Set &= ~mask;
        }
    }

    private static PosixTimer* Find(SigPending* pending, int signal)
    {
        PosixTimer* timer = pending->Timers;
        while (timer != null && timer->Signo != signal)
        {
            timer = timer->NextPending;
        }

        return timer;
    }

    private static void Remove(PosixTimer* timer)
    {
        PosixTimer** link = &timer->Pending->Timers;
        while (*link != timer)
        {
            link = &(*link)->NextPending;
        }

        *link = timer->NextPending;
        timer->NextPending = null;
        timer->Pending = null;
    }
}
