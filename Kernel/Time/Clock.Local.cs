// Clock.Local: what every CPU does at its own tick, beside the one CPU that keeps the time.

namespace CSharpOS.Time;

public static unsafe partial class Clock
{
    /// <summary>One tick of this CPU: its timers, and the account of the running task. From the CPU's clock handler, interrupts off.</summary>
    /// <linux>update_process_times</linux>
    public static void LocalTick()
    {
        Timers.RunLocalTimers();
        HrtimerRunQueues();
        Rcu.CheckCallbacks();
        Scheduler.Tick();
        Debugging.Watchdog.Tick();
    }
}
