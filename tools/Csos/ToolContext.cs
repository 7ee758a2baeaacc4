// The tool's surroundings: where the repository is, where output goes, what the environment says. A test hands in its own.

using Spectre.Console;

namespace CSharpOS.Tool;

/// <summary>What a command needs to know of the world.</summary>
public sealed class ToolContext
{
    private readonly Func<string, string?> _environment;

    /// <summary>Makes a context.</summary>
    /// <param name="root">The repository's root folder.</param>
    /// <param name="output">Standard output.</param>
    /// <param name="error">Standard error.</param>
    /// <param name="environment">Gives the value of an environment variable, or null.</param>
    public ToolContext(string root, TextWriter output, TextWriter error, Func<string, string?> environment)
    {
        Root = root;
        Output = output;
        Error = error;
        _environment = environment;
    }

    /// <summary>The repository's root folder.</summary>
    public string Root { get; }

    /// <summary>Standard output.</summary>
    public TextWriter Output { get; }

    /// <summary>Standard error.</summary>
    public TextWriter Error { get; }

    /// <summary>Is standard output a terminal a person looks at?</summary>
    public bool IsInteractive { get; init; }

    /// <summary>Does standard input come from a file or a pipe?</summary>
    public bool IsInputRedirected { get; init; } = true;

    /// <summary>Standard input as bytes.</summary>
    public Func<Stream> OpenInput { get; init; } = System.Console.OpenStandardInput;

    /// <summary>Standard output as bytes.</summary>
    public Func<Stream> OpenOutput { get; init; } = System.Console.OpenStandardOutput;

    /// <summary>What stood after <c>--</c> on the command line.</summary>
    public IReadOnlyList<string> PassedThrough { get; set; } = [];

    /// <summary>Ends with the tool: set on Ctrl-C and its like.</summary>
    public CancellationTokenSource Cancellation { get; } = new();

    /// <summary>The output as a Spectre console: tables and progress.</summary>
    public IAnsiConsole Console => field ??= MakeConsole();

    /// <summary>The folder for everything that is built or logged.</summary>
    public string Artifacts => Path.Combine(Root, "artifacts");

    /// <summary>The context of a real run.</summary>
    public static ToolContext OfThisProcess()
    {
        bool interactive = !System.Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("CI"));
        return new ToolContext(FindRoot(), System.Console.Out, System.Console.Error, Environment.GetEnvironmentVariable)
        {
            IsInteractive = interactive,
            IsInputRedirected = System.Console.IsInputRedirected,
        };
    }

    /// <summary>The value of an environment variable, or null where it is unset or empty.</summary>
    public string? Variable(string name) => _environment(name) is { Length: > 0 } value ? value : null;

    /// <summary>A path below the repository's root.</summary>
    public string PathOf(params ReadOnlySpan<string> parts) => Path.Combine([Root, .. parts]);

    /// <summary>A path as a person wants to read it: relative to the current folder where that is shorter.</summary>
    public static string Shown(string path)
    {
        string relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.Length < path.Length ? relative : path;
    }

    private IAnsiConsole MakeConsole()
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = IsInteractive ? AnsiSupport.Detect : AnsiSupport.No,
            ColorSystem = IsInteractive ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
            Interactive = IsInteractive ? InteractionSupport.Detect : InteractionSupport.No,
            Out = new AnsiConsoleOutput(Output),
        });
        if (!IsInteractive)
        {
            console.Profile.Width = 160;
        }

        return console;
    }

    private static string FindRoot()
    {
        if (Environment.GetEnvironmentVariable("CSOS_ROOT") is { Length: > 0 } root)
        {
            return root;
        }

        for (string? folder = Environment.CurrentDirectory; folder != null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "csos")) && File.Exists(Path.Combine(folder, "global.json")))
            {
                return folder;
            }
        }

        throw new CsosException("this is not inside the repository; start the tool through its script ./csos");
    }
}
