// rmmod: unloads modules.

if (args.Length == 0)
{
    return Usage("rmmod MODULE...");
}

int status = 0;
foreach (string name in args)
{
    if (DeleteModule(name) == 0)
    {
        continue;
    }

    ReadOnlySpan<byte> reason = errno switch
    {
        ENOENT => "does not exist in /proc/modules"u8,
        EAGAIN => "is in use"u8,
        EBUSY => "is being loaded or unloaded, or has no exit function"u8,
        _ => Strerror(errno),
    };
    Console.Error.WriteLine($"rmmod: module {name}: {reason}");
    status = 1;
}

return status;
