// Accesses: who touched which word last in the present run.

namespace CSharpOS.Explorer;

/// <summary>The last steps on one word. Steps are numbered from 0; -1: none.</summary>
internal unsafe struct Access
{
    /// <summary>The last step that changed it.</summary>
    public int Write;

    /// <summary>The last step that took it, if it is a lock.</summary>
    public int Acquire;

    /// <summary>The last reading step of each process since then.</summary>
    public fixed int Reads[VectorClock.Processes];

    public void ForgetReads()
    {
        for (int i = 0; i < VectorClock.Processes; i++)
        {
            Reads[i] = -1;
        }
    }
}

/// <summary>All words of a run.</summary>
internal sealed class Accesses
{
    private readonly Dictionary<nuint, int> _index = [];
    private readonly List<nuint> _within = [];
    private Access[] _table = new Access[256];

    public void Clear() => _index.Clear();

    /// <summary>The words of a block that have been touched.</summary>
    public List<nuint> Within(nuint start, int length)
    {
        _within.Clear();
        foreach (nuint address in _index.Keys)
        {
            if (address - start < (nuint)length)
            {
                _within.Add(address);
            }
        }

        return _within;
    }

    /// <summary>What is known of a word.</summary>
    public ref Access this[nuint address]
    {
        get
        {
            if (!_index.TryGetValue(address, out int index))
            {
                index = _index.Count;
                _index.Add(address, index);
                if (index == _table.Length)
                {
                    Array.Resize(ref _table, 2 * index);
                }

                _table[index].Write = -1;
                _table[index].Acquire = -1;
                _table[index].ForgetReads();
            }

            return ref _table[index];
        }
    }
}
