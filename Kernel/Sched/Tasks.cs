// Tasks: all tasks of the machine, their numbers and their memory.
//
// Linux: kernel/fork.c (alloc_task_struct, free_task), kernel/pid.c, for_each_process. Lock: s_lock, taken with interrupts off; it guards the
// list, the numbers and nothing else. A task found by number must be held (Get) before the lock is given back.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>The table of tasks.</summary>
public static unsafe class Tasks
{
    /// <summary>Numbers go up to here and begin again at <see cref="FirstReusedPid"/>.</summary>
    /// <linux>PID_MAX_DEFAULT</linux>
    public const int MaxPid = 32767;

    private const int FirstReusedPid = 300;

    private static SpinLock s_lock;
    private static ListHead s_all;
    private static int s_lastPid;
    private static SlabCache* s_cache;

    /// <summary>How many tasks there are, the boot CPU's idle task included.</summary>
    public static int Count { get; private set; }

    /// <summary>How many have been made since boot.</summary>
    /// <linux>total_forks</linux>
    public static ulong Made { get; private set; }

    /// <summary>The number that was given last.</summary>
    /// <linux>last_pid</linux>
    public static int LastPid => Shared.ReadOnce(ref s_lastPid);

    private static ListHead* All => (ListHead*)Unsafe.AsPointer(ref s_all);

    /// <summary>Forgets all tasks but <paramref name="boot"/>. Once, at boot.</summary>
    internal static void Init(TaskStruct* boot)
    {
        s_lock.Init();
        s_lastPid = 0;
        ListHead.Init(All);
        s_cache = KmemCacheCreate("task_struct"u8, (nuint)sizeof(TaskStruct), 64);
        boot->Usage.Set(2);
        ListHead.AddTail(&boot->AllTasks, All);
        Count = 1;
        Made = 0;
    }

    /// <summary>Memory for a task and its stack, with one reference; the rest is zero. Process context; may sleep.</summary>
    /// <returns>Null without memory.</returns>
    /// <linux>dup_task_struct</linux>
    internal static TaskStruct* Allocate()
    {
        var task = (TaskStruct*)KmemCacheAlloc(s_cache, GfpFlags.Kernel);
        if (task == null)
        {
            return null;
        }

        *task = default;
        task->Stack = KernelStackPool.Allocate();
        if (task->Stack == null)
        {
            KmemCacheFree(s_cache, task);
            return null;
        }

#if DEBUG_CHECKS
        Debugging.StackEnd.Mark(task);
#endif
        task->Usage.Set(1);
        return task;
    }

    /// <summary>Takes one more reference.</summary>
    /// <linux>get_task_struct</linux>
    public static void Get(TaskStruct* task) => task->Usage.Inc();

    /// <summary>Gives a reference back; the last one frees the task. Any context with interrupts on.</summary>
    /// <linux>put_task_struct</linux>
    public static void Put(TaskStruct* task)
    {
        if (task->Usage.DecAndTest())
        {
            // The stack last: once it is counted in the pool, nothing of the task is left.
            byte* stack = task->Stack;
            KmemCacheFree(s_cache, task);
            KernelStackPool.Free(stack);
        }
    }

    /// <summary>Gives the task a number and puts it into the table. 0, or -EAGAIN if every number is taken.</summary>
    internal static int Publish(TaskStruct* task)
    {
        ulong flags = s_lock.LockIrqSave();
        int pid = FreePid();
        if (pid > 0)
        {
            task->Pid = pid;
            ListHead.AddTail(&task->AllTasks, All);
            Count++;
            Made++;
        }

        s_lock.UnlockIrqRestore(flags);
        return pid > 0 ? 0 : -EAGAIN;
    }

    /// <summary>Takes the task out of the table: nobody finds it from now on.</summary>
    internal static void Withdraw(TaskStruct* task)
    {
        ulong flags = s_lock.LockIrqSave();
        ListHead.Del(&task->AllTasks);
        Count--;
        s_lock.UnlockIrqRestore(flags);
    }

    /// <summary>The task with number <paramref name="pid"/>, with a reference for the caller (<see cref="Put"/>); null if there is none.</summary>
    /// <linux>find_task_by_pid</linux>
    public static TaskStruct* Find(int pid)
    {
        ulong flags = s_lock.LockIrqSave();
        TaskStruct* found = null;
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            TaskStruct* task = TaskOf(link);
            if (task->Pid == pid)
            {
                Get(task);
                found = task;
                break;
            }
        }

        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    /// <summary>The task with the smallest number above <paramref name="pid"/>, held as by <see cref="Find"/>: for walking the table without the
    /// lock. Null at the end.</summary>
    /// <linux>next_tgid</linux>
    public static TaskStruct* NextAfter(int pid)
    {
        ulong flags = s_lock.LockIrqSave();
        TaskStruct* found = null;
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            TaskStruct* task = TaskOf(link);
            if (task->Pid > pid && (found == null || task->Pid < found->Pid))
            {
                found = task;
            }
        }

        if (found != null)
        {
            Get(found);
        }

        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    /// <summary>True while the task is in the table: it has not ended, or its parent has not been told.</summary>
    /// <linux>pid_alive</linux>
    internal static bool IsListed(TaskStruct* task)
    {
        TaskStruct* found = Find(task->Pid);
        if (found != null)
        {
            Put(found);
        }

        return found == task;
    }

    /// <summary>How many tasks are in that state just now. Any context.</summary>
    internal static int CountInState(TaskState state)
    {
        int count = 0;
        ulong flags = s_lock.LockIrqSave();
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            count += Shared.ReadOnce(ref TaskOf(link)->State) == (int)state ? 1 : 0;
        }

        s_lock.UnlockIrqRestore(flags);
        return count;
    }

    // The next number that nobody has, going round. The table is short or the number is free at once.
    private static int FreePid()
    {
        for (int tries = 0; tries < MaxPid; tries++)
        {
            s_lastPid = s_lastPid >= MaxPid ? FirstReusedPid : s_lastPid + 1;
            if (!IsTaken(s_lastPid))
            {
                return s_lastPid;
            }
        }

        return 0;
    }

    private static bool IsTaken(int pid)
    {
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            if (TaskOf(link)->Pid == pid)
            {
                return true;
            }
        }

        return false;
    }

    private static TaskStruct* TaskOf(ListHead* link)
    {
        // As if a task began at the link: any address that is not null serves to measure the offset.
        var origin = (TaskStruct*)link;
        return (TaskStruct*)((byte*)link - ((byte*)&origin->AllTasks - (byte*)origin));
    }
}
