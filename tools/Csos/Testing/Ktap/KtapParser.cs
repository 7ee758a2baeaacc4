// Reads KTAP (the kernel's Test Anything Protocol, version 1) line by line, while it comes.
//
//   KTAP version 1
//   1..1
//     KTAP version 1
//     # Subtest: irq
//     1..2
//     # what went wrong, if something did (belongs to the next result)
//     ok 1 shared line calls every handler # IRQ-06 IRQ-19
//     ok 2 threaded handler # SKIP needs threads
//   ok 1 irq
//
// After ` # ` stand row identifiers, or SKIP and a reason. Only results without nested results are counted. Whatever is not
// KTAP is passed over (it stays in the log). A deeper indentation opens a level, however deep it is.

using System.Globalization;
using System.Text.RegularExpressions;

namespace CSharpOS.Tool.Testing.Ktap;

/// <summary>An incremental KTAP reader. Not safe for concurrent use.</summary>
public sealed partial class KtapParser
{
    private readonly List<KtapTest> _tests = [];
    private readonly List<string> _errors = [];
    private readonly Stack<Level> _levels = new();
    private string _last = "";
    private bool _topKept;
    private bool _finished;

    /// <summary>The number of results so far.</summary>
    public int Count => _tests.Count;

    /// <summary>The suite that runs now, or the empty string.</summary>
    public string CurrentSuite => SuiteName();

    /// <summary>Has the outermost level all the results of its plan? Then nothing more is to come.</summary>
    public bool IsComplete => _topKept || (_levels.Count == 1 && _levels.Peek() is { Plan: >= 0 } top && top.Seen >= top.Plan);

    /// <summary>Takes one line, without its end.</summary>
    /// <returns>True if it was KTAP, and so a sign of life.</returns>
    public bool Feed(string line)
    {
        line = line.TrimEnd('\r', '\n', ' ');
        string text = line.TrimStart(' ');
        int indent = line.Length - text.Length;
        if (Version().IsMatch(text))
        {
            Enter(indent);
            return true;
        }

        if (_levels.Count == 0)
        {
            return false;
        }

        Match match;
        if ((match = Result().Match(text)).Success)
        {
            LeaveTo(indent);
            TakeResult(match);
        }
        else if ((match = Plan().Match(text)).Success)
        {
            LeaveTo(indent);
            _levels.Peek().Plan = int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture);
        }
        else if (text.StartsWith("# Subtest:", StringComparison.Ordinal))
        {
            _levels.Peek().Name = text["# Subtest:".Length..].Trim();
        }
        else if (text.StartsWith('#'))
        {
            _levels.Peek().Diagnostics.Add(text[1..].Trim());
        }
        else if (text.StartsWith("Bail out!", StringComparison.Ordinal))
        {
            _errors.Add(text);
        }
        else
        {
            return false;
        }

        return true;
    }

    /// <summary>Ends the stream and says what it held.</summary>
    public KtapReport Finish()
    {
        string position = Position();
        if (!_finished)
        {
            _finished = true;
            if (_levels.Count == 0)
            {
                _errors.Add("no KTAP output");
            }

            while (_levels.Count > 0)
            {
                _topKept = Leave();
            }
        }

        return new KtapReport(_tests, _errors, _topKept, position);
    }

    private void Enter(int indent)
    {
        while (_levels.Count > 0 && _levels.Peek().Indent >= indent)
        {
            if (_levels.Count == 1)
            {
                _errors.Add("a second KTAP stream begins: the guest has started anew");
            }

            Leave();
        }

        _levels.Push(new Level(indent));
    }

    private void LeaveTo(int indent)
    {
        while (_levels.Count > 1 && _levels.Peek().Indent > indent)
        {
            Leave();
        }
    }

    // Ends the innermost level: its plan is checked, and the next result of the level around it is its closing line.
    private bool Leave()
    {
        string name = SuiteName();
        Level level = _levels.Pop();
        string shown = name.Length > 0 ? name : "the run";
        bool kept = level.Plan == level.Seen;
        if (level.Plan < 0)
        {
            _errors.Add($"{shown}: no plan");
        }
        else if (!kept)
        {
            _errors.Add($"{shown}: {level.Seen} of {level.Plan} planned results came");
        }

        if (_levels.TryPeek(out Level? outer))
        {
            outer.Closing = level;
        }

        return kept;
    }

    private void TakeResult(Match match)
    {
        Level level = _levels.Peek();
        int number = int.Parse(match.Groups["number"].Value, CultureInfo.InvariantCulture);
        bool passed = match.Groups["not"].Length == 0;
        string name = match.Groups["name"].Value.Trim();
        string directive = match.Groups["directive"].Value.Trim();
        if (number != level.Seen + 1)
        {
            _errors.Add($"{SuiteName()}: result number {number} ('{name}') follows number {level.Seen}");
        }

        level.Seen++;
        level.AnyFailed |= !passed;
        if (level.Closing is { } inner)
        {
            level.Closing = null;
            if (passed == inner.AnyFailed)
            {
                _errors.Add($"{name}: the suite says {(passed ? "ok" : "not ok")}, its tests say otherwise");
            }
        }
        else
        {
            TakeTest(passed, name, directive, level);
        }

        level.Diagnostics.Clear();
    }

    private void TakeTest(bool passed, string name, string directive, Level level)
    {
        Match skip = Skip().Match(directive);
        bool broken = Broken().IsMatch(directive);
        Outcome outcome = skip.Success ? Outcome.Skipped : passed && !broken ? Outcome.Passed : Outcome.Failed;
        string[] rows = [.. Row().Matches(skip.Success ? directive[..skip.Index] : directive).Select(row => row.Value)];
        string message = skip.Success ? skip.Groups[1].Value.Trim() : string.Join("; ", level.Diagnostics);
        if (broken)
        {
            message = $"{directive} {message}".Trim();
        }

        _tests.Add(new KtapTest(SuiteName(), name, outcome, rows, message));
        _last = name;
    }

    private string SuiteName() => string.Join('/', _levels.Reverse().Select(level => level.Name).Where(name => name.Length > 0));

    private string Position()
    {
        string suite = SuiteName();
        string where = suite.Length > 0 ? $"in suite {suite}" : "outside any suite";
        string after = _last.Length > 0 ? $", after '{_last}'" : ", before the first result";
        string last = _levels.TryPeek(out Level? level) && level.Diagnostics.Count > 0 ? $", last words: {level.Diagnostics[^1]}" : "";
        return where + after + last;
    }

    [GeneratedRegex(@"^K?TAP version \d+$")]
    private static partial Regex Version();

    [GeneratedRegex(@"^1\.\.(\d{1,6})\b")]
    private static partial Regex Plan();

    [GeneratedRegex(@"^(?<not>not )?ok (?<number>\d{1,6})(?: - | )?(?<name>.*?)(?:(?:^|\s)#\s(?<directive>.*))?$")]
    private static partial Regex Result();

    [GeneratedRegex(@"\bSKIP\b(.*)$")]
    private static partial Regex Skip();

    [GeneratedRegex(@"^(TODO|XFAIL|TIMEOUT|ERROR)\b")]
    private static partial Regex Broken();

    [GeneratedRegex(@"\b[A-Z]+-\d{2}\b")]
    private static partial Regex Row();

    private sealed class Level(int indent)
    {
        public int Indent { get; } = indent;

        public int Plan { get; set; } = -1;

        public int Seen { get; set; }

        public bool AnyFailed { get; set; }

        public string Name { get; set; } = "";

        public List<string> Diagnostics { get; } = [];

        public Level? Closing { get; set; }
    }
}
