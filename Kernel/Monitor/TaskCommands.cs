// TaskCommands: ps, cpus, nice, taskset, bt: the tasks and the CPUs they run on. Process context.
//
// What is shown is of one moment for each line, not of the same moment for all: tasks go on meanwhile.

using CSharpOS.Debugging;

namespace CSharpOS.Monitoring;

internal static unsafe class TaskCommands
{
    public static void Register()
    {
        TaskTrace.Init();
        Monitor.Register("ps"u8, ""u8, "tasks: number, state, CPU, nice, priority, CPU time, name"u8, &Ps);
        Monitor.Register("cpus"u8, ""u8, "what each CPU runs, and how busy it is"u8, &Cpus);
        Monitor.Register("nice"u8, "PID NICE"u8, "set nice, -20 (urgent) to 19"u8, &Nice);
        Monitor.Register("taskset"u8, "PID [MASK]"u8, "show or set the CPUs of a task, one bit each"u8, &Taskset);
        Monitor.Register("bt"u8, "PID"u8, "call trace of a task"u8, &Bt);
    }

    private static int Ps(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        MonitorOutput.Write("  PID S CPU  NI PRI       TIME NAME\n"u8);
        TaskStruct* task = Tasks.NextAfter(0);
        while (task != null)
        {
            ShowTask(task);
            TaskStruct* next = Monitor.Interrupted() ? null : Tasks.NextAfter(task->Pid);
            Tasks.Put(task);
            task = next;
        }

        return 0;
    }

    // Kernel threads stand in brackets. The priority is that of the run queue: 0 to 99 real time, then 100 + 20 + nice and the bonus for sleeping.
    private static void ShowTask(TaskStruct* task)
    {
        ulong ticks = Shared.ReadOnce(ref task->Ticks);
        bool kernel = (task->Flags & TaskFlags.KernelThread) != 0;
        MonitorOutput.Write($"{task->Pid,5} {(char)TaskFigures.Letter(task)} {task->Cpu,3} {task->Nice,3} {task->Prio,3} "
            + $"{ticks / HZ,7}.{ticks % HZ * 100 / HZ:d2} {(kernel ? "["u8 : default)}{task->Name}{(kernel ? "]"u8 : default)}\n");
    }

    private static int Cpus(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        MonitorOutput.Write("CPU APIC  runnable    switches     busy s     idle s  running\n"u8);
        Span<byte> name = stackalloc byte[TaskName.Size];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            RunQueue* rq = RunQueues.Of(cpu);

            // Its name is copied with the run queue locked: as long as it is the running one it cannot be freed.
            ulong flags = rq->Lock.LockIrqSave();
            ReadOnlySpan<byte> current = rq->Current->Name;
            current.CopyTo(name);
            int length = current.Length;
            int pid = rq->Current->Pid;
            int runnable = rq->RunningCount;
            ulong switches = rq->Switches;
            ulong busy = rq->TicksBusy;
            ulong idle = rq->TicksIdle;
            rq->Lock.UnlockIrqRestore(flags);
            MonitorOutput.Write($"{cpu,3} {Smp.ApicId(cpu),4} {runnable,9} {switches,11} {busy / HZ,7}.{busy % HZ * 100 / HZ:d2} "
                + $"{idle / HZ,7}.{idle % HZ * 100 / HZ:d2}  {pid} {(ReadOnlySpan<byte>)name[..length]}\n");
        }

        return 0;
    }

    private static int Nice(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!TryNextPid(ref words, out int pid) || !TryNextNice(ref words, out int nice) || !words.AtEnd)
        {
            return -EINVAL;
        }

        TaskStruct* task = Find("nice"u8, pid);
        if (task == null)
        {
            return -ESRCH;
        }

        int before = task->Nice;
        Scheduler.SetUserNice(task, nice);
        MonitorOutput.Write($"{pid} {task->Name}: nice {before} -> {task->Nice}\n");
        Tasks.Put(task);
        return 0;
    }

    private static int Taskset(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!TryNextPid(ref words, out int pid) || !words.TryNextNumber(1, uint.MaxValue, 0, out ulong mask) || !words.AtEnd)
        {
            return -EINVAL;
        }

        TaskStruct* task = Find("taskset"u8, pid);
        if (task == null)
        {
            return -ESRCH;
        }

        int result = mask == 0 ? 0 : Scheduler.SetCpusAllowed(task, (uint)mask);
        if (result == 0)
        {
            MonitorOutput.Write($"{pid} {task->Name}: CPUs 0x{task->CpusAllowed & Smp.OnlineMask:x}\n");
        }
        else if ((mask & Smp.OnlineMask) == 0)
        {
            MonitorOutput.Write($"taskset: no CPU of 0x{mask:x} runs; those that do: 0x{Smp.OnlineMask:x}\n");
        }
        else
        {
            MonitorOutput.Write($"taskset: {pid} {task->Name} is bound to its CPU\n");
        }

        Tasks.Put(task);

        // Told already: not the usage as well.
        return result == 0 ? 0 : -EBUSY;
    }

    private static int Bt(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!TryNextPid(ref words, out int pid) || !words.AtEnd)
        {
            return -EINVAL;
        }

        TaskStruct* task = Find("bt"u8, pid);
        if (task == null)
        {
            return -ESRCH;
        }

        MonitorOutput.Write($"{pid} {task->Name}, {(char)TaskFigures.Letter(task)} on CPU {task->Cpu}\n");
        int result = TaskTrace.Show(task, &MonitorOutput.Write);
        if (result != 0)
        {
            MonitorOutput.Write(result == -ESRCH ? "bt: it has not started, or has ended\n"u8 : "bt: it does not stand still\n"u8);
        }

        Tasks.Put(task);
        return result;
    }

    private static TaskStruct* Find(ReadOnlySpan<byte> command, int pid)
    {
        TaskStruct* task = Tasks.Find(pid);
        if (task == null)
        {
            MonitorOutput.Write($"{command}: no task {pid}\n");
        }

        return task;
    }

    private static bool TryNextPid(ref CommandArguments words, out int pid)
    {
        bool found = words.TryNextNumber(1, Tasks.MaxPid, 0, out ulong number) && number != 0;
        pid = (int)number;
        return found;
    }

    private static bool TryNextNice(ref CommandArguments words, out int nice)
    {
        nice = 0;
        if (!words.TryNext(out ReadOnlySpan<byte> word))
        {
            return false;
        }

        bool negative = word[0] == '-';
        if (!CommandArguments.TryParse(negative ? word[1..] : word, out ulong number) || number > (negative ? 20u : 19u))
        {
            return false;
        }

        nice = negative ? -(int)number : (int)number;
        return true;
    }
}
