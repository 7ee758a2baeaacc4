// The simulated processor's part in tracing: same members as Kernel/Arch/Cpu.Trace.cs. How long interrupts are off is measured on the machine, so nobody is
// told anything here. The explorer's processor uses this file too.

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    internal static ulong RawLocalIrqSave()
    {
        ulong flags = LocalSaveFlags();
        LocalIrqDisable();
        return flags;
    }

    internal static void RawLocalIrqRestore(ulong flags) => LocalIrqRestore(flags);

    internal static void TraceHardirqsOff()
    {
    }

    internal static void TraceHardirqsOn()
    {
    }

    internal static void TraceGateEntered(PtRegs* regs)
    {
    }

    internal static void TraceGateLeft(PtRegs* regs)
    {
    }
}
