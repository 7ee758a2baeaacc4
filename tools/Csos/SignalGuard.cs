// Ctrl-C, SIGTERM and SIGHUP: the children are ended first (each by its own process id), then the tool.

using System.Runtime.InteropServices;
using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool;

/// <summary>Keeps a signal from leaving an emulator behind.</summary>
public sealed class SignalGuard : IDisposable
{
    private readonly List<PosixSignalRegistration> _registrations = [];
    private int _signals;

    private SignalGuard()
    {
    }

    /// <summary>Registers the handlers.</summary>
    public static SignalGuard Install(ToolContext context)
    {
        SignalGuard guard = new();
        foreach (PosixSignal signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP])
        {
            guard._registrations.Add(PosixSignalRegistration.Create(signal, signalContext => guard.Handle(signalContext, context)));
        }

        AppDomain.CurrentDomain.ProcessExit += (_, _) => Child.EndAll();
        return guard;
    }

    /// <summary>Takes the handlers away.</summary>
    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }

    private void Handle(PosixSignalContext signal, ToolContext context)
    {
        signal.Cancel = true;
        // gdb's Ctrl-C stops the guest; it must not end the tool that looks after both.
        if (signal.Signal == PosixSignal.SIGINT && Child.ForegroundTakesInterrupts)
        {
            return;
        }

        if (Interlocked.Increment(ref _signals) > 1)
        {
            Child.EndAll();
            Environment.Exit(ExitCodes.Interrupted);
        }

        // In this order: whoever waits for a child must see that it was not the child's own end.
        context.Cancellation.Cancel();
        Child.EndAll();
    }
}
