// SimulatedMemory: a machine with memory, ready for Kmalloc. For the tests of every mechanism that allocates.

using CSharpOS.Arch;
using CSharpOS.Init;
using CSharpOS.Mm;

namespace CSharpOS.Hosted.Mm;

/// <summary>A line of the memory map.</summary>
public readonly record struct MapEntry(ulong Start, ulong Length, MemoryRangeType Type = MemoryRangeType.Usable);

/// <summary>Brings up memory management on the simulated machine.</summary>
public static unsafe class SimulatedMemory
{
    /// <summary>A machine just switched on, with <paramref name="megabytes"/> of memory in one piece, and Kmalloc working. Resets the simulation.</summary>
    public static void Start(int megabytes = 32) => Start(
        new MapEntry(0, 0x9fc00),
        new MapEntry(0x100000, ((ulong)megabytes << 20) - 0x100000));

    /// <summary>The same with any memory map.</summary>
    public static void Start(params ReadOnlySpan<MapEntry> map)
    {
        Simulation.Reset();
        KernelLog.Init();
        Paging.SwitchOn();
        BootInfo.Reset();
        foreach (MapEntry entry in map)
        {
            BootInfo.AddRange(entry.Start, entry.Length, (uint)entry.Type);
        }

        KernelMemory.Init();
        Simulation.InterruptsEnabled = true;
    }
}
