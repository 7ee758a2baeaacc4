// FakeHost: the shell's surroundings in tests.

using System;
using System.Collections.Generic;
using CSharpOS.User.Shell;

namespace CSharpOS.User.Tests;

/// <summary>A file system of paths; a directory ends with a slash.</summary>
internal sealed class FakeHost(params string[] paths) : ShellHost
{
    public string Captured { get; set; } = "";

    public List<string> Commands { get; } = [];

    public override List<string> List(string directory)
    {
        string prefix = directory == "." ? "" : directory.EndsWith('/') ? directory : directory + "/";
        List<string> names = [];
        foreach (string path in paths)
        {
            string plain = path.TrimEnd('/');
            if (plain.StartsWith(prefix, StringComparison.Ordinal) && plain.Length > prefix.Length && plain.IndexOf('/', prefix.Length) < 0)
            {
                names.Add(plain[prefix.Length..]);
            }
        }

        return names;
    }

    public override bool IsDirectory(string path) =>
        Array.Exists(paths, known => known == (path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path) + "/");

    public override bool Exists(string path) => Array.Exists(paths, known => known.TrimEnd('/') == path.TrimEnd('/'));

    public override string Capture(string command)
    {
        Commands.Add(command);
        return Captured;
    }
}
