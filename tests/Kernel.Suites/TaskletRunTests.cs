// TaskletRunTests: what a tasklet is, and when it runs. Part of the suite tasklet.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class TaskletRunTests
{
    private const int Rounds = 20;

    private static TaskletStruct s_declared = TaskletStruct.DeclareTasklet(&AddData, 5);
    private static TaskletStruct s_declaredDisabled = TaskletStruct.DeclareTaskletDisabled(&AddData, 7);

    private static ulong s_sum;
    private static ulong s_order;
    private static int s_runs;
    private static bool s_contextIsRight;
    private static bool s_handlerRuns;
    private static bool s_ranInHandler;
    private static bool s_scheduledInside;
    private static bool s_runningInside;
    private static int s_byThread;
    private static TaskStruct* s_sleeper;

    internal static void Declared()
    {
        s_sum = 0;
        var declared = (TaskletStruct*)Unsafe.AsPointer(ref s_declared);
        var disabled = (TaskletStruct*)Unsafe.AsPointer(ref s_declaredDisabled);
        LocalBhDisable();
        TaskletSchedule(declared);
        LocalBhEnable();
        Check.Equal(5, s_sum);
        LocalBhDisable();
        TaskletSchedule(disabled);
        LocalBhEnable();
        Check.Equal(5, s_sum);
        LocalBhDisable();
        TaskletEnable(disabled);
        LocalBhEnable();
        TaskletKill(disabled);
        Check.Equal(12, s_sum);

        // As the declaration left it, for the next time.
        TaskletDisable(disabled);
        TaskletInit(TaskletTests.Of(0), &AddData, 100);
        RunNow(TaskletTests.Of(0));
        Check.Equal(112, s_sum);
    }

    internal static void Data()
    {
        s_sum = 0;
        TaskletInit(TaskletTests.Of(0), &AddData, ulong.MaxValue - 1);
        TaskletInit(TaskletTests.Of(1), &AddData, 44);
        RunNow(TaskletTests.Of(0));
        Check.Equal(ulong.MaxValue - 1, s_sum);
        RunNow(TaskletTests.Of(1));
        Check.Equal(42, s_sum);
    }

    internal static void States()
    {
        TaskletStruct* tasklet = TaskletTests.Of(0);
        TaskletInit(tasklet, &NoteState, 0);
        Check.False(tasklet->IsScheduled || tasklet->IsRunning);
        LocalBhDisable();
        TaskletSchedule(tasklet);
        Check.True(tasklet->IsScheduled);
        Check.False(tasklet->IsRunning);
        LocalBhEnable();
        Check.False(s_scheduledInside);
#if SMP
        Check.True(s_runningInside);
#else
        Check.False(s_runningInside);
#endif
        Check.False(tasklet->IsScheduled || tasklet->IsRunning);
    }

    internal static void LastFirst()
    {
        s_order = 0;
        for (int i = 0; i < 3; i++)
        {
            TaskletInit(TaskletTests.Of(i), &AppendData, (ulong)i + 1);
        }

        LocalBhDisable();
        TaskletSchedule(TaskletTests.Of(0));
        TaskletSchedule(TaskletTests.Of(1));
        TaskletSchedule(TaskletTests.Of(2));
        LocalBhEnable();
        Check.Equal(321UL, s_order);

        s_order = 0;
        LocalBhDisable();
        TaskletHiSchedule(TaskletTests.Of(0));
        TaskletHiSchedule(TaskletTests.Of(1));
        TaskletHiSchedule(TaskletTests.Of(2));
        LocalBhEnable();
        Check.Equal(321UL, s_order);
    }

    internal static void HiFirst()
    {
        s_order = 0;
        for (int i = 0; i < 4; i++)
        {
            TaskletInit(TaskletTests.Of(i), &AppendData, (ulong)i + 1);
        }

        LocalBhDisable();
        TaskletSchedule(TaskletTests.Of(0));
        TaskletHiSchedule(TaskletTests.Of(1));
        TaskletSchedule(TaskletTests.Of(2));
        TaskletHiSchedule(TaskletTests.Of(3));
        LocalBhEnable();
        Check.Equal(4231UL, s_order);
    }

    internal static void Once()
    {
        s_runs = 0;
        TaskletStruct* tasklet = TaskletTests.Of(0);
        TaskletInit(tasklet, &Count, 0);
        LocalBhDisable();
        TaskletSchedule(tasklet);
        TaskletSchedule(tasklet);
        TaskletHiSchedule(tasklet);
        LocalBhEnable();
        Check.Equal(1, s_runs);
        RunNow(tasklet);
        Check.Equal(2, s_runs);
    }

    internal static void Again()
    {
        s_runs = 0;
        TaskletStruct* tasklet = TaskletTests.Of(0);
        TaskletInit(tasklet, &CountAndScheduleOnce, (ulong)tasklet);
        RunNow(tasklet);
        Check.Equal(2, s_runs);
    }

    internal static void FromHandler()
    {
        s_runs = 0;
        s_handlerRuns = s_ranInHandler = s_contextIsRight = false;
        TaskletInit(TaskletTests.Of(0), &NoteContext, 0);
        if (SoftirqTests.InHandler(&ScheduleInHandler))
        {
            Check.Equal(1, s_runs);
            Check.True(s_contextIsRight);
            Check.False(s_ranInHandler);
        }
    }

    internal static void FromProcess()
    {
        s_byThread = 0;
        s_sleeper = Current;
        TaskletInit(TaskletTests.Of(0), &WakeSleeper, 0);
        for (int i = 0; i < Rounds; i++)
        {
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            TaskletSchedule(TaskletTests.Of(0));
            Scheduler.Schedule();
        }

        // A tick may have been quicker now and then.
        Check.Between(Rounds / 2, Rounds, s_byThread);
    }

    internal static void FreedWhileScheduled()
    {
#if DEBUG_CHECKS
        s_sum = 0;
        var tasklet = (TaskletStruct*)Kmalloc((nuint)sizeof(TaskletStruct), GfpFlags.Kernel);
        TaskletInit(tasklet, &AddData, 3);
        LocalBhDisable();
        TaskletSchedule(tasklet);
        Kfree(tasklet);
        Check.Logged("freed while scheduled on CPU 0"u8);
        LocalBhEnable();
        Check.Equal(3, s_sum);

        tasklet->Func = &FreeItself;
        tasklet->Data = (ulong)tasklet;
        RunNow(tasklet);
        Check.Logged("freed while running on CPU 0"u8);
        Check.ForgetLog();
        Kfree(tasklet);
        Check.NotLogged("freed while"u8);
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    internal static void SleepReported()
    {
#if DEBUG_CHECKS
        TaskletInit(TaskletTests.Of(0), &Sleep, 0);
        RunNow(TaskletTests.Of(0));
        Check.Logged("BUG: sleeping function called from invalid context"u8);
        Check.Logged(" TaskletRunTests.Sleep+0x"u8);
#else
        Test.Skip("not checked in this build"u8);
#endif
    }

    internal static void RunNow(TaskletStruct* tasklet)
    {
        LocalBhDisable();
        TaskletSchedule(tasklet);
        LocalBhEnable();
    }

    private static void AddData(ulong data) => s_sum += data;

    private static void AppendData(ulong data) => s_order = (s_order * 10) + data;

    private static void Count(ulong data) => s_runs++;

    private static void CountAndScheduleOnce(ulong data)
    {
        if (++s_runs == 1)
        {
            TaskletSchedule((TaskletStruct*)data);
            TaskletSchedule((TaskletStruct*)data);
        }
    }

    private static void NoteState(ulong data)
    {
        s_scheduledInside = TaskletTests.Of(0)->IsScheduled;
        s_runningInside = TaskletTests.Of(0)->IsRunning;
    }

    private static void NoteContext(ulong data)
    {
        s_runs++;
        s_ranInHandler |= s_handlerRuns;
        s_contextIsRight = InSoftirq() && InInterrupt() && InAtomic() && !InIrq() && !IrqsDisabled();
    }

    private static void ScheduleInHandler()
    {
        s_handlerRuns = true;
        TaskletSchedule(TaskletTests.Of(0));
        s_handlerRuns = false;
    }

    private static void WakeSleeper(ulong data)
    {
        s_byThread += InterruptRegs == null && Current == Ksoftirqd.OfCpu(0) ? 1 : 0;
        Scheduler.WakeUpProcess(s_sleeper);
    }

    private static void FreeItself(ulong data) => Kfree((void*)data);

    // Something behind the call: or it would be a jump, and this function in no call trace.
    private static void Sleep(ulong data)
    {
        MightSleep();
        s_runs++;
    }
}
