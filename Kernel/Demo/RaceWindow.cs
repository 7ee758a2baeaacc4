// RaceWindow: the five causes of concurrency in the kernel, each so that it strikes for certain: the first of two threads of execution stands between its
// reading and its writing, and the second comes. Process context, on CPU 0 (the second, for SMP, on CPU 1); sleeps; one at a time.
//
// The first calls Strike in its window. Without a lock the second then runs from its beginning to its end before Strike returns, by the means of its cause: an
// interrupt, a tasklet, a more urgent thread, a thread that runs while this one sleeps, a thread on another CPU. With the cause's lock it comes just the same, and
// cannot: it is held off, or waits at the lock. Nothing is left to luck.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>Why two threads of execution are in the kernel at once.</summary>
/// <rows>SYNC-05</rows>
public enum RaceCause
{
    /// <summary>An interrupt handler.</summary>
    Interrupt,

    /// <summary>A softirq or tasklet.</summary>
    Softirq,

    /// <summary>Kernel preemption by a more urgent task.</summary>
    Preemption,

    /// <summary>This one sleeps, and another task runs.</summary>
    Sleeping,

    /// <summary>Another CPU.</summary>
    Smp,
}

/// <summary>Lets the second thread of execution run in the window of the first.</summary>
internal static unsafe class RaceWindow
{
    private const ulong Patience = 20_000_000;
    private const int Urgent = 50;

    private static RaceCause s_cause;
    private static bool s_locked;
    private static delegate*<void> s_second;
    private static SpinLock s_lock;
    private static Mutex s_mutex;
    private static TaskletStruct s_tasklet;
    private static TaskStruct* s_thread;
    private static Completion s_arrived, s_done;
    private static int s_hasArrived, s_isDone;
    private static ulong s_flags;
    private static int s_irq;

    private static TaskletStruct* Tasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    private static Completion* Arrived => (Completion*)Unsafe.AsPointer(ref s_arrived);

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    /// <summary>False where a cause does not exist: preemption in kernels without, SMP with one CPU, an interrupt without a free line.</summary>
    public static bool Exists(RaceCause cause) => cause switch
    {
        RaceCause.Interrupt => FindLine() >= 0,
#if !PREEMPT
        RaceCause.Preemption => false,
#endif
        RaceCause.Smp => Smp.CpuCount > 1,
        _ => true,
    };

    /// <summary>Runs <paramref name="first"/> here, and <paramref name="second"/> in its window, or after it.</summary>
    /// <param name="cause">How the second comes.</param>
    /// <param name="locked">Whether the two use the cause's lock: <see cref="LockFirst"/> and the rest are empty if not.</param>
    /// <param name="first">Calls <see cref="Strike"/> once.</param>
    /// <param name="second">In the context of its cause.</param>
    /// <returns>0 when both have ended; -ENODEV: the cause does not exist here; -ENOMEM, -EAGAIN, -EBUSY; -ETIMEDOUT: the second never came.</returns>
    public static int Run(RaceCause cause, bool locked, delegate*<void> first, delegate*<void> second)
    {
        if (!Exists(cause))
        {
            return -ENODEV;
        }

        s_cause = cause;
        s_locked = locked;
        s_second = second;
        s_hasArrived = s_isDone = 0;
        Completion.Init(Arrived);
        Completion.Init(Done);
        int error = Prepare();
        if (error == 0)
        {
            first();
            error = AwaitEnd();
            CleanUp();
        }

        return error;
    }

    /// <summary>In the window of the first: the second comes.</summary>
    public static void Strike()
    {
        switch (s_cause)
        {
            case RaceCause.Interrupt:
                RaiseLine();
                SpinUnlessLocked();
                break;
            case RaceCause.Softirq:
                LocalBhDisable();
                TaskletSchedule(Tasklet);
                LocalBhEnable();
                break;
            case RaceCause.Preemption:
                Scheduler.WakeUpProcess(s_thread);
                break;
            case RaceCause.Sleeping:
                Scheduler.WakeUpProcess(s_thread);
                Completion.Wait(s_locked ? Arrived : Done);
                break;
            default:
                Scheduler.WakeUpProcess(s_thread);
                SpinUnlessLocked();
                SpinFor(ref s_hasArrived);
                break;
        }
    }

    /// <summary>The first enters its critical region, in the way that keeps the cause out.</summary>
    public static void LockFirst()
    {
        if (!s_locked)
        {
            return;
        }

        switch (s_cause)
        {
            case RaceCause.Interrupt:
                s_flags = s_lock.LockIrqSave();
                break;
            case RaceCause.Softirq:
                s_lock.LockBh();
                break;
            case RaceCause.Sleeping:
                s_mutex.Lock();
                break;
            default:
                s_lock.Lock();
                break;
        }
    }

