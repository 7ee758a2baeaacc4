// Rcu.Command: the monitor's command rcu: grace periods, and the callbacks of each CPU. Process context, no locks.

namespace CSharpOS.ReadCopyUpdate;

public static unsafe partial class Rcu
{
    internal static void RegisterCommand() => Monitor.Register("rcu"u8, ""u8, "grace periods, and callbacks of each CPU"u8, &Command);

    private static int Command(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        int completed = RcuBatchesCompleted;
        MonitorOutput.Write($"{completed} grace periods{(Shared.ReadOnce(ref s_current) == completed ? "" : ", and one going on")}\n");
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                MonitorOutput.Write($"CPU{cpu}: {RcuCallbacksWaiting(cpu)} callbacks wait, {RcuCallbacksInvoked(cpu)} called\n");
            }
        }

        return 0;
    }
}
