// SoftirqCommands: softirqs and tasklets. Process context.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Monitoring;

internal static unsafe class SoftirqCommands
{
    private const int MostShown = 32;

    private static Seen s_seen;

    public static void Register()
    {
        Monitor.Register("softirqs"u8, ""u8, "softirqs per CPU, as /proc/softirqs"u8, &Softirqs);
        Monitor.Register("tasklets"u8, ""u8, "the tasklets that are scheduled just now"u8, &Tasklets);
    }

    private static int Softirqs(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        SoftirqStatistics.Write(&MonitorOutput.Write, Smp.CpuCount);
        return 0;
    }

    private static int Tasklets(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        int total = 0;
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                total += Show(cpu);
            }
        }

        if (total == 0)
        {
            MonitorOutput.Write("no tasklet is scheduled\n"u8);
        }

        return 0;
    }

    // A list may be walked only on its own CPU.
    private static int Show(int cpu)
    {
        var seen = (ScheduledTasklet*)Unsafe.AsPointer(ref s_seen);
        TaskletQuery query = new() { Found = seen, Room = MostShown };
        int error = Smp.SmpCallFunctionSingle(cpu, &Tasklet.CollectScheduled, &query, true);
        for (int i = 0; error == 0 && i < query.Count && i < MostShown; i++)
        {
            ReadOnlySpan<byte> function = SymbolTable.Lookup((nuint)seen[i].Func, out SymbolInfo info) ? info.Name : "?"u8;
            MonitorOutput.Write($"CPU {cpu} {(seen[i].IsHi ? "HI     " : "TASKLET")} {(void*)seen[i].Tasklet} {function} disabled {seen[i].Disabled}\n");
        }

        return query.Count;
    }

    [InlineArray(MostShown)]
    private struct Seen
    {
        private ScheduledTasklet _first;
    }
}
