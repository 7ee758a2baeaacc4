// DelayedWorkDemo: demo delayed-work: works that wait, one that is called back, and one in the queue ahead of its time. Process context; sleeps.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>What became of one delayed work.</summary>
internal struct DelayedWorkResult
{
    /// <summary>The ticks that it was to wait, and the ticks that it waited.</summary>
    public uint Delay, Waited;

    /// <summary>When it ran, as the n-th of all; 0: it did not.</summary>
    public int Place;

    /// <summary>The thread that ran it.</summary>
    public TextOfName Thread;
}

/// <summary>A thread's name.</summary>
[InlineArray(16)]
internal struct TextOfName
{
    private byte _first;
}

internal static unsafe class DelayedWorkDemo
{
    /// <summary>How many works there are.</summary>
    internal const int Count = 4;

    /// <summary>The one that is cancelled.</summary>
    internal const int Cancelled = 2;

    // 40 ms at any HZ.
    private const int Step = HZ / 25;

    private static WorkArray s_works;
    private static int s_place;

    private static Entry* EntryOf(int number) => (Entry*)Unsafe.AsPointer(ref s_works) + number;

    /// <summary>Tells what happens, as it was seen.</summary>
    /// <rows>WORK-04</rows>
    public static int Run()
    {
        bool wasPending = Measure();
        for (int i = 0; i < Count; i++)
        {
            DelayedWorkResult result = ResultOf(i);
            if (result.Place == 0)
            {
                MonitorOutput.Write($"work {i}, delay {JiffiesToMsecs(result.Delay)} ms: cancelled {(wasPending ? "while it waited" : "too late")}, it did not run\n");
            }
            else
            {
                ReadOnlySpan<byte> thread = result.Thread;
                MonitorOutput.Write(
                    $"work {i}, delay {JiffiesToMsecs(result.Delay)} ms: ran after {JiffiesToMsecs(result.Waited)} ms, as number {result.Place}, in {thread[..thread.IndexOf((byte)0)]}\n");
            }
        }

        return 0;
    }

    /// <summary>Schedules all, the longest delay first, cancels one, and waits for the rest.</summary>
    /// <returns>Whether the one waited when it was cancelled.</returns>
    internal static bool Measure()
    {
        s_place = 0;
        PreemptDisable();
        for (int i = 0; i < Count; i++)
        {
            Entry* entry = EntryOf(i);
            *entry = default;
            entry->Result.Delay = (uint)(Count - 1 - i) * Step;
            DelayedWork.Init(&entry->Work, &Note);
            entry->Start = Jiffies;
            ScheduleDelayedWork(&entry->Work, entry->Result.Delay);
        }

        PreemptEnable();
        bool wasPending = CancelDelayedWork(&EntryOf(Cancelled)->Work);
        ScheduleTimeoutUninterruptible(Count * Step);
        FlushScheduledWork();
        for (int i = 0; i < Count; i++)
        {
            CancelDelayedWorkSync(&EntryOf(i)->Work);
        }

        return wasPending;
    }

    /// <summary>What was seen of work <paramref name="number"/>.</summary>
    internal static DelayedWorkResult ResultOf(int number) => EntryOf(number)->Result;

    private static void Note(WorkStruct* work)
    {
        var entry = (Entry*)work;
        entry->Result.Waited = Jiffies - entry->Start;
        entry->Result.Place = ++s_place;
        ReadOnlySpan<byte> name = Current->Name;
        name[..(name.Length < 15 ? name.Length : 15)].CopyTo(entry->Result.Thread);
    }

    // The work first: the handler's pointer is the entry's.
    private struct Entry
    {
        public DelayedWork Work;
        public uint Start;
        public DelayedWorkResult Result;
    }

    [InlineArray(Count)]
    private struct WorkArray
    {
        private Entry _first;
    }
}
