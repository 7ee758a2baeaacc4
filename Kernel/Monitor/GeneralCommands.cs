// GeneralCommands: help, echo, version, uptime, dmesg. Process context.

using CSharpOS.Init;

namespace CSharpOS.Monitoring;

internal static unsafe class GeneralCommands
{
    public static void Register()
    {
        Monitor.Register("help"u8, "[COMMAND]"u8, "list the commands, or say what one does"u8, &Help);
        Monitor.Register("echo"u8, "[TEXT]"u8, "print the text"u8, &Echo);
        Monitor.Register("version"u8, ""u8, "name, version and build of the kernel"u8, &Version);
        Monitor.Register("uptime"u8, ""u8, "time since boot"u8, &Uptime);
        Monitor.Register("dmesg"u8, ""u8, "print the kernel log"u8, &Dmesg);
    }

    private static int Help(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (words.TryNext(out ReadOnlySpan<byte> name))
        {
            if (!words.AtEnd)
            {
                return -EINVAL;
            }

            if (!Monitor.TryFind(name, out Command wanted))
            {
                MonitorOutput.Write($"help: no command '{name}'\n");
                return -ENOENT;
            }

            Describe(in wanted);
            return 0;
        }

        for (int i = 0; Monitor.TryGet(i, out Command command); i++)
        {
            Describe(in command);
        }

        return 0;
    }

    private static void Describe(in Command command)
    {
        const int Column = 24;
        MonitorOutput.Write($"{command.Name} {command.Usage}");
        int length = command.Name.Length + 1 + command.Usage.Length;
        if (length >= Column)
        {
            MonitorOutput.Write("\n"u8);
            length = 0;
        }

        MonitorOutput.Write("                        "u8[..(Column - length)]);
        MonitorOutput.Write($"{command.Help}\n");
    }

    private static int Echo(ReadOnlySpan<byte> arguments)
    {
        MonitorOutput.Write($"{arguments}\n");
        return 0;
    }

    private static int Version(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

#if DEBUG_CHECKS
        MonitorOutput.Write($"{KernelVersion.Banner}, with checks\n");
#else
        MonitorOutput.Write($"{KernelVersion.Banner}\n");
#endif
        return 0;
    }

    private static int Uptime(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        ulong microseconds = MonotonicMicroseconds();
        ulong seconds = microseconds / 1_000_000;
        MonitorOutput.Write($"up {seconds / 86_400} days {seconds / 3_600 % 24:d2}:{seconds / 60 % 60:d2}:{seconds % 60:d2}"
            + $".{microseconds / 10_000 % 100:d2}, {Jiffies64 - InitialJiffies} ticks of 1/{HZ} s\n");
        return 0;
    }

    private static int Dmesg(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        // As far as the log goes now: what is logged meanwhile is shown by itself.
        ulong end = KernelLog.NextSequence;
        LogReader log = new(0);
        while (log.Position < end && log.MoveNext() && !Monitor.Interrupted())
        {
            MonitorOutput.Write(log.Current.Line);
        }

        return 0;
    }
}
