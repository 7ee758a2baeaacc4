// MemoryRegions: a short sorted list of physical address ranges, none of which touch each other.
//
// Linux: struct memblock_type, mm/memblock.c. Boot only, one CPU, no locks. Pure.
// Invariant: Start < End in every region, and the End of one lies below the Start of the next. Adding takes any input, overlapping
// what is there or not. When the list is full, Add loses the region (that memory is simply not used) and AddCovering joins two neighbours,
// so that nothing which must be kept out of use gets lost.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Addresses from Start up to, not including, End.</summary>
public struct MemoryRegion
{
    public ulong Start;
    public ulong End;
}

/// <summary>A set of addresses.</summary>
/// <linux>memblock_type</linux>
public struct MemoryRegions
{
    /// <summary>Regions that fit. Firmware of real machines reports up to about a hundred.</summary>
    public const int Capacity = 160;

    private Storage _regions;
    private int _count;

    /// <summary>How many regions there are.</summary>
    public readonly int Count => _count;

    /// <summary>Region number <paramref name="index"/> in order of address.</summary>
    public readonly MemoryRegion this[int index] => _regions[index];

    /// <summary>Forgets everything.</summary>
    public void Clear() => _count = 0;

    /// <summary>Adds a range. False if the list is full: the range is lost.</summary>
    /// <linux>memblock_add</linux>
    public bool Add(ulong start, ulong end) => Insert(start, end, false);

    /// <summary>Adds a range; if the list is full, two neighbours become one that covers the gap between them as well.</summary>
    /// <linux>memblock_reserve</linux>
    public void AddCovering(ulong start, ulong end) => Insert(start, end, true);

    /// <summary>True if any address from <paramref name="start"/> up to <paramref name="end"/> is in the set.</summary>
    /// <linux>memblock_overlaps_region</linux>
    public readonly bool Overlaps(ulong start, ulong end)
    {
        for (int i = 0; i < _count; i++)
        {
            if (Math.Max(start, _regions[i].Start) < Math.Min(end, _regions[i].End))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if every address from <paramref name="start"/> up to <paramref name="end"/> is in the set.</summary>
    /// <linux>memblock_is_region_memory</linux>
    public readonly bool Covers(ulong start, ulong end)
    {
        for (int i = 0; i < _count; i++)
        {
            if (_regions[i].Start <= start && end <= _regions[i].End)
            {
                return true;
            }
        }

        return start >= end;
    }

    /// <summary>Takes a range out. False, and nothing is changed, where a region would become two and the list is full.</summary>
    /// <linux>memblock_remove</linux>
    public bool Remove(ulong start, ulong end)
    {
        if (start >= end)
        {
            return true;
        }

        int first = 0;
        while (first < _count && _regions[first].End <= start)
        {
            first++;
        }

        if (first < _count && _regions[first].Start < start)
        {
            if (_regions[first].End > end)
            {
                if (_count == Capacity)
                {
                    return false;
                }

                Move(first, first + 1);
                _regions[first].End = start;
                _regions[first + 1].Start = end;
                return true;
            }

            _regions[first++].End = start;
        }

        // Regions first to last - 1 lie in the range, region last may begin in it.
        int last = first;
        while (last < _count && _regions[last].End <= end)
        {
            last++;
        }

        Move(last, first);
        if (first < _count && _regions[first].Start < end)
        {
            _regions[first].Start = end;
        }

        return true;
    }

    /// <summary>All bytes together.</summary>
    public readonly ulong TotalSize()
    {
        ulong total = 0;
        for (int i = 0; i < _count; i++)
        {
            total += _regions[i].End - _regions[i].Start;
        }

        return total;
    }

    private bool Insert(ulong start, ulong end, bool covering)
    {
        if (start >= end)
        {
            return true;
        }

        // Everything that touches the new range melts into it: regions first to last - 1.
        int first = 0;
        while (first < _count && _regions[first].End < start)
        {
            first++;
        }

        int last = first;
        while (last < _count && _regions[last].Start <= end)
        {
            start = Math.Min(start, _regions[last].Start);
            end = Math.Max(end, _regions[last].End);
            last++;
        }

        if (last == first && _count == Capacity)
        {
            if (!covering)
            {
                return false;
            }

            // The neighbour above, or the last one, takes the new range in.
            int neighbour = Math.Min(first, _count - 1);
            return Insert(Math.Min(start, _regions[neighbour].Start), Math.Max(end, _regions[neighbour].End), true);
        }

        Move(last, first + 1);
        _regions[first].Start = start;
        _regions[first].End = end;
        return true;
    }

    // The regions from index `from` on go to index `to` on.
    private void Move(int from, int to)
    {
        int moved = _count - from;
        if (to < from)
        {
            for (int i = 0; i < moved; i++)
            {
                _regions[to + i] = _regions[from + i];
            }
        }
        else if (to > from)
        {
            for (int i = moved - 1; i >= 0; i--)
            {
                _regions[to + i] = _regions[from + i];
            }
        }

        _count = to + moved;
    }

    [InlineArray(Capacity)]
    private struct Storage
    {
        private MemoryRegion _first;
    }
}
