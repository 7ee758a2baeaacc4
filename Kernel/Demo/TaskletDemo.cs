// TaskletDemo: demo tasklet-smp and demo bh-vs-tasklet. Process context; sleep. All CPUs schedule one and the same tasklet, or each CPU one of its own, or each
// marks a BH of its own.

using System.Runtime.CompilerServices;
using CSharpOS.Historical;

namespace CSharpOS.Demo;

internal static unsafe class TaskletDemo
{
    /// <summary>How long each part lasts.</summary>
    internal const ulong Microseconds = 200_000;

    // BHs from 16 on are the demonstration's: one for each CPU.
    private const int FirstBh = 16;

    private static TaskletArray s_tasklets;

    private static TaskletStruct* TaskletOf(int cpu) => (TaskletStruct*)Unsafe.AsPointer(ref s_tasklets) + cpu;

    /// <summary>Shows that one tasklet never runs on two CPUs at once, and that different ones do.</summary>
    /// <rows>TASKLET-03</rows>
    public static int Run()
    {
        int error = MeasureOne(out SideBySideResult result);
        Print("one tasklet, scheduled by every CPU"u8, result);
        if (error == 0)
        {
            Begin();
            error = SideBySide.Run(Smp.CpuCount, &ScheduleOwn, Microseconds, out result);
            End();
            Print("a tasklet for each CPU"u8, result);
        }

        return error;
    }

    /// <summary>One tasklet, scheduled by all CPUs as often as it goes; without a word.</summary>
    internal static int MeasureOne(out SideBySideResult measured)
    {
        Begin();
        int error = SideBySide.Run(Smp.CpuCount, &ScheduleCommon, Microseconds, out measured);
        End();
        return error;
    }

    /// <summary>Shows that BHs run one at a time on the whole machine, where tasklets run on all CPUs at once.</summary>
    /// <rows>OLD-01</rows>
    public static int BhVsTasklet()
    {
        int error = Measure(bottomHalves: true, out SideBySideResult met, out SideBySideResult bottomHalves);
        if (error == 0)
        {
            Print("a BH for each CPU"u8, bottomHalves);
            error = Measure(bottomHalves: false, out met, out SideBySideResult tasklets);
            Print("a tasklet for each CPU"u8, tasklets);
            MonitorOutput.Write($"In {Microseconds / 1000} ms of {SideBySide.BusyMicroseconds} us each: {bottomHalves.Runs} BHs, {tasklets.Runs} tasklets.\n");
        }

        return error;
    }

    /// <summary>Both, without a word.</summary>
    /// <param name="bottomHalves">BHs, or tasklets.</param>
    /// <param name="met">Each CPU once, waiting for the others inside.</param>
    /// <param name="measured">As often as it goes.</param>
    internal static int Measure(bool bottomHalves, out SideBySideResult met, out SideBySideResult measured)
    {
        measured = default;
        Begin();

        // BHs do not meet: a little while is enough to see that.
        int error = SideBySide.Meet(Smp.CpuCount, bottomHalves ? &MarkOwn : &ScheduleOwn, bottomHalves ? 1000u : 0, out met);
        error = error == 0 ? SideBySide.Run(Smp.CpuCount, bottomHalves ? &MarkOwn : &ScheduleOwn, Microseconds, out measured) : error;
        End();
        return error;
    }

    private static void Begin()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskletInit(TaskletOf(cpu), &Busy, 0);
            BottomHalf.InitBh(FirstBh + cpu, &SideBySide.Busy);
        }
    }

    private static void End()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TaskletKill(TaskletOf(cpu));
            BottomHalf.RemoveBh(FirstBh + cpu);
        }
    }

    private static void Print(ReadOnlySpan<byte> what, SideBySideResult result)
    {
        MonitorOutput.Write($"{what}:");
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            MonitorOutput.Write($"{(cpu == 0 ? " " : ", ")}{SideBySide.RunsOf(cpu)} runs on CPU {cpu}");
        }

        MonitorOutput.Write($"; at most {result.MostInside} at once\n");
    }

    private static void Busy(ulong unused) => SideBySide.Busy();

    private static void ScheduleCommon(int cpu) => RunNow(0);

    private static void ScheduleOwn(int cpu) => RunNow(cpu);

    private static void RunNow(int number)
    {
        LocalBhDisable();
        TaskletSchedule(TaskletOf(number));
        LocalBhEnable();
    }

    private static void MarkOwn(int cpu)
    {
        LocalBhDisable();
        BottomHalf.MarkBh(FirstBh + cpu);
        LocalBhEnable();
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct TaskletArray
    {
        private TaskletStruct _first;
    }
}
