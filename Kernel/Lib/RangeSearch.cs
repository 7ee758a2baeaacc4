// RangeSearch: the question what still points into a stretch of memory, put to one mechanism after the other when a module has gone.
//
// Linux does not ask: what a module leaves behind is an oops later. Plain data on the asker's stack; each mechanism fills it in under its own lock.

namespace CSharpOS.Lib;

/// <summary>A stretch of memory, and what was found of it.</summary>
internal unsafe struct RangeSearch
{
    /// <summary>How many are named; more are only counted.</summary>
    internal const int Room = 8;

    private readonly nuint _start, _size;
    private fixed ulong _found[Room];

    /// <summary>How many there are.</summary>
    internal int Count { get; private set; }

    internal RangeSearch(void* start, nuint size)
    {
        _start = (nuint)start;
        _size = size;
    }

    /// <summary>True if the address lies in it.</summary>
    internal readonly bool Contains(void* address) => (nuint)address - _start < _size;

    /// <summary>Something that leads into it: its function, or what else names it.</summary>
    internal void Add(void* function)
    {
        if (Count < Room)
        {
            _found[Count] = (ulong)function;
        }

        Count++;
    }

    /// <summary>What was added.</summary>
    internal readonly nuint At(int index) => (nuint)_found[index];
}
