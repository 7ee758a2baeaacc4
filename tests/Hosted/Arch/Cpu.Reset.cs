// The simulated processor cannot restart: it stops.

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    public static void TripleFault() => throw new SimulatedHaltException();
}
