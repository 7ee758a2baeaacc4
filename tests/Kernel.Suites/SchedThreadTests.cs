// SchedThreadTests: making and ending kernel threads, and what is left of them.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe partial class SchedThreadTests
{
    private const int Batch = 8;
    private const int Many = 100;

    private static int s_ran;
    private static int s_cpu;
    private static int s_end;
    private static int s_pid;
    private static int s_alive;
    private static Completion s_done;
    private static Pointers s_tasks;

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    internal static void KernelThreads()
    {
        Begin();
        int number = 42;
        int pid = KernelThread.Run(&TakeNumber, &number, "worker"u8);
        Check.True(pid > 2);
        Completion.Wait(Done);
        Check.Equal(42, s_ran);
        Check.Equal(pid, s_pid);
        Check.True(Gone(pid));
    }

    internal static void Daemonize()
    {
        Begin();
        FilesStruct* files = Current->Files;
        FsStruct* fs = Current->FsInfo;
        Current->Files = FilesStruct.New();
        Current->FsInfo = FsStruct.New();
        Current->AllowedSignals = 2;
        int pid = KernelThread.Clone(&BecomeDaemon, null, "before"u8, CloneFlags.Files | CloneFlags.Fs | CloneFlags.SigHand);
        Check.True(SchedThread.Until(ref s_ran, 1));

        // What it shared with its maker it has given up, although it lives.
        Check.Equal(1, Current->Files->Count.Read());
        Check.Equal(1, Current->FsInfo->Count.Read());
        Current->AllowedSignals = 0;
        FilesStruct.Exit(Current);
        FsStruct.Exit(Current);
        Current->Files = files;
        Current->FsInfo = fs;
        TaskStruct* task = Tasks.Find(pid);
        Check.True(task != null);
        if (task != null)
        {
            Check.True(task->Name.SequenceEqual("daemon"u8));
            Check.True(task->Parent == Kthread.Parent);
            Check.Equal(0ul, task->AllowedSignals);
            Tasks.Put(task);
        }

        Shared.WriteOnce(ref s_end, 1);
        Completion.Wait(Done);
        Check.True(Gone(pid));
    }

    internal static void Parents()
    {
        TaskStruct* first = Tasks.Find(1);
        TaskStruct* second = Tasks.Find(2);
        Check.True(first->Name.SequenceEqual("init"u8) && second->Name.SequenceEqual("kthreadd"u8));
        Check.True(second == Kthread.Parent);
        TaskStruct* child = Kthread.Create(&CountRun, null, $"child", out int error);
        Check.Equal(0, error);
        Check.True(child->Parent == second);
        Check.True((child->Flags & TaskFlags.KernelThread) != 0);
        Check.Equal(-EINTR, Kthread.Stop(child));
        Check.True(Tasks.Find(0x7fffffff) == null);
        Tasks.Put(first);
        Tasks.Put(second);
    }

    internal static void Create()
    {
        Begin();
        TaskStruct* task = Kthread.Create(&CountRun, null, $"idle", out int error);
        Check.Equal(0, error);
        Check.Equal((int)TaskState.Stopped, task->State);
        Check.True(task->Array == null);
        for (int i = 0; i < 20; i++)
        {
            SchedThread.GiveWay();
        }

        // A wake-up of another kind does not start it.
        Check.False(Scheduler.TryToWakeUp(task, TaskState.Interruptible | TaskState.Uninterruptible));
        Check.Equal(0, s_ran);
        Check.True(Scheduler.WakeUpProcess(task));
        Completion.Wait(Done);
        Check.Equal(1, s_ran);
    }

    internal static void Names()
    {
        Begin();
        TaskStruct* task = Kthread.Create(&CountRun, null, $"worker/{7}:{"x"u8}", out _);
        Check.True(task->Name.SequenceEqual("worker/7:x"u8));
        Kthread.Stop(task);
        task = Kthread.Create(&CountRun, null, $"a name that is far too long for a task", out _);
        Check.True(task->Name.SequenceEqual("a name that is "u8));
        Kthread.Stop(task);
        task = Kthread.Create(&CountRun, null, $"", out _);
        Check.Equal(0, task->Name.Length);
        Kthread.Stop(task);
    }

    internal static void Stop()
    {
        Begin();
        TaskStruct* task = Kthread.Run(&UntilStopped, null, $"stopped", out int error);
        Check.Equal(0, error);
        int pid = task->Pid;
        Check.True(SchedThread.Until(ref s_ran, 1));
        Check.Equal(-5, Kthread.Stop(task));
        Check.True(Gone(pid));

        // Asleep, not to be interrupted, it is woken all the same.
        task = Kthread.Run(&SleepUntilStopped, null, $"stopped", out _);
        Check.True(SchedThread.Until(ref s_ran, 2));
        Check.Equal(9, Kthread.Stop(task));
        Check.False(Kthread.ShouldStop());
    }

    internal static void StopUnstarted()
    {
        Begin();
        TaskStruct* task = Kthread.Create(&CountRun, null, $"never", out _);
        int pid = task->Pid;
        Check.Equal(-EINTR, Kthread.Stop(task));
        Check.Equal(0, s_ran);
        Check.True(Gone(pid));
    }

    internal static void StopEnded()
    {
        Begin();
        TaskStruct* task = Kthread.Create(&CountRun, null, $"ended", out _);
        Tasks.Get(task);
        int pid = task->Pid;
        Scheduler.WakeUpProcess(task);
        Completion.Wait(Done);
        Check.True(Gone(pid));
        Check.Equal(3, Kthread.Stop(task));
        Check.Equal(3, Kthread.Stop(task));
        Tasks.Put(task);
    }

    internal static void StopWrong()
    {
        Begin();
        int pid = KernelThread.Run(&BecomeDaemon, null, "plain"u8);
        Check.True(SchedThread.Until(ref s_ran, 1));
        TaskStruct* task = Tasks.Find(pid);
        Check.Equal(-EINVAL, Kthread.Stop(task));
        Check.Logged("WARNING: at Kernel/Sched/Kthread.cs:"u8);
        Tasks.Put(task);
        Shared.WriteOnce(ref s_end, 1);
        Completion.Wait(Done);

        TaskStruct* suicidal = Kthread.Run(&StopItself, null, $"suicidal", out _);
        Check.True(SchedThread.Until(ref s_ran, 2));
        Check.Equal(-EINVAL, Kthread.Stop(suicidal));
    }

    internal static void Bind()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Begin();
            TaskStruct* task = Kthread.Create(&CountRun, null, $"bound/{cpu}", out _);
            Kthread.Bind(task, cpu);
            Check.Equal(1ul << cpu, task->CpusAllowed);
            Scheduler.WakeUpProcess(task);
            Completion.Wait(Done);
            Check.Equal(cpu, s_cpu);
        }
    }

    internal static void BindRunning()
    {
        Begin();
        TaskStruct* task = Kthread.Run(&UntilStopped, null, $"loose", out _);
        Check.True(SchedThread.Until(ref s_ran, 1));
        Kthread.Bind(task, 0);
        Check.Logged("WARNING: at Kernel/Sched/Kthread.cs:"u8);
        Check.Equal((ulong)uint.MaxValue, task->CpusAllowed);
        Check.Equal(-5, Kthread.Stop(task));

        task = Kthread.Create(&CountRun, null, $"nowhere", out _);
        Kthread.Bind(task, 31);
        Check.Equal((ulong)uint.MaxValue, task->CpusAllowed);
        Kthread.Stop(task);
    }

    internal static void Fault()
    {
        Begin();
        TaskStruct* task = Kthread.Create(&Stumble, null, $"stumbler", out _);
        Tasks.Get(task);
        int pid = task->Pid;
        Scheduler.WakeUpProcess(task);
        Completion.Wait(Done);
        Check.Equal(-EFAULT, Kthread.Stop(task));
        Check.True(Gone(pid));
        Check.Logged("name: stumbler"u8);
        Tasks.Put(task);
    }

    internal static void OutOfMemory()
    {
#if DEBUG_CHECKS
        Begin();
        int before = SchedMemory.QuietTasks();

        // Take every stack that is kept for reuse, so that making one needs memory.
        int hoarded = 0;
        int stacks = KernelStackPool.Total;
        while (hoarded < Many && KernelStackPool.Total == stacks)
        {
            s_tasks[hoarded++] = (nuint)Kthread.Create(&CountRun, null, $"hoarder", out _);
        }

        AllocationFailure.Clear();
        AllocationFailure.FailNth(1);
        Check.Equal(-ENOMEM, KernelThread.Run(&TakeNumber, null, "starved"u8));
        int failures = 0;
        for (int n = 1; n < 50; n++)
        {
            AllocationFailure.Clear();
            AllocationFailure.FailNth(n);
            TaskStruct* task = Kthread.Create(&CountRun, null, $"starved", out int error);
            bool failed = AllocationFailure.Failures != 0;
            AllocationFailure.Clear();
            Check.Equal(failed ? -ENOMEM : 0, error);
            Check.True(failed == (task == null));
            failures += failed ? 1 : 0;
            if (task != null)
            {
                Check.Equal(-EINTR, Kthread.Stop(task));
                break;
            }

            Check.Equal(before + hoarded, Tasks.Count);
        }

        // The task, its stack, a page table at times.
        Check.True(failures >= 2);
        for (int i = 0; i < hoarded; i++)
        {
            Kthread.Stop((TaskStruct*)s_tasks[i]);
        }

        Check.Equal(0, s_ran);
#else
        Test.Skip("allocations do not fail on purpose in this build"u8);
#endif
    }

    private static void Begin()
    {
        Completion.Init(Done);
        Shared.WriteOnce(ref s_ran, 0);
        Shared.WriteOnce(ref s_end, 0);
        Shared.WriteOnce(ref s_cpu, -1);
    }

    // No zombie stays: the number finds nobody any more.
    internal static bool Gone(int pid)
    {
        uint start = Jiffies;
        while (Jiffies - start < 5 * HZ)
        {
            TaskStruct* task = Tasks.Find(pid);
            if (task == null)
            {
                return true;
            }

            Tasks.Put(task);
            SchedThread.GiveWay();
        }

        return false;
    }

    private static int TakeNumber(void* argument)
    {
        Shared.WriteOnce(ref s_pid, Current->Pid);
        Shared.WriteOnce(ref s_ran, *(int*)argument);
        Completion.Complete(Done);
        return 0;
    }

    private static int BecomeDaemon(void* unused)
    {
        KernelThread.Daemonize("daemon"u8);
        Shared.AddReturn(ref s_ran, 1);
        while (Shared.ReadOnce(ref s_end) == 0)
        {
            SchedThread.GiveWay();
        }

        Completion.Complete(Done);
        return 0;
    }

    private static int CountRun(void* unused)
    {
        Shared.WriteOnce(ref s_cpu, SmpProcessorId());
        Shared.AddReturn(ref s_ran, 1);
        Completion.Complete(Done);
        return 3;
    }

    private static int UntilStopped(void* unused)
    {
        Shared.AddReturn(ref s_ran, 1);
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Kthread.ShouldStop())
            {
                Scheduler.SetCurrentState(TaskState.Running);
                return -5;
            }

            Scheduler.Schedule();
        }
    }

    private static int SleepUntilStopped(void* unused)
    {
        Shared.AddReturn(ref s_ran, 1);
        while (!Kthread.ShouldStop())
        {
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            if (!Kthread.ShouldStop())
            {
                Scheduler.Schedule();
            }
        }

        // In this state: ending must not care.
        return 9;
    }

    private static int StopItself(void* unused)
    {
        int result = Kthread.Stop(Current);
        Shared.AddReturn(ref s_ran, 1);
        while (!Kthread.ShouldStop())
        {
            SchedThread.GiveWay();
        }

        return result;
    }

    private static int Stumble(void* unused)
    {
        Completion.Complete(Done);
        *(int*)16 = 1;
        return 0;
    }

    [InlineArray(Many)]
    private struct Pointers
    {
        private nuint _first;
    }
}
