// KsoftirqdTests: the threads that run what there is too much of. Part of the suite softirq.
//
// The storm is a softirq of ten microseconds that raises itself until a deadline. What it takes of the CPU is measured by itself, in every call, as a
// part of the whole time: a host that is busy with something else slows both down alike.

namespace CSharpOS.Suites;

internal static unsafe class KsoftirqdTests
{
    private const uint HandlerMicroseconds = 10;
    private const int Rounds = 50;

    private static Completion s_done;
    private static TaskStruct* s_sleeper;
    private static int s_byThread;
    private static int s_threadPasses;
    private static int s_passesAtWake;
    private static int s_passesAtRun;
    private static TaskStruct* s_urgent;
    private static ulong s_deadline;
    private static ulong s_handlerTime;
    private static int s_wrongThread;
    private static bool s_beside;

    internal static void Threads()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskStruct* thread = Ksoftirqd.OfCpu(cpu);
            Check.True(thread != null);
            Span<byte> storage = stackalloc byte[TaskName.Size];
            TextBuffer name = new(storage);
            name.Append($"ksoftirqd/{cpu}");
            Check.True(thread->Name.SequenceEqual(name.Written));
            Check.Equal(19, thread->Nice);

            // Bound for good: not even somebody who wants to may move it.
            Check.Equal(-EINVAL, Scheduler.SetCpusAllowed(thread, uint.MaxValue));
        }

        Check.True(Ksoftirqd.OfCpu(Cpu.MaxCpus - 1) == null || Smp.CpuCount == Cpu.MaxCpus);
    }

    internal static void RunsRaised()
    {
        s_byThread = 0;
        s_wrongThread = 0;
        s_sleeper = Current;
        OpenSoftirq(SoftirqTests.First, &WakeSleeper);
        for (int i = 0; i < Rounds; i++)
        {
            Scheduler.SetCurrentState(TaskState.Uninterruptible);
            RaiseSoftirq(SoftirqTests.First);
            Scheduler.Schedule();
        }

        // A tick may have been quicker now and then.
        Check.Between(Rounds * 3 / 4, Rounds, s_byThread);
        Check.Equal(0, s_wrongThread);
    }

    internal static void Yields()
    {
        s_threadPasses = s_passesAtWake = s_passesAtRun = 0;
        Completion.Init(Done);
        TaskStruct* thread = Kthread.Create(&NotePasses, null, $"ksoftirqd_test", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, 0);
        s_urgent = thread;
        s_deadline = MonotonicMicroseconds() + 5_000_000;
        OpenSoftirq(SoftirqTests.First, &CountThreadPasses);
        RaiseSoftirq(SoftirqTests.First);
        Completion.Wait(Done);
        Check.Equal(5, s_passesAtWake);
        Check.Equal(5, s_passesAtRun);
    }

    internal static void ProgramKeepsShare() => Check.Between(0, 20, StormShareBesideProgram(400_000));

    internal static void HalfAtNiceZero()
    {
        Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 0);
        long share = StormShareBesideProgram(600_000);
        Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 19);
        Check.Between(25, 75, share);
    }

    internal static void IdleRate()
    {
        Check.Between(90, 100, StormShareBesideSleep(100_000));
    }

    // Percent of the CPU's time that the storm's handler takes while a program of nice 0 is busy.
    private static long StormShareBesideProgram(ulong microseconds)
    {
        Completion.Init(Done);
        s_beside = true;
        TaskStruct* thread = Kthread.Create(&BusyProgram, null, $"busy", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, 0);
        ulong start = StartStorm(microseconds);
        Scheduler.WakeUpProcess(thread);
        Completion.Wait(Done);
        return Share(start);
    }

    private static long StormShareBesideSleep(ulong microseconds)
    {
        Completion.Init(Done);
        s_beside = false;
        ulong start = StartStorm(microseconds);
        Completion.Wait(Done);
        return Share(start);
    }

    private static ulong StartStorm(ulong microseconds)
    {
        s_handlerTime = 0;
        OpenSoftirq(SoftirqTests.First, &Storm);
        ulong start = MonotonicMicroseconds();
        s_deadline = start + microseconds;
        RaiseSoftirq(SoftirqTests.First);
        return start;
    }

    private static long Share(ulong start)
    {
        ulong total = MonotonicMicroseconds() - start;
        long share = (long)(s_handlerTime * 100 / total);
        Printk(LogLevel.Info, $"softirq storm: its handler took {share}% of {total} us\n");
        return share;
    }

    private static Completion* Done => (Completion*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref s_done);

    private static int BusyProgram(void* unused)
    {
        while (MonotonicMicroseconds() < s_deadline)
        {
        }

        Completion.Complete(Done);
        return 0;
    }

    private static void Storm(SoftirqAction* entry)
    {
        ulong start = MonotonicMicroseconds();
        Udelay(HandlerMicroseconds);
        ulong end = MonotonicMicroseconds();
        s_handlerTime += end - start;
        if (end < s_deadline)
        {
            RaiseSoftirq(SoftirqTests.First);
        }
        else if (!s_beside)
        {
            Completion.Complete(Done);
        }
    }

    private static void WakeSleeper(SoftirqAction* entry)
    {
        if (InterruptRegs == null)
        {
            s_byThread++;
            s_wrongThread += Current == Ksoftirqd.OfCpu(0) ? 0 : 1;
        }

        Scheduler.WakeUpProcess(s_sleeper);
    }

    private static void CountThreadPasses(SoftirqAction* entry)
    {
        if (InterruptRegs == null && Current == Ksoftirqd.OfCpu(0) && ++s_threadPasses == 5)
        {
            s_passesAtWake = s_threadPasses;
            Scheduler.WakeUpProcess(s_urgent);
        }

        if (s_passesAtRun == 0 && MonotonicMicroseconds() < s_deadline)
        {
            RaiseSoftirq(SoftirqTests.First);
        }
    }

    private static int NotePasses(void* unused)
    {
        s_passesAtRun = s_threadPasses;
        Completion.Complete(Done);
        return 0;
    }
}
