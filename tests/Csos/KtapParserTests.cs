// The KTAP reader: what it counts, and what it does not let pass.

using CSharpOS.Tool.Testing;
using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Tests;

public sealed class KtapParserTests
{
    private const string Good = """
        KTAP version 1
        1..2
            KTAP version 1
            # Subtest: irq
            1..3
            ok 1 shared line calls every handler # TST-06 TST-19
            ok 2 threaded handler # SKIP needs threads
            ok 3 no rows at all
        ok 1 irq
            KTAP version 1
            # Subtest: memory
            1..1
            ok 1 pair # TSM-01
        ok 2 memory
        """;

    [Fact]
    public void A_good_stream_gives_its_tests_with_suites_and_rows()
    {
        KtapReport report = Parse(Good);

        Assert.True(report.IsComplete);
        Assert.Empty(report.Errors);
        Assert.False(report.HasFailures);
        Assert.Equal(["irq", "irq", "irq", "memory"], report.Tests.Select(test => test.Suite));
        Assert.Equal(["TST-06", "TST-19"], report.Tests[0].Rows);
        Assert.Equal("shared line calls every handler", report.Tests[0].Name);
        Assert.Equal(Outcome.Skipped, report.Tests[1].Outcome);
        Assert.Equal("needs threads", report.Tests[1].Message);
        Assert.Empty(report.Tests[1].Rows);
        Assert.Equal(Outcome.Passed, report.Tests[2].Outcome);
        Assert.Empty(report.Tests[2].Rows);
    }

    [Fact]
    public void Carriage_returns_noise_and_two_blank_indentation_do_not_matter()
    {
        string text = "SeaBIOS (version)\r\n\u001b[2J\r\n" + Good.Replace("    ", "  ").Replace("\n", "\r\n") + "\r\nnoise 1..7\r\n";

        KtapReport report = Parse(text);

        Assert.True(report.IsComplete);
        Assert.Empty(report.Errors);
        Assert.Equal(4, report.Tests.Count);
    }

    [Fact]
    public void A_failed_test_carries_its_diagnostics()
    {
        KtapReport report = Parse("""
            KTAP version 1
            1..1
                KTAP version 1
                # Subtest: irq
                1..2
                # Tests.cs:7: expected 1, got 2
                not ok 1 storm # TST-07
                ok 2 other # TST-08
            not ok 1 irq
            """);

        Assert.Empty(report.Errors);
        Assert.True(report.IsComplete);
        Assert.Equal(Outcome.Failed, report.Tests[0].Outcome);
        Assert.Equal("Tests.cs:7: expected 1, got 2", report.Tests[0].Message);
        Assert.Equal("", report.Tests[1].Message);
        Assert.Equal(["TST-07"], report.Tests[0].Rows);
    }

    [Fact]
    public void A_stream_cut_in_a_suite_is_incomplete_and_says_where()
    {
        KtapReport report = Parse(Good[..Good.IndexOf("ok 2 threaded", StringComparison.Ordinal)]);

        Assert.False(report.IsComplete);
        Assert.Single(report.Tests);
        Assert.Contains("irq: 1 of 3 planned results came", report.Errors);
        Assert.Contains("the run: 0 of 2 planned results came", report.Errors);
        Assert.Equal("in suite irq, after 'shared line calls every handler'", report.Position);
    }

    [Fact]
    public void Fewer_suites_than_planned_is_incomplete()
    {
        KtapReport report = Parse(Good[..Good.LastIndexOf("    KTAP", StringComparison.Ordinal)]);

        Assert.False(report.IsComplete);
        Assert.Equal(["the run: 1 of 2 planned results came"], report.Errors);
    }

    [Theory]
    [InlineData("ok 2 threaded handler # SKIP needs threads\n", "", "result number 3")]
    [InlineData("    1..3\n", "    1..2\n", "irq: 3 of 2 planned results came")]
    [InlineData("    1..3\n", "", "irq: no plan")]
    [InlineData("\nok 1 irq", "\nnot ok 1 irq", "the suite says not ok, its tests say otherwise")]
    [InlineData("    ok 3 no rows", "    not ok 3 no rows", "the suite says ok, its tests say otherwise")]
    [InlineData("ok 1 irq\n", "ok 1 irq\nKTAP version 1\n", "the guest has started anew")]
    [InlineData("ok 1 irq\n", "Bail out! no memory\nok 1 irq\n", "Bail out! no memory")]
    public void Contradictions_are_errors(string what, string instead, string error)
    {
        string text = Good.ReplaceLineEndings("\n");
        string broken = text.Replace(what, instead, StringComparison.Ordinal);
        Assert.NotEqual(text, broken);

        KtapReport report = Parse(broken);

        Assert.Contains(report.Errors, found => found.Contains(error, StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_at_all_is_an_error()
    {
        KtapReport report = Parse("Linux? No.\n");

        Assert.False(report.IsComplete);
        Assert.Equal(["no KTAP output"], report.Errors);
    }

    [Theory]
    [InlineData("TODO later")]
    [InlineData("TIMEOUT")]
    [InlineData("ERROR broken")]
    [InlineData("XFAIL known")]
    public void Excuses_do_not_pass(string directive)
    {
        KtapReport report = Parse($"KTAP version 1\n1..1\nok 1 test # {directive}\n");

        Assert.Equal(Outcome.Failed, report.Tests[0].Outcome);
        Assert.StartsWith(directive, report.Tests[0].Message);
    }

    [Fact]
    public void It_knows_while_it_reads_whether_all_has_come()
    {
        KtapParser parser = new();
        string[] lines = Good.ReplaceLineEndings("\n").Split('\n');
        foreach (string line in lines[..^1])
        {
            parser.Feed(line);
            Assert.False(parser.IsComplete);
        }

        Assert.True(parser.Feed(lines[^1]));
        Assert.True(parser.IsComplete);
        Assert.False(parser.Feed("printk noise"));
    }

    private static KtapReport Parse(string text)
    {
        KtapParser parser = new();
        foreach (string line in text.Split('\n'))
        {
            parser.Feed(line);
        }

        return parser.Finish();
    }
}
