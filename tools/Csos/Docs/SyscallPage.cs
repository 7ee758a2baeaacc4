// The page docs/system-call-table.md: every system call with its numbers, its arguments and the method that does it. From the one list,
// Kernel/Syscalls/syscalls.tbl, and the sources, so no build is needed.

using System.Globalization;
using System.Text;
using CSharpOS.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CSharpOS.Tool.Docs;

/// <summary>Makes docs/system-call-table.md.</summary>
public static class SyscallPage
{
    private const string List = "Kernel/Syscalls/syscalls.tbl";

    /// <summary>The page's path.</summary>
    public static string PathIn(string root) => Path.Combine(root, "docs", "system-call-table.md");

    /// <summary>The page as it should be for a repository.</summary>
    /// <exception cref="CsosException">There is no list, it has a mistake, or a method in it is in no source.</exception>
    public static string Of(string root)
    {
        string list = Path.Combine(root, List);
        if (!File.Exists(list))
        {
            throw new CsosException($"{List} is missing");
        }

        Dictionary<string, SyscallMethod> methods = [];
        foreach (string file in SourceFiles.Below(Path.Combine(root, "Kernel")))
        {
            AddMethods(File.ReadAllText(file), Path.GetRelativePath(root, file), methods);
        }

        return Text(File.ReadAllText(list), methods);
    }

    /// <summary>The page's text.</summary>
    /// <param name="list">The list of calls.</param>
    /// <param name="methods">What the sources export, by name.</param>
    public static string Text(string list, IReadOnlyDictionary<string, SyscallMethod> methods)
    {
        List<SyscallTableError> mistakes = [];
        List<SyscallEntry> entries = SyscallTable.Parse(list, mistakes);
        if (mistakes.Count > 0)
        {
            throw new CsosException($"{List}:{mistakes[0].Line + 1}: {mistakes[0].Text}");
        }

        StringBuilder text = new();
        text.Append("""
            # The system calls

            Made by `./csos docs` from [syscalls.tbl](../Kernel/Syscalls/syscalls.tbl) and the sources; do not edit. The i386 number is that of `int 0x80` and
            of the vsyscall page, whatever the width of the program; the x86-64 number that of the instruction `syscall`. A call without a method has a
            number and a name in Linux and answers -ENOSYS here. What a call's life is like, and how to add one: [system-calls.md](system-calls.md).

            | name | i386 | x86-64 | arguments | method | for 32-bit programs |
            |---|---|---|---|---|---|

            """);
        foreach (SyscallEntry entry in entries.OrderBy(entry => entry.Name, StringComparer.Ordinal))
        {
            SyscallMethod? method = entry.Method is null ? null : Find(entry, entry.Method);
            SyscallMethod? compat = entry.Compat is null ? null : Find(entry, entry.Compat);
            string arguments = method is null ? "" : method.Arguments.Length == 0 ? "none" : $"`{method.Arguments}`";
            text.Append($"| `{entry.Name}` | {Number(entry.I386)} | {Number(entry.Amd64)} | {arguments} | {Link(method)} | {Link(compat)} |\n");
        }

        return text.ToString();

        SyscallMethod Find(SyscallEntry entry, string name) => methods.TryGetValue(name, out SyscallMethod? found)
            ? found
            : throw new CsosException($"{List}:{entry.Line + 1}: no source exports {name}");
    }

    /// <summary>Adds the methods of one source text that are exported under a name.</summary>
    public static void AddMethods(string source, string file, IDictionary<string, SyscallMethod> methods)
    {
        if (!source.Contains("[RuntimeExport(", StringComparison.Ordinal))
        {
            return;
        }

        CSharpParseOptions options = new(LanguageVersion.Preview, preprocessorSymbols: ["SMP", "PREEMPT", "IRQ_STACKS", "DEBUG_CHECKS"]);
        foreach (MethodDeclarationSyntax method in CSharpSyntaxTree.ParseText(source, options).GetRoot().DescendantNodes().OfType<MethodDeclarationSyntax>())
        {
            foreach (AttributeSyntax attribute in method.AttributeLists.SelectMany(lists => lists.Attributes))
            {
                if (attribute.Name.ToString() == "RuntimeExport" && attribute.ArgumentList?.Arguments[0].Expression is LiteralExpressionSyntax name)
                {
                    string type = method.Ancestors().OfType<BaseTypeDeclarationSyntax>().First().Identifier.Text;
                    string arguments = string.Join(", ", method.ParameterList.Parameters.Select(parameter => $"{parameter.Type} {parameter.Identifier}"));
                    methods[name.Token.ValueText] = new SyscallMethod($"{type}.{method.Identifier.Text}", arguments, file);
                }
            }
        }
    }

    private static string Number(int number) => number < 0 ? "" : number.ToString(CultureInfo.InvariantCulture);

    private static string Link(SyscallMethod? method) => method is null ? "" : $"[{method.Name}](../{method.File})";
}

/// <summary>A method that the tables of system calls name.</summary>
/// <param name="Name">Type and name.</param>
/// <param name="Arguments">Types and names of its arguments.</param>
/// <param name="File">Its file, from the repository's root.</param>
public sealed record SyscallMethod(string Name, string Arguments, string File);
