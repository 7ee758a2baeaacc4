// A small repository in a temporary folder, and an emulator that is a shell script: the tool runs in-process against both.

using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Tests;

/// <summary>A temporary repository with dummy images.</summary>
public sealed class FakeRepository : IDisposable
{
    private readonly Dictionary<string, string> _variables = [];

    public FakeRepository()
    {
        Root = Directory.CreateTempSubdirectory("csos-test-").FullName;
        Write("docs/specification.md", "| id | state | what |\n|---|---|---|\n| TST-01 | planned | gates |\n");
        _variables["PATH"] = Environment.GetEnvironmentVariable("PATH") ?? "";
    }

    public string Root { get; }

    public StringWriter Output { get; } = new();

    public StringWriter Error { get; } = new();

    public ToolContext Context => field ??= new ToolContext(Root, Output, Error, name => _variables.GetValueOrDefault(name))
    {
        OpenInput = () => GuestInput,
        OpenOutput = () => GuestOutput,
    };

    /// <summary>What the tool's standard input holds for a guest.</summary>
    public MemoryStream GuestInput { get; } = new();

    /// <summary>What a guest printed on the tool's standard output.</summary>
    public MemoryStream GuestOutput { get; } = new();

    public string PathOf(string name) => Path.Combine(Root, name);

    public void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!);
        File.WriteAllText(PathOf(name), text);
    }

    /// <summary>Both kernels of a variant, as empty files.</summary>
    public void AddImages(string variant = "checked")
    {
        Write($"artifacts/image/{variant}/csharpos.elf", "");
        Write($"artifacts/image/{variant}/csharpos-test.elf", "");
    }

    /// <summary>Sets the emulator to a shell script.</summary>
    public void SetQemu(string script)
    {
        Write("qemu", "#!/bin/bash\n" + script);
        File.SetUnixFileMode(PathOf("qemu"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        SetVariable(Qemu.Variable, PathOf("qemu"));
    }

    public void SetVariable(string name, string value) => _variables[name] = value;

    /// <summary>Runs the tool.</summary>
    public Task<int> RunAsync(params string[] arguments) => CommandLine.RunAsync(arguments, Context);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
