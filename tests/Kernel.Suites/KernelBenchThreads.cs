// KernelBenchThreads: what it costs to hand the CPU to another thread and back, and whether nice gives the shares that it promises
// (`./csos bench`, one CPU).
//
// Process context, interrupts on. Two threads of equal priority; the one that measures wakes the other, sleeps, and is woken by it: two switches.
// Keys are those of tools/Csos/Bench/Bars.cs.

using System.Runtime.CompilerServices;
using CSharpOS.Sched;

namespace CSharpOS.Suites;

/// <summary>Measurements of threads.</summary>
public static unsafe class KernelBenchThreads
{
    private const int Niced = 5;
    private const int WarmUpRounds = 2;
    private const int MeasuredRounds = 10;

    private static TaskStruct* s_ping;
    private static TaskStruct* s_pong;
    private static WaitQueueHead s_pingQueue;
    private static WaitQueueHead s_pongQueue;
    private static int s_turnOfPing;
    private static int s_turnOfPong;
    private static int s_over;
    private static Completion s_done;
    private static uint s_from;
    private static uint s_until;
    private static ulong s_work0;
    private static ulong s_work5;

    [TestSuite("bench")]
    public static void Suite()
    {
        RoundTrip(&PingWakeUp, &PongWakeUp);
        WaitQueue.Init(PingQueue);
        WaitQueue.Init(PongQueue);
        RoundTrip(&PingWaitEvent, &PongWaitEvent);
        Fairness();
    }

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    private static WaitQueueHead* PingQueue => (WaitQueueHead*)Unsafe.AsPointer(ref s_pingQueue);

    private static WaitQueueHead* PongQueue => (WaitQueueHead*)Unsafe.AsPointer(ref s_pongQueue);

    private static void RoundTrip(delegate*<void*, int> ping, delegate*<void*, int> pong)
    {
        Completion.Init(Done);
        s_over = 0;
        s_turnOfPing = 0;
        s_turnOfPong = 0;
        s_ping = Kthread.Create(ping, null, $"ping", out int error);
        s_pong = Kthread.Create(pong, null, $"pong", out int otherError);
        if (error != 0 || otherError != 0)
        {
            return;
        }

        Scheduler.WakeUpProcess(s_pong);
        Scheduler.WakeUpProcess(s_ping);
        Completion.Wait(Done);
        Completion.Wait(Done);
    }

    private static int PingWakeUp(void* unused)
    {
        Bench.Measure("thread-wake-up"u8, &WakeUpRound, "instructions"u8);
        Shared.WriteOnce(ref s_over, 1);
        Scheduler.WakeUpProcess(s_pong);
        Completion.Complete(Done);
        return 0;
    }

    private static ulong WakeUpRound()
    {
        ulong start = ReadTsc();
        Scheduler.SetCurrentState(TaskState.Interruptible);
        Scheduler.WakeUpProcess(s_pong);
        Scheduler.Schedule();
        return ReadTsc() - start - Bench.Overhead();
    }

    private static int PongWakeUp(void* unused)
    {
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Shared.ReadOnce(ref s_over) != 0)
            {
                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                Completion.Complete(Done);
                return 0;
            }

            Scheduler.WakeUpProcess(s_ping);
            Scheduler.Schedule();
        }
    }

    private static int PingWaitEvent(void* unused)
    {
        Bench.Measure("thread-wait-event"u8, &WaitEventRound, "instructions"u8);
        Shared.WriteOnce(ref s_over, 1);
        Shared.WriteOnce(ref s_turnOfPong, 1);
        WaitQueue.WakeUp(PongQueue);
        Completion.Complete(Done);
        return 0;
    }

    private static ulong WaitEventRound()
    {
        ulong start = ReadTsc();
        Shared.WriteOnce(ref s_turnOfPong, 1);
        WaitQueue.WakeUp(PongQueue);
        WaitQueue.WaitEvent(PingQueue, &IsSet, Unsafe.AsPointer(ref s_turnOfPing));
        Shared.WriteOnce(ref s_turnOfPing, 0);
        return ReadTsc() - start - Bench.Overhead();
    }

    private static int PongWaitEvent(void* unused)
    {
        while (true)
        {
            WaitQueue.WaitEvent(PongQueue, &IsSet, Unsafe.AsPointer(ref s_turnOfPong));
            Shared.WriteOnce(ref s_turnOfPong, 0);
            if (Shared.ReadOnce(ref s_over) != 0)
            {
                Completion.Complete(Done);
                return 0;
            }

            Shared.WriteOnce(ref s_turnOfPing, 1);
            WaitQueue.WakeUp(PingQueue);
        }
    }

    private static bool IsSet(void* turn) => Shared.ReadOnce(ref *(int*)turn) != 0;

    // Two threads that never sleep take turns, a slice each: a whole number of such rounds holds exactly what the slices promise.
    private static void Fairness()
    {
        uint slice0 = (uint)Priority.TimeSlice(Priority.FromNice(0));
        uint slice5 = (uint)Priority.TimeSlice(Priority.FromNice(Niced));
        Completion.Init(Done);
        s_work0 = 0;
        s_work5 = 0;
        TaskStruct* task0 = Kthread.Create(&Work, Unsafe.AsPointer(ref s_work0), $"nice/0", out int error);
        TaskStruct* task5 = Kthread.Create(&Work, Unsafe.AsPointer(ref s_work5), $"nice/5", out int otherError);
        if (error != 0 || otherError != 0)
        {
            return;
        }

        Scheduler.SetUserNice(task5, Niced);
        s_from = Jiffies + (WarmUpRounds * (slice0 + slice5));
        s_until = s_from + (MeasuredRounds * (slice0 + slice5));
        Scheduler.WakeUpProcess(task0);
        Scheduler.WakeUpProcess(task5);
        Completion.Wait(Done);
        Completion.Wait(Done);
        ulong off = Deviation(slice0, slice5);
        Bench.ReportHundredths("fairness"u8, off, off, "%"u8);
    }

    private static int Work(void* counter)
    {
        while (TimeBefore(Jiffies, s_from))
        {
        }

        ulong done = 0;
        while (TimeBefore(Jiffies, s_until))
        {
            done++;
        }

        *(ulong*)counter = done;
        Completion.Complete(Done);
        return 0;
    }

    // How far the share of either thread is from the promised one, at most, in hundredths of a percent of the promised one.
    private static ulong Deviation(uint slice0, uint slice5)
    {
        ulong worst = 0;
        ulong sum = s_work0 + s_work5;
        for (int i = 0; i < 2; i++)
        {
            ulong work = i == 0 ? s_work0 : s_work5;
            ulong promised = sum * (i == 0 ? slice0 : slice5) / (slice0 + slice5);
            ulong off = (work > promised ? work - promised : promised - work) * 10_000 / promised;
            worst = off > worst ? off : worst;
        }

        return worst;
    }
}
