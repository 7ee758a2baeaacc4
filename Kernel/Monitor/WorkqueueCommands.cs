// WorkqueueCommands: workqueues. Process context.

using CSharpOS.Workqueues;

namespace CSharpOS.Monitoring;

internal static unsafe class WorkqueueCommands
{
    public static void Register() =>
        Monitor.Register("workqueues"u8, ""u8, "the work queues, their threads, and what they do"u8, &Workqueues);

    private static int Workqueues(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Workqueue.WriteTable(&MonitorOutput.Write);
        return 0;
    }
}
