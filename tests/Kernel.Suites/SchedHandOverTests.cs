// SchedHandOverTests: two threads hand a turn to each other, many times, each sleeping until it is its own: the moment between looking and sleeping is
// met by the other's wake-up again and again. One that is lost leaves both asleep, which is noticed. On one CPU the threads share it, else they have
// two different ones.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedHandOverTests
{
    private const int Consumers = 4;
    private const int PartRounds = 250;
    private const ulong SilenceMicroseconds = 20_000_000;

    private static Threads s_threads;
    private static WaitQueueHead s_head;
    private static WaitQueueHead s_answers;
    private static int s_turn;
    private static int s_rounds;
    private static int s_handOvers;
    private static int s_tokens;
    private static int s_consumed;
    private static int s_bad;
    private static Completion* s_slot;

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    private static WaitQueueHead* Answers => (WaitQueueHead*)Unsafe.AsPointer(ref s_answers);

    // 50,000 hand-overs between CPUs.
    internal static void ByProcess() => InParts(Smp.CpuCount > 1 ? 25_000 : 5000, &TurnByProcess, &TurnByProcess);

    internal static void ByEvent() => InParts(2500, &TurnByEvent, &TurnByEvent);

    internal static void ByCompletion()
    {
        Shared.WriteOnce(Slot(), null);
        InParts(2500, &Ask, &Answer);
        Check.Equal(0, s_bad);
    }

    internal static void Tokens()
    {
        Begin(SmpTests.Rounds(3000));
        Shared.WriteOnce(ref s_tokens, 0);
        Shared.WriteOnce(ref s_consumed, 0);
        for (int i = 0; i < Consumers; i++)
        {
            SchedThread.Run(Thread(i), -1, &Consume, null);
        }

        for (int i = 0; i < s_rounds; i++)
        {
            Shared.AddReturn(ref s_tokens, 1);
            WaitQueue.WakeUp(Head);
            if ((i & 15) == 0)
            {
                SchedThread.GiveWay();
            }
        }

        bool all = SchedThread.Until(ref s_consumed, s_rounds);
        Check.True(all);
        Check.Equal(0, Shared.ReadOnce(ref s_tokens));

        // The last token of each consumer is its end.
        Shared.WriteOnce(ref s_turn, -1);
        Shared.AddReturn(ref s_tokens, Consumers);
        WaitQueue.WakeUpAll(Head);
        for (int i = 0; i < Consumers; i++)
        {
            SchedThread.Join(Thread(i));
        }

        Check.Equal(s_rounds, s_consumed);
        Check.False(WaitQueue.IsActive(Head));
    }

    private static SchedThread* Thread(int i) => (SchedThread*)Unsafe.AsPointer(ref s_threads) + i;

    private static void Begin(int rounds)
    {
        WaitQueue.Init(Head);
        WaitQueue.Init(Answers);
        s_rounds = rounds;
        Shared.WriteOnce(ref s_turn, 0);
        Shared.WriteOnce(ref s_handOvers, 0);
        Shared.WriteOnce(ref s_bad, 0);
    }

    // In parts, each with new threads, and all of them. On a busy host a CPU of the emulator may sleep for milliseconds before it hears of a wake-up: then a
    // line now and then tells whoever watches that the test goes on.
    private static void InParts(int rounds, delegate*<void*, void> first, delegate*<void*, void> second)
    {
        int all = SmpTests.Rounds(rounds);
        ulong told = MonotonicMicroseconds();
        for (int done = 0; done < all; done += PartRounds)
        {
            Pair(PartRounds, first, second);
            if (MonotonicMicroseconds() - told > SilenceMicroseconds)
            {
                told = MonotonicMicroseconds();
                Test.Diagnose($"    # {2 * done} of {2 * all} hand-overs\n");
            }
        }
    }

    private static void Pair(int rounds, delegate*<void*, void> first, delegate*<void*, void> second)
    {
        Begin(rounds);
        int last = Smp.CpuCount - 1;

        // The watcher stays away from the two, where it can.
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        bool made = SchedThread.Make(Thread(0), Math.Max(0, last - 1), first, (void*)0) & SchedThread.Make(Thread(1), last, second, (void*)1);
        if (made)
        {
            SchedThread.Start(Thread(0));
            SchedThread.Start(Thread(1));
            bool done = SchedThread.Until(ref s_handOvers, 2 * s_rounds);
            Check.True(done);
            for (int i = 0; i < 200 && !done; i++)
            {
                // Lost: shake them awake, so that the suite goes on.
                Scheduler.WakeUpProcess(Thread(0)->Task);
                Scheduler.WakeUpProcess(Thread(1)->Task);
                done = SchedThread.Until(ref s_handOvers, 2 * s_rounds);
            }

            SchedThread.Join(Thread(0));
            SchedThread.Join(Thread(1));
        }

        Check.Equal(2 * s_rounds, s_handOvers);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    private static void TurnByProcess(void* number)
    {
        int me = (int)(nint)number;
        TaskStruct* other = Thread(1 - me)->Task;

        // The last wake-up may come when the other has ended, and has been joined.
        Tasks.Get(other);
        for (int i = 0; i < s_rounds; i++)
        {
            while (true)
            {
                Scheduler.SetCurrentState(TaskState.Uninterruptible);
                if (Shared.ReadOnce(ref s_turn) == me)
                {
                    break;
                }

                Scheduler.Schedule();
            }

            Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
            Shared.AddReturn(ref s_handOvers, 1);
            Shared.WriteOnce(ref s_turn, 1 - me);
            Scheduler.WakeUpProcess(other);
        }

        Tasks.Put(other);
    }

    private static void TurnByEvent(void* number)
    {
        int me = (int)(nint)number;
        for (int i = 0; i < s_rounds; i++)
        {
            WaitQueue.WaitEvent(Head, &IsTurnOf, number);
            Shared.AddReturn(ref s_handOvers, 1);
            Shared.WriteOnce(ref s_turn, 1 - me);
            WaitQueue.WakeUp(Head);
        }
    }

    private static bool IsTurnOf(void* number) => Shared.ReadOnce(ref s_turn) == (int)(nint)number;

    private static void Ask(void* unused)
    {
        for (int i = 0; i < s_rounds; i++)
        {
            AskOnce();
            Overwrite((byte)i);
            Shared.AddReturn(ref s_handOvers, 1);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AskOnce()
    {
        Completion done;
        Completion.Init(&done);
        Shared.WriteOnce(Slot(), &done);
        WaitQueue.WakeUp(Answers);
        Completion.Wait(&done);
    }

    // Where the completion has been: whoever still writes there spoils this.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Overwrite(byte value)
    {
        Span<byte> stack = stackalloc byte[256];
        stack.Fill(value);
        for (int i = 0; i < 20; i++)
        {
            CpuRelax();
        }

        foreach (byte found in stack)
        {
            Shared.AddReturn(ref s_bad, found == value ? 0 : 1);
        }
    }

    private static void Answer(void* unused)
    {
        for (int i = 0; i < s_rounds; i++)
        {
            WaitQueue.WaitEvent(Answers, &IsAsked, null);
            Completion* done = Shared.ReadOnce(Slot());
            Shared.WriteOnce(Slot(), null);
            Completion.Complete(done);
            Shared.AddReturn(ref s_handOvers, 1);
        }
    }

    private static bool IsAsked(void* unused) => Shared.ReadOnce(Slot()) != null;

    private static void Consume(void* unused)
    {
        while (true)
        {
            WaitQueue.WaitEventExclusive(Head, &TakeToken, null);
            if (Shared.ReadOnce(ref s_turn) < 0)
            {
                return;
            }

            Shared.AddReturn(ref s_consumed, 1);
        }
    }

    private static bool TakeToken(void* unused)
    {
        int tokens = Shared.ReadOnce(ref s_tokens);
        while (tokens > 0)
        {
            int found = Shared.CompareExchange(ref s_tokens, tokens - 1, tokens);
            if (found == tokens)
            {
                return true;
            }

            tokens = found;
        }

        return false;
    }

    private static Completion** Slot()
    {
        fixed (Completion** slot = &s_slot)
        {
            return slot;
        }
    }

    [InlineArray(Consumers)]
    private struct Threads
    {
        private SchedThread _first;
    }
}
