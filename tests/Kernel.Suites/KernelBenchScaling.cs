// KernelBenchScaling: how much faster a CPU-bound load of two threads ends on two CPUs than on one (`./csos bench`, a boot of its own with
// two CPUs under multi-threaded TCG, in real time; it means something only with two free cores on the host).
//
// Process context, interrupts on.

using System.Runtime.CompilerServices;
using CSharpOS.Sched;

namespace CSharpOS.Suites;

/// <summary>The measurement of scaling.</summary>
public static unsafe class KernelBenchScaling
{
    private const int Trials = 7;
    private const int Turns = 150_000_000;

    private static Completion s_done;
    private static ulong s_sink;

    [TestSuite("bench-scaling")]
    public static void Suite()
    {
        if (Smp.CpuCount < 2)
        {
            return;
        }

        ulong* ratios = stackalloc ulong[Trials];
        RunOn(0, 1);
        for (int i = 0; i < Trials; i++)
        {
            ulong both = RunOn(0, 1);
            ulong one = RunOn(0, 0);
            if (both == 0 || one == 0)
            {
                return;
            }

            Insert(ratios, i, one * 100 / both);
        }

        Bench.ReportHundredths("scaling"u8, ratios[0], ratios[Trials / 2], "times"u8);
    }

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    // Microseconds until two threads on these CPUs have done their work; 0 without memory.
    private static ulong RunOn(int first, int second)
    {
        Completion.Init(Done);
        TaskStruct* one = Kthread.Create(&Work, null, $"load/{first}", out int error);
        TaskStruct* two = Kthread.Create(&Work, null, $"load/{second}", out int otherError);
        if (error != 0 || otherError != 0)
        {
            return 0;
        }

        Kthread.Bind(one, first);
        Kthread.Bind(two, second);
        ulong start = MonotonicMicroseconds();
        Scheduler.WakeUpProcess(one);
        Scheduler.WakeUpProcess(two);
        Completion.Wait(Done);
        Completion.Wait(Done);
        return MonotonicMicroseconds() - start;
    }

    private static int Work(void* unused)
    {
        ulong value = 1;
        for (int i = 0; i < Turns; i++)
        {
            value = (value * 6364136223846793005) + 1442695040888963407;
        }

        Shared.WriteOnce(ref s_sink, value);
        Completion.Complete(Done);
        return 0;
    }

    private static void Insert(ulong* sorted, int count, ulong value)
    {
        int i = count;
        for (; i > 0 && sorted[i - 1] > value; i--)
        {
            sorted[i] = sorted[i - 1];
        }

        sorted[i] = value;
    }
}
