// VectorClock: for each process of the machine the number of its last step that a step comes after. A process is a CPU or a store buffer.

namespace CSharpOS.Explorer;

internal unsafe struct VectorClock
{
    public const int Processes = 2 * Machine.MaxCpus;

    private fixed int _last[Processes];

    /// <summary>One more than the last step of <paramref name="process"/> that this comes after; 0: none.</summary>
    public int this[int process]
    {
        readonly get => _last[process];
        set => _last[process] = value;
    }

    /// <summary>Comes after all that <paramref name="other"/> comes after, too.</summary>
    public void Join(in VectorClock other)
    {
        for (int i = 0; i < Processes; i++)
        {
            if (other._last[i] > _last[i])
            {
                _last[i] = other._last[i];
            }
        }
    }
}
