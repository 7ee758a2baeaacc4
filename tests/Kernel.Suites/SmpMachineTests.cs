// SmpMachineTests: that the kernel runs the machine that was asked for: as many CPUs as the emulator says it has, the interrupt controller that the command
// line chose, and on every CPU the stacks of its own for exceptions. Part of the suite smp.
//
// Without these a kernel that finds one CPU of sixteen, or that does not heed noapic, would pass as a small machine: the other tests skip what is not there.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Suites;

internal static unsafe class SmpMachineTests
{
    // QEMU's fw_cfg device: what the machine was started with, past the firmware's tables and who reads them.
    private const int ConfigSelector = 0x510, ConfigData = 0x511;
    private const ushort ConfigSignature = 0, ConfigCpus = 5;

    private static Completion s_begun;
    private static int s_zero;
    private static int s_sink;

    private static Completion* Begun => (Completion*)Unsafe.AsPointer(ref s_begun);

    internal static void EveryCpu()
    {
        if (ReadConfig(ConfigSignature, 4) != 0x554d4551)
        {
            Test.Skip("no fw_cfg device"u8);
            return;
        }

        int cpus = (int)ReadConfig(ConfigCpus, 2);
        Check.Between(1, 255, cpus);
#if SMP
        if (!IsLimited())
        {
            Check.Equal(Math.Min(cpus, Cpu.MaxCpus), Smp.CpuCount);
        }
#else
        Check.Equal(1, Smp.CpuCount);
#endif
    }

    internal static void Controller()
    {
#if SMP
        bool wanted = !CommandLine.Has("noapic"u8) && !IsLimited();
#else
        bool wanted = false;
#endif
        ReadOnlySpan<byte> name = IrqToDescriptor(0)->Chip->Name;
        Check.True(Smp.HasIoApic == wanted);
        Check.True(name.SequenceEqual(wanted ? "IO-APIC-edge"u8 : "XT-PIC"u8));
    }

    // A CPU whose task state segment, or whose stack for double faults, were not its own would not survive it.
    internal static void StackOverflows()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Completion.Init(Begun);
            TaskStruct* task = Kthread.Create(&Overflow, null, $"overflow/{cpu}", out int error);
            Check.Equal(0, error);
            if (task == null)
            {
                return;
            }

            Tasks.Get(task);
            Kthread.Bind(task, cpu);
            int pid = task->Pid;
            Scheduler.WakeUpProcess(task);
            Completion.Wait(Begun);
            Check.Equal(-EFAULT, Kthread.Stop(task));
            Tasks.Put(task);
            CheckReport(cpu, pid);
        }

        Check.Equal(Smp.CpuCount, Check.CountLogged("BUG: kernel stack overflow on the task's stack"u8));
    }

    private static void CheckReport(int cpu, int pid)
    {
        Span<byte> bytes = stackalloc byte[64];
        TextBuffer line = new(bytes);
        line.Append($"CPU: {cpu}  Pid: {pid}, name: overflow/{cpu} ");
        Check.Logged(line.Written);
    }

#if SMP
    private static bool IsLimited() => CommandLine.Has("nosmp"u8) || CommandLine.Has("maxcpus"u8) || CommandLine.Has("nolapic"u8);
#endif

    private static uint ReadConfig(ushort key, int length)
    {
        PortIo.Out16(ConfigSelector, key);
        uint value = 0;
        for (int i = 0; i < length; i++)
        {
            value |= (uint)PortIo.In8(ConfigData) << (8 * i);
        }

        return value;
    }

    private static int Overflow(void* unused)
    {
        Completion.Complete(Begun);
        s_sink = Recurse(1);
        return 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int depth)
    {
        // What is done with the result keeps the compiler from making a loop of it.
        int deeper = Recurse(depth + 1);
        return deeper + Shared.ReadOnce(ref s_zero) + depth;
    }
}
