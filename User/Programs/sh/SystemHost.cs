// SystemHost: what the shell's logic wants to know, asked of the kernel.

namespace CSharpOS.User.Shell;

/// <summary>The real file system and real commands.</summary>
internal sealed class SystemHost : ShellHost
{
    public override List<string> List(string directory)
    {
        List<string> names = new();
        DirectoryReader reader = new(directory);
        while (reader.Next() is { } name)
        {
            if (name != "." && name != "..")
            {
                names.Add(name);
            }
        }

        reader.Dispose();
        return names;
    }

    public override bool IsDirectory(string path) => Unix.Stat(path, out Stat stat) == 0 && stat.IsDirectory;

    public override bool Exists(string path) => Unix.Lstat(path, out _) == 0;

    public override string Capture(string command)
    {
        if (Unix.Pipe(out int readEnd, out int writeEnd) < 0)
        {
            Unix.Perror("sh", "pipe");
            return "";
        }

        int pid = Unix.Fork();
        if (pid == 0)
        {
            Terminal.EnterChild(0, foreground: false);
            Jobs.Forget();
            Unix.Dup2(writeEnd, 1);
            Unix.Close(writeEnd);
            Unix.Close(readEnd);
            List<Pipeline> list = Parser.Parse(command, out string? error, out _);
            if (error is not null)
            {
                Console.Error.WriteLine($"sh: {error}");
                Unix.Exit(2);
            }

            Unix.Exit(Interpreter.RunList(list));
        }

        Unix.Close(writeEnd);
        byte[] bytes = new byte[1024];
        int length = 0;
        int count;
        while ((count = Unix.Read(readEnd, bytes.AsSpan(length))) != 0)
        {
            if (count < 0 && errno != EINTR)
            {
                break;
            }

            length += Math.Max(count, 0);
            if (length == bytes.Length)
            {
                byte[] larger = new byte[length * 2];
                bytes.AsSpan().CopyTo(larger);
                bytes = larger;
            }
        }

        Unix.Close(readEnd);
        if (pid > 0 && Unix.Waitpid(pid, out int status) == pid)
        {
            Interpreter.Variables.LastStatus = Unix.ExitStatus(status);
        }

        while (length > 0 && bytes[length - 1] == '\n')
        {
            length--;
        }

        return Utf8.ToString(bytes.AsSpan(0, length));
    }
}
