// ClockEvents: the device by which each CPU is interrupted at a certain time.
//
// Linux: struct clock_event_device, kernel/time/clockevents.c, tick-common.c. Register, SetOneShot: the CPU concerned, interrupts off. HandleEvent: hard interrupt
// context, interrupts off. No locks: a CPU's own.
// Every CPU has a local timer, or else the boot CPU has the PIT. A device begins in periodic mode: HZ interrupts a second, each a tick. In one-shot mode it
// interrupts once, at a time that it is told, and the tick is a timer like any other (Hrtimers.Tick.cs). Jiffies are counted by line 0 where
// the PIT ticks beside the local timers; where the PIT itself is the boot CPU's device, its ticks count them.

namespace CSharpOS.Time;

/// <summary>A device that interrupts its CPU. Describes all devices of one kind: the functions work on the running CPU's.</summary>
/// <linux>clock_event_device</linux>
public unsafe struct ClockEventDevice
{
    /// <summary>Stops the ticks; from now on it interrupts only when told. Null if it cannot.</summary>
    /// <linux>CLOCK_EVT_MODE_ONESHOT</linux>
    public delegate*<void> SetOneShot;

    /// <summary>Interrupts once, in so many nanoseconds, between <see cref="MinDelta"/> and <see cref="MaxDelta"/>; forgets what it was told before.</summary>
    /// <linux>set_next_event</linux>
    public delegate*<long, void> SetNextEvent;

    /// <summary>Bounds for <see cref="SetNextEvent"/>.</summary>
    public long MinDelta, MaxDelta;

    /// <summary>Its ticks are what jiffies count.</summary>
    public bool CountsJiffies;
}

/// <summary>The CPUs' clock devices.</summary>
public static unsafe class ClockEvents
{
    private static PerCpu<Local> s_local;

    /// <summary>Nobody has a device. At boot, one CPU.</summary>
    internal static void Init() => s_local = PerCpu<Local>.Allocate();

    /// <summary>Gives this CPU a device, in periodic mode, in place of the one that it may have had. Interrupts off.</summary>
    /// <linux>clockevents_register_device</linux>
    public static void Register(ClockEventDevice* device) => s_local.This->Device = device;

    /// <summary>The interrupt of this CPU's device. Interrupts off.</summary>
    /// <linux>event_handler</linux>
    public static void HandleEvent()
    {
        Local* local = s_local.This;
        if (local->OneShot)
        {
            HrtimerInterrupt();
            return;
        }

        if (local->Device->CountsJiffies)
        {
            Clock.Tick();
        }

        LocalTick();
    }

    /// <summary>Puts this CPU's device into one-shot mode. Interrupts off.</summary>
    /// <returns>False: it has none, or one that cannot.</returns>
    /// <linux>tick_switch_to_oneshot</linux>
    internal static bool SetOneShot()
    {
        Local* local = s_local.This;
        if (local->Device == null || local->Device->SetOneShot == null)
        {
            return false;
        }

        local->OneShot = true;
        local->Device->SetOneShot();
        return true;
    }

    /// <summary>True if this CPU's device counts jiffies.</summary>
    internal static bool CountsJiffies => s_local.This->Device != null && s_local.This->Device->CountsJiffies;

    /// <summary>This CPU's device interrupts in about so many nanoseconds: soon, if they are few or negative, and early, if they are many. One-shot mode,
    /// interrupts off.</summary>
    /// <linux>clockevents_program_event</linux>
    internal static void Program(long nanoseconds)
    {
        ClockEventDevice* device = s_local.This->Device;
        long delta = nanoseconds < device->MinDelta ? device->MinDelta : nanoseconds > device->MaxDelta ? device->MaxDelta : nanoseconds;
        device->SetNextEvent(delta);
    }

    private struct Local
    {
        public ClockEventDevice* Device;
        public bool OneShot;
    }
}
