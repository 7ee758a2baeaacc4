// The script ./csos itself, before there is any tool in C#: what it says of a machine that lacks something.

using System.Diagnostics;

namespace CSharpOS.Tool.Tests;

public sealed class ShellScriptTests : IDisposable
{
    private static readonly string[] s_needed =
        ["bash", "cat", "cut", "dirname", "env", "find", "grep", "mkdir", "mktemp", "mv", "readlink", "rm", "sed", "sort", "tail", "touch"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("csos-script");
    private bool _home = true;

    public ShellScriptTests()
    {
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "bin"));
        foreach (string program in s_needed)
        {
            string? place = Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
            File.CreateSymbolicLink(Path.Combine(_folder.FullName, "bin", program), place!);
        }

        File.Copy(Path.Combine(Repository.Root, "csos"), Path.Combine(_folder.FullName, "csos"));
        Directory.CreateDirectory(Path.Combine(_folder.FullName, "tools", "Csos"));
        foreach (string file in (string[])["Directory.Build.props", "Directory.Packages.props", "global.json"])
        {
            File.WriteAllText(Path.Combine(_folder.FullName, file), "");
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Who_is_not_root_is_told_what_to_install()
    {
        Program("dotnet", "exit 0");
        Program("id", "echo 1000");
        Program("apt-get", "exit 0");

        Assert.Equal((1, "csos: packages are missing; run: sudo apt-get install nasm binutils qemu-system-x86\n"), Run("run"));
    }

    [Fact]
    public void Without_apt_the_packages_are_named()
    {
        Program("dotnet", "exit 0");
        Program("nasm", "exit 0");
        Program("ld", "exit 0");

        (int status, string text) = Run("run");
        Assert.Equal(1, status);
        Assert.Equal("csos: not installed: qemu-system-x86 (Debian's names of the packages); install them with your package manager\n", text);
    }

    [Fact]
    public void Without_dotnet_one_line_says_where_to_get_it()
    {
        // The places where a package puts it are looked at whatever the path says: here they are others.
        string script = Path.Combine(_folder.FullName, "csos");
        File.WriteAllText(script, File.ReadAllText(script).Replace("/usr/", "/nowhere/usr/", StringComparison.Ordinal));

        // Nor need there be a home.
        _home = false;

        (int status, string text) = Run("run");
        Assert.Equal(1, status);
        Assert.Equal("csos: no 'dotnet' found; get the .NET SDK 10: https://dotnet.microsoft.com/download/dotnet/10.0\n", text);
    }

    [Fact]
    public void An_SDK_that_is_too_old_is_named()
    {
        Program("dotnet", "echo '8.0.100 [/nowhere]'");

        (int status, string text) = Run("docs");
        Assert.Equal(1, status);
        Assert.EndsWith("/bin/dotnet has no .NET SDK 10; get it: https://dotnet.microsoft.com/download/dotnet/10.0\n", text, StringComparison.Ordinal);
        Assert.Single(text.TrimEnd().Split('\n'));
    }

    private void Program(string name, string script)
    {
        string path = Path.Combine(_folder.FullName, "bin", name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private (int Status, string Error) Run(params string[] arguments)
    {
        ProcessStartInfo start = new(Path.Combine(_folder.FullName, "bin", "bash"), [Path.Combine(_folder.FullName, "csos"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment.Clear();
        start.Environment["PATH"] = Path.Combine(_folder.FullName, "bin");
        if (_home)
        {
            start.Environment["HOME"] = _folder.FullName;
        }

        using Process process = Process.Start(start)!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
