// SchedStormTests: everything that changes a run queue, at the same time and on all CPUs. What must hold is that nobody is lost, that nobody
// runs twice, and that the run queues are consistent afterwards.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedStormTests
{
    private const int Most = 12;

    private static Threads s_threads;
    private static int s_count;
    private static int s_rounds;
    private static int s_progress;
    private static int s_running;
    private static int s_twice;
    private static Entered s_entered;
    private static SchedThread s_disturber;
    private static TaskStruct* s_victim;
    private static int s_disturbed;
    private static int s_victims;
    private static int s_died;

    internal static void Storm()
    {
        s_count = Math.Min((2 * Smp.CpuCount) + 2, Most);
        s_rounds = SmpTests.Rounds(Smp.CpuCount == 2 ? 100 : 400);
        Shared.WriteOnce(ref s_progress, 0);
        Shared.WriteOnce(ref s_running, s_count);
        Shared.WriteOnce(ref s_twice, 0);
        s_entered = default;
        for (int i = 0; i < s_count; i++)
        {
            Check.True(SchedThread.Make(Thread(i), -1, &Work, (void*)i));
        }

        for (int i = 0; i < s_count; i++)
        {
            SchedThread.Start(Thread(i));
        }

        // They put each other to sleep, all of them perhaps: somebody outside wakes them.
        uint start = Jiffies;
        int last = 0;
        while (Shared.ReadOnce(ref s_running) != 0 && Jiffies - start < 10 * HZ)
        {
            for (int i = 0; i < s_count; i++)
            {
                Scheduler.WakeUpProcess(Thread(i)->Task);
            }

            SchedThread.GiveWay();
            int progress = Shared.ReadOnce(ref s_progress);
            start = progress != last ? Jiffies : start;
            last = progress;
        }

        Check.Equal(0, Shared.ReadOnce(ref s_running));
        Check.Equal(s_count * s_rounds, Shared.ReadOnce(ref s_progress));
        Check.Equal(0, Shared.ReadOnce(ref s_twice));
        for (int i = 0; i < s_count; i++)
        {
            SchedThread.Join(Thread(i));
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.True(RunQueues.IsConsistent(cpu));
        }
    }

    // A thread ends in the state of a sleeper, while another CPU wakes it, moves it and changes its priority without end.
    internal static void Deaths()
    {
        int rounds = SmpTests.Rounds(1000);
        Shared.WriteOnce(ref s_disturbed, 0);
        Shared.WriteOnce(ref s_victims, 0);
        Shared.WriteOnce(Victim(), null);
        SchedThread* disturber = (SchedThread*)Unsafe.AsPointer(ref s_disturber);
        if (!SchedThread.Run(disturber, Smp.CpuCount > 1 ? 1 : -1, &Disturb, null))
        {
            return;
        }

        int ran = 0;
        for (int i = 1; i <= rounds; i++)
        {
            TaskStruct* task = Kthread.Create(&DieAsleep, null, $"victim", out int error);
            if (task == null)
            {
                Check.Equal(0, error);
                break;
            }

            Tasks.Get(task);
            Shared.WriteOnce(Victim(), task);
            int died = Shared.ReadOnce(ref s_died);
            Scheduler.WakeUpProcess(task);
            Check.True(SchedThread.Until(ref s_died, died + 1));
            int result = Kthread.Stop(task);
            ran += result == 7 ? 1 : 0;

            // The disturber has let go of it.
            Shared.WriteOnce(Victim(), null);
            int seen = Shared.ReadOnce(ref s_disturbed);
            Check.True(SchedThread.Until(ref s_disturbed, seen + 2));
            Tasks.Put(task);
        }

        Shared.WriteOnce(ref s_victims, -1);
        SchedThread.Join(disturber);
        Check.Equal(rounds, ran);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.True(RunQueues.IsConsistent(cpu));
        }
    }

    private static SchedThread* Thread(int i) => (SchedThread*)Unsafe.AsPointer(ref s_threads) + i;

    private static void Work(void* number)
    {
        int me = (int)(nint)number;
        uint random = ((uint)me * 2654435761) + 12345;
        for (int round = 0; round < s_rounds; round++)
        {
            random ^= random << 13;
            random ^= random >> 17;
            random ^= random << 5;
            TaskStruct* other = Thread((int)(random >> 8) % s_count)->Task;
            Enter(me);
            switch (random & 7)
            {
                case 0:
                case 1:
                    Scheduler.WakeUpProcess(other);
                    break;
                case 2:
                    Scheduler.SetCurrentState((random & 64) != 0 ? TaskState.Interruptible : TaskState.Uninterruptible);
                    Scheduler.Schedule();
                    break;
                case 3:
                    Scheduler.SetUserNice(other, (int)(random >> 20 & 31) - 12);
                    break;
                case 4:
                    bool realTime = (random & 64) != 0;
                    Scheduler.SetScheduler(other, realTime ? SchedPolicy.RoundRobin : SchedPolicy.Normal, realTime ? 1 + ((int)(random >> 12) & 3) : 0);
                    break;
                case 5:
                    Scheduler.SetCpusAllowed(other, 1u << ((int)(random >> 12) % Smp.CpuCount));
                    break;
                case 6:
                    Scheduler.SetCpusAllowed(other, uint.MaxValue);
                    break;
                default:
                    Scheduler.Yield();
                    break;
            }

            Shared.AddReturn(ref s_entered[me], -1);
            Shared.AddReturn(ref s_progress, 1);
        }

        Scheduler.SetScheduler(Current, SchedPolicy.Normal, 0);
        Shared.AddReturn(ref s_running, -1);
    }

    // A task on two CPUs at once would be here twice.
    private static void Enter(int me)
    {
        if (Shared.AddReturn(ref s_entered[me], 1) != 1)
        {
            Shared.AddReturn(ref s_twice, 1);
        }
    }

    private static int DieAsleep(void* unused)
    {
        Shared.AddReturn(ref s_died, 1);
        Scheduler.SetCurrentState(TaskState.Interruptible);
        return 7;
    }

    private static void Disturb(void* unused)
    {
        for (uint i = 0; Shared.ReadOnce(ref s_victims) == 0; i++)
        {
            TaskStruct* task = Shared.ReadOnce(Victim());
            for (int j = 0; task != null && j < 20; j++)
            {
                // Not one that has not started: it is the maker who starts it.
                Scheduler.TryToWakeUp(task, TaskState.Interruptible | TaskState.Uninterruptible);
                if (j == 10)
                {
                    Scheduler.SetUserNice(task, (int)(i % 20));
                    Scheduler.SetCpusAllowed(task, (i & 1) != 0 ? 1u : uint.MaxValue);
                }
            }

            Shared.AddReturn(ref s_disturbed, 1);
            SchedThread.GiveWay();
        }
    }

    private static TaskStruct** Victim()
    {
        fixed (TaskStruct** victim = &s_victim)
        {
            return victim;
        }
    }

    [InlineArray(Most)]
    private struct Threads
    {
        private SchedThread _first;
    }

    [InlineArray(Most)]
    private struct Entered
    {
        private int _first;
    }
}
