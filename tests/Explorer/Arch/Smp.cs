// Smp of the explored kernel: all CPUs are up from the start; messages between them are interrupts that the explorer delivers when it likes.
// Running functions on other CPUs is the real Smp.Call.cs.

using CSharpOS.Explorer;

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    public static int CpuCount => Machine.CpuCount;

    public static int PossibleCount => Machine.CpuCount;

    public static uint OnlineMask => ((1u << Machine.CpuCount) - 1) & ~Faults.Overlooked;

    public static bool HasIoApic => false;

    public static bool BootCpuHasLocalTimer => false;

    public static bool IsOnline(int cpu) => (uint)cpu < (uint)Machine.CpuCount;

    public static int ApicId(int cpu) => cpu;

    public static void SendReschedule(int cpu) => Machine.Send(cpu, Machine.RescheduleVector, "smp_send_reschedule");

    internal static void Reset() => ResetCalls();
}

/// <summary>As much of the local APIC as Smp.Call.cs asks for.</summary>
internal static class LocalApic
{
    public const int CallFunctionVector = Machine.CallFunctionVector;

    public static void SendIpi(int cpu, int vector) => Machine.Send(cpu, vector, "send IPI");
}
