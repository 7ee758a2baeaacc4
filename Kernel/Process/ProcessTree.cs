// ProcessTree: the tree of processes.
//
// Linux: kernel/fork.c, kernel/exit.c, kernel/pid.c. Lock: TreeLock (tasklist_lock), with interrupts off, because signals to a group come from the
// terminal's interrupt; before the table of tasks' lock and a process's lock.

using System.Runtime.CompilerServices;


namespace CSharpOS.Processes;

/// <summary>All processes.</summary>
public static unsafe class ProcessTree
{
    private static SpinLock s_treeLock;
    private static ListHead s_all;
    private static SlabCache* s_cache;

    /// <summary>Pid 1, to which orphans go; null until it has executed its program.</summary>
    internal static Process* Init { get; private set; }

    /// <summary>Guards who is whose parent, and the groups and sessions.</summary>
    /// <linux>tasklist_lock</linux>
    internal static ref SpinLock TreeLock => ref s_treeLock;

    private static ListHead* All => (ListHead*)Unsafe.AsPointer(ref s_all);

    /// <summary>Boot, after the slab caches.</summary>
    internal static void Initialize()
    {
        TreeLock.Init();
        Init = null;
        ListHead.Init(All);
        s_cache = KmemCacheCreate("signal_struct"u8, (nuint)sizeof(Process));
    }

    /// <summary>A process in which <paramref name="leader"/> is the only thread; not yet in the tree. Null without memory. May sleep.</summary>
    internal static Process* Allocate(TaskStruct* leader)
    {
        var process = (Process*)KmemCacheAlloc(s_cache, GfpFlags.Kernel);
        if (process == null)
        {
            return null;
        }

        *process = default;
        process->References.Set(1);
        process->Lock.Init();
        process->Leader = leader;
        process->ThreadCount = 1;
        process->ExitSignal = Signal.SIGCHLD;
        ListHead.Init(&process->Threads);
        ListHead.Init(&process->Children);
        ListHead.Init(&process->Sibling);
        WaitQueue.Init(&process->ChildExit);
        ListHead.AddTail(&leader->ThreadLink, &process->Threads);
        IntervalTimers.Init(process);
        return process;
    }

    /// <summary>The running kernel thread becomes a process: pid 1 at boot, later helpers, whose parent is pid 1. 0 or -ENOMEM. May sleep.</summary>
    internal static int Adopt()
    {
        TaskStruct* task = Current;
        Process* process = Allocate(task);
        if (process == null)
        {
            return -ENOMEM;
        }

        if (Init == null)
        {
            Init = process;

            // Nobody waits in the kernel for children: until it has executed its program they leave no zombies.
            process->Action(Signal.SIGCHLD).Handler = SigAction.Ignore;
        }

        // The table's hold on a leader, until the process has been waited for.
        Tasks.Get(task);
        task->Tgid = task->Pid;
        task->Process = process;
        Enter(process, process == Init ? null : Init);
        return 0;
    }

    /// <summary>Puts a process under its parent.</summary>
    internal static void Enter(Process* process, Process* parent)
    {
        ulong flags = TreeLock.LockIrqSave();
        process->Parent = parent;
        if (parent != null)
        {
            ListHead.AddTail(&process->Sibling, &parent->Children);
        }

        ListHead.AddTail(&process->Leader->ProcessLink, All);
        TreeLock.UnlockIrqRestore(flags);
    }

    /// <summary>A process has been waited for: it leaves the tree. TreeLock is held.</summary>
    internal static void Leave(Process* process)
    {
        ListHead.DelInit(&process->Sibling);
        ListHead.Del(&process->Leader->ProcessLink);
    }

    internal static void Get(Process* process) => process->References.Inc();

    internal static void Put(Process* process)
    {
        if (process->References.DecAndTest())
        {
            KmemCacheFree(s_cache, process);
        }
    }

    /// <summary>The process of any task, with a reference (<see cref="Put"/>); null for kernel threads, and for what has ended. The caller holds the
    /// task. Process context.</summary>
    internal static Process* GetOf(TaskStruct* task)
    {
        Process* process = null;
        ulong flags = TreeLock.LockIrqSave();

        // A thread that has left its process keeps the pointer, but not the hold; of a leader it is cleared before the hold goes.
        if (task->Process != null && (task->Pid == task->Tgid || !ListHead.Empty(&task->ThreadLink)))
        {
            process = task->Process;
            Get(process);
        }

        TreeLock.UnlockIrqRestore(flags);
        return process;
    }

    /// <summary>The process with number <paramref name="pid"/>; null if there is none. TreeLock is held, and the answer good as long.</summary>
    internal static Process* Find(int pid)
    {
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            Process* process = Of(link);
            if (process->Pid == pid)
            {
                return process;
            }
        }

        return null;
    }

    /// <summary>The process behind <paramref name="process"/> in the list of all, the first one for null; null at the end. TreeLock is held.</summary>
    internal static Process* Next(Process* process)
    {
        ListHead* link = process == null ? All->Next : process->Leader->ProcessLink.Next;
        return link == All ? null : Of(link);
    }

    private static Process* Of(ListHead* link)
    {
        var origin = (TaskStruct*)link;
        return ((TaskStruct*)((byte*)link - ((byte*)&origin->ProcessLink - (byte*)origin)))->Process;
    }
}
