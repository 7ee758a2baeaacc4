// TraceCommands: trace on, off, show, clear. Process context.

namespace CSharpOS.Monitoring;

internal static unsafe class TraceCommands
{
    public static void Register() =>
        Monitor.Register("trace"u8, "on [EVENTS] | off | show | clear"u8, "record what interrupts, softirqs, works and tasks do"u8, &TraceCommand);

    private static int TraceCommand(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!words.TryNext(out ReadOnlySpan<byte> what))
        {
            return -EINVAL;
        }

        if (what.SequenceEqual("on"u8))
        {
            if (!words.TryNextNumber(1, Trace.MaxEvents, 0, out ulong events) || !words.AtEnd)
            {
                return -EINVAL;
            }

            int error = Trace.Start((uint)events);
            if (error != 0)
            {
                MonitorOutput.Write($"trace: no memory for that many events per CPU\n");
            }

            return error;
        }

        if (!words.AtEnd)
        {
            return -EINVAL;
        }

        if (what.SequenceEqual("off"u8))
        {
            Trace.Stop();
            return 0;
        }

        if (what.SequenceEqual("clear"u8))
        {
            Trace.Clear();
            return 0;
        }

        return what.SequenceEqual("show"u8) ? Show() : -EINVAL;
    }

    // Off meanwhile: printing would trace itself.
    private static int Show()
    {
        bool on = Trace.IsOn;
        Trace.Stop();
        TraceText.Write(&MonitorOutput.Write, &Monitor.Interrupted);
        return on ? Trace.Start(0) : 0;
    }
}
