// ls: lists files. -a: names with a dot in front too; -l: mode, links, owner, size, and the numbers of devices; -1: one name per line (as
// when the output is no terminal).

namespace CSharpOS.User.Programs;

internal static class Program
{
    private const uint All = 1;
    private const uint Long = 2;
    private const uint OnePerLine = 4;

    private static uint s_flags;

    private static int Main(string[] args)
    {
        if (!Options.TryParse(args, "al1", out s_flags, out int first))
        {
            return Usage("ls [-al1] [FILE...]");
        }

        if (!Isatty(1))
        {
            s_flags |= OnePerLine;
        }

        if (first == args.Length)
        {
            return ListDirectory(".");
        }

        int status = 0;
        for (int i = first; i < args.Length; i++)
        {
            if (Stat(args[i], out Stat stat) < 0 && Lstat(args[i], out stat) < 0)
            {
                status = Perror("ls", args[i]);
            }
            else if (!stat.IsDirectory)
            {
                Show(args[i], stat, 0);
                EndRow();
            }
            else
            {
                if (args.Length - first > 1)
                {
                    Console.WriteLine($"{args[i]}:");
                }

                status |= ListDirectory(args[i]);
            }
        }

        return status;
    }

    private static int ListDirectory(string path)
    {
        DirectoryReader reader = new(path);
        if (reader.Descriptor < 0)
        {
            return Perror("ls", path);
        }

        List<string> names = new();
        int width = 0;
        while (reader.Next() is { } name)
        {
            if (name[0] != '.' || (s_flags & All) != 0)
            {
                int at = names.Count;
                while (at > 0 && string.CompareOrdinal(names[at - 1], name) > 0)
                {
                    at--;
                }

                names.Insert(at, name);
                width = Math.Max(width, name.Length + 2);
            }
        }

        reader.Dispose();
        int columns = (s_flags & (Long | OnePerLine)) != 0 ? 1 : Math.Max(1, GetWindowSize(1).Columns / Math.Max(width, 1));
        for (int i = 0; i < names.Count; i++)
        {
            Stat stat = default;
            if ((s_flags & Long) != 0)
            {
                Lstat(path + "/" + names[i], out stat);
            }

            bool isLast = i % columns == columns - 1 || i == names.Count - 1;
            Show(names[i], stat, isLast ? 0 : width);
            if (isLast)
            {
                EndRow();
            }
        }

        return 0;
    }

    private static void Show(string name, in Stat stat, int width)
    {
        if ((s_flags & Long) == 0)
        {
            Console.Write($"{name}");
            for (int i = name.Length; i < width; i++)
            {
                Console.Write(' ');
            }

            return;
        }

        Console.Write(TypeLetter(stat.Mode));
        for (int bit = 8; bit >= 0; bit--)
        {
            Console.Write((stat.Mode & (1u << bit)) != 0 ? "xwr"[bit % 3] : '-');
        }

        Console.Write($" {stat.Links,3} {stat.User,5} {stat.Group,5} ");
        if (stat.SpecialDevice != 0)
        {
            Console.Write($"{stat.Major,4}, {stat.Minor,3} {name}");
        }
        else
        {
            Console.Write($"{stat.Size,9} {name}");
        }
    }

    private static void EndRow() => Console.WriteLine();

    private static char TypeLetter(uint mode) => (mode & CSharpOS.User.Stat.TypeMask) switch
    {
        CSharpOS.User.Stat.Directory => 'd',
        CSharpOS.User.Stat.CharacterDevice => 'c',
        CSharpOS.User.Stat.BlockDevice => 'b',
        CSharpOS.User.Stat.Fifo => 'p',
        CSharpOS.User.Stat.SymbolicLink => 'l',
        CSharpOS.User.Stat.Socket => 's',
        _ => '-',
    };
}
