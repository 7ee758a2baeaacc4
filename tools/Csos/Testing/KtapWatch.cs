// Follows a KTAP stream while it comes: parses, keeps a copy, and knows when the last sign of life came.

using System.Diagnostics;
using CSharpOS.Tool.Testing.Ktap;

namespace CSharpOS.Tool.Testing;

/// <summary>A KTAP stream that is being read. Lines come from one reader; the rest may be asked from anywhere.</summary>
public sealed class KtapWatch : IDisposable
{
    private readonly Lock _lock = new();
    private readonly KtapParser _parser = new();
    private readonly StreamWriter _copy;
    private readonly Stopwatch _sinceSign = Stopwatch.StartNew();

    /// <summary>Begins.</summary>
    /// <param name="copy">Where all lines are kept.</param>
    public KtapWatch(string copy)
    {
        _copy = new StreamWriter(copy) { AutoFlush = true };
    }

    /// <summary>The time since the last KTAP line.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_lock)
            {
                return _sinceSign.Elapsed;
            }
        }
    }

    /// <summary>Have all planned results come?</summary>
    public bool IsComplete
    {
        get
        {
            lock (_lock)
            {
                return _parser.IsComplete;
            }
        }
    }

    /// <summary>A few words on how far it is.</summary>
    public string State
    {
        get
        {
            lock (_lock)
            {
                return _parser.Count == 0 ? "boots" : $"{_parser.Count} results, {_parser.CurrentSuite}";
            }
        }
    }

    /// <summary>Takes a line.</summary>
    public void Feed(string line)
    {
        lock (_lock)
        {
            _copy.WriteLine(line);
            if (_parser.Feed(line))
            {
                _sinceSign.Restart();
            }
        }
    }

    /// <summary>Ends the stream.</summary>
    public KtapReport Finish()
    {
        lock (_lock)
        {
            return _parser.Finish();
        }
    }

    /// <summary>Closes the copy.</summary>
    public void Dispose() => _copy.Dispose();
}
