// Interpreter: runs what the parser understood: forks, joins with pipes, redirects, waits.
//
// A single command of the shell's own runs in the shell. Everything else runs in children, one per command of a pipeline; all of a pipeline
// are in one group of processes, which is the terminal's foreground group while the shell waits.

namespace CSharpOS.User.Shell;

/// <summary>Runs commands.</summary>
internal static unsafe class Interpreter
{
    private const int NotFound = 127;
    private const int NotExecutable = 126;

    public static readonly Variables Variables = new();
    public static readonly SystemHost Host = new();

    /// <summary>Takes the environment over.</summary>
    public static void Start()
    {
        for (byte** entry = ProgramStart.InitialEnvironment(); *entry != null; entry++)
        {
            string text = Utf8.ToString(*entry);
            if (text.IndexOf('=') > 0)
            {
                Variables.SetFrom(text).IsExported = true;
            }
        }

        if (Variables.Find("PATH") is null)
        {
            Variables.Set("PATH", "/bin").IsExported = true;
        }

        Variables.ProcessId = Unix.Getpid();
    }

    /// <summary>Sets $0, $1 and so on.</summary>
    public static void SetArguments(string name, ReadOnlySpan<string> arguments)
    {
        bool outside = Runtime.ManagedHeap.Keep(true);
        Variables.Arguments.Clear();
        Variables.Arguments.Add(new string(name.AsSpan()));
        foreach (string argument in arguments)
        {
            Variables.Arguments.Add(new string(argument.AsSpan()));
        }

        Runtime.ManagedHeap.Keep(outside);
    }

    /// <summary>Runs one pipeline after the other; the status of the last one that ran.</summary>
    public static int RunList(List<Pipeline> list)
    {
        foreach (Pipeline pipeline in list)
        {
            bool succeeded = Variables.LastStatus == 0;
            if (pipeline.Connection == Connection.Always || succeeded == (pipeline.Connection == Connection.IfSucceeded))
            {
                int status = RunPipeline(pipeline);
                Variables.LastStatus = pipeline.IsNegated ? (status == 0 ? 1 : 0) : status;
            }
        }

        return Variables.LastStatus;
    }

    private static int RunPipeline(Pipeline pipeline)
    {
        Command first = pipeline.Commands[0];
        if (pipeline.Commands.Count == 1 && !pipeline.IsBackground && first.Group is null)
        {
            string[] arguments = ExpandWords(first);
            if (arguments.Length == 0 || Builtins.Has(arguments[0]))
            {
                return RunHere(first, arguments);
            }
        }

        return RunInChildren(pipeline);
    }

    private static string[] ExpandWords(Command command)
    {
        Expander expander = new(Variables, Host);
        List<string> arguments = new();
        foreach (string word in command.Words)
        {
            arguments.AddRange(expander.Expand(word));
        }

        return arguments.ToArray();
    }

    // In the shell itself: its own commands, and lines that only set variables or make files.
    private static int RunHere(Command command, string[] arguments)
    {
        List<Redirection> redirections = command.Redirections;
        int[] saved = new int[redirections.Count];
        int done = 0;
        bool isGood = true;
        Console.Out.Flush();
        for (; done < redirections.Count && isGood; done++)
        {
            saved[done] = Unix.DupAbove(redirections[done].Descriptor);
            isGood = Redirect(redirections[done]);
        }

        int status = 1;
        if (isGood)
        {
            SetVariables(command, export: false);
            bool forGood = arguments.Length == 1 && arguments[0] == "exec";
            status = arguments.Length == 0 ? 0 : Builtins.Run(arguments);
            Console.Out.Flush();
            if (forGood)
            {
                return status;
            }
        }

        while (done > 0)
        {
            done--;
            int descriptor = redirections[done].Descriptor;
            if (saved[done] >= 0)
            {
                Unix.Dup2(saved[done], descriptor);
                Unix.Close(saved[done]);
            }
            else
            {
                Unix.Close(descriptor);
            }
        }

        return status;
    }

    private static int RunInChildren(Pipeline pipeline)
    {
        Job job = Jobs.New(pipeline.Text);
        int input = -1;
        for (int i = 0; i < pipeline.Commands.Count; i++)
        {
            int readEnd = -1;
            int writeEnd = -1;
            if (i + 1 < pipeline.Commands.Count && Unix.Pipe(out readEnd, out writeEnd) < 0)
            {
                Unix.Perror("sh", "pipe");
                break;
            }

            int pid = Unix.Fork();
            if (pid == 0)
            {
                bool wasInteractive = Terminal.IsInteractive;
                Terminal.EnterChild(job.Group, !pipeline.IsBackground);
                Jobs.Forget();
                Connect(input, 0);
                Connect(writeEnd, 1);
                if (readEnd >= 0)
                {
                    Unix.Close(readEnd);
                }

                Unix.Exit(RunAsChild(pipeline.Commands[i], pipeline.IsBackground && i == 0, wasInteractive));
            }

            CloseIfOpen(input);
            CloseIfOpen(writeEnd);
            input = readEnd;
            if (pid < 0)
            {
                Unix.Perror("sh", "fork");
                break;
            }

            job.Group = job.Group == 0 ? pid : job.Group;
            if (Terminal.HasJobControl)
            {
                Unix.Setpgid(pid, job.Group);
            }

            Jobs.AddProcess(job, pid);
        }

        CloseIfOpen(input);
        if (!pipeline.IsBackground || job.Group == 0)
        {
            if (job.Group != 0)
            {
                Terminal.Give(job.Group);
            }

            return job.Group == 0 ? 1 : Jobs.WaitForeground(job);
        }

        Variables.LastBackground = job.Processes[job.Processes.Count - 1].Pid;
        if (Terminal.IsInteractive)
        {
            Console.WriteLine($"[{job.Number}] {Variables.LastBackground}");
        }

        return 0;
    }

