// Finds the members that mirror a Linux one: public members of the kernel and its drivers whose XML documentation has a
// <linux> tag, with the rows of the specification from its <rows> tag. Read from the source, so no build is needed.

using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CSharpOS.Tool.Docs;

/// <summary>One member.</summary>
/// <param name="Linux">The Linux name.</param>
/// <param name="Member">The C# member: type and name.</param>
/// <param name="File">Its file, from the repository's root.</param>
/// <param name="Rows">The rows of the specification that it serves.</param>
public sealed record LinuxMember(string Linux, string Member, string File, IReadOnlyList<string> Rows);

/// <summary>Scans sources for members that mirror Linux.</summary>
public static partial class LinuxMap
{
    /// <summary>The folders that are scanned.</summary>
    public static readonly string[] Folders = ["Kernel", "Drivers"];

    /// <summary>Scans a repository.</summary>
    public static IReadOnlyList<LinuxMember> OfRepository(string root) =>
    [
        .. Folders.SelectMany(folder => SourceFiles.Below(Path.Combine(root, folder)))
            .SelectMany(file => OfSource(File.ReadAllText(file), Path.GetRelativePath(root, file)))
            .OrderBy(member => member.Linux, StringComparer.Ordinal)
            .ThenBy(member => member.Member, StringComparer.Ordinal)
            .ThenBy(member => member.File, StringComparer.Ordinal),
    ];

    /// <summary>Scans one source text.</summary>
    public static IEnumerable<LinuxMember> OfSource(string source, string file)
    {
        if (!source.Contains("<linux>", StringComparison.Ordinal))
        {
            yield break;
        }

        // Whatever is compiled only under a condition is part of the map, too.
        string[] symbols = ["SMP", "PREEMPT", "IRQ_STACKS", "DEBUG_CHECKS"];
        CSharpParseOptions options = new(LanguageVersion.Preview, DocumentationMode.Parse, preprocessorSymbols: symbols);
        SyntaxNode root = CSharpSyntaxTree.ParseText(source, options).GetRoot();
        foreach (MemberDeclarationSyntax member in root.DescendantNodes().OfType<MemberDeclarationSyntax>())
        {
            string comment = string.Concat(member.GetLeadingTrivia()
                .Where(trivia => trivia.IsKind(SyntaxKind.SingleLineDocumentationCommentTrivia))
                .Select(trivia => trivia.ToFullString()));
            string[] rows = [.. RowsTag().Matches(comment).SelectMany(tag => Row().Matches(tag.Value)).Select(row => row.Value).Distinct()];
            foreach (Match tag in LinuxTag().Matches(comment))
            {
                yield return new LinuxMember(tag.Groups[1].Value.Trim(), NameOf(member), file, rows);
            }
        }
    }

    private static string NameOf(MemberDeclarationSyntax member)
    {
        string own = member switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            PropertyDeclarationSyntax property => property.Identifier.Text,
            BaseFieldDeclarationSyntax field => field.Declaration.Variables[0].Identifier.Text,
            BaseTypeDeclarationSyntax type => type.Identifier.Text,
            DelegateDeclarationSyntax type => type.Identifier.Text,
            EnumMemberDeclarationSyntax value => value.Identifier.Text,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
            _ => member.Kind().ToString(),
        };
        IEnumerable<string> types = member.Ancestors().OfType<BaseTypeDeclarationSyntax>().Select(type => type.Identifier.Text).Reverse();
        return string.Join('.', types.Append(own));
    }

    [GeneratedRegex("<linux>([^<]+)</linux>")]
    private static partial Regex LinuxTag();

    [GeneratedRegex("<rows>[^<]+</rows>")]
    private static partial Regex RowsTag();

    [GeneratedRegex(@"\b[A-Z]+-\d{2}\b")]
    private static partial Regex Row();
}
