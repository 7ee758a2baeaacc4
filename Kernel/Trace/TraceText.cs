// TraceText: the recorded events as text, in the format of Linux's ftrace, so that its readers (trace-cmd's scripts, Perfetto) take it.
//
// Linux: trace_print_context and the TP_printk of the events. Process context. Tracing should be off meanwhile: printing makes events of its own, and what is
// overwritten while it is read is left out.
// The events of all CPUs are merged by time.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Tracing;

/// <summary>Prints traces.</summary>
/// <rows>WORK-08</rows>
public static unsafe class TraceText
{
    private const int LineSize = 256;
    private const int MaxHandlerName = 32;

    /// <summary>Writes all events that are there, oldest first.</summary>
    /// <param name="sink">Gets each line, with its line feed.</param>
    /// <param name="stop">Asked now and then: true ends it.</param>
    /// <returns>How many events were written.</returns>
    public static ulong Write(delegate*<ReadOnlySpan<byte>, void> sink, delegate*<bool> stop)
    {
        const int CheckEvery = 64;
        Positions next = default;
        ulong present = 0;
        ulong written = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TraceRing* ring = Trace.Ring(cpu);
            next[cpu] = ring->Oldest;
            present += ring->Written - ring->Oldest;
            written += ring->Written;
        }

        Head(sink, present, written);
        ulong count = 0;
        TraceRecord record = default;
        while (TryNext(ref next, &record, out int cpu) && (count % CheckEvery != 0 || !stop()))
        {
            Line(sink, &record, cpu);
            count++;
        }

