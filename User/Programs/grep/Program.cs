// grep: the lines that a pattern fits. -i: large and small letters are the same; -v: the others; -n: with numbers; -c: only how many; -q:
// only whether. 0 if there was a line, 1 if not, 2 for an error.

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const uint IgnoreCase = 1;
    private const uint Invert = 2;
    private const uint Numbers = 4;
    private const uint CountOnly = 8;
    private const uint Quiet = 16;

    private static uint s_flags;
    private static Pattern s_pattern;
    private static bool s_showNames;
    private static bool s_found;

    private static int Main(string[] args)
    {
        if (!Options.TryParse(args, "ivncq", out s_flags, out int first) || first == args.Length)
        {
            return Usage("grep [-ivncq] PATTERN [FILE...]");
        }

        byte[] pattern = new byte[args[first].Length * 3];
        int length = Utf8.Encode(args[first], pattern);
        byte[] exact = new byte[length];
        pattern.AsSpan(0, length).CopyTo(exact);
        s_pattern = new Pattern(exact, (s_flags & IgnoreCase) != 0);
        first++;
        s_showNames = args.Length - first > 1;
        bool failed = false;
        if (first == args.Length)
        {
            failed = !Search(0, "standard input");
        }

        for (int i = first; i < args.Length; i++)
        {
            int descriptor = Open(args[i], O_RDONLY);
            if (descriptor < 0 || !Search(descriptor, args[i]))
            {
                Perror("grep", args[i]);
                failed = true;
            }

            Close(descriptor);
        }

        return failed ? 2 : s_found ? 0 : 1;
    }

    private static bool Search(int descriptor, string name)
    {
        LineReader reader = new(descriptor);
        int count = 0;
        for (int number = 1; reader.ReadLine(out ReadOnlySpan<byte> line); number++)
        {
            if (s_pattern.IsIn(line) == ((s_flags & Invert) != 0))
            {
                continue;
            }

            count++;
            s_found = true;
            if ((s_flags & Quiet) != 0)
            {
                Exit(0);
            }

            if ((s_flags & CountOnly) == 0)
            {
                ShowName(name);
                if ((s_flags & Numbers) != 0)
                {
                    Console.Write($"{number}:");
                }

                Console.WriteLine(line);
            }
        }

        if ((s_flags & (CountOnly | Quiet)) == CountOnly)
        {
            ShowName(name);
            Console.WriteLine($"{count}");
        }

        return !reader.HasFailed;
    }

    private static void ShowName(string name)
    {
        if (s_showNames)
        {
            Console.Write($"{name}:");
        }
    }
}
