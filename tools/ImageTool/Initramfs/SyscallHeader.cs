// SyscallHeader: the numbers of system calls for programs in C, from Kernel/Syscalls/syscalls.tbl.

using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.Generators;

namespace CSharpOS.ImageTool.Initramfs;

/// <summary>Writes the header with the numbers.</summary>
public static class SyscallHeader
{
    /// <summary>Writes <paramref name="output"/>; a mistake in the list is an error with file and line, as compilers write it.</summary>
    public static int Run(string list, string output)
    {
        List<string> errors = [];
        string text = Make(File.ReadAllText(list), errors);
        foreach (string error in errors)
        {
            Console.Error.WriteLine(list + error);
        }

        if (errors.Count != 0)
        {
            return 1;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
        File.WriteAllText(output, text);
        return 0;
    }

    /// <summary>The header's text: the i386 numbers, and the x86-64 numbers for code of 64 bits. Mistakes are added to
    /// <paramref name="errors"/>, each with its line.</summary>
    public static string Make(string list, List<string> errors)
    {
        List<SyscallTableError> mistakes = [];
        List<SyscallEntry> entries = SyscallTable.Parse(list, mistakes);
        foreach (SyscallTableError mistake in mistakes)
        {
            errors.Add($"({mistake.Line + 1}): error CSOS0102: {mistake.Text}");
        }

        StringBuilder text = new("/* Made from Kernel/Syscalls/syscalls.tbl by the build. */\n\n#ifdef __x86_64__\n");
        AddNumbers(text, entries, static entry => entry.Amd64);
        text.Append("#else\n");
        AddNumbers(text, entries, static entry => entry.I386);
        return text.Append("#endif\n").ToString();
    }

    private static void AddNumbers(StringBuilder text, List<SyscallEntry> entries, Func<SyscallEntry, int> number)
    {
        foreach (SyscallEntry entry in entries)
        {
            if (number(entry) >= 0)
            {
                text.Append("#define __NR_").Append(entry.Name).Append(' ').Append(number(entry)).Append('\n');
            }
        }
    }
}
