// Trace.Write: recording an event. Any context, an NMI included; interrupts are off while the record is written, so that it stays on its CPU and in one piece
// towards interrupts; the tracer of interrupts-off stretches is not told. No locks.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tracing;

public static unsafe partial class Trace
{
    internal const byte IrqsOff = 1, NeedsResched = 2;

    /// <summary>What a trace point looks at: one plain load.</summary>
    internal static bool Enabled
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Switch.On != 0;
    }

    /// <summary>Records an event.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Write(TraceEvent what, ulong a, ulong b, ulong c)
    {
        ulong flags = RawLocalIrqSave();
        TraceRecord* record = Begin(what, flags, out ulong sequence);
        record->A = a;
        record->B = b;
        record->C = c;
        TraceRing.Commit(record, sequence);
        RawLocalIrqRestore(flags);
    }

    /// <summary>Records an event about another task.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteTask(TraceEvent what, TaskStruct* task, ulong b, ulong c)
    {
        ulong flags = RawLocalIrqSave();
        TraceRecord* record = Begin(what, flags, out ulong sequence);
        Unsafe.CopyBlock(record->Name, task->Comm, TaskName.Size);
        record->A = (uint)task->Pid;
        record->B = b;
        record->C = c;
        TraceRing.Commit(record, sequence);
        RawLocalIrqRestore(flags);
    }

    /// <summary>Records that a timer was armed. Its base is locked.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteHrtimerStart(Hrtimer* timer, HrtimerMode mode)
    {
        ulong flags = RawLocalIrqSave();
        TraceRecord* record = Begin(TraceEvent.HrtimerStart, flags, out ulong sequence);
        record->A = (ulong)timer;
        record->B = (ulong)timer->Function;
        record->C = (ulong)timer->Expires;
        record->Number = (int)mode;
        TraceRing.Commit(record, sequence);
        RawLocalIrqRestore(flags);
    }

    /// <summary>Records that a work was queued.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void WriteQueueWork(CpuWorkqueueStruct* cwq, WorkStruct* work)
    {
        ulong flags = RawLocalIrqSave();
        TraceRecord* record = Begin(TraceEvent.WorkqueueQueueWork, flags, out ulong sequence);
        record->A = (ulong)work;
        record->B = (ulong)work->Function;
        record->C = (ulong)cwq->Wq;
        record->Number = cwq->Cpu;
        TraceRing.Commit(record, sequence);
        record = Begin(TraceEvent.WorkqueueActivateWork, flags, out sequence);
        record->A = (ulong)work;
        TraceRing.Commit(record, sequence);
        RawLocalIrqRestore(flags);
    }

    private static TraceRecord* Begin(TraceEvent what, ulong flags, out ulong sequence)
    {
        TraceRecord* record = TraceRing.Reserve(s_rings.This, out sequence);
        TaskStruct* task = Current;
        record->Time = ReadTsc();
        record->Event = what;
        record->Flags = (byte)((IrqsDisabledFlags(flags) ? IrqsOff : 0) | (Cpu.NeedResched ? NeedsResched : 0));
        record->PreemptCount = PreemptCount();
        record->Pid = task->Pid;
        Unsafe.CopyBlock(record->Comm, task->Comm, TaskName.Size);
        return record;
    }
}
