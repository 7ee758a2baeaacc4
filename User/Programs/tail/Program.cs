// tail: the last lines of a file or of the input. -n N: so many, 10 otherwise.

int count = 10;
int first = 0;
if (!Options.TryTakeNumber(args, "-n", ref first, ref count) || count < 0 || args.Length - first > 1)
{
    return Usage("tail [-n LINES] [FILE]");
}

string name = first < args.Length ? args[first] : "standard input";
int descriptor = first < args.Length ? Open(name, O_RDONLY) : 0;
if (descriptor < 0)
{
    return Perror("tail", name);
}

// A ring of the lines seen last; each keeps its bytes in an array that grows.
LineReader reader = new(descriptor);
byte[][] lines = new byte[count][];
int[] lengths = new int[count];
int seen = 0;
while (reader.ReadLine(out ReadOnlySpan<byte> text))
{
    if (count > 0)
    {
        int at = seen % count;
        if (lines[at] is null || lines[at].Length < text.Length)
        {
            lines[at] = new byte[text.Length * 2];
        }

        text.CopyTo(lines[at]);
        lengths[at] = text.Length;
    }

    seen++;
}

if (reader.HasFailed)
{
    return Perror("tail", name);
}

for (int i = Math.Max(0, seen - count); i < seen; i++)
{
    Console.WriteLine(lines[i % count].AsSpan(0, lengths[i % count]));
}

return 0;
