// StoreBuffers: x86's one reordering. A CPU's plain stores wait in its buffer, in order, and reach memory some time later; its own reads see
// them at once, other CPUs' reads do not. Locked operations and fences wait until the buffer is empty.
//
// Memory itself holds the newest value, so that accesses which are no scheduling points never see their own CPU's past; what the others still
// see is kept beside it.

namespace CSharpOS.Explorer;

internal static unsafe class StoreBuffers
{
    private static readonly List<Entry>[] s_buffers = [[], [], []];
    private static readonly Dictionary<nuint, long> s_committed = [];
    private static Entry s_locked;

    /// <summary>True in store-buffer mode, while a scenario is explored.</summary>
    public static bool Active { get; private set; }

    public static void Reset(bool active)
    {
        Active = active;
        s_locked = default;
        s_committed.Clear();
        foreach (List<Entry> buffer in s_buffers)
        {
            buffer.Clear();
        }
    }

    public static bool IsEmpty(int cpu) => s_buffers[cpu].Count == 0;

    /// <summary>The address whose store of <paramref name="cpu"/> reaches memory next.</summary>
    public static nuint Next(int cpu) => s_buffers[cpu][0].Address;

    /// <summary>The step in which that store was made.</summary>
    public static int NextEvent(int cpu) => s_buffers[cpu][0].Event;

    /// <summary>True if <paramref name="cpu"/> sees its own store at <paramref name="address"/>.</summary>
    public static bool Forwards(int cpu, nuint address)
    {
        foreach (Entry entry in s_buffers[cpu])
        {
            if (entry.Address == address)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A locked operation on a word begins: until the next step memory holds what all CPUs see of it.</summary>
    public static void BeginLocked(nuint address, int size)
    {
        if (Active && s_committed.TryGetValue(address, out long committed))
        {
            s_locked = new Entry(address, Load(address, size), size, 0);
            Put(address, committed, size);
        }
    }

    /// <summary>The next step: what the locked operation has made of the word is what all CPUs see; memory holds the newest store again.</summary>
    public static void EndLocked()
    {
        if (s_locked.Size != 0)
        {
            s_committed[s_locked.Address] = Load(s_locked.Address, s_locked.Size);
            Put(s_locked.Address, s_locked.Value, s_locked.Size);
            s_locked = default;
        }
    }

    public static long Read(nuint address, int size)
    {
        if (!Active)
        {
            return Load(address, size);
        }

        List<Entry> own = s_buffers[Machine.Current.Number];
        for (int i = own.Count - 1; i >= 0; i--)
        {
            if (own[i].Address == address)
            {
                return own[i].Value;
            }
        }

        return s_committed.TryGetValue(address, out long value) ? value : Load(address, size);
    }

    public static void Store(nuint address, long value, int size)
    {
        if (Active)
        {
            s_committed.TryAdd(address, Load(address, size));
            s_buffers[Machine.Current.Number].Add(new Entry(address, value, size, Machine.LastEvent));
        }

        Put(address, value, size);
    }

    /// <summary>True if a lock word is free for everybody.</summary>
    public static bool IsFree(nuint word) => s_committed.TryGetValue(word, out long value) ? value == 0 : *(int*)word == 0;

    /// <summary>The oldest store of <paramref name="cpu"/> reaches memory.</summary>
    public static void Commit(int cpu)
    {
        Entry oldest = s_buffers[cpu][0];
        s_buffers[cpu].RemoveAt(0);
        bool waits = false;
        foreach (List<Entry> buffer in s_buffers)
        {
            foreach (Entry entry in buffer)
            {
                waits |= entry.Address == oldest.Address;
            }
        }

        if (waits)
        {
            s_committed[oldest.Address] = oldest.Value;
        }
        else
        {
            s_committed.Remove(oldest.Address);
            Put(oldest.Address, oldest.Value, oldest.Size);
        }
    }

    private static long Load(nuint address, int size) => size switch
    {
        1 => *(byte*)address,
        4 => *(int*)address,
        _ => *(long*)address,
    };

    private static void Put(nuint address, long value, int size)
    {
        switch (size)
        {
            case 1:
                *(byte*)address = (byte)value;
                break;
            case 4:
                *(int*)address = (int)value;
                break;
            default:
                *(long*)address = value;
                break;
        }
    }

    private readonly record struct Entry(nuint Address, long Value, int Size, int Event);
}
