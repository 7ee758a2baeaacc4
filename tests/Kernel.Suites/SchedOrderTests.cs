// SchedOrderTests: who runs first, and for how long. All threads are on CPU 0, under a conductor (SchedThread.BeConductor), so that their order does not
// depend on when they were woken. What is looked at is who has run
// between two looks, not for how long: an emulator that stalls changes nothing.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedOrderTests
{
    private const int Most = 6;
    private const int Turns = 10;

    private static Threads s_threads;
    private static Marks s_order;
    private static int s_marks;
    private static int s_ticks;
    private static int s_turns;
    private static int s_unfair;
    private static int s_finished;
    private static TaskPair s_pair;
    private static Completion s_scene;

    internal static void Priorities()
    {
        Begin();
        ReadOnlySpan<int> priorities = [10, 50, 30];
        for (int i = 0; i < 3; i++)
        {
            SchedThread.Make(Thread(i), 0, &Mark, (void*)i);
            Check.Equal(0, Scheduler.SetScheduler(Thread(i)->Task, SchedPolicy.Fifo, priorities[i]));
        }

        for (int i = 3; i < 6; i++)
        {
            SchedThread.Make(Thread(i), 0, &Mark, (void*)i);
            Scheduler.SetUserNice(Thread(i)->Task, (i - 4) * 10);
        }

        StartAll(6, backwards: true);
        Check.Equal(0, s_marks);
        JoinAll(6);
        Expect([1, 2, 0, 3, 4, 5]);
        SchedThread.BeOrdinary();
    }

    internal static void Fifo()
    {
        Begin();
        MakeRealTime(3, SchedPolicy.Fifo, &MarkThrice);
        StartAll(3);
        JoinAll(3);
        Expect([0, 0, 0, 1, 1, 1, 2, 2, 2]);
        SchedThread.BeOrdinary();
    }

    internal static void Yield()
    {
        Begin();
        MakeRealTime(3, SchedPolicy.Fifo, &MarkAndYield);
        StartAll(3);
        JoinAll(3);
        Expect([0, 1, 2, 0, 1, 2, 0, 1, 2]);
        SchedThread.BeOrdinary();
    }

    internal static void RoundRobin()
    {
        Begin();
        for (int pass = 0; pass < 2; pass++)
        {
            s_turns = 0;
            s_unfair = 0;
            MakeRealTime(2, pass == 0 ? SchedPolicy.RoundRobin : SchedPolicy.Fifo, &TakeTurns);
            RunPair();
            if (pass == 0)
            {
                Check.Equal(0, s_unfair);
                Check.True(s_turns >= Turns);
            }
            else
            {
                // The first never lets the second in, and is through when that one begins.
                Check.Equal(0, s_turns);
            }
        }

        SchedThread.BeOrdinary();
    }

    internal static void Rounds()
    {
        Begin();
        s_turns = 0;
        s_unfair = 0;
        for (int i = 0; i < 2; i++)
        {
            SchedThread.Make(Thread(i), 0, &TakeTurns, (void*)i);
            Scheduler.SetUserNice(Thread(i)->Task, 19);
        }

        Check.Equal(Math.Max(1, 5 * HZ / 1000), Priority.TimeSlice(Priority.FromNice(19)));
        RunPair();
        Check.Equal(0, s_unfair);
        Check.True(s_turns >= Turns);
        SchedThread.BeOrdinary();
    }

    // Nice 15 gets 25 ms, nice 17 gets 15 ms a round: whole ticks of them. Only where time is the count of instructions: a host that is too busy makes
    // ticks come faster than they are served, and then they fall on whoever is there.
    internal static void Shares()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("time is not counted in instructions"u8);
            return;
        }

        const int TenRounds = 10;
        Begin();
        int first = Priority.TimeSlice(Priority.FromNice(15));
        int second = Priority.TimeSlice(Priority.FromNice(17));
        Check.True(first > second);
        s_ticks = TenRounds * (first + second);
        for (int i = 0; i < 2; i++)
        {
            SchedThread.Make(Thread(i), 0, &ComputeTogether, (void*)i);
            Scheduler.SetUserNice(Thread(i)->Task, i == 0 ? 15 : 17);
            Tasks.Get(Thread(i)->Task);
        }

        TaskStruct* more = Thread(0)->Task;
        TaskStruct* less = Thread(1)->Task;
        StartAll(2);
        JoinAll(2);
        Check.Between((TenRounds * first) - 2, (TenRounds * first) + 2, (long)more->Ticks);
        Check.Between((TenRounds * second) - 2, (TenRounds * second) + 2, (long)less->Ticks);
        Tasks.Put(more);
        Tasks.Put(less);
        SchedThread.BeOrdinary();
    }

    internal static void Changes()
    {
        Begin();
        for (int i = 0; i < 4; i++)
        {
            SchedThread.Make(Thread(i), 0, &Mark, (void*)i);
        }

        Scheduler.SetUserNice(Thread(0)->Task, 10);
        StartAll(4);
        Scheduler.SetUserNice(Thread(0)->Task, -15);
        Check.Equal(-15, Thread(0)->Task->Nice);
        Check.Equal(0, Scheduler.SetScheduler(Thread(3)->Task, SchedPolicy.Fifo, 20));
        Check.Equal(0, Scheduler.SetScheduler(Thread(2)->Task, SchedPolicy.RoundRobin, 21));
        Check.Equal(0, s_marks);

        // The conductor itself falls below two of them: they run before this call returns.
        Check.Equal(0, Scheduler.SetScheduler(Current, SchedPolicy.Fifo, 1));
        Scheduler.CondResched();
        Check.Equal(2, s_marks);
        JoinAll(4);
        Expect([2, 3, 0, 1]);
        SchedThread.BeOrdinary();
    }

    internal static void ExpiredToRealTime()
    {
        Begin();
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_scene));
        SchedThread.Make(Thread(0), 0, &YieldThenMark, null);
        SchedThread.Make(Thread(1), 0, &TellThenMark, null);
        StartAll(2);
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_scene));

        // Thread 0 has given up its turn, thread 1 has been interrupted in its own.
        RunQueue* rq = RunQueues.Of(0);
        Check.True(Thread(0)->Task->Array == rq->Expired);
        Check.Equal(0, Scheduler.SetScheduler(Thread(0)->Task, SchedPolicy.Fifo, 1));
        Check.True(Thread(0)->Task->Array == rq->Active);
        JoinAll(2);
        Expect([0, 1]);
        SchedThread.BeOrdinary();
    }

    internal static void BadArguments()
    {
        TaskStruct* me = Current;
        Scheduler.SetUserNice(me, -100);
        Check.Equal(-20, me->Nice);
        Scheduler.SetUserNice(me, 100);
        Check.Equal(19, me->Nice);
        Scheduler.SetUserNice(me, 0);
        Check.Equal(0, me->Nice);
        Check.Equal(-EINVAL, Scheduler.SetScheduler(me, SchedPolicy.Fifo, 0));
        Check.Equal(-EINVAL, Scheduler.SetScheduler(me, SchedPolicy.Fifo, 100));
        Check.Equal(-EINVAL, Scheduler.SetScheduler(me, SchedPolicy.RoundRobin, -1));
        Check.Equal(-EINVAL, Scheduler.SetScheduler(me, SchedPolicy.Normal, 1));
        Check.Equal(-EINVAL, Scheduler.SetScheduler(me, (SchedPolicy)7, 0));
        Check.Equal(-EINVAL, Scheduler.SetScheduler(RunQueues.Of(0)->Idle, SchedPolicy.Fifo, 1));
        Check.True(me->Policy == SchedPolicy.Normal);
    }

    private static SchedThread* Thread(int i) => (SchedThread*)Unsafe.AsPointer(ref s_threads) + i;

    private static void Begin()
    {
        s_marks = 0;
        SchedThread.BeConductor();
    }

    private static void MakeRealTime(int count, SchedPolicy policy, delegate*<void*, void> function)
    {
        for (int i = 0; i < count; i++)
        {
            SchedThread.Make(Thread(i), 0, function, (void*)i);
            Scheduler.SetUserNice(Thread(i)->Task, 19);
            Check.Equal(0, Scheduler.SetScheduler(Thread(i)->Task, policy, 10));
        }
    }

    private static void StartAll(int count, bool backwards = false)
    {
        for (int i = 0; i < count; i++)
        {
            SchedThread.Start(Thread(backwards ? count - 1 - i : i));
        }
    }

    // Both are held until both are through: each looks at the other.
    private static void RunPair()
    {
        s_finished = 0;
        for (int i = 0; i < 2; i++)
        {
            s_pair[i] = (nuint)Thread(i)->Task;
            Tasks.Get(Pair(i));
        }

        StartAll(2);
        JoinAll(2);
        Tasks.Put(Pair(0));
        Tasks.Put(Pair(1));
    }

    private static TaskStruct* Pair(int i) => (TaskStruct*)s_pair[i];

    private static void JoinAll(int count)
    {
        for (int i = 0; i < count; i++)
        {
            SchedThread.Join(Thread(i));
        }
    }

    private static void Expect(ReadOnlySpan<int> order)
    {
        Check.Equal(order.Length, s_marks);
        for (int i = 0; i < order.Length; i++)
        {
            Check.Equal(order[i], s_order[i]);
        }
    }

    private static void Mark(void* number)
    {
        s_order[s_marks] = (int)(nint)number;
        s_marks++;
    }

    private static void MarkThrice(void* number)
    {
        for (int i = 0; i < 3; i++)
        {
            Mark(number);
        }
    }

    private static void MarkAndYield(void* number)
    {
        for (int i = 0; i < 3; i++)
        {
            Mark(number);
            Scheduler.Yield();
        }
    }

    // Computes until it has used ten slices. Having used one it must find, when it runs
    // again, that the other has run between: one look to the next, whatever the clock does.
    private static void TakeTurns(void* number)
    {
        TaskStruct* task = Pair(1 - (int)(nint)number);
        ulong seen = Switches(task);
        ulong slice = (ulong)Priority.TimeSlice(Priority.FromNice(19));
        ulong used = Shared.ReadOnce(ref Current->Ticks);
        for (int slices = 0; slices < Turns && Shared.ReadOnce(ref s_finished) == 0;)
        {
            Scheduler.CondResched();
            ulong ticks, switches;
            do
            {
                // Both from between the same two ticks: one that comes in the middle brings a turn of the other with it.
                ticks = Shared.ReadOnce(ref Current->Ticks);
                switches = Switches(task);
            }
            while (ticks != Shared.ReadOnce(ref Current->Ticks));
            if (ticks - used < slice || Scheduler.NeedResched())
            {
                continue;
            }

            slices++;
            used = ticks;
            bool let = switches != seen;
            seen = switches;
            s_turns += let ? 1 : 0;
            s_unfair += let || Shared.ReadOnce(ref s_finished) != 0 ? 0 : 1;
        }

        Shared.WriteOnce(ref s_finished, 1);
    }

    private static ulong Switches(TaskStruct* task) => Shared.ReadOnce(ref task->VoluntarySwitches) + Shared.ReadOnce(ref task->InvoluntarySwitches);

    private static void ComputeTogether(void* unused)
    {
        ref ulong first = ref Thread(0)->Task->Ticks;
        ref ulong second = ref Thread(1)->Task->Ticks;
        while (Shared.ReadOnce(ref first) + Shared.ReadOnce(ref second) < (ulong)s_ticks)
        {
            Scheduler.CondResched();
        }
    }

    private static void YieldThenMark(void* unused)
    {
        Scheduler.Yield();
        Mark((void*)0);
    }

    private static void TellThenMark(void* unused)
    {
        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_scene));
        Scheduler.CondResched();
        Mark((void*)1);
    }

    [InlineArray(Most)]
    private struct Threads
    {
        private SchedThread _first;
    }

    [InlineArray(2)]
    private struct TaskPair
    {
        private nuint _first;
    }

    [InlineArray(16)]
    private struct Marks
    {
        private int _first;
    }
}
