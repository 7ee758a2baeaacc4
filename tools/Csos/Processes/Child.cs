// A process that this tool started. All living ones are on one list, so that none outlives the tool; they are ended by
// process id, politely first: QEMU puts the terminal back only when it may.

using System.Diagnostics;
using System.Runtime.InteropServices;

namespace CSharpOS.Tool.Processes;

/// <summary>A child process with an end that is certain.</summary>
public sealed partial class Child : IDisposable
{
    private const int Sigterm = 15;

    private static readonly Lock s_lock = new();
    private static readonly List<Child> s_living = [];

    private readonly bool _wholeTree;

    private Child(Process process, bool wholeTree)
    {
        Process = process;
        _wholeTree = wholeTree;
    }

    /// <summary>Set while a child in the foreground (gdb) uses Ctrl-C for itself.</summary>
    public static bool ForegroundTakesInterrupts { get; set; }

    /// <summary>The process.</summary>
    public Process Process { get; }

    /// <summary>Starts a program.</summary>
    /// <param name="start">What to start, and how.</param>
    /// <param name="wholeTree">End its own children too (a build does start some).</param>
    /// <exception cref="CsosException">It is not installed or cannot be started.</exception>
    public static Child Start(ProcessStartInfo start, bool wholeTree = false)
    {
        try
        {
            Process process = Process.Start(start) ?? throw new CsosException($"could not start {start.FileName}");
            Child child = new(process, wholeTree);
            lock (s_lock)
            {
                s_living.Add(child);
            }

            return child;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new CsosException($"could not start '{start.FileName}': is it installed?");
        }
    }

    /// <summary>Ends every child that still lives.</summary>
    public static void EndAll()
    {
        Child[] living;
        lock (s_lock)
        {
            living = [.. s_living];
        }

        foreach (Child child in living)
        {
            child.End();
        }
    }

    /// <summary>Ends this child: asks first, and insists after two seconds.</summary>
    public void End()
    {
        try
        {
            if (Process.HasExited)
            {
                return;
            }

            if (_wholeTree)
            {
                Process.Kill(entireProcessTree: true);
                return;
            }

            SendSignal(Process.Id, Sigterm);
            if (!Process.WaitForExit(TimeSpan.FromSeconds(2)))
            {
                Process.Kill();
            }
        }
        catch (InvalidOperationException)
        {
            // It ended by itself in between.
        }
    }

    /// <summary>Waits for the end; with cancellation the child is ended.</summary>
    /// <returns>The exit status.</returns>
    public async Task<int> WaitAsync(CancellationToken cancellation)
    {
        try
        {
            await Process.WaitForExitAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            End();
            throw;
        }

        return Process.ExitCode;
    }

    /// <summary>Ends the child if it lives, and forgets it.</summary>
    public void Dispose()
    {
        End();
        lock (s_lock)
        {
            s_living.Remove(this);
        }

        Process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int processId, int signal);
}
