// Tasklet.Control: disabling, enabling and killing tasklets.
//
// Linux: tasklet_disable, tasklet_enable, tasklet_unlock_wait (include/linux/interrupt.h), tasklet_kill (kernel/softirq.c). No locks.
// TaskletDisable: any context but the tasklet itself and what interrupts it; spins while it runs elsewhere. TaskletKill: process context; sleeps.
// Where this differs from Linux 2.6: TaskletKill marks the tasklet, and a marked one cannot be scheduled. Linux waits for a moment in which it is
// neither scheduled nor running; a tasklet that always reschedules itself has no such moment on a machine with one CPU, nor has a disabled one.

namespace CSharpOS.Softirqs;

public static unsafe partial class Tasklet
{
    /// <summary>Keeps the tasklet from running until as many <see cref="TaskletEnable"/> calls have come; it may be scheduled meanwhile. Does not wait: it
    /// may still be running on another CPU. Any context.</summary>
    /// <linux>tasklet_disable_nosync</linux>
    /// <rows>TASKLET-04</rows>
    public static void TaskletDisableNosync(TaskletStruct* tasklet) => tasklet->Count.Inc();

    /// <summary>The same, and waits until it does not run any more. Not from the tasklet itself, nor from an interrupt that may have interrupted
    /// it: that would wait for itself, and is reported instead.</summary>
    /// <linux>tasklet_disable</linux>
    /// <rows>TASKLET-04</rows>
    public static void TaskletDisable(TaskletStruct* tasklet)
    {
        TaskletDisableNosync(tasklet);
        TaskletUnlockWait(tasklet);
    }

    /// <summary>Undoes one <see cref="TaskletDisable"/>; after the last one a tasklet that was scheduled runs. Any context.</summary>
    /// <linux>tasklet_enable</linux>
    /// <rows>TASKLET-04</rows>
    public static void TaskletEnable(TaskletStruct* tasklet) => tasklet->Count.Dec();

    /// <summary>Waits until the tasklet is neither scheduled nor running; until then it cannot be scheduled. One that is scheduled runs once more, unless it
    /// is disabled: then it is taken off its list. It may be scheduled anew afterwards. Process context; sleeps; from interrupt
    /// context it is reported, and does nothing.</summary>
    /// <linux>tasklet_kill</linux>
    /// <rows>TASKLET-05</rows>
    public static void TaskletKill(TaskletStruct* tasklet)
    {
        if (InInterrupt())
        {
            Printk(LogLevel.Error, "BUG: tasklet_kill from interrupt context\n"u8);
            KernelLog.DumpStack();
            return;
        }

        MightSleep();
        while (Shared.TestAndSetBit((int)TaskletState.KilledBit, ref tasklet->State))
        {
            // Somebody else kills it just now.
            Scheduler.Yield();
        }

        while ((Shared.ReadOnce(ref tasklet->State) & (int)(TaskletState.Scheduled | TaskletState.Running)) != 0)
        {
            Scheduler.Yield();
        }

        Shared.ClearBit((int)TaskletState.KilledBit, ref tasklet->State);
    }

    /// <summary>Spins until the tasklet does not run any more.</summary>
    /// <linux>tasklet_unlock_wait</linux>
    private static void TaskletUnlockWait(TaskletStruct* tasklet)
    {
#if SMP
#if DEBUG_CHECKS
        if (InInterrupt() && tasklet->IsRunning && Shared.ReadOnce(ref tasklet->RunningCpu) == SmpProcessorId())
        {
            Printk(LogLevel.Error, "BUG: tasklet_disable from the tasklet itself, or from an interrupt in it\n"u8);
            KernelLog.DumpStack();
            return;
        }
#endif
        while ((Shared.ReadOnce(ref tasklet->State) & (int)TaskletState.Running) != 0)
        {
            Cpu.CpuRelax();
        }
#endif
    }
}
