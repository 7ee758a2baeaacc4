// SystemWorkqueues: the queues that are always there.
//
// Linux: keventd_wq, and the system_*_wq of later kernels. Init: process context, at boot; the rest in any context.
// Seven, by what their works are like: events for short ones, highpri before them, long for those that take their time, unbound for those that care for no
// CPU, freezable for those that must not run while the machine is being suspended, and two that spare sleeping CPUs if the boot option
// workqueue.power_efficient says so.

namespace CSharpOS.Workqueues;

/// <summary>The system's work queues.</summary>
/// <rows>WORK-07</rows>
public static unsafe class SystemWorkqueues
{
    /// <summary>The default queue, threads events/n.</summary>
    /// <linux>system_wq</linux>
    public static WorkqueueStruct* Events { get; private set; }

    /// <summary>Its works run before those of <see cref="Events"/>.</summary>
    /// <linux>system_highpri_wq</linux>
    public static WorkqueueStruct* HighPriority { get; private set; }

    /// <summary>For works that take long; flushing the others does not wait for them.</summary>
    /// <linux>system_long_wq</linux>
    public static WorkqueueStruct* Long { get; private set; }

    /// <summary>On any CPU, several at once.</summary>
    /// <linux>system_unbound_wq</linux>
    public static WorkqueueStruct* Unbound { get; private set; }

    /// <summary>Stops between freeze and thaw.</summary>
    /// <linux>system_freezable_wq</linux>
    public static WorkqueueStruct* Freezable { get; private set; }

    /// <summary>Unbound if the boot option is set.</summary>
    /// <linux>system_power_efficient_wq</linux>
    public static WorkqueueStruct* PowerEfficientEvents { get; private set; }

    /// <summary>Both.</summary>
    /// <linux>system_freezable_power_efficient_wq</linux>
    public static WorkqueueStruct* FreezablePowerEfficient { get; private set; }

    /// <summary>The boot option <c>workqueue.power_efficient</c>.</summary>
    internal static bool PowerEfficient { get; private set; }

    /// <summary>Makes them.</summary>
    internal static int Init()
    {
        PowerEfficient = CommandLine.Has("workqueue.power_efficient"u8);
        Events = Workqueue.AllocWorkqueue("events"u8, WorkqueueFlags.None, 0);
        HighPriority = Workqueue.AllocWorkqueue("events_highpri"u8, WorkqueueFlags.HighPriority, 0);
        Long = Workqueue.AllocWorkqueue("events_long"u8, WorkqueueFlags.None, 0);
        Unbound = Workqueue.AllocWorkqueue("events_unbound"u8, WorkqueueFlags.Unbound, 0);
        Freezable = Workqueue.AllocWorkqueue("events_freezable"u8, WorkqueueFlags.Freezable, 0);
        PowerEfficientEvents = Workqueue.AllocWorkqueue("events_power_efficient"u8, WorkqueueFlags.PowerEfficient, 0);
        FreezablePowerEfficient = Workqueue.AllocWorkqueue(
            "events_freezable_power_efficient"u8, WorkqueueFlags.Freezable | WorkqueueFlags.PowerEfficient, 0);
        bool ready = Events != null && HighPriority != null && Long != null && Unbound != null && Freezable != null && PowerEfficientEvents != null
            && FreezablePowerEfficient != null;
        return ready ? 0 : -ENOMEM;
    }
}
