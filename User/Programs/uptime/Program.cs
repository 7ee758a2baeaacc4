// uptime: the time, how long the machine has been up, and its load.

if (args.Length > 0)
{
    return Usage("uptime");
}

if (GetSysInfo(out SysInfo info) < 0 || ClockGettime(CLOCK_REALTIME, out Timespec now) < 0)
{
    return Perror("uptime", "sysinfo");
}

int day = now.Seconds % 86400;
int minutes = info.Uptime / 60;
Console.Write($" {day / 3600:d2}:{day / 60 % 60:d2}:{day % 60:d2} up ");
if (minutes >= 1440)
{
    Console.Write($"{minutes / 1440} days, ");
}

Console.Write($"{minutes / 60 % 24}:{minutes % 60:d2}, {info.Processes} processes, load average: ");
ShowLoad(info.Load1, ", ");
ShowLoad(info.Load5, ", ");
ShowLoad(info.Load15, "\n");
return 0;

// Loads have sixteen bits behind the point.
static void ShowLoad(uint load, string end) => Console.Write($"{load >> 16}.{(load & 0xffff) * 100 >> 16:d2}{end}");
