// TraceRing: where a CPU's events lie until somebody reads them; the newest overwrite the oldest.
//
// Linux: kernel/trace/ring_buffer.c. Write: any context, an NMI included; no lock: a writer takes its slot with one atomic addition, so an interrupt or NMI
// in the middle of a record takes the next one. Read: process context, at any time; a record that is overwritten meanwhile is left out.

namespace CSharpOS.Tracing;

/// <summary>The events of one CPU.</summary>
internal unsafe struct TraceRing
{
    private TraceRecord* _records;
    private uint _mask;
    private long _head;

    /// <summary>Events written since <see cref="Clear"/>.</summary>
    public readonly ulong Written
    {
        get
        {
            fixed (long* head = &_head)
            {
                return (ulong)Shared.ReadOnce(ref *head);
            }
        }
    }

    /// <summary>The number of the oldest event that is still there.</summary>
    public readonly ulong Oldest => Written > Capacity ? Written - Capacity : 0;

    /// <summary>How many events it holds.</summary>
    public readonly uint Capacity => _records == null ? 0 : _mask + 1;

    /// <summary>Gives the ring memory for <paramref name="count"/> events, a power of two, zeroed.</summary>
    public static void Attach(TraceRing* ring, void* memory, uint count)
    {
        ring->_records = (TraceRecord*)memory;
        ring->_mask = count - 1;
        ring->_head = 0;
    }

    /// <summary>Takes the memory away and gives it; null if there was none.</summary>
    public static void* Detach(TraceRing* ring)
    {
        void* memory = ring->_records;
        *ring = default;
        return memory;
    }

    /// <summary>Forgets all events. Nobody writes meanwhile.</summary>
    public static void Clear(TraceRing* ring)
    {
        Shared.WriteOnce(ref ring->_head, 0);
        for (uint i = 0; i < ring->Capacity; i++)
        {
            ring->_records[i].Sequence = 0;
        }
    }

    /// <summary>Takes a slot. <see cref="Commit"/> makes it valid.</summary>
    public static TraceRecord* Reserve(TraceRing* ring, out ulong sequence)
    {
        sequence = (ulong)Shared.AddReturn(ref ring->_head, 1);
        TraceRecord* record = ring->_records + ((sequence - 1) & ring->_mask);
        Shared.WriteOnce(ref record->Sequence, 0);
        return record;
    }

    /// <summary>Makes a record valid.</summary>
    public static void Commit(TraceRecord* record, ulong sequence) => Shared.WriteOnce(ref record->Sequence, sequence);

    /// <summary>Copies event number <paramref name="index"/>. False if it is not there, or not whole.</summary>
    public static bool TryRead(TraceRing* ring, ulong index, TraceRecord* copy)
    {
        TraceRecord* record = ring->_records + (index & ring->_mask);
        if (Shared.ReadOnce(ref record->Sequence) != index + 1)
        {
            return false;
        }

        *copy = *record;
        return Shared.ReadOnce(ref record->Sequence) == index + 1;
    }
}
