// StackEnd: notices a task that has written over the end of its stack.
//
// Linux: STACK_END_MAGIC, set_task_stack_end_magic, schedule_debug (include/uapi/linux/magic.h, kernel/sched/core.c). The page below each stack is
// not mapped, so growing step by step ends in a double fault's report at once; this word is for what wrote there and was gone again before it
// touched the guard page. Looked at whenever the task leaves the CPU. Only in builds with DEBUG_CHECKS. Preemption off, no locks.

namespace CSharpOS.Debugging;

#if DEBUG_CHECKS
/// <summary>The lowest word of each kernel stack.</summary>
internal static unsafe class StackEnd
{
    private const ulong Magic = 0x57ac6e9d57ac6e9d;

    /// <summary>Writes the mark. The stack is not in use yet, or not that deep.</summary>
    /// <linux>set_task_stack_end_magic</linux>
    internal static void Mark(TaskStruct* task)
    {
        if (task->Stack != null)
        {
            *(ulong*)task->Stack = Magic;
        }
    }

    /// <summary>Reports a mark that has changed, and renews it: once for each damage.</summary>
    /// <linux>task_stack_end_corrupted</linux>
    internal static void Check(TaskStruct* task)
    {
        if (task->Stack != null && *(ulong*)task->Stack != Magic)
        {
            Printk(LogLevel.Emergency, $"BUG: corrupted stack end detected inside scheduler: {task->Name}/{task->Pid}\n");
            KernelLog.DumpStack();
            Mark(task);
        }
    }
}
#endif
