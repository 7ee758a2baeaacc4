// ModTest: a module that does what the parameter mode=WORD says: well-behaved, failing, or leaving something behind. Where that lies it writes into the word at the
// address cell=HEX, so that the test can clean up.

using System.Runtime.CompilerServices;

namespace CSharpOS.TestModules;

internal static unsafe class ModTest
{
    // A static that is a reference, one with an initialiser, one of zeros: each made by another part of the loading.
    private static readonly int[] s_numbers = [3, 5, 7];
    private static int s_initialised = 12345;
    private static int s_zero;

    private static TimerList s_timer;
    private static Hrtimer s_hrtimer;
    private static WorkStruct s_work;
    private static DelayedWork s_delayed;
    private static TaskletStruct s_tasklet;
    private static FileOperations s_ops;
    private static SpinLock s_lock;
    private static KernfsNode* s_entry;
    private static int s_cookie;
    private static int s_major;
    private static Completion s_completion;
    private static ulong* s_cell;

    private static Completion* Hold => (Completion*)Unsafe.AsPointer(ref s_completion);

    private static void* Cookie => Unsafe.AsPointer(ref s_cookie);

    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_lock.Init();
        using (s_lock.Guard())
        {
            s_zero++;
        }

        bool good = s_numbers.Length == 3 && s_numbers[2] == 7 && s_initialised == 12345 && s_zero == 1;
        Printk(LogLevel.Info, $"modtest: statics {(good ? "good"u8 : "bad"u8)}\n");
        ReadOnlySpan<byte> mode = ModuleParameters.TryGetValue("modtest"u8, "mode"u8, out ReadOnlySpan<byte> given) ? given : "plain"u8;
        if (mode.SequenceEqual("fail"u8))
        {
            s_entry = CreateProcEntry("modtest"u8, 0, null, &Show, null, null);
            RemoveProcEntry(s_entry);
            return -EIO;
        }

        if (mode.SequenceEqual("half"u8))
        {
            StartTimer();
            return -ENODEV;
        }

        return Do(mode);
    }

    [ModuleExit]
    public static void Exit()
    {
        if (s_major > 0)
        {
            UnregisterChrdev((uint)s_major);
            DeviceDestroy("modtest"u8);
        }

        Printk(LogLevel.Info, $"modtest: exit\n");
    }

    private static int Do(ReadOnlySpan<byte> mode)
    {
        if (mode.SequenceEqual("timer"u8))
        {
            StartTimer();
        }
        else if (mode.SequenceEqual("hrtimer"u8))
        {
            var timer = (Hrtimer*)Unsafe.AsPointer(ref s_hrtimer);
            HrtimerInit(timer, &LateHrtimer);
            Tell(timer);
            HrtimerStart(timer, 3_600_000_000_000, HrtimerMode.Rel);
        }
        else if (mode.SequenceEqual("work"u8))
        {
            var work = (DelayedWork*)Unsafe.AsPointer(ref s_delayed);
            DelayedWork.Init(work, &LateWork);
            Tell(work);
            ScheduleDelayedWork(work, 3600 * HZ);
        }
        else if (mode.SequenceEqual("busywork"u8))
        {
            var work = (WorkStruct*)Unsafe.AsPointer(ref s_work);
            Completion.Init(Hold);
            Tell(Hold);
            WorkStruct.Init(work, &LongWork);
            ScheduleWork(work);
        }
        else if (mode.SequenceEqual("tasklet"u8))
        {
            s_tasklet = TaskletStruct.DeclareTaskletDisabled(&LateTasklet, 0);
            var tasklet = (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);
            Tell(tasklet);
            TaskletSchedule(tasklet);
        }
        else if (mode.SequenceEqual("irq"u8))
        {
            Tell(Cookie);
            return RequestIrq(9, &LateHandler, IrqFlags.Shared, "modtest"u8, Cookie);
        }
        else if (mode.SequenceEqual("thread"u8))
        {
            Tell(Kthread.Run(&LateThread, null, $"modtest", out int error));
            return error;
        }
        else if (mode.SequenceEqual("proc"u8))
        {
            s_entry = CreateProcEntry("modtest"u8, 0, null, &Show, null, null);
            Tell(s_entry);
        }
        else if (mode.SequenceEqual("leftdevice"u8))
        {
            s_ops = new FileOperations { Read = &Read };
            Tell((void*)(long)RegisterChrdev(0, "modleft"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops)));
        }
        else if (mode.SequenceEqual("device"u8))
        {
            s_ops = new FileOperations { Read = &Read };
            s_major = RegisterChrdev(0, "modtest"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops));
            return s_major < 0 ? s_major : DeviceCreate("modtest"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)s_major, 0));
        }
        else if (mode.SequenceEqual("trace"u8))
        {
            Traced();
        }

        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Traced() => KernelLog.DumpStack();

    private static void StartTimer()
    {
        var timer = (TimerList*)Unsafe.AsPointer(ref s_timer);
        SetupTimer(timer, &LateTimer, 0);
        Tell(timer);
        ModTimer(timer, Jiffies + (3600 * HZ));
    }

    private static void Tell(void* what)
    {
        if (ModuleParameters.TryGetValue("modtest"u8, "cell"u8, out ReadOnlySpan<byte> digits))
        {
            ulong address = 0;
            foreach (byte digit in digits)
            {
                address = (address << 4) | (uint)(digit <= '9' ? digit - '0' : digit - 'a' + 10);
            }

            s_cell = (ulong*)address;
            *s_cell = (ulong)what;
        }
    }

    // Says that it has run.
    private static void LateTimer(ulong unused) => Shared.WriteOnce(ref *s_cell, 0UL);

    private static HrtimerRestart LateHrtimer(Hrtimer* unused) => HrtimerRestart.NoRestart;

    private static void LateWork(WorkStruct* unused)
    {
    }

    // Sleeps until the test says so.
    private static void LongWork(WorkStruct* unused)
    {
        Completion.Wait(Hold);
        Shared.WriteOnce(ref *s_cell, 0UL);
    }

    private static void LateTasklet(ulong unused)
    {
    }

    private static IrqReturn LateHandler(int irq, void* cookie, PtRegs* regs) => IrqReturn.None;

    private static int LateThread(void* unused)
    {
        while (!Kthread.ShouldStop())
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (!Kthread.ShouldStop())
            {
                Scheduler.Schedule();
            }

            Scheduler.SetCurrentState(TaskState.Running);
        }

        return 0;
    }

    private static int Show(TextArea* text, void* unused)
    {
        text->Append("here\n"u8);
        return 0;
    }

    private static long Read(File* file, IoBuffer* buffer, long* position) => 0;
}
