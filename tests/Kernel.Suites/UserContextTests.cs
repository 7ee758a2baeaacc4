// UserContextTests: in which context a system call and an interrupted program are. Part of the suite user.
//
// A device of the test, /dev/usertest: a program that reads it is inside a system call where the test can look at it, and what it reads is what
// the kernel takes it for. Everything happens on CPU 0, so that who runs beside a program there has taken the processor from it.

using System.Runtime.CompilerServices;
using CSharpOS.Demo;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserContextTests
{
    private const uint Meet = 0, Spin = 1, Threads = 2;
    private const int Strikes = 20;
    private const long Millisecond = 1_000_000;

    private static FileOperations s_ops;
    private static int s_major;
    private static int s_entered, s_wrong, s_met, s_slept;
    private static TaskStruct* s_first;
    private static Completion s_awake;
    private static ulong s_spinner;
    private static Hrtimer s_timer;
    private static SchedThread s_urgent;
    private static WaitQueueHead s_head;
    private static int s_struck, s_followed, s_inTime;
    private static ulong s_count, s_lastCount;
    private static TaskStruct* s_listens, s_deaf;
    private static int s_ended;

    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("two tasks inside one call: preempted in it, and asleep in it"u8, "SYS-07"u8, &TwoInside);
        Test.Run("an interrupt's wake-up takes the CPU from a program before its next instruction"u8, "IRQ-10"u8, &InterruptedProgram);
        Test.Run("under a storm a program in user mode keeps four fifths of the CPU"u8, "SIRQ-05"u8, &Storm);
        Test.Run("kill from a program: only what a kernel thread has allowed"u8, "KT-01"u8, &KillThreads);
    }

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    private static SchedThread* Urgent => (SchedThread*)Unsafe.AsPointer(ref s_urgent);

    private static Hrtimer* Timer => (Hrtimer*)Unsafe.AsPointer(ref s_timer);

    private static Completion* Awake => (Completion*)Unsafe.AsPointer(ref s_awake);

    private static void AddDevices()
    {
        s_ops = new FileOperations { Read = &Read };
        s_major = RegisterChrdev(0, "usertest"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops));
        Check.True(s_major > 0);
        Check.Equal(0, DeviceCreate("usertest-meet"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)s_major, Meet)));
        Check.Equal(0, DeviceCreate("usertest-spin"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)s_major, Spin)));
        Check.Equal(0, DeviceCreate("usertest-threads"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)s_major, Threads)));
    }

    private static void RemoveDevices()
    {
        Check.Equal(0, DeviceDestroy("usertest-meet"u8));
        Check.Equal(0, DeviceDestroy("usertest-spin"u8));
        Check.Equal(0, DeviceDestroy("usertest-threads"u8));
        UnregisterChrdev((uint)s_major);
    }

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        int* numbers = stackalloc int[2];
        numbers[0] = Current->Tgid;
        int count = 1;
        switch (DeviceNumber.Minor(file->Inode->Device))
        {
            case Meet:
                MeetAnother();
                break;
            case Spin:
                Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
                Tasks.Get(Current);
                Shared.WriteOnce(ref s_spinner, (ulong)Current);
                break;
            default:
                numbers[0] = s_listens->Pid;
                numbers[1] = s_deaf->Pid;
                count = 2;
                break;
        }

        nuint size = (nuint)(count * sizeof(int));
        return buffer->Put(numbers, size) == size ? (long)size : -EFAULT;
    }

    private static void TwoInside()
    {
        s_entered = s_wrong = s_met = s_slept = 0;
        Completion.Init(Awake);
        AddDevices();
        UserHelp.Good("inside\0"u8);
        RemoveDevices();
        Check.Equal(2, s_entered);
        Check.Equal(0, s_wrong);
        Check.Equal(2, s_met);
        Check.Equal(1, s_slept);
    }

    // Inside the call. On one CPU the first sees the second only if the processor has been taken from it here.
    private static void MeetAnother()
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        bool process = Current->Process != null && Current->Mm != null && !InAtomic() && !IrqsDisabled();
        s_wrong += process ? 0 : 1;
        int place = Shared.AddReturn(ref s_entered, 1);
        if (place == 1)
        {
            s_first = Current;
        }

        uint start = Jiffies;
        while (Shared.ReadOnce(ref s_entered) < 2 && Jiffies - start < 10 * HZ)
        {
#if !PREEMPT
            Scheduler.CondResched();
#endif
        }

        s_met += Shared.ReadOnce(ref s_entered) == 2 ? 1 : 0;
        if (place == 1)
        {
            Completion.Wait(Awake);
            return;
        }

        while (Shared.ReadOnce(&s_first->Array) != null && Jiffies - start < 10 * HZ)
        {
            Scheduler.Yield();
        }

        s_slept += Shared.ReadOnce(ref s_first->State) == (int)TaskState.Uninterruptible ? 1 : 0;
        Completion.Complete(Awake);
    }

    // A program that counts in user mode on CPU 0, without system calls, until StopSpinner.
    private static bool StartSpinner()
    {
        AddDevices();
        s_spinner = 0;
        Check.Equal(0, UserHelp.Run("/bin/usertest\0"u8, "spin\0"u8, wait: UmhWait.WaitExec));
        uint start = Jiffies;
        while (Spinner == null && Jiffies - start < 10 * HZ)
        {
            SchedThread.GiveWay();
        }

        Check.True(Spinner != null);
        return Spinner != null;
    }

    private static TaskStruct* Spinner => (TaskStruct*)Shared.ReadOnce(ref s_spinner);

    private static void StopSpinner()
    {
        Signals.SendToPid(Spinner->Pid, Signal.SIGKILL);
        Tasks.Put(Spinner);
        RemoveDevices();
    }

    // The timer's interrupt strikes the program and wakes a more urgent thread. That thread finds the program's registers as the interrupt has found them.
    private static void InterruptedProgram()
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        s_struck = s_followed = s_inTime = 0;
        s_count = s_lastCount = 0;
        if (StartSpinner())
        {
            WaitQueue.Init(Head);
            SchedThread.Make(Urgent, 0, &Follow, null);
            Check.Equal(0, Scheduler.SetScheduler(Urgent->Task, SchedPolicy.Fifo, 10));
            SchedThread.Start(Urgent);
            Check.True(SchedThread.Asleep(Urgent));
            HrtimerInit(Timer, &Strike, HrtimerCallbackMode.HardIrq);
            HrtimerStart(Timer, Millisecond, HrtimerMode.Rel);
            SchedThread.Join(Urgent);
            HrtimerCancel(Timer);
            Check.Equal(Strikes, s_struck);
            Check.Equal(Strikes, s_inTime);
            StopSpinner();
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static HrtimerRestart Strike(Hrtimer* timer)
    {
        PtRegs* regs = InterruptRegs;
        if (Current == Spinner && regs->UserMode && s_struck == s_followed && s_struck < Strikes)
        {
            s_count = regs->Rcx;
            s_struck++;
            WaitQueue.WakeUp(Head);
        }

        HrtimerForward(timer, KtimeGet(), Millisecond);
        return HrtimerRestart.Restart;
    }

    private static void Follow(void* unused)
    {
        while (s_followed < Strikes)
        {
            WaitQueue.WaitEvent(Head, &IsBehind, null);

            // The program has counted since the last time, and not since the interrupt.
            ulong now = ContextSwitch.UserRegs(Spinner)->Rcx;
            s_inTime += now == s_count && now != s_lastCount ? 1 : 0;
            s_lastCount = now;
            Shared.WriteOnce(ref s_followed, s_followed + 1);
        }
    }

    private static bool IsBehind(void* unused) => Shared.ReadOnce(ref s_struck) > s_followed;

    // Shares of time are right to the tick only where time is the count of instructions.
    private static void Storm()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("time is not counted in instructions"u8);
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        if (StartSpinner())
        {
            ulong before = Shared.ReadOnce(ref Spinner->UserTicks);
            Check.Equal(0, SoftirqStorm.Run(HZ / 2, besideProgram: false, out StormResult storm));
            int program = (int)(Shared.ReadOnce(ref Spinner->UserTicks) - before);
            Check.Between(1, (program + storm.ThreadTicks) / 5, storm.ThreadTicks);
            Check.Between(1, int.MaxValue, storm.CallsInInterrupt);

            // The same with ksoftirqd at nice 0: about half.
            Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 0);
            Scheduler.ForgetSleep(Ksoftirqd.OfCpu(0));
            before = Shared.ReadOnce(ref Spinner->UserTicks);
            Check.Equal(0, SoftirqStorm.Run(HZ * 3 / 4, besideProgram: false, out storm));
            Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 19);
            program = (int)(Shared.ReadOnce(ref Spinner->UserTicks) - before);
            int all = program + storm.ThreadTicks;
            Check.Between(all / 4, all * 3 / 4, storm.ThreadTicks);
            StopSpinner();
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static void KillThreads()
    {
        s_ended = 0;
        s_listens = Kthread.Create(&Listen, null, $"listens", out _);
        s_deaf = Kthread.Create(&BeDeaf, null, $"deaf", out _);
        Tasks.Get(s_listens);
        Tasks.Get(s_deaf);
        Scheduler.WakeUpProcess(s_listens);
        Scheduler.WakeUpProcess(s_deaf);
        AddDevices();
        UserHelp.Good("kill-threads\0"u8);
        RemoveDevices();
        Check.Equal(1, Shared.ReadOnce(ref s_ended));
        Check.False(Scheduler.SignalPending(s_deaf));
        Check.Equal(-EINTR, Kthread.Stop(s_listens));
        Check.Equal(7, Kthread.Stop(s_deaf));
        Tasks.Put(s_listens);
        Tasks.Put(s_deaf);
    }

    // Until SIGINT.
    private static int Listen(void* unused)
    {
        KernelThread.AllowSignal(Signal.SIGINT);
        while (!Scheduler.SignalPending(Current))
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (!Scheduler.SignalPending(Current))
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentState(TaskState.Running);
        }

        s_ended++;
        return -EINTR;
    }

    // Until kthread_stop; signals do not even wake it.
    private static int BeDeaf(void* unused)
    {
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Kthread.ShouldStop())
            {
                Scheduler.SetCurrentState(TaskState.Running);
                return 7;
            }

            Scheduler.Schedule();
            s_ended += Scheduler.SignalPending(Current) ? 100 : 0;
        }
    }
}
