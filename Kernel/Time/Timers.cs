// Timers: calling a function later.
//
// Linux: include/linux/timer.h, kernel/timer.c (2.6). The class is spread over files by aspect:
//   Timers.cs        init, add, modify, delete
//   Timers.Sync.cs   deleting a timer and waiting for its function
//   Timers.Run.cs    the softirq that calls what is due
//   Timers.Command.cs the monitor's command
// with TimerList.cs, one timer, and TimerBase.cs, the wheel of one CPU. Any context, hard interrupts included; nothing here sleeps.
// Lock: that of the timer's base, interrupts off. A CPU never holds two: a timer that changes its CPU belongs to nobody for a moment (Moving),
// and who wants it meanwhile waits. A timer whose function runs stays on that CPU when it is armed again, so its function is never entered twice.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

/// <summary>Kernel timers.</summary>
/// <rows>TIME-02</rows>
public static unsafe partial class Timers
{
    private static PerCpu<TimerBase> s_bases;

    /// <summary>Forgets all timers. At boot, before the first tick; interrupts off.</summary>
    /// <linux>init_timers</linux>
    internal static void Init()
    {
        s_bases = PerCpu<TimerBase>.Allocate();
        s_misuses = 0;
        InitCpu(SmpProcessorId());
        InitSoftirq();
    }

    /// <summary>Gives CPU <paramref name="cpu"/>, which does not run yet, an empty wheel.</summary>
    /// <linux>init_timers_cpu</linux>
    internal static void InitCpu(int cpu) => TimerBase.Init(s_bases.On(cpu), cpu);

    /// <summary>Makes an inactive timer of any memory. Before every other operation on it; never on an active one.</summary>
    /// <linux>init_timer</linux>
    /// <rows>TIME-02</rows>
    public static void InitTimer(TimerList* timer)
    {
        timer->Link = default;

        // Whichever CPU this is: only a home until the timer is armed.
        timer->Base = s_bases.This;
    }

    /// <summary><see cref="InitTimer"/>, with the function and its argument.</summary>
    /// <linux>setup_timer</linux>
    /// <rows>TIME-02</rows>
    public static void SetupTimer(TimerList* timer, delegate*<ulong, void> function, ulong data)
    {
        InitTimer(timer);
        timer->Function = function;
        timer->Data = data;
    }

    /// <summary>True from the moment a timer is armed until its function is about to be called, or it is deleted. Without the lock: true for a
    /// moment only, unless the caller knows better.</summary>
    /// <linux>timer_pending</linux>
    /// <rows>TIME-02</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TimerPending(TimerList* timer) => Shared.ReadOnce(&timer->Link.Next) != null;

    /// <summary>Arms an inactive timer for the tick <c>timer->Expires</c>, on this CPU. One that is active already is reported, and then changed as by
    /// <see cref="ModTimer"/>.</summary>
    /// <linux>add_timer</linux>
    /// <rows>TIME-02</rows>
    public static void AddTimer(TimerList* timer)
    {
        if (Arm(timer, timer->Expires, onlyActive: false, ThisCpu) != 0)
        {
            ReportMisuse("add_timer"u8, timer, "it was active already"u8);
        }
    }

    /// <summary><see cref="AddTimer"/> on CPU <paramref name="cpu"/>, which must be online.</summary>
    /// <linux>add_timer_on</linux>
    /// <rows>TIME-02</rows>
    public static void AddTimerOn(TimerList* timer, int cpu)
    {
        if (Arm(timer, timer->Expires, onlyActive: false, cpu) != 0)
        {
            ReportMisuse("add_timer_on"u8, timer, "it was active already"u8);
        }
    }

    /// <summary>Arms a timer for the tick <paramref name="expires"/>, whether it was active or not. The one safe way to change an active timer; if several do
    /// it at once, one of them is the last.</summary>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>mod_timer</linux>
    /// <rows>TIME-02</rows>
    public static int ModTimer(TimerList* timer, uint expires)
    {
        // Drivers do this at every packet.
        if (TimerPending(timer) && timer->Expires == expires)
        {
            return 1;
        }

        return Arm(timer, expires, onlyActive: false, ThisCpu);
    }

