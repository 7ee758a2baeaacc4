// The barriers of the simulated processor: same members as Kernel/Arch/Cpu.Barriers.cs.

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    public static void Barrier() => Simulation.ArchCall();

    public static void SmpMb() => Simulation.ArchCall();

    public static void SmpRmb() => Simulation.ArchCall();

    public static void SmpWmb() => Simulation.ArchCall();

    public static void SmpReadBarrierDepends() => Simulation.ArchCall();
}