        return count;
    }

    private static void Head(delegate*<ReadOnlySpan<byte>, void> sink, ulong present, ulong written)
    {
        Span<byte> memory = stackalloc byte[LineSize];
        TextBuffer text = new(memory);
        sink("# tracer: nop\n#\n"u8);
        OffText.Write(sink);
        text.Append($"# entries-in-buffer/entries-written: {present}/{written}   #P:{Smp.CpuCount}\n#\n");
        sink(text.Written);
        sink("#                                _-----=> irqs-off\n"u8);
        sink("#                               / _----=> need-resched\n"u8);
        sink("#                              | / _---=> hardirq/softirq\n"u8);
        sink("#                              || / _--=> preempt-depth\n"u8);
        sink("#                              ||| /\n"u8);
        sink("#           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION\n"u8);
        sink("#              | |         |   ||||      |         |\n"u8);
    }

    // The oldest event that has not been written yet.
    private static bool TryNext(ref Positions next, TraceRecord* record, out int cpu)
    {
        cpu = -1;
        TraceRecord candidate = default;
        for (int i = 0; i < Smp.CpuCount; i++)
        {
            TraceRing* ring = Trace.Ring(i);
            ulong position = next[i];
            while (position < ring->Written && !TraceRing.TryRead(ring, position, &candidate))
            {
                position++;
            }

            next[i] = position;
            if (position < ring->Written && (cpu < 0 || candidate.Time < record->Time))
            {
                *record = candidate;
                cpu = i;
            }
        }

        if (cpu < 0)
        {
            return false;
        }

        next[cpu]++;
        return true;
    }

    private static void Line(delegate*<ReadOnlySpan<byte>, void> sink, TraceRecord* record, int cpu)
    {
        Span<byte> memory = stackalloc byte[LineSize];
        TextBuffer text = new(memory);
        ReadOnlySpan<byte> comm = record->Pid == 0 ? "<idle>"u8 : Text(record->Comm);
        ulong time = Clock.MicrosecondsAt(record->Time);
        text.Append($"{comm,16}-{record->Pid,-7} [{cpu:d3}] ");
        int count = record->PreemptCount;
        bool soft = (count & Preempt.SoftirqMask) != 0;
        text.Append((record->Flags & Trace.IrqsOff) != 0 ? 'd' : '.');
        text.Append((record->Flags & Trace.NeedsResched) != 0 ? 'N' : '.');
        text.Append((count & Preempt.NmiMask) != 0 ? 'z' : (count & Preempt.HardirqMask) != 0 ? (soft ? 'H' : 'h') : soft ? 's' : '.');
        int depth = count & Preempt.PreemptMask;
        text.Append(depth == 0 ? '.' : depth < 10 ? (char)('0' + depth) : '9');
        text.Append($" {time / 1_000_000,5}.{time % 1_000_000:d6}: ");
        sink(text.Written);
        text.Clear();
        Append(text, record, cpu, out int length);
        sink(memory[..length]);
        sink("\n"u8);
    }

    // Behind what the buffer holds, which is nothing; gives the length.
    private static void Append(TextBuffer text, TraceRecord* record, int cpu, out int length)
    {
        ReadOnlySpan<byte> function = Function(record->B);

        // A handler's name may have gone with its module.
        byte* name = stackalloc byte[MaxHandlerName];
        int known = record->Event == TraceEvent.IrqHandlerEntry ? ProbeKernel.Read(new Span<byte>(name, (int)Math.Min(record->C, MaxHandlerName)), record->B) : 0;
        switch (record->Event)
        {
            case TraceEvent.IrqHandlerEntry:
                text.Append($"irq_handler_entry: irq={record->A} name={new ReadOnlySpan<byte>(name, known)}");
                break;
            case TraceEvent.IrqHandlerExit:
                text.Append($"irq_handler_exit: irq={record->A} ret={(record->B != 0 ? "handled"u8 : "unhandled"u8)}");
                break;
            case TraceEvent.SoftirqRaise:
                text.Append($"softirq_raise: vec={record->A} [action=");
                AppendSoftirq(ref text, (SoftirqNr)record->A);
                break;
            case TraceEvent.SoftirqEntry:
                text.Append($"softirq_entry: vec={record->A} [action=");
                AppendSoftirq(ref text, (SoftirqNr)record->A);
                break;
            case TraceEvent.SoftirqExit:
                text.Append($"softirq_exit: vec={record->A} [action=");
                AppendSoftirq(ref text, (SoftirqNr)record->A);
                break;
            case TraceEvent.TaskletEntry:
                text.Append($"tasklet_entry: tasklet=0x{record->A:x16} func={function}");
                break;
            case TraceEvent.TaskletExit:
                text.Append($"tasklet_exit: tasklet=0x{record->A:x16} func={function}");
                break;
            case TraceEvent.TimerStart:
                text.Append($"timer_start: timer=0x{record->A:x16} function={function} expires={record->C}");
                break;
            case TraceEvent.TimerCancel:
                text.Append($"timer_cancel: timer=0x{record->A:x16}");
                break;
            case TraceEvent.TimerExpireEntry:
                text.Append($"timer_expire_entry: timer=0x{record->A:x16} function={function} now={record->C}");
                break;
            case TraceEvent.TimerExpireExit:
                text.Append($"timer_expire_exit: timer=0x{record->A:x16}");
                break;
            case TraceEvent.HrtimerStart:
                // Here a timer has no slack: the soft time is the hard one.
                text.Append($"hrtimer_start: hrtimer=0x{record->A:x16} function={function} expires={(long)record->C} ");
                text.Append($"softexpires={(long)record->C} mode={(record->Number == (int)HrtimerMode.Rel ? "REL"u8 : "ABS"u8)}");
                break;
            case TraceEvent.HrtimerCancel:
                text.Append($"hrtimer_cancel: hrtimer=0x{record->A:x16}");
                break;
            case TraceEvent.HrtimerExpireEntry:
                text.Append($"hrtimer_expire_entry: hrtimer=0x{record->A:x16} function={function} now={(long)record->C}");
                break;
            case TraceEvent.HrtimerExpireExit:
                text.Append($"hrtimer_expire_exit: hrtimer=0x{record->A:x16}");
                break;
            case TraceEvent.WorkqueueQueueWork:
                // The courseware's form, as that of the three below.
                int target = record->Number < 0 ? cpu : record->Number;
                text.Append($"workqueue_queue_work: work struct=0x{record->A:x16} function={function} workqueue=0x{record->C:x16} ");
                text.Append($"req_cpu={target} cpu={target}");
                break;
            case TraceEvent.WorkqueueActivateWork:
                text.Append($"workqueue_activate_work: work struct 0x{record->A:x16}");
                break;
            case TraceEvent.WorkqueueExecuteStart:
                text.Append($"workqueue_execute_start: work struct 0x{record->A:x16}: function {function}");
                break;
            case TraceEvent.WorkqueueExecuteEnd:
                text.Append($"workqueue_execute_end: work struct 0x{record->A:x16}: function {function}");
                break;
            case TraceEvent.SchedWakeup:
                text.Append($"sched_wakeup: comm={Text(record->Name)} pid={record->A} prio={record->B} target_cpu={record->C:d3}");
                break;
            case TraceEvent.SchedSwitch:
                text.Append($"sched_switch: prev_comm={Text(record->Comm)} prev_pid={record->Pid} prev_prio={(uint)record->B} ");
                text.Append($"prev_state={State(record->C)} ==> next_comm={Text(record->Name)} next_pid={record->A} next_prio={record->B >> 32}");
                break;
            case TraceEvent.ContentionBegin:
                text.Append($"contention_begin: lock_addr=0x{record->A:x16} flags=( SPIN )");
                break;
            case TraceEvent.ContentionEnd:
                text.Append($"contention_end: lock_addr=0x{record->A:x16} ret=0");
                break;
        }

        length = text.Length;
    }

    private static void AppendSoftirq(ref TextBuffer text, SoftirqNr nr)
    {
        SoftirqStatistics.AppendName(ref text, nr);
        text.Append("]"u8);
    }

    private static ReadOnlySpan<byte> Function(ulong address) =>
        SymbolTable.Lookup((nuint)address, out SymbolInfo symbol) ? symbol.Name : "(unknown)"u8;

    // Linux: the letters of task_state_to_char, X for dead.
    private static ReadOnlySpan<byte> State(ulong state) => (TaskState)state switch
    {
        TaskState.Interruptible => "S"u8,
        TaskState.Uninterruptible => "D"u8,
        TaskState.Stopped => "T"u8,
        TaskState.Dead => "X"u8,
        _ => "R"u8,
    };

    internal static ReadOnlySpan<byte> Text(byte* name)
    {
        ReadOnlySpan<byte> bytes = new(name, TaskName.Size);
        int end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Positions
    {
        private ulong _first;
    }
}