    /// <summary><see cref="ModTimer"/> for a timer that is active; an inactive one stays so.</summary>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>mod_timer_pending</linux>
    public static int ModTimerPending(TimerList* timer, uint expires) => Arm(timer, expires, onlyActive: true, ThisCpu);

    /// <summary>Makes a timer inactive. Its function may be running on another CPU at this moment, and may arm the timer again:
    /// <see cref="DelTimerSync"/>.</summary>
    /// <returns>0 if it was inactive, 1 if it was active.</returns>
    /// <linux>del_timer</linux>
    /// <rows>TIME-02</rows>
    public static int DelTimer(TimerList* timer)
    {
        if (!TimerPending(timer))
        {
            return 0;
        }

        TimerBase* timers = LockBase(timer, out ulong flags);
        if (timer->Link.Next == null)
        {
            // Meanwhile.
            UnlockBase(timers, flags);
            return 0;
        }

        TimerBase.Detach(timers, timer);
        TracePoints.TimerCancel(timer);
        UnlockBase(timers, flags);
        return 1;
    }

    private const int ThisCpu = -1;

    // Linux: __mod_timer. An active timer stays active for those who look without the lock, also while it is moved.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Arm(TimerList* timer, uint expires, bool onlyActive, int cpu)
    {
#if DEBUG_CHECKS
        if (timer->Function == null)
        {
            ReportMisuse("mod_timer"u8, timer, "it has no function, and stays inactive"u8);
            return 0;
        }
#endif

        TimerBase* timers = LockBase(timer, out ulong flags);
        int active = 1;
        if (timer->Link.Next != null)
        {
            TimerBase.Unlink(timer);
        }
        else if (onlyActive)
        {
            UnlockBase(timers, flags);
            return 0;
        }
        else
        {
            active = 0;
            timers->Count++;
        }

        TimerBase* target = cpu == ThisCpu ? s_bases.This : s_bases.On(cpu);
        if (timers != target)
        {
            timers = Move(timer, timers, target, cpu != ThisCpu);
        }

        timer->Expires = expires;
        TracePoints.TimerStart(timer, timer->Function, expires);
        TimerBase.Insert(timers, timer);
        UnlockBase(timers, flags);
        return active;
    }

    // Gives a timer that is in no slot, though counted, to another base. The old one is locked on entry, the one that has the timer on return.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TimerBase* Move(TimerList* timer, TimerBase* from, TimerBase* to, bool always)
    {
        if (from->Running == timer && !always)
        {
            return from;
        }

        from->Count--;
        Shared.WriteOnce(&timer->Base, TimerList.Moving);
        from->Lock.ReleaseNoPreempt();
        to->Lock.LockNoPreempt();
        to->Count++;
        Shared.WriteOnce(&timer->Base, to);
        return to;
    }

    /// <summary>Locks the base of a timer, interrupts off, wherever it has gone meanwhile.</summary>
    /// <linux>lock_timer_base</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TimerBase* LockBase(TimerList* timer, out ulong flags)
    {
        while (true)
        {
            TimerBase* timers = Shared.ReadOnce(&timer->Base);
            if (timers > TimerList.Moving)
            {
                flags = LocalIrqSave();
                timers->Lock.LockNoPreempt();
                if (Shared.ReadOnce(&timer->Base) == timers)
                {
                    return timers;
                }

                UnlockBase(timers, flags);
            }

            AwaitBase(timer);
        }
    }

    // Interrupts are off, so the lock needs no help from preempt_count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void UnlockBase(TimerBase* timers, ulong flags)
    {
        timers->Lock.ReleaseNoPreempt();
        LocalIrqRestore(flags);
    }

    // A few instructions of another CPU, unless nobody has ever made a timer of this.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AwaitBase(TimerList* timer)
    {
        if (Shared.ReadOnce(&timer->Base) == null)
        {
            ReportMisuse("timer"u8, timer, "nobody has called init_timer for it"u8);
            InitTimer(timer);
        }

        CpuRelax();
    }
}
