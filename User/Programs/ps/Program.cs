// ps: the processes, kernel threads in brackets.

if (args.Length > 0)
{
    return Usage("ps");
}

List<ProcStat> all = ProcStat.All();
if (all.Count == 0)
{
    errno = ENOENT;
    return Perror("ps", "/proc");
}

Console.WriteLine("  PID  PPID S  NI     TIME COMMAND"u8);
foreach (ProcStat stat in all)
{
    ulong seconds = stat.Ticks / 100;
    Console.WriteLine($"{stat.Pid,5} {stat.Parent,5} {stat.State} {stat.Nice,3} {seconds / 60,5}:{seconds % 60:d2} {ProcStat.CommandLine(stat)}");
}

return 0;
