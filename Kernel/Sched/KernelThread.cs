// KernelThread: making and ending kernel threads.
//
// Linux: kernel_thread, do_exit, daemonize. Create may sleep (memory). A thread ends by returning from its function, or by a fault: the
// oops path ends the task at fault through TaskExit. There is no zombie: the last switch away from a dead task frees it, and whoever
// wants the result (kthread_stop) holds a reference.

using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>Kernel threads as such; most code wants <see cref="Kthread"/>.</summary>
/// <rows>KT-01</rows>
public static unsafe partial class KernelThread
{
    /// <summary>Makes a thread that runs <paramref name="function"/>(<paramref name="argument"/>) and starts it. Process context; may sleep.</summary>
    /// <returns>Its pid; -ENOMEM, -EAGAIN.</returns>
    /// <linux>kernel_thread</linux>
    public static int Run(delegate*<void*, int> function, void* argument, ReadOnlySpan<byte> name)
    {
        int error = Create(function, argument, name, out TaskStruct* task);
        if (error != 0)
        {
            return error;
        }

        int pid = task->Pid;
        Scheduler.WakeUpProcess(task);
        return pid;
    }

    /// <summary>Makes a thread that has not started: <see cref="Scheduler.WakeUpProcess"/> does that. Process context; may sleep.</summary>
    /// <returns>0; -ENOMEM, -EAGAIN.</returns>
    /// <linux>copy_process</linux>
    internal static int Create(delegate*<void*, int> function, void* argument, ReadOnlySpan<byte> name, out TaskStruct* task)
    {
        MightSleep();
        task = Tasks.Allocate();
        if (task == null)
        {
            return -ENOMEM;
        }

        task->State = (int)TaskState.Stopped;
        task->Flags = TaskFlags.KernelThread;
        task->StaticPrio = Priority.FromNice(0);
        task->TimeSlice = Priority.TimeSlice(task->StaticPrio);
        task->Prio = Priority.Effective(task);
        task->CpusAllowed = uint.MaxValue;
        task->Timestamp = Clock.SchedClock();
        task->StartTime = Clock.MonotonicMicroseconds();
        task->Parent = Kthread.Parent;
        SetName(task, name);
        task->ThreadFunction = (void*)function;
        ContextSwitch.Prepare(task, function, argument);
        PreemptDisable();
        task->Cpu = SmpProcessorId();
        PreemptEnable();
        int error = Tasks.Publish(task);
        if (error != 0)
        {
            Tasks.Put(task);
            task = null;
        }

        return error;
    }

    /// <summary>Names a task; longer names are cut.</summary>
    /// <linux>set_task_comm</linux>
    public static void SetName(TaskStruct* task, ReadOnlySpan<byte> name)
    {
        int length = name.Length < TaskName.Size - 1 ? name.Length : TaskName.Size - 1;
        name[..length].CopyTo(new Span<byte>(task->Comm, TaskName.Size));
        task->Comm[length] = 0;
    }

    /// <summary>Names the running thread and gives up what it had of its maker: descriptors and directories, so that it holds nobody's terminal or pipe; signals, which
    /// are all blocked. Its parent becomes kthreadd. Process context of a kernel thread; sleeps.</summary>
    /// <linux>daemonize</linux>
    /// <rows>KT-01</rows>
    public static void Daemonize(ReadOnlySpan<byte> name)
    {
        MightSleep();
        TaskStruct* task = Current;
        SetName(task, name);
        Shared.WriteOnce(ref task->AllowedSignals, 0UL);
        Shared.WriteOnce(ref task->PendingSignals, 0UL);
        Processes.ProcessExit.ReleaseFiles(task);
        task->Parent = Kthread.Parent;
    }

    /// <summary>Ends the running task. Process context; does not return.</summary>
    /// <linux>do_exit</linux>
    [DoesNotReturn]
    [RuntimeExport("arch_task_exit")]
    public static void Exit(int code)
    {
        TaskStruct* task = Current;
        if (task->Pid == 0 || InInterrupt())
        {
            Panic($"Attempted to kill the idle task!\n");
        }

        if (task->Pid == 1)
        {
            Panic($"Attempted to kill init!\n");
        }

        if (InAtomic())
        {
            Printk(LogLevel.Error, $"note: {task->Name}[{task->Pid}] exited with preempt_count {PreemptCount()}\n");
            PreemptCountAdd(-PreemptCount());
        }

#if DEBUG_CHECKS
        LockValidator.TaskExits(task);
#endif
        LocalIrqEnable();
        task->RecoveryPoint = null;
        if (task->Process != null)
        {
            // A program's task that died in the kernel.
            Processes.ProcessExit.ExitGroup(Processes.Signal.SIGKILL);
        }

        Processes.ProcessExit.ReleaseFiles(task);
        task->Flags |= TaskFlags.Exiting;
        task->ExitCode = code;
        Tasks.Withdraw(task);

        // From here on kthread_stop reads the exit code.
        Kthread.Ended(task);
        Die(task);
    }

    /// <summary>The very last of a task that nobody finds any more.</summary>
    [DoesNotReturn]
    internal static void Die(TaskStruct* task)
    {
        Scheduler.Retire();
        Panic($"a dead task runs: {task->Name}\n");
    }
}
