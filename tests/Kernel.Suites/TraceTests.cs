// TraceTests: the event tracer on the running machine, by the text that it prints.
//
// Process context. The lines go through a sink that keeps where the wanted texts stood.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the tracer.</summary>
public static unsafe partial class TraceTests
{
    private const int MaxWanted = 6;

    private static WorkStruct s_work, s_second;
    private static TaskletStruct s_tasklet;
    private static Hrtimer s_hrtimer;
    private static Completion s_done;
    private static int s_line;
    private static Wanted s_wanted;
    private static int s_count;
    private static ulong s_last;
    private static int s_disorder;

    [TestSuite("trace")]
    public static void Suite()
    {
        Test.Run("a work: queue, activate, start, end, in this order"u8, "WORK-08"u8, &WorkEvents);
        Test.Run("lines in the format of ftrace"u8, "WORK-08"u8, &Format);
        Test.Run("a tasklet: raise, entry, tasklet, exit"u8, "WORK-08"u8, &TaskletEvents);
        Test.Run("an hrtimer: start, cancel, expire entry and exit"u8, "WORK-08 TIME-06"u8, &HrtimerEvents);
        Test.Run("switches and wake-ups"u8, "WORK-08"u8, &TaskEvents);
        Test.Run("an interrupt: entry and exit, with name and result"u8, "WORK-08 IRQ-19"u8, &IrqEvents);
        Test.Run("a timer: start, cancel, expire entry and exit"u8, "WORK-08 TIME-02"u8, &TimerEvents);
        Test.Run("a lock that is waited for: begin and end"u8, "WORK-08 SYNC-02"u8, &ContentionEvents);
        Test.Run("off records nothing, clear forgets"u8, "WORK-08"u8, &OffAndClear);
        Test.Run("off, a point costs a comparison and a branch"u8, "WORK-08"u8, &OffCosts);
        Test.Run("a full ring keeps the newest"u8, "WORK-08"u8, &Overwrite);
        Test.Run("events of all CPUs in the order of time"u8, "WORK-08"u8, &Order);
        Test.Run("an event in the middle of an event"u8, "WORK-08"u8, &Nested);
        Test.Run("the command trace"u8, "WORK-08"u8, &Command);
        OnCpuZero.Run("the longest stretch with interrupts off: save and restore"u8, "WORK-08"u8, &OffTracerTests.IrqSave);
        OnCpuZero.Run("the same: disable and enable"u8, "WORK-08"u8, &OffTracerTests.IrqDisable);
        OnCpuZero.Run("the same: nested"u8, "WORK-08"u8, &OffTracerTests.IrqNested);
        OnCpuZero.Run("the longest stretch with preemption off"u8, "WORK-08"u8, &OffTracerTests.PreemptionDisabled);
        OnCpuZero.Run("the same: bottom halves disabled"u8, "WORK-08"u8, &OffTracerTests.BottomHalvesDisabled);
        OnCpuZero.Run("the same: a lock held"u8, "WORK-08"u8, &OffTracerTests.LockHeld);
        OnCpuZero.Run("no stretch while tracing is off"u8, "WORK-08"u8, &OffTracerTests.OffMeasuresNothing);
        OnCpuZero.Run("a stretch under way when tracing ends is forgotten"u8, "WORK-08"u8, &OffTracerTests.StopForgets);
        OnCpuZero.Run("every stretch ends"u8, "WORK-08"u8, &OffTracerTests.AllEnd);
    }

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    private static WorkStruct* Second => (WorkStruct*)Unsafe.AsPointer(ref s_second);

