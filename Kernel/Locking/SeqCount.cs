// SeqCount: reading data that may change meanwhile, without a lock and without a word written by the reader.
//
// Linux: seqcount_t, include/linux/seqlock.h. The writer makes the number odd, changes the data, makes it even again. A reader notes the number, copies
// the data and looks whether the number is still the same; if not it reads once more:
//     do
//     {
//         start = count.ReadBegin();
//         copy = data;
//     }
//     while (count.ReadRetry(start));
// Any context, never sleeps. Writers need a lock of their own, or SeqLock. A writer must not be interrupted or preempted by a reader on its own CPU,
// which would wait for ever: preemption off, and interrupts off if a handler reads. Between the two a reader may see anything: it follows no
// pointer from there. Barriers: the number is written before and after the data, and read before and after it; on x86 only the compiler is held.

using System.Runtime.CompilerServices;

namespace CSharpOS.Locking;

/// <summary>A sequence number: odd while a writer is at work. Zero is ready for use.</summary>
/// <linux>seqcount_t</linux>
/// <rows>SYNC-02</rows>
public struct SeqCount
{
    private int _sequence;

    /// <summary>Back to the start; nobody reads or writes.</summary>
    /// <linux>seqcount_init</linux>
    public void Init() => _sequence = 0;

    /// <summary>Starts reading; waits while a writer is at work. Give the number to <see cref="ReadRetry"/>.</summary>
    /// <linux>read_seqcount_begin</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int ReadBegin()
    {
        int sequence = Shared.ReadOnce(ref _sequence);
        while ((sequence & 1) != 0)
        {
            Cpu.CpuRelax();
            sequence = Shared.ReadOnce(ref _sequence);
        }

        Cpu.SmpRmb();
        return sequence;
    }

    /// <summary>True if a writer came between: what was read is worth nothing, read again.</summary>
    /// <linux>read_seqcount_retry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool ReadRetry(int start)
    {
        Cpu.SmpRmb();
        return Shared.ReadOnce(ref _sequence) != start;
    }

    /// <summary>Starts a change. One writer at a time, with preemption off.</summary>
    /// <linux>write_seqcount_begin</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteBegin()
    {
        Shared.WriteOnce(ref _sequence, _sequence + 1);
        Cpu.SmpWmb();
    }

    /// <summary>Ends a change.</summary>
    /// <linux>write_seqcount_end</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteEnd()
    {
        Cpu.SmpWmb();
        Shared.WriteOnce(ref _sequence, _sequence + 1);
    }
}
