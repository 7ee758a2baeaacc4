// KsoftirqdTests: the threads that run what there is too much of. Part of the suite softirq.
//
// The storm is that of the demonstrations (Kernel/Demo/SoftirqStorm.cs).

using CSharpOS.Demo;

namespace CSharpOS.Suites;

internal static unsafe class KsoftirqdTests
{
    private const int Rounds = 50;

    private static Completion s_done;
    private static TaskStruct* s_sleeper;
    private static int s_byThread;
    private static int s_threadPasses;
    private static int s_passesAtWake;
    private static int s_passesAtRun;
    private static TaskStruct* s_urgent;
    private static ulong s_deadline;
    private static int s_wrongThread;

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

    // Shares are counted in ticks, by which time slices are measured, and so do not depend on what else the host does. `./csos bench` has them in time.
    internal static void ProgramKeepsShare()
    {
        StormResult storm = Storm(HZ / 2, besideProgram: true);
        Check.Between(1, (storm.ProgramTicks + storm.ThreadTicks) / 5, storm.ThreadTicks);
        Check.Between(1, int.MaxValue, storm.CallsInInterrupt);
        Check.Between(1, int.MaxValue, storm.CallsInThread);
    }

    internal static void HalfAtNiceZero()
    {
        // What it has slept since boot would put it before the program for seconds.
        Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 0);
        Scheduler.ForgetSleep(Ksoftirqd.OfCpu(0));
        StormResult storm = Storm(HZ * 3 / 4, besideProgram: true);
        Scheduler.SetUserNice(Ksoftirqd.OfCpu(0), 19);
        int all = storm.ProgramTicks + storm.ThreadTicks;
        Check.Between(all / 4, all * 3 / 4, storm.ThreadTicks);
    }

    internal static void IdleRate()
    {
        StormResult storm = Storm(HZ / 10, besideProgram: false);
        Check.Between(storm.Calls * 9L / 10, storm.Calls, storm.PromptCalls);
        Check.Between(storm.Calls / 2, storm.Calls, storm.CallsInThread);
    }

    internal static void PolicyAll()
    {
        SetPolicy(SoftirqPolicy.All);
        StormResult storm = Storm(HZ / 10, besideProgram: true);
        SetPolicy(SoftirqPolicy.Chosen);

        // From the first tick on the softirqs never end.
        Check.Between((storm.Calls / 2) + 1, storm.Calls, storm.CallsInInterrupt);
        Check.Equal(0, storm.CallsInThread);
    }

    internal static void PolicyDefer()
    {
        SetPolicy(SoftirqPolicy.Defer);

        // It may just have found work, under the policy before.
        TaskStruct* thread = Ksoftirqd.OfCpu(SmpProcessorId());
        while (Shared.ReadOnce(ref thread->State) == (int)TaskState.Running)
        {
            Msleep(1);
        }

        StormResult storm = Storm(HZ / 10, besideProgram: false);
        SetPolicy(SoftirqPolicy.Chosen);
        Check.Equal(0, storm.CallsInThread);

        // One pass for each interrupt.
        Check.Between(1, 1000, storm.CallsInInterrupt);
        Check.Between(0, storm.Calls / 4, storm.PromptCalls);
    }

    internal static void Demonstrations()
    {
        Check.Equal(0, OutputCapture.Execute("softirqs"u8));
        Check.True(OutputCapture.Contains("\n      NET_TX: "u8));
        Check.Equal(0, OutputCapture.Execute("tasklets"u8));
        Check.Equal(0, OutputCapture.Execute("demo"u8));
        Check.True(OutputCapture.Contains("\npolicies "u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("demo nothing"u8));
    }

    private static StormResult Storm(uint ticks, bool besideProgram)
    {
        Check.Equal(0, SoftirqStorm.Run(ticks, besideProgram, out StormResult result));
        return result;
    }

    private static Completion* Done => (Completion*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref s_done);

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
