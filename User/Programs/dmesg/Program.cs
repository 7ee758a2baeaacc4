// dmesg: the kernel's messages. -c: and empties the log.

if (!Options.TryParse(args, "c", out uint flags, out int first) || first != args.Length)
{
    return Usage("dmesg [-c]");
}

int size = Syslog(10, default);
if (size < 0)
{
    return Perror("dmesg", "syslog");
}

byte[] log = new byte[Math.Max(size, 4096)];
int length = Syslog(flags == 0 ? 3 : 4, log);
if (length < 0)
{
    return Perror("dmesg", "syslog");
}

return WriteAll(1, log.AsSpan(0, length)) < 0 ? Perror("dmesg", "standard output") : 0;
