// Softirq.Run: when pending softirqs run, and the loop that runs them.
//
// Linux: do_softirq, __do_softirq, invoke_softirq of kernel/softirq.c. They run
//     on return from the outermost interrupt           Preempt.IrqExit -> InvokeSoftirq
//     when bottom halves are enabled again             BottomHalves.LocalBhEnable -> DoSoftirqIrqsOn
//     in the thread ksoftirqd/n                        Ksoftirqd -> DoSoftirqOnce
//     where process context asks for it                DoSoftirq
// On which stack: that of whoever comes here. On return from an interrupt it is the CPU's interrupt stack (unless built without); in process context the
// caller's own, as on Linux/i386 with 8 KB stacks; a kernel stack here has 16 KB and a guard page below.
// No locks: everything is the CPU's own.
// Invariants:
// - While a handler runs, the softirq field of preempt_count is not zero. So no second softirq begins on this CPU, and nothing preempts the handler
//   but interrupts.
// - The mask is read and cleared with interrupts off; a softirq raised before that runs in this pass, one raised after it in the next.

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

public static unsafe partial class Softirq
{
    /// <summary>Passes before the rest is left to ksoftirqd: enough for bursts, few enough that the interrupted program goes on soon.</summary>
    /// <linux>MAX_SOFTIRQ_RESTART</linux>
    public const int MaxSoftirqRestart = 10;

    private static int s_mostPasses;

    /// <summary>Runs what is pending on this CPU. Process context; does not sleep, and the interrupt flag is as before on return; handlers
    /// run with interrupts on. Inside an interrupt, a softirq, or with bottom halves disabled it does nothing.</summary>
    /// <linux>do_softirq</linux>
    /// <rows>SIRQ-04</rows>
    public static void DoSoftirq()
    {
        if (InInterrupt())
        {
            return;
        }

        ulong flags = LocalIrqSave();
        if (LocalSoftirqPending() != 0)
        {
            InvokeSoftirq();
        }

        LocalIrqRestore(flags);
    }

    /// <summary>Runs what is pending on the way out of the outermost interrupt. Interrupts are off, and on return again.</summary>
    /// <linux>invoke_softirq</linux>
    /// <rows>SIRQ-04</rows>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void InvokeSoftirq() => RunHere(LocalSoftirqPending(), once: false);

    /// <summary><see cref="DoSoftirq"/> for a caller that has interrupts on, as they are on return.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void DoSoftirqIrqsOn()
    {
        if (InInterrupt())
        {
            return;
        }

        LocalIrqDisable();
        uint pending = LocalSoftirqPending();
        if (pending != 0)
        {
            RunHere(pending, once: false);
        }

        LocalIrqEnable();
    }

    /// <summary>One pass over what is pending: for ksoftirqd, which looks at need_resched after each.</summary>
    /// <rows>SIRQ-06</rows>
    internal static void DoSoftirqOnce()
    {
        LocalIrqDisable();
        uint pending = LocalSoftirqPending();
        if (pending != 0)
        {
            RunHere(pending, once: true);
        }

        LocalIrqEnable();
    }

    // Interrupts are off on entry and on return, and pending, which is not zero, is what the mask holds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunHere(uint pending, bool once)
    {
        // Keeps other softirqs and preemption away from this CPU; in plain terms, local_bh_disable.
        PreemptCountAdd(SoftirqOffset);
        pending = RunPass(pending);
        if (pending != 0)
        {
            RunAgain(pending, once);
        }

        PreemptCountAdd(-SoftirqOffset);
    }

    // What was raised while a pass ran.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunAgain(uint pending, bool once)
    {
        for (int passes = 1; pending != 0 && !once && passes < Shared.ReadOnce(ref s_mostPasses); passes++)
        {
            pending = RunPass(pending);
        }

        if (pending != 0)
        {
            // Raised again and again: from here on it competes for the CPU like any thread.
            Ksoftirqd.Wakeup();
        }
    }

    // Every softirq of a mask once. Gives what is pending then, interrupts being off.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint RunPass(uint pending)
    {
        uint* counts = SoftirqStatistics.OfThisCpu;
        SetSoftirqPending(0);
        LocalIrqEnable();
        do
        {
            nuint nr = (uint)System.Numerics.BitOperations.TrailingZeroCount(pending);
            pending &= pending - 1;
            counts[nr]++;
            if (Trace.Enabled)
            {
                CallTraced((int)nr);
            }
            else
            {
                Call(SoftirqVec + nr);
            }
        }
        while (pending != 0);
        LocalIrqDisable();
        return LocalSoftirqPending();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CallTraced(int nr)
    {
        TracePoints.SoftirqEntry(nr);
        Call(SoftirqVec + nr);
        TracePoints.SoftirqExit(nr);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Call(SoftirqAction* entry)
    {
#if DEBUG_CHECKS
        int count = PreemptCount();
        LockValidator.SoftirqEnter();
        entry->Action(entry);
        LockValidator.SoftirqExit();
        if (PreemptCount() != count || IrqsDisabled())
        {
            ReportHandler(entry, count);
        }
#else
        entry->Action(entry);
#endif
    }

#if DEBUG_CHECKS
    // A handler that kept a lock, gave one back that it did not have, or left interrupts off. All is put right, so that the machine goes on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportHandler(SoftirqAction* entry, int expected)
    {
        int nr = (int)(entry - SoftirqVec);
        int found = PreemptCount();
        PreemptCountAdd(expected - found);
        if (found != expected)
        {
            Printk(LogLevel.Error, $"softirq {nr} ({NameOf(nr)}): handler changed preempt_count from {expected:x8} to {found:x8}\n");
        }

        if (IrqsDisabled())
        {
            Printk(LogLevel.Error, $"softirq {nr} ({NameOf(nr)}): handler left interrupts off\n");
            LocalIrqEnable();
        }

        KernelLog.DumpStack();
    }
#endif
}
