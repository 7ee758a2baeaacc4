// Every pointer argument of every system call is in the list of usertest that gives each of them addresses that are wrong.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Tests;

public sealed partial class PointerCallsTests
{
    private const string Pointers = "WwRrPpLXEFVvai";

    private static readonly string s_calls = File.ReadAllText(Path.Combine(Repository.Root, "docs", "system-call-table.md"));
    private static readonly string s_tried = File.ReadAllText(Path.Combine(Repository.Root, "User", "Programs", "usertest", "PointerCalls.cs"));

    [Fact]
    [Trait("Row", "SYS-04")]
    [Trait("Row", "SYS-13")]
    public void Every_pointer_argument_is_tried()
    {
        Match[] tried = Tried().Matches(s_tried).ToArray();
        Match[] calls = Call().Matches(s_calls).ToArray();
        List<string> missing = [];
        foreach (Match call in calls.Where(call => call.Groups["arguments"].Value.Contains('*')))
        {
            string name = call.Groups["name"].Value;
            string[] arguments = call.Groups["arguments"].Value.Split(", ");
            Match[] rows = [.. tried.Where(row => row.Groups["name"].Value == name)];
            bool narrow = call.Groups["i386"].Value.Length == 0 || rows.Any(row => row.Groups["way"].Value is "Both" or "Narrow");
            bool wide = call.Groups["amd64"].Value.Length == 0 || rows.Any(row => row.Groups["way"].Value is "Both" or "Wide");
            string[] same = [.. rows.Select(row => row.Groups["what"].Value).Where(what => what.Length == arguments.Length)];
            bool places = Enumerable.Range(0, arguments.Length).Where(i => arguments[i].Contains('*')).All(i => same.Any(what => Pointers.Contains(what[i])));
            if (!narrow || !wide || !places)
            {
                missing.Add(name);
            }
        }

        Assert.True(calls.Length > 150);
        Assert.Empty(missing);
    }

    [GeneratedRegex(@"^\| `(?<name>\w+)` \| (?<i386>\d*) ?\| (?<amd64>\d*) ?\| `?(?<arguments>[^`|]*)`? \|", RegexOptions.Multiline)]
    private static partial Regex Call();

    [GeneratedRegex(@"\b(?<way>Both|Narrow|Wide)\((?:SyscallNumbers64\.)?__NR_(?<name>\w+), ""(?<what>[^""]*)""")]
    private static partial Regex Tried();
}
