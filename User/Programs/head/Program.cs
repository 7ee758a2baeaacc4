// head: the first lines of files. -n N: so many, 10 otherwise.

int count = 10;
int first = 0;
if (!Options.TryTakeNumber(args, "-n", ref first, ref count) || count < 0)
{
    return Usage("head [-n LINES] [FILE...]");
}

int status = 0;
for (int i = first; i < Math.Max(args.Length, first + 1); i++)
{
    int descriptor = i < args.Length ? Open(args[i], O_RDONLY) : 0;
    if (descriptor < 0)
    {
        status = Perror("head", args[i]);
        continue;
    }

    LineReader reader = new(descriptor);
    for (int line = 0; line < count && reader.ReadLine(out ReadOnlySpan<byte> text); line++)
    {
        Console.WriteLine(text);
    }

    if (reader.HasFailed)
    {
        status = Perror("head", i < args.Length ? args[i] : "standard input");
    }
}

return status;
