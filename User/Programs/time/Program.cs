// time: runs a program and says how long it took: by the clock, in user mode, in the kernel.

if (args.Length == 0)
{
    return Usage("time PROGRAM [ARGUMENT...]");
}

long start = Milliseconds();
int pid = Fork();
if (pid < 0)
{
    return Perror("time", "fork");
}

if (pid == 0)
{
    Execvp(args);
    Perror("time", args[0]);
    Exit(127);
}

Rusage usage = default;
int status = 0;
while (Wait4(pid, out status, 0, out usage) < 0 && errno == EINTR)
{
}

long real = Milliseconds() - start;
Show("real", real);
Show("user", (usage.User.Seconds * 1000L) + (usage.User.Microseconds / 1000));
Show("sys", (usage.System.Seconds * 1000L) + (usage.System.Microseconds / 1000));
return ExitStatus(status);

static void Show(string what, long milliseconds) =>
    Console.Error.WriteLine($"{what}\t{milliseconds / 60000}m{milliseconds / 1000 % 60}.{milliseconds % 1000:d3}s");
