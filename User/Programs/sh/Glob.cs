// Glob: patterns for names of files: * ? [a-z] [!a-z]. A backslash takes the meaning of the next character away. No system calls.

using System;
using System.Collections.Generic;

namespace CSharpOS.User.Shell;

/// <summary>Patterns for names of files.</summary>
internal static class Glob
{
    public static bool IsSpecial(char c) => c is '*' or '?' or '[' or ']' or '\\';

    /// <summary>True if the whole name fits the pattern.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> name)
    {
        while (pattern.Length > 0)
        {
            if (pattern[0] == '*')
            {
                for (int skip = 0; skip <= name.Length; skip++)
                {
                    if (Matches(pattern.Slice(1), name.Slice(skip)))
                    {
                        return true;
                    }
                }

                return false;
            }

            if (name.Length == 0)
            {
                return false;
            }

            int taken = MatchOne(pattern, name[0]);
            if (taken == 0)
            {
                return false;
            }

            pattern = pattern.Slice(taken);
            name = name.Slice(1);
        }

        return name.Length == 0;
    }

    /// <summary>The files whose path fits the pattern, sorted.</summary>
    public static List<string> Expand(string pattern, ShellHost host)
    {
        List<string> found = new();
        found.Add(pattern.Length > 0 && pattern[0] == '/' ? "/" : "");
        foreach (string part in pattern.Split('/'))
        {
            if (part.Length == 0)
            {
                continue;
            }

            List<string> deeper = new();
            for (int i = 0; i < found.Count; i++)
            {
                string prefix = found[i].Length == 0 || found[i] == "/" ? found[i] : found[i] + "/";
                AddMatches(deeper, found[i].Length == 0 ? "." : found[i], prefix, part, host);
            }

            found = deeper;
        }

        return found;
    }

    private static void AddMatches(List<string> to, string directory, string prefix, string pattern, ShellHost host)
    {
        if (!HasWildcard(pattern))
        {
            string path = prefix + Unescape(pattern);
            if (host.Exists(path))
            {
                to.Add(path);
            }

            return;
        }

        int sortFrom = to.Count;
        foreach (string name in host.List(directory))
        {
            if ((name[0] != '.' || pattern[0] == '.') && Matches(pattern, name))
            {
                int at = sortFrom;
                while (at < to.Count && string.CompareOrdinal(to[at], prefix + name) < 0)
                {
                    at++;
                }

                to.Insert(at, prefix + name);
            }
        }
    }

    // How many characters of the pattern c uses up; 0 if it does not fit.
    private static int MatchOne(ReadOnlySpan<char> pattern, char c)
    {
        switch (pattern[0])
        {
            case '?':
                return 1;
            case '\\' when pattern.Length > 1:
                return pattern[1] == c ? 2 : 0;
            case '[':
                int close = pattern.Slice(Math.Min(2, pattern.Length)).IndexOf(']') + 2;
                if (close < 2)
                {
                    break;
                }

                ReadOnlySpan<char> set = pattern.Slice(1, close - 1);
                bool negated = set[0] is '!' or '^';
                return InSet(negated ? set.Slice(1) : set, c) != negated ? close + 1 : 0;
        }

        return pattern[0] == c ? 1 : 0;
    }

    private static bool InSet(ReadOnlySpan<char> set, char c)
    {
        for (int i = 0; i < set.Length; i++)
        {
            if (i + 2 < set.Length && set[i + 1] == '-')
            {
                if (c >= set[i] && c <= set[i + 2])
                {
                    return true;
                }

                i += 2;
            }
            else if (set[i] == c)
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasWildcard(string pattern)
    {
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\')
            {
                i++;
            }
            else if (pattern[i] is '*' or '?' or '[')
            {
                return true;
            }
        }

        return false;
    }

    private static string Unescape(string pattern)
    {
        System.Text.StringBuilder text = new();
        for (int i = 0; i < pattern.Length; i++)
        {
            if (pattern[i] == '\\' && i + 1 < pattern.Length)
            {
                i++;
            }

            text.Append(pattern[i]);
        }

        return text.ToString();
    }
}
