// Builtins: the commands that the shell runs itself, because they change the shell.

namespace CSharpOS.User.Shell;

/// <summary>The shell's own commands.</summary>
internal static class Builtins
{
    private static readonly string[] s_names =
    [
        ".", ":", "bg", "cd", "exec", "exit", "export", "fg", "help", "history", "jobs", "kill", "pwd", "read", "set", "shift", "unset", "wait",
    ];

    public static ReadOnlySpan<string> Names => s_names;

    public static bool Has(string name)
    {
        foreach (string other in s_names)
        {
            if (other == name)
            {
                return true;
            }
        }

        return false;
    }

    public static int Run(string[] arguments)
    {
        string first = arguments.Length > 1 ? arguments[1] : "";
        switch (arguments[0])
        {
            case ".":
                return first.Length == 0 ? Unix.Usage(". FILE") : Program.Source(first);
            case "bg":
                return Background(first);
            case "cd":
                return ChangeDirectory(first.Length == 0 ? Interpreter.Variables.Get("HOME") : first);
            case "exec":
                return arguments.Length == 1 ? 0 : Interpreter.Execute(Rest(arguments));
            case "exit":
                Unix.Exit(first.Length > 0 && Number.TryParse(first, out int status) ? status : Interpreter.Variables.LastStatus);
                return 0;
            case "export":
                return Export(arguments);
            case "fg":
                return Foreground(first);
            case "help":
                return Help();
            case "history":
                List<string> lines = Program.History;
                for (int i = 0; i < lines.Count; i++)
                {
                    Console.WriteLine($"{i + 1,5}  {lines[i]}");
                }

                return 0;
            case "jobs":
                Jobs.List();
                return 0;
            case "kill":
                return Kill(arguments);
            case "pwd":
                Console.WriteLine(Unix.Getcwd());
                return 0;
            case "read":
                return Read(arguments);
            case "set":
                foreach (Variable variable in Interpreter.Variables.All)
                {
                    Console.WriteLine($"{variable.Name}={variable.Value}");
                }

                return 0;
            case "shift":
                if (Interpreter.Variables.Arguments.Count < 2)
                {
                    return 1;
                }

                Interpreter.Variables.Arguments.RemoveAt(1);
                return 0;
            case "unset":
                foreach (string name in arguments.AsSpan(1))
                {
                    Interpreter.Variables.Unset(name);
                }

                return 0;
            case "wait":
                return Wait(first);
            default:
                return 0;
        }
    }

    private static string[] Rest(string[] arguments)
    {
        string[] rest = new string[arguments.Length - 1];
        arguments.AsSpan(1).CopyTo(rest);
        return rest;
    }

    private static int ChangeDirectory(string path)
    {
        string target = path == "-" ? Interpreter.Variables.Get("OLDPWD") : path;
        string? before = Unix.Getcwd();
        if (Unix.Chdir(target) < 0)
        {
            return Unix.Perror("cd", target);
        }

        Interpreter.Variables.Set("OLDPWD", before ?? "");
        Interpreter.Variables.Set("PWD", Unix.Getcwd() ?? target);
        return 0;
    }

    private static int Export(string[] arguments)
    {
        if (arguments.Length == 1)
        {
            foreach (Variable variable in Interpreter.Variables.All)
            {
                if (variable.IsExported)
                {
                    Console.WriteLine($"export {variable.Name}={variable.Value}");
                }
            }
        }

        foreach (string argument in arguments.AsSpan(1))
        {
            int equals = argument.IndexOf('=');
            string name = equals < 0 ? argument : argument.Substring(0, equals);
            if (!Variables.IsName(name))
            {
                Console.Error.WriteLine($"export: '{name}' is not a name");
                return 1;
            }

            Variable variable = equals >= 0 ? Interpreter.Variables.SetFrom(argument)
                : Interpreter.Variables.Find(name) ?? Interpreter.Variables.Set(name, "");
            variable.IsExported = true;
        }

        return 0;
    }

    private static int Foreground(string name)
    {
        Job? job = Find("fg", name);
        if (job is null)
        {
            return 1;
        }

        Console.WriteLine(job.Text);
        Terminal.Give(job.Group);
        Jobs.Continue(job);
        return Jobs.WaitForeground(job);
    }

    private static int Background(string name)
    {
        Job? job = Find("bg", name);
        if (job is null)
        {
            return 1;
        }

        Console.WriteLine($"[{job.Number}] {job.Text} &");
        Jobs.Continue(job);
        return 0;
    }

    private static int Wait(string name)
    {
        if (name.Length == 0)
        {
            Jobs.WaitAll();
            return 0;
        }

        Job? job = Find("wait", name);
        return job is null ? 127 : Jobs.WaitForeground(job);
    }

    // As the program kill, and %1 besides.
    private static int Kill(string[] arguments)
    {
        int first = 1;
        int signal = Unix.SIGTERM;
        if (arguments.Length > 1 && arguments[1].Length > 1 && arguments[1][0] == '-')
        {
            signal = Unix.SignalNumber(arguments[1].AsSpan(1));
            first = 2;
        }

        if (signal < 0 || first >= arguments.Length)
        {
            return Unix.Usage("kill [-SIGNAL] PID|%JOB...");
        }

        int status = 0;
        foreach (string argument in arguments.AsSpan(first))
        {
            int target = 0;
            if (argument[0] == '%')
            {
                Job? job = Find("kill", argument);
                target = job is null ? 0 : -job.Group;
                if (job is not null && job.IsStopped && signal != Unix.SIGKILL)
                {
                    Jobs.Continue(job);
                }
            }
            else if (!Number.TryParse(argument, out target))
            {
                Console.Error.WriteLine($"kill: '{argument}' is not a number of a process");
            }

            if (target == 0)
            {
                status = 1;
            }
            else if (Unix.Kill(target, signal) < 0)
            {
                status = Unix.Perror("kill", argument);
            }
        }

        return status;
    }

    private static int Read(string[] arguments)
    {
        byte[] line = new byte[1024];
        int length = 0;
        int count;
        while ((count = Unix.Read(0, line.AsSpan(length, 1))) > 0 && line[length] != '\n' && length + 1 < line.Length)
        {
            length++;
        }

        if (arguments.Length > 1)
        {
            Interpreter.Variables.Set(arguments[1], Utf8.ToString(line.AsSpan(0, length)));
        }

        return count > 0 ? 0 : 1;
    }

    private static int Help()
    {
        Console.WriteLine("Commands of the shell:"u8);
        foreach (string name in s_names)
        {
            Console.Write($" {name}");
        }

        Console.WriteLine("\nPrograms are in /bin. Joined: a | b, a && b, a || b, a; b, a &. Files: < > >> 2> 2>&1."u8);
        return 0;
    }

    private static Job? Find(string command, string name)
    {
        Job? job = Jobs.Find(name);
        if (job is null)
        {
            Console.Error.WriteLine($"{command}: {(name.Length == 0 ? "current" : name)}: no such job");
        }

        return job;
    }
}
