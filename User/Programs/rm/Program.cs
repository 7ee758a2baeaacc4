// rm: removes files. -r: directories with all that is in them; -f: no complaint about what is not there.

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const uint Recursive = 1;
    private const uint Force = 2;

    private static uint s_flags;

    private static int Main(string[] args)
    {
        if (!Options.TryParse(args, "rf", out s_flags, out int first) || (first == args.Length && s_flags != Force))
        {
            return Usage("rm [-rf] FILE...");
        }

        int status = 0;
        for (int i = first; i < args.Length; i++)
        {
            status |= Remove(args[i]);
        }

        return status;
    }

    private static int Remove(string path)
    {
        if (Lstat(path, out Stat stat) < 0)
        {
            return errno == ENOENT && (s_flags & Force) != 0 ? 0 : Perror("rm", path);
        }

        if (!stat.IsDirectory)
        {
            return Unlink(path) < 0 ? Perror("rm", path) : 0;
        }

        if ((s_flags & Recursive) == 0)
        {
            errno = EISDIR;
            return Perror("rm", path);
        }

        // All names first: what is removed must not move what is still to be read.
        List<string> names = new();
        DirectoryReader reader = new(path);
        while (reader.Next() is { } name)
        {
            if (name != "." && name != "..")
            {
                names.Add(name);
            }
        }

        reader.Dispose();
        int status = 0;
        foreach (string name in names)
        {
            status |= Remove(path + "/" + name);
        }

        return Rmdir(path) < 0 ? Perror("rm", path) : status;
    }
}
