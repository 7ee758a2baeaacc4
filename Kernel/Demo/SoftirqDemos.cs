// SoftirqDemos: demo softirq-storm and demo policies. Process context; sleep.

namespace CSharpOS.Demo;

internal static unsafe class SoftirqDemos
{
    private const uint StormTicks = HZ;
    private const uint PolicyTicks = HZ / 2;

    /// <summary>A storm of softirqs beside a busy program, and alone.</summary>
    /// <rows>SIRQ-05</rows>
    public static int Storm()
    {
        int cpu = Stay(out uint allowed);
        MonitorOutput.Write($"A softirq of {SoftirqStorm.HandlerMicroseconds} us raises itself on CPU {cpu} for {StormTicks * 1000 / HZ} ms.\n");
        int error = SoftirqStorm.Run(StormTicks, besideProgram: true, out StormResult beside);
        StormResult alone = default;
        if (error == 0)
        {
            error = SoftirqStorm.Run(StormTicks / 4, besideProgram: false, out alone);
        }

        Leave(allowed);
        if (error != 0)
        {
            return error;
        }

        MonitorOutput.Write($"Beside a busy program of nice 0: the program had {beside.ProgramShare}% of the CPU.\n");
        MonitorOutput.Write($"  {beside.CallsInInterrupt} calls on return from interrupts, at most {MaxSoftirqRestart} each time,\n");
        MonitorOutput.Write($"  {beside.CallsInThread} calls in ksoftirqd/{cpu}, of nice {Ksoftirqd.OfCpu(cpu)->Nice}.\n");
        MonitorOutput.Write($"With nothing else to do: the softirq had {alone.HandlerShare}% of the CPU, in {alone.Calls} calls.\n");
        return 0;
    }

    /// <summary>The three policies side by side.</summary>
    /// <rows>SIRQ-11</rows>
    public static int Policies()
    {
        SoftirqPolicy before = Policy;
        Stay(out uint allowed);
        MonitorOutput.Write("policy    program beside the storm    storm on an idle machine\n"u8);
        int error = Measure(SoftirqPolicy.All, "all"u8);
        error = error == 0 ? Measure(SoftirqPolicy.Defer, "defer"u8) : error;
        error = error == 0 ? Measure(SoftirqPolicy.Chosen, "chosen"u8) : error;
        SetPolicy(before);
        Leave(allowed);
        if (error != 0)
        {
            return error;
        }

        MonitorOutput.Write("all: run what is raised again at once, however often. The program starves.\n"u8);
        MonitorOutput.Write("defer: leave it for the next interrupt. The softirq starves, even with nothing else to do.\n"u8);
        MonitorOutput.Write($"chosen: {MaxSoftirqRestart} passes, the rest in ksoftirqd. Boot option: softirq_policy=all|defer|chosen\n");
        return 0;
    }

    private static int Measure(SoftirqPolicy policy, ReadOnlySpan<byte> name)
    {
        SetPolicy(policy);
        int error = SoftirqStorm.Run(PolicyTicks, besideProgram: true, out StormResult beside);
        if (error != 0)
        {
            return error;
        }

        error = SoftirqStorm.Run(PolicyTicks, besideProgram: false, out StormResult alone);
        if (error == 0)
        {
            MonitorOutput.Write($"{name,-10}{beside.ProgramShare,3}% of the CPU              {alone.HandlerShare,3}% of the CPU\n");
        }

        return error;
    }

    private static int Stay(out uint allowed)
    {
        allowed = uint.MaxValue;
        PreemptDisable();
        int cpu = SmpProcessorId();
        PreemptEnable();
        Scheduler.SetCpusAllowed(Current, 1u << cpu);
        return cpu;
    }

    private static void Leave(uint allowed) => Scheduler.SetCpusAllowed(Current, allowed);
}
