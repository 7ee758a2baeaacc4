// sleep: waits for seconds, with a fraction if wanted.

if (args.Length != 1 || !TryParse(args[0], out Timespec time))
{
    return Usage("sleep SECONDS[.FRACTION]");
}

while (Nanosleep(ref time) < 0)
{
    if (errno != EINTR)
    {
        return Perror("sleep", "nanosleep");
    }
}

return 0;

static bool TryParse(string text, out Timespec time)
{
    time = default;
    int point = text.IndexOf('.');
    if (!Number.TryParse(point < 0 ? text : text.Substring(0, point), out time.Seconds) || time.Seconds < 0)
    {
        return false;
    }

    int unit = 100_000_000;
    for (int i = point + 1; point >= 0 && i < text.Length; i++)
    {
        if (text[i] is < '0' or > '9')
        {
            return false;
        }

        time.Nanoseconds += (text[i] - '0') * unit;
        unit /= 10;
    }

    return true;
}
