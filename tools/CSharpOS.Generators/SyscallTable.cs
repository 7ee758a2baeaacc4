// SyscallTable: reads Kernel/Syscalls/syscalls.tbl. Used by the generator for user programs and by the tool that writes the C header.
//
// A line is: i386 number or -, x86-64 number or -, name, method or -, stand-in for 32-bit callers (optional). # begins a comment. A method
// that is - is a call with a number and a name that the kernel does not have: it answers -ENOSYS.

using System;
using System.Collections.Generic;
using System.Globalization;

namespace CSharpOS.Generators;

/// <summary>One line of the list of system calls.</summary>
internal sealed class SyscallEntry
{
    internal SyscallEntry(int line, int i386, int amd64, string name, string? method, string? compat)
    {
        Line = line;
        I386 = i386;
        Amd64 = amd64;
        Name = name;
        Method = method;
        Compat = compat;
    }

    /// <summary>The line, counted from 0.</summary>
    public int Line { get; }

    /// <summary>The number for int 0x80, -1 for none.</summary>
    public int I386 { get; }

    /// <summary>The number for the instruction syscall, -1 for none.</summary>
    public int Amd64 { get; }

    /// <summary>The call's name, as in Linux.</summary>
    public string Name { get; }

    /// <summary>The kernel's method, null for none.</summary>
    public string? Method { get; }

    /// <summary>Its stand-in for 32-bit callers, null for none.</summary>
    public string? Compat { get; }
}

/// <summary>A mistake in the list.</summary>
internal sealed class SyscallTableError
{
    internal SyscallTableError(int line, string text)
    {
        Line = line;
        Text = text;
    }

    /// <summary>The line, counted from 0.</summary>
    public int Line { get; }

    /// <summary>What is wrong with it.</summary>
    public string Text { get; }
}

/// <summary>The list of system calls.</summary>
internal static class SyscallTable
{
    private const int Fields = 5;
    private const int LargestNumber = 1023;

    private static readonly char[] s_blanks = { ' ', '\t', '\r' };

    /// <summary>The entries in the order of the list; what is wrong is added to <paramref name="errors"/> and left out.</summary>
    public static List<SyscallEntry> Parse(string text, List<SyscallTableError> errors)
    {
        List<SyscallEntry> entries = new();
        Dictionary<string, int> i386 = new();
        Dictionary<string, int> amd64 = new();
        Dictionary<string, int> names = new();
        string[] lines = text.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            int comment = lines[i].IndexOf('#');
            string content = comment < 0 ? lines[i] : lines[i].Substring(0, comment);
            string[] words = content.Split(s_blanks, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 0)
            {
                continue;
            }

            string? problem = Problem(words);
            if (problem is null)
            {
                problem = Taken(i386, words[0], i, "i386 number") ?? Taken(amd64, words[1], i, "x86-64 number") ?? Taken(names, words[2], i, "name")
                    ?? FixedNumbers.Problem(words[2], words[0], words[1]);
            }

            if (problem is not null)
            {
                errors.Add(new SyscallTableError(i, problem));
                continue;
            }

            entries.Add(new SyscallEntry(i, Number(words[0]), Number(words[1]), words[2], Word(words, 3), Word(words, 4)));
        }

        return entries;
    }

    private static string? Problem(string[] words)
    {
        if (words.Length is < Fields - 1 or > Fields)
        {
            return "a line is: i386 number, x86-64 number, name, method, and the method for 32-bit callers if there is one";
        }

        for (int i = 0; i < 2; i++)
        {
            if (words[i] != "-" && (!int.TryParse(words[i], NumberStyles.None, CultureInfo.InvariantCulture, out int number) || number > LargestNumber))
            {
                return $"'{words[i]}' is not a number from 0 to {LargestNumber}, and not -";
            }
        }

        if (words[0] == "-" && words[1] == "-")
        {
            return $"{words[2]} has no number";
        }

        for (int i = 2; i < words.Length; i++)
        {
            if (!(i >= 3 && words[i] == "-") && !IsName(words[i]))
            {
                return $"'{words[i]}' is not a name";
            }
        }

        return null;
    }

    private static string? Taken(Dictionary<string, int> seen, string word, int line, string what)
    {
        if (word == "-")
        {
            return null;
        }

        if (seen.TryGetValue(word, out int first))
        {
            return $"the {what} {word} is given twice: line {first + 1} has it already";
        }

        seen.Add(word, line);
        return null;
    }

    private static bool IsName(string word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            char c = word[i];
            if (c is not ((>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or '_' or (>= '0' and <= '9')) || (i == 0 && c is >= '0' and <= '9'))
            {
                return false;
            }
        }

        return true;
    }

    private static int Number(string word) => word == "-" ? -1 : int.Parse(word, CultureInfo.InvariantCulture);

    private static string? Word(string[] words, int index) => index < words.Length && words[index] != "-" ? words[index] : null;
}
