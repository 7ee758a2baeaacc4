// Kthread: kernel threads that can be stopped and waited for.
//
// Linux: kernel/kthread.c. All in process context; Create, Run, Stop and Bind may sleep. A thread made here starts stopped and is woken by its
// maker. kthread_stop sets ShouldStop, wakes the thread and waits until it has ended, holding a reference to it meanwhile.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>What belongs to a thread of <see cref="Kthread.Create"/>.</summary>
internal unsafe struct KthreadInfo
{
    internal delegate*<void*, int> Function;
    internal void* Data;
    internal int ShouldStop;
    internal Completion Exited;

    /// <summary>Called in the thread with its data when it ends, however it does; or null.</summary>
    internal delegate*<void*, void> Cleanup;
}

/// <summary>The kthread calls.</summary>
/// <rows>KT-02</rows>
public static unsafe class Kthread
{
    /// <summary>The parent of all kernel threads, pid 2.</summary>
    internal static TaskStruct* Parent { get; private set; }

    /// <summary>Starts kthreadd. Once, at boot, after pid 1 exists.</summary>
    internal static int Init()
    {
        Parent = null;
        int error = KernelThread.Create(&Kthreadd, null, "kthreadd"u8, out TaskStruct* task);
        if (error != 0)
        {
            return error;
        }

        Parent = task;
        Scheduler.WakeUpProcess(task);
        return 0;
    }

    /// <summary>Makes a thread that will run <paramref name="function"/>(<paramref name="data"/>); it waits for <see cref="Scheduler.WakeUpProcess"/>.
    /// Process context; may sleep.</summary>
    /// <param name="function">The thread; what it returns is the result of <see cref="Stop"/>.</param>
    /// <param name="data">Its argument.</param>
    /// <param name="name">Its name, as a format: <c>$"worker/{cpu}"</c>. Cut to 15 bytes.</param>
    /// <param name="error">0, -ENOMEM or -EAGAIN.</param>
    /// <returns>The thread, null on error.</returns>
    /// <linux>kthread_create</linux>
    public static TaskStruct* Create(delegate*<void*, int> function, void* data, scoped ref TextHandler name, out int error)
    {
        MightSleep();
        error = KernelThread.Create(&Start, null, name.Written, out TaskStruct* task);
        name.Release();
        if (error != 0)
        {
            return null;
        }

        task->Kthread.Function = function;
        task->Kthread.Data = data;
        Completion.Init(&task->Kthread.Exited);
        return task;
    }

    /// <summary><see cref="Create"/> and the first wake-up.</summary>
    /// <linux>kthread_run</linux>
    public static TaskStruct* Run(delegate*<void*, int> function, void* data, scoped ref TextHandler name, out int error)
    {
        TaskStruct* task = Create(function, data, ref name, out error);
        if (task != null)
        {
            Scheduler.WakeUpProcess(task);
        }

        return task;
    }

    /// <summary>Tells a thread to end, wakes it and waits until it has. Sleeps. The caller must know that the thread has not been freed: either it
    /// ends only when told to, or the caller holds a reference (<see cref="Tasks.Get"/>) from before it started.</summary>
    /// <returns>What the thread function returned, also to a second caller; -EINTR if it never ran; -EINVAL for a task that was not made by
    /// <see cref="Create"/>, and for a thread that wants to stop itself.</returns>
    /// <linux>kthread_stop</linux>
    public static int Stop(TaskStruct* task)
    {
        MightSleep();
        if (task->Kthread.Function == null || task == Current)
        {
            WarnOn(true);
            return -EINVAL;
        }

        Tasks.Get(task);
        Shared.WriteOnce(ref task->Kthread.ShouldStop, 1);
        Scheduler.WakeUpProcess(task);
        Completion.Wait(&task->Kthread.Exited);
        int result = task->ExitCode;
        Tasks.Put(task);
        return result;
    }

    /// <summary>True once somebody wants the running thread to end. Its function must look at this and return.</summary>
    /// <linux>kthread_should_stop</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool ShouldStop() => Shared.ReadOnce(ref Current->Kthread.ShouldStop) != 0;

    /// <summary>Binds a thread that has not started to one CPU, for good. Reported, and nothing happens, if it has started or the CPU is not
    /// online. Process context.</summary>
    /// <linux>kthread_bind</linux>
    public static void Bind(TaskStruct* task, int cpu)
    {
        if (WarnOn(Shared.ReadOnce(ref task->State) != (int)TaskState.Stopped || !Smp.IsOnline(cpu)))
        {
            return;
        }

        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        task->CpusAllowed = 1u << cpu;
        task->Flags |= TaskFlags.Bound;
        Shared.WriteOnce(ref task->Cpu, cpu);
        rq->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>The end of any task: if it is one of ours, whoever waits for it may go on.</summary>
    internal static void Ended(TaskStruct* task)
    {
        if (task->Kthread.Function != null)
        {
            if (task->Kthread.Cleanup != null)
            {
                task->Kthread.Cleanup(task->Kthread.Data);
            }

            Completion.CompleteAll(&task->Kthread.Exited);
        }
    }

    // Linux: kthread. Stopped before its first run: the function is not called at all.
    private static int Start(void* unused)
    {
        TaskStruct* task = Current;
        int result = -EINTR;
        if (!ShouldStop())
        {
            // Not returned at once: as a tail call it would leave no trace of this function in the thread's call traces.
            result = task->Kthread.Function(task->Kthread.Data);
        }

        return result;
    }

    private static int Kthreadd(void* unused)
    {
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (!KernelStackPool.HasSurplus())
            {
                Scheduler.Schedule();
                continue;
            }

            // Unmapping may sleep by itself: not in the state of this sleep.
            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            KernelStackPool.Drain();
        }
    }
}
