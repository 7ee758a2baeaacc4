// Interrupts.Threads: handlers whose work is done by a thread of their own.
//
// Linux: request_threaded_irq and irq_thread, kernel/irq/manage.c. RequestThreadedIrq: process context, may sleep. WakeThread: hard interrupt
// context, the line InProgress. The threads: process context, SCHED_FIFO, one per handler that has a thread function.
// Lock: the line's descriptor, interrupts off; not held while a thread is woken, nor while its function runs.
// Invariants:
//   RunWanted is set by the line's handlers and cleared by the thread before it calls the function: what comes while it runs makes one more run;
//   ThreadsActive counts RunWanted and Running of all handlers of the line, so at zero nothing is left to do;
//   a Oneshot handler keeps the line masked from its wake-up until its thread has nothing left to do. The controller has masked the line when the
//   interrupt came, and its End leaves it so. Edges that an I/O APIC lets through meanwhile are not lost: they make one more run.

using System.Runtime.CompilerServices;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>The priority of the threads in <see cref="SchedPolicy.Fifo"/>: in the middle, so that a user may put others above and below.</summary>
    public const int ThreadPriority = 50;

    private static WaitQueueHead s_threadWaiters;

    private static WaitQueueHead* ThreadWaiters => (WaitQueueHead*)Unsafe.AsPointer(ref s_threadWaiters);

    /// <summary>Installs a handler on line <paramref name="irq"/> and, if <paramref name="threadFn"/> is given, makes a thread
    /// <c>irq/N-name</c> for it. The handler asks the device whether it interrupted, makes it quiet, and returns <see cref="IrqReturn.WakeThread"/>; then
    /// the thread calls <paramref name="threadFn"/>, which may sleep. Process context; may sleep.</summary>
    /// <param name="irq">The line.</param>
    /// <param name="handler">Called for every interrupt of the line, in hard interrupt context. Null: one that only wakes the thread; this needs
    /// <see cref="IrqFlags.Oneshot"/>, for nobody makes the device quiet before the thread runs.</param>
    /// <param name="threadFn">Called in the thread with the line and <paramref name="devId"/>, once for all wake-ups since it last began. Null: no
    /// thread, as <see cref="RequestIrq"/>.</param>
    /// <param name="flags">See <see cref="IrqFlags"/>.</param>
    /// <param name="name">The device's name; a literal, for it is kept by pointer.</param>
    /// <param name="devId">Given to both functions and to <see cref="FreeIrq"/>; unique, not null, if the line is shared.</param>
    /// <returns>0; -EINVAL: no such line, neither function, no handler and no <see cref="IrqFlags.Oneshot"/>, or shared with a null
    /// <paramref name="devId"/>; -EBUSY: the line is taken, and not everybody agrees to share, or not on <see cref="IrqFlags.Oneshot"/>;
    /// -ENOMEM, -EAGAIN: no thread could be made.</returns>
    /// <linux>request_threaded_irq</linux>
    /// <rows>IRQ-16</rows>
    public static int RequestThreadedIrq(
        int irq,
        delegate*<int, void*, PtRegs*, IrqReturn> handler,
        delegate*<int, void*, IrqReturn> threadFn,
        IrqFlags flags,
        ReadOnlySpan<byte> name,
        void* devId)
    {
        MightSleep();
        bool onlyWakes = handler == null && threadFn != null && (flags & IrqFlags.Oneshot) != 0;
        if (!Exists(irq) || (handler == null && !onlyWakes) || ((flags & IrqFlags.Shared) != 0 && devId == null))
        {
            return -EINVAL;
        }

        IrqAction* action = (IrqAction*)Kmalloc((nuint)sizeof(IrqAction), GfpFlags.Kernel);
        if (action == null)
        {
            return -ENOMEM;
        }

        *action = new IrqAction
        {
            Handler = onlyWakes ? &OnlyWake : handler,
            ThreadFn = threadFn,
            Flags = flags,
            DevId = devId,
            Name = name,
            Irq = irq,
            Allocated = true,
        };
        int result = MakeThread(action);
        if (result == 0)
        {
            result = SetupIrq(irq, action);
        }

        if (result != 0)
        {
            StopThread(action);
            Kfree(action);
            return result;
        }

        if (action->Thread != null)
        {
            // Perhaps an interrupt was faster.
            Scheduler.WakeUpProcess(action->Thread);
        }

        ProcIrq.Update(irq, name);
        return 0;
    }

    // The thread stands ready before the first interrupt can come.
    private static int MakeThread(IrqAction* action)
    {
        if (action->ThreadFn == null)
        {
            return 0;
        }

        TaskStruct* thread = Kthread.Create(&IrqThread, action, $"irq/{action->Irq}-{action->Name}", out int error);
        if (thread == null)
        {
            return error;
        }

        // A fault in its function may end it at any time.
        Tasks.Get(thread);
        thread->Kthread.Cleanup = &ThreadEnds;
        Scheduler.SetScheduler(thread, SchedPolicy.Fifo, ThreadPriority);
        action->Thread = thread;
        return 0;
    }

    // The handler is off the line, and no CPU runs it: nobody wakes the thread any more.
    private static void StopThread(IrqAction* action)
    {
        if (action->Thread != null)
        {
            Kthread.Stop(action->Thread);
            Tasks.Put(action->Thread);
        }
    }

    // The handler of those who have none.
    private static IrqReturn OnlyWake(int irq, void* devId, PtRegs* regs) => IrqReturn.WakeThread;

    // A handler has asked for its thread. Interrupts on or off.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WakeThread(int irq, IrqAction* action)
    {
        if (action->Thread == null)
        {
            if (!action->Warned)
            {
                action->Warned = true;
                Printk(LogLevel.Warning, $"irq {irq}: {action->Name} returned IRQ_WAKE_THREAD but has no thread function\n");
            }

            return;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = LocalIrqSave();
        LockOf(descriptor)->LockNoPreempt();
        bool wake = !action->RunWanted && !action->ThreadEnded;
        if (wake)
        {
            action->RunWanted = true;
            Shared.WriteOnce(ref descriptor->ThreadsActive, descriptor->ThreadsActive + 1);
            if ((action->Flags & IrqFlags.Oneshot) != 0 && !action->KeepsMasked)
            {
                action->KeepsMasked = true;
                descriptor->MaskedBy++;
                descriptor->Status |= IrqStatus.Oneshot;
            }
        }

        LockOf(descriptor)->ReleaseNoPreempt();
        if (wake)
        {
            // The end of the interrupt looks whether it is more urgent.
            Scheduler.TryToWakeUpIrqsOff(action->Thread, Scheduler.AnySleep);
        }

        LocalIrqRestore(flags);
    }

    // What it was woken for before it was told to stop it still does.
    private static int IrqThread(void* data)
    {
        var action = (IrqAction*)data;
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (BeginRun(action))
            {
                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                action->ThreadFn(action->Irq, action->DevId);
                EndRun(action);
            }
            else if (Kthread.ShouldStop())
            {
                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                return 0;
            }
            else
            {
                Scheduler.Schedule();
            }
        }
    }

    // Interrupts are on. Off, they keep preemption off by themselves: the lock needs no help, and the thread is not delayed.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool BeginRun(IrqAction* action)
    {
        IrqDescriptor* descriptor = Descriptor(action->Irq);
        LocalIrqDisable();
        LockOf(descriptor)->LockNoPreempt();
        bool wanted = action->RunWanted;
        if (wanted)
        {
            action->RunWanted = false;
            action->Running = true;
        }

        LockOf(descriptor)->ReleaseNoPreempt();
        LocalIrqEnable();
        return wanted;
    }

    private static void EndRun(IrqAction* action)
    {
        IrqDescriptor* descriptor = Descriptor(action->Irq);
        ulong flags = LockOf(descriptor)->LockIrqSave();
        int left = RunIsOver(descriptor, action);
        LockOf(descriptor)->UnlockIrqRestore(flags);
        if (left == 0)
        {
            WaitQueue.WakeUpAll(ThreadWaiters);
        }
    }

    // Descriptor locked. Gives what is left to do on the line.
    private static int RunIsOver(IrqDescriptor* descriptor, IrqAction* action)
    {
        action->Running = false;
        int left = descriptor->ThreadsActive - 1;
        Shared.WriteOnce(ref descriptor->ThreadsActive, left);
        if (action->KeepsMasked && !action->RunWanted)
        {
            action->KeepsMasked = false;
            if (--descriptor->MaskedBy == 0)
            {
                descriptor->Status &= ~IrqStatus.Oneshot;

                // In progress: the end of that interrupt unmasks. Disabled: EnableIrq does.
                if (!descriptor->Has(IrqStatus.Disabled | IrqStatus.InProgress))
                {
                    descriptor->Chip->Unmask(action->Irq);
                }
            }
        }

        return left;
    }

    // The thread is on its way out: if nobody told it to end, a fault in its function did. The line must not stay masked, and nobody wait, for it.
    private static void ThreadEnds(void* data)
    {
        var action = (IrqAction*)data;
        IrqDescriptor* descriptor = Descriptor(action->Irq);
        ulong flags = LockOf(descriptor)->LockIrqSave();
        bool died = action->Running;
        action->ThreadEnded = true;
        if (action->RunWanted)
        {
            action->RunWanted = false;
            RunIsOver(descriptor, action);
        }

        if (died)
        {
            RunIsOver(descriptor, action);
        }

        LockOf(descriptor)->UnlockIrqRestore(flags);
        if (died)
        {
            WaitQueue.WakeUpAll(ThreadWaiters);
            Printk(LogLevel.Error, $"irq {action->Irq}: the thread of {action->Name} has ended in its function; it is not woken any more\n");
        }
    }

    // The handler whose thread is running, if it is one of this line.
    private static IrqAction* ActionOfThisThread(int irq)
    {
        TaskStruct* task = Current;
        if (task == null || (void*)task->Kthread.Function != (delegate*<void*, int>)&IrqThread)
        {
            return null;
        }

        var action = (IrqAction*)task->Kthread.Data;
        return action->Irq == irq ? action : null;
    }

    private static void WaitForThreads(int irq)
    {
        bool itself = ActionOfThisThread(irq) != null && !InInterrupt();
        if (itself || InAtomic() || IrqsDisabled())
        {
            Printk(
                LogLevel.Error,
                $"irq {irq}: {(itself ? "a thread of this line waits for itself" : "the threads of this line would be waited for in atomic context")}: not waiting\n");
            ReportCaller();
            return;
        }

        WaitQueue.WaitEvent(ThreadWaiters, &NoThreadsActive, Descriptor(irq));
    }

    private static bool NoThreadsActive(void* descriptor) => Shared.ReadOnce(ref ((IrqDescriptor*)descriptor)->ThreadsActive) == 0;
}
