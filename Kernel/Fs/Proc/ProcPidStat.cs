// ProcPidStat: /proc/PID/stat: a task for programs to read: ps and top.
//
// Linux: do_task_stat, fs/proc/array.c. Process context. Fields are separated by one blank; the name stands in parentheses and may hold blanks itself. What is not counted
// here is 0: page faults, swapping, the place where a task sleeps.

namespace CSharpOS.Fs;

/// <summary>The file stat.</summary>
/// <rows>KT-03</rows>
internal static unsafe class ProcPidStat
{
    // PF_EXITING, PF_KTHREAD.
    private const uint FlagExiting = 4, FlagKernelThread = 0x200000;
    private const uint MicrosecondsPerUserTick = 1_000_000 / ProcStat.UserHz;

    internal static int Show(TextArea* text, ProcPidInode* its)
    {
        TaskStruct* task = its->Task;
        TaskFigures figures = TaskFigures.Of(task, !its->OfThread);
        uint flags = ((task->Flags & TaskFlags.Exiting) != 0 ? FlagExiting : 0) | ((task->Flags & TaskFlags.KernelThread) != 0 ? FlagKernelThread : 0);

        // pid comm state ppid pgrp session tty_nr tpgid flags minflt cminflt majflt cmajflt
        text->Append($"{figures.Pid} ({task->Name}) {(char)figures.State} {figures.ParentPid} {figures.Group} {figures.Session} 0 -1 {flags} 0 0 0 0 ");

        // utime stime cutime cstime priority nice num_threads itrealvalue starttime
        text->Append($"{ProcStat.ToUserHz(figures.UserTicks)} {ProcStat.ToUserHz(figures.SystemTicks)} {ProcStat.ToUserHz(figures.ChildUserTicks)} "
            + $"{ProcStat.ToUserHz(figures.ChildSystemTicks)} {task->Prio - Priority.MaxRealTime} {task->Nice} {figures.Threads} 0 "
            + $"{task->StartTime / MicrosecondsPerUserTick} ");

        // vsize rss rsslim startcode endcode startstack kstkesp kstkeip
        ShowMemory(text, task);

        // signal blocked sigignore sigcatch wchan nswap cnswap exit_signal processor rt_priority policy blkio guest cguest
        const ulong Old = 0x7fffffff;
        text->Append($"{figures.Pending & Old} {figures.Blocked & Old} {figures.Ignored & Old} {figures.Caught & Old} 0 0 0 "
            + $"{figures.ExitSignal} {task->Cpu} {task->RtPriority} {(int)task->Policy} 0 0 0\n");
        return 0;
    }

    private static void ShowMemory(TextArea* text, TaskStruct* task)
    {
        MmStruct* mm = AddressSpaces.OfTask(task);
        if (mm == null)
        {
            text->Append($"0 0 {ulong.MaxValue} 0 0 0 0 0 ");
            return;
        }

        MemoryFigures figures = MemoryFigures.Of(mm);
        text->Append($"{figures.Pages << DirectMap.PAGE_SHIFT} {mm->ResidentPages} {ulong.MaxValue} {mm->StartCode} {mm->EndCode} {mm->StartStack} 0 0 ");
        AddressSpaces.Put(mm);
    }
}