    private static int RunAsChild(Command command, bool inBackground, bool wasInteractive)
    {
        if (inBackground && !wasInteractive)
        {
            Connect(Unix.Open("/dev/null", Unix.O_RDONLY), 0);
        }

        foreach (Redirection redirection in command.Redirections)
        {
            if (!Redirect(redirection))
            {
                return 1;
            }
        }

        if (command.Group is not null)
        {
            return RunList(command.Group);
        }

        SetVariables(command, export: true);
        string[] arguments = ExpandWords(command);
        if (arguments.Length == 0)
        {
            return 0;
        }

        return Builtins.Has(arguments[0]) ? Builtins.Run(arguments) : Execute(arguments);
    }

    /// <summary>Turns this process into a program found on $PATH. Comes back only if that fails, with the status to end with.</summary>
    internal static int Execute(string[] arguments)
    {
        byte** environment = MakeEnvironment();
        string name = arguments[0];
        int error = ENOENT;
        if (name.Contains('/'))
        {
            TryExecute(name, arguments, environment, ref error);
        }
        else
        {
            foreach (string directory in Variables.Get("PATH").Split(':'))
            {
                TryExecute((directory.Length == 0 ? "." : directory) + "/" + name, arguments, environment, ref error);
            }
        }

        if (error == ENOENT && !name.Contains('/'))
        {
            Console.Error.WriteLine($"sh: {name}: not found");
            return NotFound;
        }

        errno = error;
        Unix.Perror("sh", name);
        return error == ENOENT ? NotFound : NotExecutable;
    }

    private static void TryExecute(string path, string[] arguments, byte** environment, ref int error)
    {
        Unix.Execve(path, arguments, environment);
        if (errno == ENOEXEC)
        {
            // Not a program: a file of commands.
            Unix.Exit(Program.RunFile(path, arguments.AsSpan(1)));
        }

        error = errno == ENOENT ? error : errno;
    }

    private static byte** MakeEnvironment()
    {
        nint[] entries = new nint[Variables.All.Count + 1];
        int count = 0;
        foreach (Variable variable in Variables.All)
        {
            if (variable.IsExported)
            {
                entries[count++] = (nint)Utf8.Allocate(variable.Name + "=" + variable.Value);
            }
        }

        // The array stays where it is: nothing moves objects.
        fixed (nint* start = entries)
        {
            return (byte**)start;
        }
    }

    private static void SetVariables(Command command, bool export)
    {
        Expander expander = new(Variables, Host);
        foreach (string assignment in command.Assignments)
        {
            int equals = assignment.IndexOf('=');
            Variable variable = Variables.Set(assignment.Substring(0, equals), expander.ExpandOne(assignment.Substring(equals + 1)));
            variable.IsExported |= export;
        }
    }

    private static bool Redirect(Redirection redirection)
    {
        string target = new Expander(Variables, Host).ExpandOne(redirection.Target);
        if (redirection.Operation.EndsWith('&'))
        {
            if (!Number.TryParse(target, out int from) || Unix.Dup2(from, redirection.Descriptor) < 0)
            {
                errno = EBADF;
                Unix.Perror("sh", target);
                return false;
            }

            return true;
        }

        int flags = redirection.Operation switch
        {
            "<" => Unix.O_RDONLY,
            ">" => Unix.O_WRONLY | Unix.O_CREAT | Unix.O_TRUNC,
            _ => Unix.O_WRONLY | Unix.O_CREAT | Unix.O_APPEND,
        };
        int descriptor = Unix.Open(target, flags, 0x1b6);
        if (descriptor < 0)
        {
            Unix.Perror("sh", target);
            return false;
        }

        Connect(descriptor, redirection.Descriptor);
        return true;
    }

    private static void Connect(int from, int to)
    {
        if (from >= 0 && from != to)
        {
            Unix.Dup2(from, to);
            Unix.Close(from);
        }
    }

    private static void CloseIfOpen(int descriptor)
    {
        if (descriptor >= 0)
        {
            Unix.Close(descriptor);
        }
    }
}
