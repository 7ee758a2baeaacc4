// SyscallTables: the two tables of system calls, by i386 and by x86-64 numbers, from the one list. A hole holds sys_ni_syscall. A method that the kernel
// does not export is an undefined symbol at the link.

using System.Globalization;
using System.Text;
using CSharpOS.Generators;

namespace CSharpOS.AsmGen;

internal static class SyscallTables
{
    private const string Hole = "sys_ni_syscall";

    internal static string Generate(string list)
    {
        List<SyscallTableError> errors = [];
        List<SyscallEntry> entries = SyscallTable.Parse(File.ReadAllText(list), errors);
        if (errors.Count > 0)
        {
            throw new InvalidDataException(string.Join('\n', errors.Select(e => $"{list}({e.Line + 1}): error: {e.Text}")));
        }

        StringBuilder text = new("; Generated from Kernel/Syscalls/syscalls.tbl. Do not edit.\n\n");
        string?[] i386 = Fill(entries, e => e.I386, e => e.Compat ?? e.Method);
        string?[] amd64 = Fill(entries, e => e.Amd64, e => e.Method);
        foreach (string symbol in i386.Concat(amd64).Append(Hole).OfType<string>().Distinct().Order(StringComparer.Ordinal))
        {
            text.Append(CultureInfo.InvariantCulture, $"extern {symbol}\n");
        }

        text.Append("\n        section .rodata\n        align 64\n");
        Append(text, "sys_call_table", "NR_SYSCALLS", i386);
        Append(text, "sys_call_table_64", "NR_SYSCALLS_64", amd64);
        text.Append("\n        section .note.GNU-stack noalloc noexec nowrite progbits\n");
        return text.ToString();
    }

    private static string?[] Fill(List<SyscallEntry> entries, Func<SyscallEntry, int> number, Func<SyscallEntry, string?> method)
    {
        string?[] table = new string?[entries.Max(number) + 1];
        foreach (SyscallEntry entry in entries.Where(e => number(e) >= 0))
        {
            table[number(entry)] = method(entry);
        }

        return table;
    }

    private static void Append(StringBuilder text, string name, string count, string?[] table)
    {
        text.Append(CultureInfo.InvariantCulture, $"global {name}, {count}\n{count} equ {table.Length}\n{name}:\n");
        foreach (string? symbol in table)
        {
            text.Append(CultureInfo.InvariantCulture, $"        dq {symbol ?? Hole}\n");
        }
    }
}
