// SecondCpu: a second processor with a stack of its own, in lockstep with the first: at any moment only one of the two runs.
//
// The first runs the test. Run lets the second work until it calls Pause or is done; Resume lets it go on after a Pause. So every
// interleaving of a test is written down in the test.

using System.Threading;

namespace CSharpOS.Hosted.Irq;

public sealed class SecondCpu : IDisposable
{
    private const int Number = 1;

    private readonly SemaphoreSlim _toSecond = new(0);
    private readonly SemaphoreSlim _toFirst = new(0);
    private Thread? _thread;
    private Exception? _failure;

    /// <summary>True while it has something left to do.</summary>
    public bool Busy { get; private set; }

    public void Run(Action work)
    {
        Busy = true;
        _thread = new Thread(() =>
        {
            _toSecond.Wait();
            try
            {
                Simulation.InterruptsEnabled = true;
                work();
            }
            catch (Exception failure)
            {
                _failure = failure;
            }

            Busy = false;
            _toFirst.Release();
        });
        _thread.Start();
        Resume();
    }

    /// <summary>On the first CPU: the second goes on until its next Pause or its end.</summary>
    public void Resume()
    {
        if (!Busy)
        {
            return;
        }

        int first = Simulation.CurrentCpu;
        Simulation.SwitchTo(Number);
        _toSecond.Release();
        _toFirst.Wait();
        Simulation.SwitchTo(first);
        if (_failure != null)
        {
            throw new InvalidOperationException("the second CPU failed", _failure);
        }
    }

    /// <summary>On the second CPU: lets the first go on.</summary>
    public void Pause()
    {
        _toFirst.Release();
        _toSecond.Wait();
        Simulation.SwitchTo(Number);
    }

    public void Dispose()
    {
        while (Busy)
        {
            Resume();
        }

        _thread?.Join();
        _toFirst.Dispose();
        _toSecond.Dispose();
    }
}