    private static TaskletStruct* Tasklet => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);

    private static void WorkEvents()
    {
        Begin();
        WorkStruct.Init(Work, &Handler);
        WorkStruct.Init(Second, &OtherHandler);
        PreemptDisable();
        ScheduleWork(Work);
        ScheduleWork(Second);
        PreemptEnable();
        FlushScheduledWork();
        Trace.Stop();
        Find("workqueue_queue_work: "u8, "TraceTests.Handler "u8);
        Check.Equal(2, Count(0));
        Check.Equal(1, Count(1));
        Find("workqueue_activate_work: "u8, "workqueue_execute_start: "u8, "workqueue_execute_end: "u8, "TraceTests.OtherHandler"u8);
        Check.Equal(2, Count(0));
        Check.Equal(2, Count(1));
        Check.Equal(2, Count(2));
        Check.Equal(3, Count(3));
        Find("function=TraceTests.Handler workqueue=0x"u8, "work struct 0x"u8, ": function TraceTests.Handler"u8);
        Check.Equal(1, Count(0));
        Check.Equal(2, Count(2));
        Check.True(Place(0) < Place(1) && Place(1) < Place(2));
    }

    private static void Format()
    {
        Begin();
        WorkStruct.Init(Work, &Handler);
        ScheduleWork(Work);
        FlushScheduledWork();
        Trace.Stop();
        Find("# tracer: nop"u8, "TASK-PID     CPU#"u8, "events/"u8, " ["u8);
        Check.Equal(1, Count(0));
        Check.Equal(1, Count(1));
        Check.True(Count(2) > 0);
        Check.True(Count(3) > 0);
    }

    private static void TaskletEvents()
    {
        Begin();
        TaskletInit(Tasklet, &TaskletFunction, 0);
        LocalBhDisable();
        TaskletSchedule(Tasklet);
        LocalBhEnable();
        Trace.Stop();
        Find("softirq_raise: vec=5 [action=TASKLET]"u8, "softirq_entry: vec=5 [action=TASKLET]"u8, "tasklet_entry: "u8, "func=TraceTests.TaskletFunction"u8, "tasklet_exit: "u8, "softirq_exit: vec=5"u8);
        Check.True(Count(0) > 0);
        Check.True(Place(0) < Place(1) && Place(1) < Place(2) && Place(2) < Place(4) && Place(4) < Place(5));
        Check.Equal(Place(2), Place(3));
    }

    private static void TaskEvents()
    {
        Begin();
        WorkStruct.Init(Work, &Handler);
        ScheduleWork(Work);
        FlushScheduledWork();
        Trace.Stop();
        Find("sched_wakeup: comm=events/"u8, "sched_switch: prev_comm="u8, " ==> next_comm=events/"u8);
        Check.True(Count(0) > 0 && Count(1) > 0 && Count(2) > 0);
        Check.True(Place(0) < Place(2));
    }

    private static void OffAndClear()
    {
        Begin();
        Trace.Stop();
        WorkStruct.Init(Work, &Handler);
        ScheduleWork(Work);
        FlushScheduledWork();
        Find("Handler"u8);
        Check.Equal(0, Count(0));
        Trace.Start(0);
        ScheduleWork(Work);
        FlushScheduledWork();
        Trace.Clear();
        Trace.Stop();
        Find("TraceTests.Handler"u8);
        Check.Equal(0, Count(0));
    }

    private static void Overwrite()
    {
        Trace.Stop();
        Check.Equal(0, Trace.Start(64));
        Trace.Clear();
        WorkStruct.Init(Work, &Handler);
        for (int i = 0; i < 100; i++)
        {
            ScheduleWork(Work);
            FlushScheduledWork();
        }

        WorkStruct.Init(Second, &OtherHandler);
        ScheduleWork(Second);
        FlushScheduledWork();
        Trace.Stop();
        Find("OtherHandler"u8, "[0"u8);
        Check.Equal(3, Count(0));
        Check.Between(64, 64 * Smp.CpuCount, Count(1));
        Check.Equal(-EINVAL, Trace.Start(Trace.MaxEvents + 1));
        Check.Equal(0, Trace.Start(Trace.DefaultEvents));
        Trace.Stop();
    }

    private static void Order()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Begin();
        WorkStruct.Init(Work, &Handler);
        for (int i = 0; i < 8; i++)
        {
            ScheduleWorkOn(i % Smp.CpuCount, Work);
            FlushWork(Work);
        }

        Trace.Stop();
        s_last = 0;
        s_disorder = 0;
        TraceText.Write(&CheckOrder, &Never);
        Check.Equal(0, s_disorder);
        Check.True(s_last != 0);
        Find("[000]"u8, "[001]"u8);
        Check.True(Count(0) > 0 && Count(1) > 0);
    }

    // The time stamp is the first number with a point in it.
    private static void CheckOrder(ReadOnlySpan<byte> line)
    {
        int point = line.IndexOf((byte)'.');
        while (point > 0 && !(line[point - 1] is >= (byte)'0' and <= (byte)'9'))
        {
            int next = line[(point + 1)..].IndexOf((byte)'.');
            point = next < 0 ? -1 : point + 1 + next;
        }

        if (point <= 0 || line[0] == '#' || line.IndexOf((byte)'[') < 0)
        {
            return;
        }

        int start = point;
        while (start > 0 && line[start - 1] is >= (byte)'0' and <= (byte)'9')
        {
            start--;
        }

        ulong time = 0;
        for (int i = start; i < line.Length && (i <= point || line[i] is >= (byte)'0' and <= (byte)'9'); i++)
        {
            time = i == point ? time : (time * 10) + (ulong)(line[i] - '0');
        }

        s_disorder += time < s_last ? 1 : 0;
        s_last = time;
    }

    private static void Nested()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        // Each CPU asks the others, whose interrupts strike wherever they may be.
        Begin();
        WorkStruct.Init(Work, &Handler);
        for (int i = 0; i < 50; i++)
        {
            ScheduleWorkOn(1, Work);
            Smp.SmpCallFunctionSingle(1, &ScheduleSecond, null, false);
        }

        FlushWork(Work);
        FlushScheduledWork();
        Trace.Stop();
        Find("workqueue_execute_start: "u8, "workqueue_execute_end: "u8);
        Check.True(Count(0) > 0);
        Check.Equal(Count(0), Count(1));
    }

    private static void ScheduleSecond(void* unused)
    {
        if (!WorkStruct.IsPending(Second))
        {
            ScheduleWork(Second);
        }
    }

    private static void Command()
    {
        Trace.Clear();
        Check.Equal(0, Monitor.Execute("trace on"u8));
        Check.True(Trace.IsOn);
        Check.Equal(0, Monitor.Execute("trace off"u8));
        Check.False(Trace.IsOn);
        Check.Equal(0, Monitor.Execute("trace clear"u8));
        Check.Equal(0, Monitor.Execute("trace show"u8));
        Check.Equal(-EINVAL, Monitor.Execute("trace"u8));
        Check.Equal(-EINVAL, Monitor.Execute("trace maybe"u8));
        Check.Equal(-EINVAL, Monitor.Execute("trace on 0"u8));
        Check.Equal(-EINVAL, Monitor.Execute("trace off now"u8));
    }

    private static void Begin()
    {
        Trace.Stop();
        Check.Equal(0, Trace.Start(Trace.DefaultEvents));
        Trace.Clear();
    }

    private static void Handler(WorkStruct* work)
    {
    }

    private static void OtherHandler(WorkStruct* work) => Shared.AddReturn(ref s_line, 1);

    private static void TaskletFunction(ulong data)
    {
    }

    private static bool Never() => false;

    private static void Find(
        ReadOnlySpan<byte> a, ReadOnlySpan<byte> b = default, ReadOnlySpan<byte> c = default, ReadOnlySpan<byte> d = default,
        ReadOnlySpan<byte> e = default, ReadOnlySpan<byte> f = default)
    {
        s_wanted = default;
        s_count = 0;
        s_line = 0;
        Want(a);
        Want(b);
        Want(c);
        Want(d);
        Want(e);
        Want(f);
        TraceText.Write(&Look, &Never);
    }

    private static void Want(ReadOnlySpan<byte> text)
    {
        s_wanted[s_count].Text = (byte*)Unsafe.AsPointer(ref System.Runtime.InteropServices.MemoryMarshal.GetReference(text));
        s_wanted[s_count].Length = text.Length;
        s_count++;
    }

    // A line comes in pieces; the last one is its line feed.
    private static void Look(ReadOnlySpan<byte> piece)
    {
        for (int i = 0; i < s_count; i++)
        {
            if (s_wanted[i].Length != 0 && piece.IndexOf(new ReadOnlySpan<byte>(s_wanted[i].Text, s_wanted[i].Length)) >= 0)
            {
                s_wanted[i].Place = s_wanted[i].Count++ == 0 ? s_line : s_wanted[i].Place;
            }
        }

        s_line += piece.Length != 0 && piece[^1] == '\n' ? 1 : 0;
    }

    // In how many lines a text stands, and in which one first.
    private static int Count(int index) => s_wanted[index].Count;

    private static int Place(int index) => s_wanted[index].Count == 0 ? int.MaxValue : s_wanted[index].Place;

    private struct Entry
    {
        public byte* Text;
        public int Length;
        public int Count;
        public int Place;
    }

    [InlineArray(MaxWanted)]
    private struct Wanted
    {
        private Entry _first;
    }
}
