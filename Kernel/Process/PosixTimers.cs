// PosixTimers: timers that a program makes, sets, reads and deletes.
//
// Linux: kernel/posix-timers.c. Process context, except Expired, which runs in HRTIMER_SOFTIRQ and only makes a signal pending, and GoOn, which runs where signals are
// taken out. Lock: the process's Lock, with interrupts off; a hrtimer base's lock is taken inside it. Nobody waits for an hrtimer's function with that
// lock held, since the function takes it.
// Invariant: a timer's hrtimer is not armed while its signal is pending. So the shortest interval keeps no CPU busy, and what was missed is counted by
// arithmetic when the signal is acted on.

namespace CSharpOS.Processes;

/// <summary>The POSIX timers of a process.</summary>
/// <rows>TIME-06</rows>
internal static unsafe class PosixTimers
{
    /// <summary>How many a process may have.</summary>
    internal const int Limit = 256;

    /// <summary>Makes a timer, which nobody finds before <see cref="Publish"/>. May sleep.</summary>
    /// <param name="process">Whose.</param>
    /// <param name="clock">A clock that never stops: the caller has looked at it.</param>
    /// <param name="signo">The signal; 0: none.</param>
    /// <param name="thread">Who gets it, a reference that goes over to the timer; null: the process.</param>
    /// <param name="made">The timer.</param>
    /// <returns>0; -EAGAIN: the process has <see cref="Limit"/>, or there is no memory.</returns>
    /// <linux>sys_timer_create</linux>
    internal static int Create(Process* process, int clock, int signo, TaskStruct* thread, out PosixTimer* made)
    {
        var timer = (PosixTimer*)Kmalloc((nuint)sizeof(PosixTimer), GfpFlags.Kernel);
        made = timer;
        if (timer == null)
        {
            return -EAGAIN;
        }

        *timer = default;
        HrtimerInit(&timer->Timer, &Expired);
        timer->Process = process;
        timer->Clock = clock;
        timer->Signo = signo;
        timer->Thread = thread;
        process->Lock.LockIrq();
        PosixTimer** link = &process->Timers;
        while (*link != null && (*link)->Id == timer->Id)
        {
            timer->Id++;
            link = &(*link)->Next;
        }

        bool room = timer->Id < Limit;
        if (room)
        {
            timer->Next = *link;
            *link = timer;
        }

        process->Lock.UnlockIrq();
        if (!room)
        {
            Kfree(timer);
            made = null;
        }

        return room ? 0 : -EAGAIN;
    }

    /// <summary>The program knows the timer's number.</summary>
    internal static void Publish(PosixTimer* timer)
    {
        timer->Process->Lock.LockIrq();
        timer->Ready = true;
        timer->Process->Lock.UnlockIrq();
    }

    /// <summary>Sets a timer; 0 stops it. What it has sent before and nobody has acted on is taken back.</summary>
    /// <param name="process">Whose.</param>
    /// <param name="id">Its number.</param>
    /// <param name="time">When, or how long, in nanoseconds.</param>
    /// <param name="absolute">Which of both.</param>
    /// <param name="interval">And then how often; 0: once.</param>
    /// <param name="left">What was left.</param>
    /// <param name="every">The old interval.</param>
    /// <returns>0; -EINVAL: there is no such timer.</returns>
    /// <linux>sys_timer_settime</linux>
    internal static int Set(Process* process, int id, long time, bool absolute, long interval, out long left, out long every)
    {
        while (true)
        {
            process->Lock.LockIrq();
            PosixTimer* timer = Find(process, id);
            if (timer == null)
            {
                process->Lock.UnlockIrq();
                left = every = 0;
                return -EINVAL;
            }

            if (HrtimerTryToCancel(&timer->Timer) >= 0)
            {
                Read(timer, out left, out every);
                TimerSignals.TakeBack(timer);
                Arm(timer, time, absolute, interval);
                process->Lock.UnlockIrq();
                return 0;
            }

            // Its function waits for the lock on another CPU, or has just given it back. Meanwhile the timer may be deleted.
            process->Lock.UnlockIrq();
            CpuRelax();
        }
    }

    /// <summary>What is left, in nanoseconds, 0 if it is not armed; and the interval.</summary>
    /// <returns>0; -EINVAL: there is no such timer.</returns>
    /// <linux>sys_timer_gettime</linux>
    internal static int Get(Process* process, int id, out long left, out long every)
    {
        left = every = 0;
        process->Lock.LockIrq();
        PosixTimer* timer = Find(process, id);
        if (timer != null)
        {
            Read(timer, out left, out every);
        }

        process->Lock.UnlockIrq();
        return timer != null ? 0 : -EINVAL;
    }

    /// <summary>How many expiries the last signal stood for besides its own.</summary>
    /// <returns>At most int.MaxValue; -EINVAL: there is no such timer.</returns>
    /// <linux>sys_timer_getoverrun</linux>
    internal static int GetOverrun(Process* process, int id)
    {
        process->Lock.LockIrq();
        PosixTimer* timer = Find(process, id);
        int overruns = timer != null ? timer->LastOverruns : -EINVAL;
        process->Lock.UnlockIrq();
        return overruns;
    }

    /// <summary>Deletes a timer: when this returns its signal is not pending and never will be.</summary>
    /// <returns>0; -EINVAL: there is no such timer.</returns>
    /// <linux>sys_timer_delete</linux>
    internal static int Delete(Process* process, int id)
    {
        process->Lock.LockIrq();
        PosixTimer* timer = Find(process, id);
        if (timer != null)
        {
            Unlink(timer);
        }

        process->Lock.UnlockIrq();
        if (timer == null)
        {
            return -EINVAL;
        }

        Free(timer);
        return 0;
    }

