// PerCpu: one copy of a variable for each CPU.
//
// Linux: DEFINE_PER_CPU, get_cpu_var, per_cpu. Allocate at boot (process context, one CPU); access from any context. The access itself
// takes no lock: the caller keeps preemption off while it uses its own copy, and interrupts off if a handler uses it as well.
// Invariant: every copy of one variable lies at the same offset in its CPU's area.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>A variable of which each CPU has its own copy, zero at first.</summary>
/// <linux>DEFINE_PER_CPU</linux>
/// <rows>SYNC-03</rows>
public unsafe struct PerCpu<T>
    where T : unmanaged
{
    private nuint _offset;

    /// <summary>Gives the variable its place in every CPU's area. Once, at boot.</summary>
    /// <linux>alloc_percpu</linux>
    public static PerCpu<T> Allocate() => new() { _offset = PerCpuArea.Reserve((nuint)sizeof(T)) };

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

/// <summary>The memory behind <see cref="PerCpu{T}"/>: one area of equal size per CPU.</summary>
public static unsafe class PerCpuArea
{
    /// <summary>Bytes of each CPU's area.</summary>
    public const int Size = AsmOffsets.PER_CPU_AREA_SIZE;

    private static nuint s_used;
    private static Bases s_bases;
    private static Bases s_hot;

    /// <summary>Forgets every reservation; <paramref name="bootArea"/> (Size bytes, zeroed) becomes CPU 0's area.</summary>
    public static void Init(void* bootArea)
    {
        s_used = 0;
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
        nuint offset = (s_used + 15) & ~(nuint)15;
        s_used = offset + size;
        if (s_used > Size)
        {
            Log.KernelLog.Panic($"per-CPU area is full: {Size} bytes are not enough\n");
        }

        return offset;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Bases
    {
        private nuint _first;
    }
}
