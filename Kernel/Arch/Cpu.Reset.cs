// Cpu.Reset: the last way to restart a machine. Any context; does not return.

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    /// <summary>Makes the processor shut down, by a fault that has no handler; a PC restarts then.</summary>
    public static void TripleFault() => AsmImports.TripleFault();
}
