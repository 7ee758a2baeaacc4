// PerCpu: one copy of a variable for each CPU.
//
// Linux: DEFINE_PER_CPU, get_cpu_var, per_cpu, alloc_percpu. Access from any context. The access itself takes no lock: the caller keeps
// preemption off while it uses its own copy (Get and Put, or Guard, do), since else it may go on using it on another CPU; and interrupts
// off if a handler uses it as well. Whoever touches another CPU's copy needs a lock, or Shared.
// Lock: s_lock (interrupts off) guards the map of what is taken, innermost. Invariants: every copy of one variable lies at the same offset in its
// CPU's area; a bit of s_taken stands for 16 bytes; the first unit is nobody's, so a variable that was never allocated is not
// somebody else's.

using System.Runtime.CompilerServices;
using CSharpOS.Lib;
using CSharpOS.Locking;
using CSharpOS.Sched;

namespace CSharpOS.Arch;

/// <summary>A variable of which each CPU has its own copy, zero at first.</summary>
/// <linux>DEFINE_PER_CPU</linux>
/// <rows>SYNC-03</rows>
public unsafe struct PerCpu<T>
    where T : unmanaged
{
    private nuint _offset;

    /// <summary>Gives a variable that stays for good its place in every CPU's area. At boot; a full area is a panic.</summary>
    /// <linux>DECLARE_PER_CPU</linux>
    public static PerCpu<T> Allocate() => new() { _offset = PerCpuArea.Reserve((nuint)sizeof(T)) };

    /// <summary>Gives a variable its place in every CPU's area; every copy is zero. Any context, does not sleep.</summary>
    /// <returns>0, or -ENOMEM: the areas are full.</returns>
    /// <linux>alloc_percpu</linux>
    public static int Allocate(out PerCpu<T> variable)
    {
        variable = default;
        return PerCpuArea.TryReserve((nuint)sizeof(T), out variable._offset) ? 0 : -ENOMEM;
    }

    /// <summary>Gives the place back; nobody uses any copy any more. Any context, does not sleep.</summary>
    /// <linux>free_percpu</linux>
    public void Free()
    {
        PerCpuArea.Release(_offset, (nuint)sizeof(T));
        _offset = 0;
    }

    /// <summary>This CPU's copy, with preemption off until <see cref="Put"/>.</summary>
    /// <linux>get_cpu_var</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* Get()
    {
        Preempt.PreemptDisable();
        return This;
    }

    /// <summary>Undoes one <see cref="Get"/>; the pointer is not used any more.</summary>
    /// <linux>put_cpu_var</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Put() => Preempt.PreemptEnable();

    /// <summary><c>using (s_variable.Guard(out T* mine)) { ... }</c>: the pair Get and Put as a block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly PreemptHolder Guard(out T* mine)
    {
        mine = Get();
        return default;
    }

    /// <summary>This CPU's copy.</summary>
    /// <linux>__get_cpu_var</linux>
    public readonly T* This
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (T*)(Cpu.PerCpuOffset + _offset);
    }

    /// <summary>The copy of CPU <paramref name="cpu"/>.</summary>
    /// <linux>per_cpu</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly T* On(int cpu) => (T*)(PerCpuArea.Base(cpu) + _offset);
}

/// <summary>Preemption is off until disposed.</summary>
public readonly ref struct PreemptHolder
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Dispose() => Preempt.PreemptEnable();
}

/// <summary>The memory behind <see cref="PerCpu{T}"/>: one area of equal size per CPU.</summary>
public static unsafe class PerCpuArea
{
    /// <summary>Bytes of each CPU's area.</summary>
    public const int Size = AsmOffsets.PER_CPU_AREA_SIZE;

    private const int Unit = 16;
    private const int Units = Size / Unit;

    private static SpinLock s_lock;
    private static Map s_taken;
    private static Bases s_bases;
    private static Bases s_hot;

    /// <summary>Forgets every reservation; <paramref name="bootArea"/> (Size bytes, zeroed) becomes CPU 0's area.</summary>
    public static void Init(void* bootArea)
    {
        s_lock = default;
        s_taken = default;
        s_taken[0] = 1;
        s_bases = default;
        s_hot = default;
        SetBase(0, bootArea);
    }

    /// <summary>Gives CPU <paramref name="cpu"/> its area (Size bytes, zeroed).</summary>
    public static void SetBase(int cpu, void* area) => s_bases[cpu] = (nuint)area;

    /// <summary>Where CPU <paramref name="cpu"/> keeps its hot words; null before it has any.</summary>
    public static PerCpuHot* Hot(int cpu) => (PerCpuHot*)s_hot[cpu];

    /// <summary>Says where CPU <paramref name="cpu"/> keeps its hot words.</summary>
    public static void SetHot(int cpu, PerCpuHot* hot) => s_hot[cpu] = (nuint)hot;

    internal static nuint Base(int cpu) => s_bases[cpu];

    internal static nuint Reserve(nuint size)
    {
        if (!TryReserve(size, out nuint offset))
        {
            Log.KernelLog.Panic($"per-CPU area is full: {Size} bytes are not enough\n");
        }

        return offset;
    }

    internal static bool TryReserve(nuint size, out nuint offset)
    {
        int wanted = UnitsOf(size);
        ulong flags = s_lock.LockIrqSave();
        int unit = FindFree(wanted);
        for (int i = unit; unit >= 0 && i < unit + wanted; i++)
        {
            Bits.SetBitNonAtomic(i, Taken);
        }

        s_lock.UnlockIrqRestore(flags);
        offset = unit < 0 ? 0 : (nuint)unit * Unit;
        for (int cpu = 0; unit >= 0 && cpu < Cpu.MaxCpus; cpu++)
        {
            // A CPU that has not started yet gets an area of zeros.
            if (s_bases[cpu] != 0)
            {
                new Span<byte>((void*)(s_bases[cpu] + offset), wanted * Unit).Clear();
            }
        }

        return unit >= 0;
    }

    internal static void Release(nuint offset, nuint size)
    {
        int unit = (int)(offset / Unit);
        ulong flags = s_lock.LockIrqSave();
        for (int i = unit; i < unit + UnitsOf(size) && unit != 0; i++)
        {
            Bits.ClearBitNonAtomic(i, Taken);
        }

        s_lock.UnlockIrqRestore(flags);
    }

    private static ulong* Taken => (ulong*)Unsafe.AsPointer(ref s_taken);

    private static int UnitsOf(nuint size) => (int)((size + Unit - 1) / Unit);

    // The first free stretch that is long enough; -1 if there is none.
    private static int FindFree(int wanted)
    {
        int from = 0;
        while (true)
        {
            int start = Bits.FindNextZeroBit(Taken, Units, from);
            if (start + wanted > Units)
            {
                return -1;
            }

            int end = Bits.FindNextBit(Taken, start + wanted, start);
            if (end == start + wanted)
            {
                return start;
            }

            from = end;
        }
    }

    [InlineArray(Units / Bits.BitsPerLong)]
    private struct Map
    {
        private ulong _first;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Bases
    {
        private nuint _first;
    }
}
