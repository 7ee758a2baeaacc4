// sh: the shell. Main and the reading of commands; what they mean is in Interpreter.cs, how a line is taken apart in Lexer, Parser and
// Expander.

using CSharpOS.Runtime;

namespace CSharpOS.User.Shell;

internal static class Program
{
    private static readonly LineEditor s_editor = new();

    private static int Main(string[] args)
    {
        Interpreter.Start();
        if (args.Length > 0 && args[0] == "-c")
        {
            if (args.Length < 2)
            {
                return Unix.Usage("sh [-c COMMAND | FILE] [ARGUMENT...]");
            }

            Interpreter.SetArguments(args.Length > 2 ? args[2] : "sh", args.AsSpan(Math.Min(3, args.Length)));
            return RunText(args[1]);
        }

        if (args.Length > 0)
        {
            if (args[0].StartsWith('-'))
            {
                return Unix.Usage("sh [-c COMMAND | FILE] [ARGUMENT...]");
            }

            return RunFile(args[0], args.AsSpan(1));
        }

        Interpreter.SetArguments("sh", default);
        if (Unix.Isatty(0))
        {
            Terminal.Take();
            if (Unix.Access("/etc/profile", 4) == 0)
            {
                Source("/etc/profile");
            }

            return RunInteractive();
        }

        return RunStream(0);
    }

    /// <summary>Runs a file of commands in this shell, with arguments of its own.</summary>
    internal static int RunFile(string path, ReadOnlySpan<string> arguments)
    {
        Interpreter.SetArguments(path, arguments);
        return Source(path);
    }

    /// <summary>Runs a file of commands in this shell.</summary>
    internal static int Source(string path)
    {
        int descriptor = Unix.Open(path, Unix.O_RDONLY);
        int moved = descriptor < 0 ? -1 : Unix.DupAbove(descriptor);
        if (moved < 0)
        {
            Unix.Perror("sh", path);
            return 127;
        }

        Unix.Close(descriptor);
        int status = RunStream(moved);
        Unix.Close(moved);
        return status;
    }

    private static int RunText(string text)
    {
        List<Pipeline> list = Parser.Parse(text, out string? error, out _);
        if (error is not null)
        {
            Console.Error.WriteLine($"sh: {error}");
            return 2;
        }

        return Interpreter.RunList(list);
    }

    // A script: one byte at a time, because the commands may read from the same file.
    private static int RunStream(int descriptor)
    {
        StringBuilder text = new();
        byte[] one = new byte[1];
        byte[] line = new byte[4096];
        int number = 0;
        while (true)
        {
            int length = 0;
            int count;
            while ((count = Unix.Read(descriptor, one)) != 0)
            {
                if (count < 0 && errno != EINTR)
                {
                    Unix.Perror("sh");
                    return 1;
                }

                if (count > 0 && (one[0] == '\n' || length == line.Length))
                {
                    break;
                }

                if (count > 0)
                {
                    line[length++] = one[0];
                }
            }

            number++;
            text.Append(Utf8.ToString(line.AsSpan(0, length)));
            List<Pipeline> list = Parser.Parse(text.ToString(), out string? error, out bool isIncomplete);
            if (error is null)
            {
                Interpreter.RunList(list);
            }
            else if (isIncomplete && count != 0)
            {
                text.Append('\n');
                continue;
            }
            else
            {
                Console.Error.WriteLine($"sh: line {number}: {error}");
                return 2;
            }

            text.Clear();
            if (count == 0)
            {
                return Interpreter.Variables.LastStatus;
            }
        }
    }

    private static int RunInteractive()
    {
        while (true)
        {
            ManagedHeap.BeginRound();
            Jobs.Report();
            string text = "";
            List<Pipeline> list;
            while (true)
            {
                string? line = ReadLine(text.Length == 0 ? Prompt() : "> ", out bool interrupted);
                if (interrupted)
                {
                    Interpreter.Variables.LastStatus = 128 + Unix.SIGINT;
                    list = new List<Pipeline>();
                    break;
                }

                if (line is null)
                {
                    if (Jobs.RefuseToLeave())
                    {
                        list = new List<Pipeline>();
                        break;
                    }

                    return Interpreter.Variables.LastStatus;
                }

                text = text.Length == 0 ? line : text + "\n" + line;
                list = Parser.Parse(text, out string? error, out bool isIncomplete);
                if (error is null)
                {
                    s_editor.Remember(text);
                    break;
                }

                if (!isIncomplete)
                {
                    s_editor.Remember(text);
                    Console.Error.WriteLine($"sh: {error}");
                    Interpreter.Variables.LastStatus = 2;
                    list = new List<Pipeline>();
                    break;
                }
            }

            Interpreter.RunList(list);
            ManagedHeap.EndRound();
        }
    }

    private static string Prompt() => Interpreter.Variables.Find("PS1")?.Value
        ?? (Unix.Getcwd() ?? "?") + (Unix.Geteuid() == 0 ? " # " : " $ ");

    private static string? ReadLine(string prompt, out bool interrupted)
    {
        SystemCompleter completer = new();
        Span<byte> key = stackalloc byte[1];
        EditResult result = EditResult.More;
        Terminal.EnterRaw();
        s_editor.Begin(prompt, Unix.GetWindowSize(0).Columns);
        while (result == EditResult.More)
        {
            Console.Write(s_editor.TakeOutput());
            Console.Out.Flush();
            int count = Unix.Read(0, key);
            if (count == 0 || (count < 0 && errno != EINTR))
            {
                result = EditResult.EndOfInput;
            }
            else if (count > 0)
            {
                result = s_editor.Feed(key[0], completer);
            }
        }

        Console.Write(s_editor.TakeOutput());
        Console.Out.Flush();
        Terminal.LeaveRaw();
        interrupted = result == EditResult.Interrupted;
        return result == EditResult.EndOfInput ? null : s_editor.Line;
    }

    private sealed class SystemCompleter : LineEditor.Completer
    {
        public override Completion Of(string before) =>
            Completion.Of(before, Builtins.Names, Interpreter.Variables.Get("PATH"), Interpreter.Host);
    }

    /// <summary>The lines entered so far.</summary>
    internal static List<string> History => s_editor.History;
}
