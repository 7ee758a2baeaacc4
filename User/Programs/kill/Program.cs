// kill: sends a signal to processes; -l lists the signals.

if (args.Length == 1 && args[0] == "-l")
{
    for (int i = 0; i < SignalNames.Length; i++)
    {
        Console.Write($"{i + 1,2} {SignalNames[i]}{(i % 8 == 7 ? "\n" : "\t")}");
    }

    Console.WriteLine();
    return 0;
}

int first = 0;
int signal = SIGTERM;
if (args.Length > 0 && args[0].Length > 1 && args[0][0] == '-')
{
    signal = SignalNumber(args[0].AsSpan(1));
    first = 1;
}

if (signal < 0 || first == args.Length)
{
    return Usage("kill [-SIGNAL] PID...  or: kill -l");
}

int status = 0;
for (int i = first; i < args.Length; i++)
{
    if (!Number.TryParse(args[i], out int pid))
    {
        Console.Error.WriteLine($"kill: '{args[i]}' is not a number of a process");
        status = 1;
    }
    else if (Kill(pid, signal) < 0)
    {
        status = Perror("kill", args[i]);
    }
}

return status;
