// SigPending: the signals that wait for a process or for one of its threads.
//
// Linux: struct sigpending, include/linux/signal.h. Lock: the process's Lock, with interrupts off.
// Invariant: a bit of Set is there while the signal was sent (Sent), or a POSIX timer that sends it is in the list.

namespace CSharpOS.Processes;

/// <summary>Pending signals.</summary>
/// <linux>sigpending</linux>
internal unsafe struct SigPending
{
    /// <summary>All of them.</summary>
    internal ulong Set;

    /// <summary>Those that somebody else than a POSIX timer has sent: once, however often.</summary>
    internal ulong Sent;

    /// <summary>The POSIX timers whose signals are pending, the first one first.</summary>
    internal PosixTimer* Timers;
}
