// The pages of the mechanisms of deferred work: each has the rules, a life cycle or how it works, code to read, something to run, and what Linux does differently. What a page tells to
// type exists, and every demonstration stands on a page.

using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Tests;

public sealed partial class MechanismPagesTests
{
    private static readonly string s_docs = Path.Combine(Repository.Root, "docs");

    [Theory]
    [InlineData("softirqs", "Softirq")]
    [InlineData("tasklets", "Softirq")]
    [InlineData("timers", "Time")]
    [InlineData("workqueues", "Workqueue")]
    [InlineData("rcu", "Rcu")]
    [InlineData("historical", "Historical")]
    public void A_page_has_all_its_parts(string name, string folder)
    {
        string page = Read(name);

        Assert.Contains("Rules", page);
        Assert.Matches(@"(?m)^## (Life of |The wheel)|^    cli\(\)", page);
        Assert.Matches(@"(?m)^## (To see it run|See it)$", page);
        Assert.Matches("(?m)^## (What )?Linux |^## What Linux ", page);

        // Files are named with their folder, or alone.
        string[] files = [.. File_().Matches(page).Select(match => match.Value).Distinct()];
        string[] sources = [.. Directory.EnumerateFiles(Path.Combine(Repository.Root, "Kernel", folder), "*.cs").Select(file => Path.GetFileName(file))];
        Assert.NotEmpty(files.Intersect(sources));
    }

    [Fact]
    public void What_a_page_tells_to_type_exists_and_each_demonstration_is_told()
    {
        string[] known =
        [
            .. Directory.EnumerateFiles(Path.Combine(Repository.Root, "Kernel"), "*.cs", SearchOption.AllDirectories)
                .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal))
                .SelectMany(file => Added().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value),
        ];
        string[] told =
        [
            .. Directory.EnumerateFiles(s_docs, "*.md").Append(Path.Combine(Repository.Root, "README.md"))
                .SelectMany(file => Demo().Matches(File.ReadAllText(file)))
                .Select(match => match.Groups[1].Value).Distinct(),
        ];

        Assert.Contains("softirq-storm", known);
        Assert.Empty(told.Except(known));
        Assert.Empty(known.Except(told));
    }

    private static string Read(string name) => File.ReadAllText(Path.Combine(s_docs, name + ".md"));

    [GeneratedRegex(@"\w[\w.]*\.cs\b")]
    private static partial Regex File_();

    [GeneratedRegex("""(?:^|\s)(?:DemoCommands\.)?Add\("([a-z-]+)"u8, "[^"]+"u8, &""")]
    private static partial Regex Added();

    [GeneratedRegex(@"(?:`|csharpos> |^    |-- )demo ([a-z-]+)", RegexOptions.Multiline)]
    private static partial Regex Demo();
}
