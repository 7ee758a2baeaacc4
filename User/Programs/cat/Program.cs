// cat: writes files, or its input, to its output.

namespace CSharpOS.User.Programs;

internal static class Program
{
    private static readonly byte[] s_buffer = new byte[4096];

    private static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            return Copy(0, "standard input");
        }

        int status = 0;
        foreach (string path in args)
        {
            if (path == "-")
            {
                status |= Copy(0, "standard input");
                continue;
            }

            int descriptor = Open(path, O_RDONLY);
            if (descriptor < 0)
            {
                status = Perror("cat", path);
                continue;
            }

            status |= Copy(descriptor, path);
            Close(descriptor);
        }

        return status;
    }

    private static int Copy(int descriptor, string name)
    {
        while (true)
        {
            int count = Read(descriptor, s_buffer);
            if (count == 0)
            {
                return 0;
            }

            if (count < 0 && errno == EINTR)
            {
                continue;
            }

            if (count < 0)
            {
                return Perror("cat", name);
            }

            if (WriteAll(1, s_buffer.AsSpan(0, count)) < 0)
            {
                return Perror("cat", "standard output");
            }
        }
    }
}