    /// <summary>The first leaves it.</summary>
    public static void UnlockFirst()
    {
        if (!s_locked)
        {
            return;
        }

        switch (s_cause)
        {
            case RaceCause.Interrupt:
                s_lock.UnlockIrqRestore(s_flags);
                break;
            case RaceCause.Softirq:
                s_lock.UnlockBh();
                break;
            case RaceCause.Sleeping:
                s_mutex.Unlock();
                break;
            default:
                s_lock.Unlock();
                break;
        }
    }

    /// <summary>The second enters: it is the one that interrupts, so the plain forms do.</summary>
    public static void LockSecond()
    {
        if (s_locked && s_cause == RaceCause.Sleeping)
        {
            s_mutex.Lock();
        }
        else if (s_locked)
        {
            s_lock.Lock();
        }
    }

    /// <summary>The second leaves.</summary>
    public static void UnlockSecond()
    {
        if (s_locked && s_cause == RaceCause.Sleeping)
        {
            s_mutex.Unlock();
        }
        else if (s_locked)
        {
            s_lock.Unlock();
        }
    }

    /// <summary>What the first takes, in words.</summary>
    public static ReadOnlySpan<byte> LockName(RaceCause cause) => cause switch
    {
        RaceCause.Interrupt => "spin_lock_irqsave"u8,
        RaceCause.Softirq => "spin_lock_bh"u8,
        RaceCause.Sleeping => "mutex"u8,
        _ => "spin_lock"u8,
    };

    private static int Prepare()
    {
        switch (s_cause)
        {
            case RaceCause.Interrupt:
                s_irq = FindLine();
                s_lock.Init();
                return RequestIrq(s_irq, &Handler, IrqFlags.SaInterrupt, "race"u8, null);
            case RaceCause.Softirq:
                s_lock.Init();
                TaskletInit(Tasklet, &TaskletFunction, 0);
                return 0;
            case RaceCause.Sleeping:
                s_mutex = default;
                break;
            default:
                s_lock.Init();
                break;
        }

        s_thread = Kthread.Create(&Thread, null, $"race", out int error);
        if (error == 0)
        {
            Kthread.Bind(s_thread, s_cause == RaceCause.Smp ? 1 : 0);
            error = s_cause == RaceCause.Preemption ? Scheduler.SetScheduler(s_thread, SchedPolicy.Fifo, Urgent) : 0;
        }

        return error;
    }

    private static int AwaitEnd()
    {
        if (s_cause is RaceCause.Interrupt or RaceCause.Softirq)
        {
            return SpinFor(ref s_isDone) ? 0 : -ETIMEDOUT;
        }

        // Unless the first has waited for it already.
        if (s_cause != RaceCause.Sleeping || s_locked)
        {
            Completion.Wait(Done);
        }

        return 0;
    }

    private static void CleanUp()
    {
        if (s_cause == RaceCause.Interrupt)
        {
            FreeIrq(s_irq, null);
        }
        else if (s_cause == RaceCause.Softirq)
        {
            TaskletKill(Tasklet);
        }
    }

    private static void Second()
    {
        Shared.WriteOnce(ref s_hasArrived, 1);
        s_second();
        Shared.WriteOnce(ref s_isDone, 1);
    }

    private static IrqReturn Handler(int irq, void* devId, PtRegs* regs)
    {
        Second();
        return IrqReturn.Handled;
    }

    private static void TaskletFunction(ulong unused) => Second();

    private static int Thread(void* unused)
    {
        Completion.Complete(Arrived);
        Second();
        Completion.Complete(Done);
        return 0;
    }

    // Locked, the second cannot come to its end before the first is out.
    private static void SpinUnlessLocked()
    {
        if (!s_locked)
        {
            SpinFor(ref s_isDone);
        }
    }

    private static bool SpinFor(ref int word)
    {
        ulong start = MonotonicMicroseconds();
        while (Shared.ReadOnce(ref word) == 0)
        {
            if (MonotonicMicroseconds() - start > Patience)
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    // An edge triggered line that no driver has.
    private static int FindLine()
    {
        for (int irq = 3; irq < 16; irq++)
        {
            IrqDescriptor* descriptor = IrqToDescriptor(irq);
            if (descriptor != null && descriptor->Action == null && !descriptor->Has(IrqStatus.Level))
            {
                return irq;
            }
        }

        return -1;
    }

    // As if an edge had come while the line was disabled: the irq layer delivers it, at the end of the next tick at the latest.
    private static void RaiseLine()
    {
        DisableIrqNosync(s_irq);
        IrqDescriptor* descriptor = IrqToDescriptor(s_irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        descriptor->Status |= IrqStatus.Pending;
        descriptor->Lock.UnlockIrqRestore(flags);
        EnableIrq(s_irq);
    }
}
