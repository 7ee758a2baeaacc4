// wc: counts lines, words and bytes. -l, -w, -c: only those.

namespace CSharpOS.User.Programs;

internal static class Program
{
    private static uint s_flags;

    private static int Main(string[] args)
    {
        if (!Options.TryParse(args, "lwc", out s_flags, out int first))
        {
            return Usage("wc [-lwc] [FILE...]");
        }

        s_flags = s_flags == 0 ? 7 : s_flags;
        if (first == args.Length)
        {
            return Count(0, "standard input", "");
        }

        int status = 0;
        for (int i = first; i < args.Length; i++)
        {
            int descriptor = Open(args[i], O_RDONLY);
            if (descriptor < 0)
            {
                status = Perror("wc", args[i]);
                continue;
            }

            status |= Count(descriptor, args[i], args[i]);
            Close(descriptor);
        }

        return status;
    }

    private static int Count(int descriptor, string name, string shown)
    {
        byte[] buffer = new byte[4096];
        ulong lines = 0;
        ulong words = 0;
        ulong bytes = 0;
        bool inWord = false;
        int count;
        while ((count = Read(descriptor, buffer)) != 0)
        {
            if (count < 0)
            {
                return Perror("wc", name);
            }

            bytes += (ulong)count;
            foreach (byte value in buffer.AsSpan(0, count))
            {
                bool isBlank = value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r';
                words += !isBlank && !inWord ? 1u : 0;
                inWord = !isBlank;
                lines += value == '\n' ? 1u : 0;
            }
        }

        ShowIf(1, lines);
        ShowIf(2, words);
        ShowIf(4, bytes);
        Console.WriteLine(shown.Length == 0 ? "" : " " + shown);
        return 0;
    }

    private static void ShowIf(uint flag, ulong number)
    {
        if ((s_flags & flag) != 0)
        {
            Console.Write($"{number,8}");
        }
    }
}
