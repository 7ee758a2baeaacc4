// TaskTrace: where another task is, and how it came there.
//
// Linux: show_stack, sched_show_task (kernel/sched.c), and for running tasks what sysrq-l does. Process context, interrupts on; does not sleep. Lock:
// s_lock, for the frames; inside it the run queue of the task. A walked stack must stand still: that of a task that does not run is walked
// with its run queue locked, a running one walks its own, in a function that its CPU is asked to call.

using System.Runtime.CompilerServices;

namespace CSharpOS.Debugging;

/// <summary>Call traces of any task.</summary>
public static unsafe class TaskTrace
{
    private const int MaxFrames = 64;
    private const int Attempts = 100;

    private static SpinLock s_lock;
    private static Frames s_frames;
    private static int s_count;
    private static TaskStruct* s_task;

    /// <summary>Forgets all.</summary>
    public static void Init()
    {
        s_lock = default;
        s_count = 0;
        s_task = null;
    }

    /// <summary>Shows the trace of a task, one line per frame: <c>show(" [&lt;address&gt;] Name+0x1a/0x60 at file:line\n")</c>. The caller holds a
    /// reference. Process context.</summary>
    /// <returns>0; -ESRCH: it has not started, or has ended; -EAGAIN: it changes CPUs faster than it can be asked.</returns>
    public static int Show(TaskStruct* task, delegate*<ReadOnlySpan<byte>, void> show)
    {
        Frames frames = default;
        int count = 0;
        int error = -EAGAIN;
        for (int i = 0; i < Attempts && error == -EAGAIN; i++)
        {
            s_lock.Lock();
            error = Collect(task);
            frames = s_frames;
            count = s_count;
            s_lock.Unlock();
        }

        for (int i = 0; i < count && error == 0; i++)
        {
            TextHandler text = new(0, 0);
            text.AppendLiteral(frames[i].Interrupted ? " <interrupted>\n " : " ");
            CallTrace.AppendAddress(ref text, frames[i].Pc, frames[i].LookupPc);
            text.AppendLiteral("\n");
            show(text.Written);
            text.Release();
        }

        return error;
    }

    private static int Collect(TaskStruct* task)
    {
        s_count = 0;
        s_task = task;
        RunQueue* rq = RunQueues.LockOf(task, out ulong flags);
        bool running = rq->Current == task;
        int cpu = rq->Cpu;
        bool walkable = task->State != (int)TaskState.Stopped && task->State != (int)TaskState.Dead;
        if (walkable && !running)
        {
            ContextSwitch.SavedFrame(task, out nuint pc, out nuint sp, out nuint fp);
            StackRange stack = new((nuint)task->Stack, (nuint)task->Stack + AsmOffsets.THREAD_SIZE);
            Keep(new Unwinder(pc, sp, fp, &stack, 1));
        }

        rq->Lock.UnlockIrqRestore(flags);
        if (!walkable)
        {
            return -ESRCH;
        }

        if (running)
        {
            Smp.SmpCallFunctionSingle(cpu, &WalkIfCurrent, null, true);
        }

        return s_count == 0 ? -EAGAIN : 0;
    }

    // On the CPU of the task, interrupts off; it may have left meanwhile. The registers are those that the message interrupted.
    private static void WalkIfCurrent(void* unused)
    {
        if (Current != s_task)
        {
            return;
        }

        PtRegs* regs = InterruptRegs;
        if (regs == null)
        {
            KernelStacks.Trace(&WalkHere, LogLevel.Info);
            return;
        }

        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        int count = KernelStacks.Ranges(ranges);
        Keep(new Unwinder(regs, ranges, count));
    }

    private static void WalkHere(nuint pc, nuint sp, nuint fp, LogLevel level)
    {
        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        int count = KernelStacks.Ranges(ranges);
        Keep(new Unwinder(pc, sp, fp, ranges, count));
    }

    private static void Keep(Unwinder unwinder)
    {
        while (s_count < MaxFrames && unwinder.MoveNext())
        {
            s_frames[s_count] = new Frame { Pc = unwinder.Pc, LookupPc = unwinder.LookupPc, Interrupted = unwinder.IsInterruptFrame };
            s_count++;
        }
    }

    private struct Frame
    {
        public nuint Pc;
        public nuint LookupPc;
        public bool Interrupted;
    }

    [InlineArray(MaxFrames)]
    private struct Frames
    {
        private Frame _first;
    }
}
