// Reads the result file (trx) that `dotnet test` writes.

using System.Xml.Linq;

namespace CSharpOS.Tool.Testing.Host;

/// <summary>One result in it.</summary>
/// <param name="Method">Namespace, class and method.</param>
/// <param name="DisplayName">The shown name; for a theory with its arguments.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Message">Why it failed or was skipped.</param>
public sealed record TrxTest(string Method, string DisplayName, Outcome Outcome, string Message);

/// <summary>The result file.</summary>
public static class TrxFile
{
    private static readonly XNamespace s_space = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads all results.</summary>
    public static IReadOnlyList<TrxTest> Read(XDocument document)
    {
        Dictionary<string, string> methods = [];
        foreach (XElement test in document.Descendants(s_space + "UnitTest"))
        {
            if (test.Element(s_space + "TestMethod") is { } method)
            {
                methods[(string)test.Attribute("id")!] = $"{(string?)method.Attribute("className")}.{(string?)method.Attribute("name")}";
            }
        }

        return [.. document.Descendants(s_space + "UnitTestResult").Select(result => ReadOne(result, methods))];
    }

    private static TrxTest ReadOne(XElement result, Dictionary<string, string> methods)
    {
        string name = (string?)result.Attribute("testName") ?? "?";
        string method = methods.GetValueOrDefault((string?)result.Attribute("testId") ?? "", name);
        int arguments = method.IndexOf('(', StringComparison.Ordinal);
        XElement? output = result.Element(s_space + "Output");
        XElement? error = output?.Element(s_space + "ErrorInfo");
        string message = (string?)error?.Element(s_space + "Message") ?? (string?)output?.Element(s_space + "StdOut") ?? "";
        Outcome outcome = (string?)result.Attribute("outcome") switch
        {
            "Passed" => Outcome.Passed,
            "NotExecuted" => Outcome.Skipped,
            _ => Outcome.Failed,
        };
        return new TrxTest(arguments < 0 ? method : method[..arguments], name, outcome, outcome == Outcome.Passed ? "" : message.Trim());
    }
}
