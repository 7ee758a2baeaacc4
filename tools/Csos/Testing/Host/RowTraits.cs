// Which rows of the specification an xunit test names. The result file does not carry traits, so they are read from the source:
// [Trait("Row", "IRQ-05")] on the method or its class; IRQ_05 in the method's name counts too.

using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace CSharpOS.Tool.Testing.Host;

/// <summary>Rows by the full name of the test method.</summary>
public sealed partial class RowTraits
{
    private readonly Dictionary<string, HashSet<string>> _rows = [];

    /// <summary>Reads all C# files below a folder.</summary>
    public static RowTraits OfFolder(string folder)
    {
        RowTraits traits = new();
        foreach (string file in SourceFiles.Below(folder))
        {
            traits.Add(File.ReadAllText(file));
        }

        return traits;
    }

    /// <summary>Reads one source text.</summary>
    public void Add(string source)
    {
        SyntaxNode root = CSharpSyntaxTree.ParseText(source).GetRoot();
        foreach (MethodDeclarationSyntax method in root.DescendantNodes().OfType<MethodDeclarationSyntax>())
        {
            List<string> rows = [.. RowsOf(method.AttributeLists)];
            List<string> names = [];
            foreach (SyntaxNode ancestor in method.Ancestors())
            {
                switch (ancestor)
                {
                    case TypeDeclarationSyntax type:
                        rows.AddRange(RowsOf(type.AttributeLists));
                        names.Insert(0, type.Identifier.Text);
                        break;
                    case BaseNamespaceDeclarationSyntax space:
                        names = [space.Name + "." + string.Join('+', names)];
                        break;
                }
            }

            rows.AddRange(NameRow().Matches(method.Identifier.Text).Select(match => match.Value.Replace('_', '-')));
            if (rows.Count > 0)
            {
                string name = string.Join('+', names) + "." + method.Identifier.Text;
                _rows.TryAdd(name, []);
                _rows[name].UnionWith(rows);
            }
        }
    }

    /// <summary>The rows that a test method names.</summary>
    /// <param name="method">Namespace, class and method, joined by dots (nested classes by a plus).</param>
    public IReadOnlyList<string> Of(string method) => _rows.TryGetValue(method, out HashSet<string>? rows) ? [.. rows.Order()] : [];

    private static IEnumerable<string> RowsOf(SyntaxList<AttributeListSyntax> lists)
    {
        foreach (AttributeSyntax attribute in lists.SelectMany(list => list.Attributes))
        {
            if (attribute.Name.ToString() is "Trait" or "Xunit.Trait"
                && attribute.ArgumentList?.Arguments is [var name, var value]
                && Literal(name) == "Row"
                && Literal(value) is { } row)
            {
                yield return row;
            }
        }
    }

    private static string? Literal(AttributeArgumentSyntax argument) =>
        argument.Expression is LiteralExpressionSyntax literal ? literal.Token.ValueText : null;

    [GeneratedRegex(@"(?<![A-Za-z])[A-Z]+_\d{2}(?!\d)")]
    private static partial Regex NameRow();
}
