// Simulation: the state of the simulated machine, and what a test may do to it.

using System.Runtime.InteropServices;
using CSharpOS.Sched;

[assembly: Xunit.CollectionBehavior(DisableTestParallelization = true)]

namespace CSharpOS.Arch;

/// <summary>Thrown where the real kernel would stop the machine.</summary>
public sealed class SimulatedHaltException : Exception;

/// <summary>The simulated machine.</summary>
public static unsafe class Simulation
{
    private static PerCpuHot* s_hot;
    private static TaskStruct* s_tasks;
    private static bool s_inHook;

    public delegate uint PortReader(int port, int size);

    public delegate void PortWriter(int port, uint value, int size);

    private static readonly Dictionary<int, (PortReader Read, PortWriter Write)> s_ports = [];
    private static readonly bool[] s_interruptsEnabled = new bool[Cpu.MaxCpus];

    public static int CurrentCpu { get; private set; }

    public static ulong Tsc { get; set; }

    /// <summary>Called at every arch call of the kernel under test, never recursively: the place to inject an interrupt.</summary>
    public static Action? OnArchCall { get; set; }

    /// <summary>Called when the kernel under test spins, never recursively: the place for what the others do meanwhile.</summary>
    public static Action? OnRelax { get; set; }

    public static bool InterruptsEnabled
    {
        get => s_interruptsEnabled[CurrentCpu];
        set => s_interruptsEnabled[CurrentCpu] = value;
    }

    /// <summary>A machine just switched on: CPU 0, interrupts off, no devices, preempt_count zero.</summary>
    public static void Reset()
    {
        if (s_hot == null)
        {
            s_hot = (PerCpuHot*)NativeMemory.AllocZeroed((nuint)(sizeof(PerCpuHot) * Cpu.MaxCpus));
            s_tasks = (TaskStruct*)NativeMemory.AllocZeroed((nuint)(sizeof(TaskStruct) * Cpu.MaxCpus));
        }

        KernelStatics.Restore();
        new Span<byte>(s_hot, sizeof(PerCpuHot) * Cpu.MaxCpus).Clear();

        // Else a signal that one test sent to the task that boots would wake a sleeper of the next.
        new Span<byte>(s_tasks, sizeof(TaskStruct) * Cpu.MaxCpus).Clear();
        s_ports.Clear();
        OnArchCall = null;
        OnRelax = null;
        CurrentCpu = 0;
        Tsc = 0;
        Array.Clear(s_interruptsEnabled);
        PerCpuArea.Init(null);
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            void* area = NativeMemory.AllocZeroed(PerCpuArea.Size);
            PerCpuArea.SetBase(cpu, area);
            PerCpuArea.SetHot(cpu, &s_hot[cpu]);
            s_hot[cpu].Self = &s_hot[cpu];
            s_hot[cpu].CpuNumber = cpu;
            s_hot[cpu].IrqStackDepth = -1;
            s_hot[cpu].NoReschedule = 1;
            s_hot[cpu].PerCpuOffset = (ulong)area;
            s_hot[cpu].Current = &s_tasks[cpu];
        }
    }

    public static PerCpuHot* Hot(int cpu) => &s_hot[cpu];

    public static void SwitchTo(int cpu) => CurrentCpu = cpu;

    public static void AttachPorts(int first, int count, PortReader read, PortWriter write)
    {
        for (int port = first; port < first + count; port++)
        {
            s_ports[port] = (read, write);
        }
    }

    public static void ArchCall() => Call(OnArchCall);

    public static void Relax() => Call(OnRelax ?? OnArchCall);

    private static void Call(Action? hook)
    {
        if (hook != null && !s_inHook)
        {
            s_inHook = true;
            try
            {
                hook();
            }
            finally
            {
                s_inHook = false;
            }
        }
    }

    public static uint PortRead(int port, int size)
    {
        ArchCall();
        return s_ports.TryGetValue(port, out var device) ? device.Read(port, size) : uint.MaxValue >> (32 - (8 * size));
    }

    public static void PortWrite(int port, uint value, int size)
    {
        if (s_ports.TryGetValue(port, out var device))
        {
            device.Write(port, value, size);
        }

        ArchCall();
    }
}