    /// <summary>Deletes a timer that has not been published.</summary>
    internal static void Abandon(PosixTimer* timer)
    {
        timer->Process->Lock.LockIrq();
        Unlink(timer);
        timer->Process->Lock.UnlockIrq();
        Free(timer);
    }

    /// <summary>Deletes them all: the process has one thread that executes a program, or none that would still make one.</summary>
    /// <linux>exit_itimers</linux>
    internal static void DeleteAll(Process* process)
    {
        while (true)
        {
            process->Lock.LockIrq();
            PosixTimer* timer = process->Timers;
            if (timer != null)
            {
                Unlink(timer);
            }

            process->Lock.UnlockIrq();
            if (timer == null)
            {
                return;
            }

            Free(timer);
        }
    }

    /// <summary>The time of day has been set: timers of this process that are for a time of day come earlier or later. Lock held.</summary>
    /// <linux>clock_was_set</linux>
    internal static void ClockWasSet(Process* process, long shift)
    {
        for (PosixTimer* timer = process->Timers; timer != null; timer = timer->Next)
        {
            if (timer->FollowsWall && timer->Armed)
            {
                // -1: it was due by the old clock, and its function waits for the lock.
                bool active = HrtimerTryToCancel(&timer->Timer) > 0;
                timer->Timer.Expires = Sum(timer->Timer.Expires, shift - timer->Shift);
                timer->Shift = shift;
                if (active)
                {
                    HrtimerStart(&timer->Timer, timer->Timer.Expires, HrtimerMode.Abs);
                }
            }
        }
    }

    /// <summary>The signal of a timer has been taken out: one with an interval is armed again, for the next time that is not over. Lock held.</summary>
    /// <linux>do_schedule_next_timer</linux>
    internal static void GoOn(PosixTimer* timer)
    {
        ulong passed = ArmAgain(timer);
        timer->LastOverruns = (int)Math.Min(timer->Overruns + (passed != 0 ? passed - 1 : 0), int.MaxValue);
        timer->Overruns = 0;
    }

    /// <summary>The same, but nobody acts on the signal: it is one of those that the next one tells of. Lock held.</summary>
    internal static void GoOnUnseen(PosixTimer* timer) => timer->Overruns += ArmAgain(timer);

    private static HrtimerRestart Expired(Hrtimer* hrtimer)
    {
        var timer = (PosixTimer*)hrtimer;
        Process* process = timer->Process;
        HrtimerRestart restart = HrtimerRestart.NoRestart;
        ulong flags = process->Lock.LockIrqSave();
        timer->Armed = timer->Interval != 0;
        if (!TimerSignals.Send(timer) && timer->Interval != 0)
        {
            // Ignored: it goes on by itself, but not more often than the clock ticks.
            timer->Overruns += HrtimerForward(hrtimer, KtimeGet() + Clock.TickNanoseconds, timer->Interval);
            restart = HrtimerRestart.Restart;
        }

        process->Lock.UnlockIrqRestore(flags);
        return restart;
    }

    // How many times are over: none, for a time of day after the clock has been set back.
    private static ulong ArmAgain(PosixTimer* timer)
    {
        if (timer->Interval == 0)
        {
            return 0;
        }

        ulong passed = HrtimerForward(&timer->Timer, KtimeGet(), timer->Interval);
        HrtimerStart(&timer->Timer, timer->Timer.Expires, HrtimerMode.Abs);
        return passed;
    }

    // The hrtimer is inactive; the lock is held.
    private static void Arm(PosixTimer* timer, long time, bool absolute, long interval)
    {
        timer->Armed = time != 0;
        timer->Interval = time != 0 ? interval : 0;
        timer->Overruns = 0;
        timer->LastOverruns = 0;
        timer->FollowsWall = absolute && timer->Clock == Syscalls.Clocks.Realtime;
        timer->Shift = timer->FollowsWall ? Syscalls.Clocks.RealtimeShift() : 0;
        timer->Timer.Expires = Sum(time, absolute ? timer->Shift : KtimeGet());
        if (timer->Armed && timer->Signo != 0)
        {
            HrtimerStart(&timer->Timer, timer->Timer.Expires, HrtimerMode.Abs);
        }
    }

    private static void Read(PosixTimer* timer, out long left, out long every)
    {
        every = timer->Interval;
        left = 0;
        if (!timer->Armed)
        {
            return;
        }

        left = timer->Timer.Expires - KtimeGet();
        if (left > 0)
        {
            return;
        }

        // It rests since it expired, or never runs (no signal); or it is due but has not run yet, and is not off.
        bool rests = timer->Pending != null || timer->Signo == 0;
        left = rests && every != 0 ? every - (-left % every) : timer->Signo == 0 ? 0 : 1;
    }

    private static PosixTimer* Find(Process* process, int id)
    {
        PosixTimer* timer = process->Timers;
        while (timer != null && timer->Id != id)
        {
            timer = timer->Next;
        }

        return timer != null && timer->Ready ? timer : null;
    }

    // From here on nobody finds it, and it sends nothing. Lock held.
    private static void Unlink(PosixTimer* timer)
    {
        PosixTimer** link = &timer->Process->Timers;
        while (*link != timer)
        {
            link = &(*link)->Next;
        }

        *link = timer->Next;
        timer->Deleted = true;
        TimerSignals.TakeBack(timer);
    }

    // Of one that is unlinked; no lock held.
    private static void Free(PosixTimer* timer)
    {
        HrtimerCancel(&timer->Timer);
        if (timer->Thread != null)
        {
            Tasks.Put(timer->Thread);
        }

        Kfree(timer);
    }

    private static long Sum(long time, long more) => more > 0 && time > long.MaxValue - more ? long.MaxValue : time + more;
}
