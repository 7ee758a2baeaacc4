// What the sources under test take from the user library, on ordinary .NET.

using System;
using System.Collections.Generic;
using System.Text;

namespace CSharpOS.Runtime
{
    /// <summary>Rounds of memory mean nothing to a garbage collector.</summary>
    internal static class ManagedHeap
    {
        public static bool Keep(bool keep) => keep;
    }
}

namespace CSharpOS.User
{
    internal static class Utf8
    {
        public static string ToString(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
    }
}

namespace CSharpOS.User.Tests
{
    using CSharpOS.User.Shell;

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
}
