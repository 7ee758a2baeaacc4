// GlobalCli: cli() and sti() of before 2.5: interrupts off on all CPUs. Kept for the labs; new code takes a spin lock.
//
// Linux: cli, sti, save_flags, restore_flags; __global_cli and irq_enter of arch/i386/kernel/irq.c (2.0 to 2.4). Any context but an NMI; nothing here sleeps, and
// between Cli and Sti nothing may: interrupts are off and preempt_count is not zero. In builds for one CPU it is the CPU's own interrupt flag.
//
// Interrupts of other CPUs are not turned off by a message to them, but at a gate: a handler that begins while the gate is closed waits there until it opens.
//   cli()      takes a lock, closes the gate, waits until no other CPU is behind it
//   interrupt  counts itself in preempt_count; looks at the gate; if it is closed, waits
// Of two that do this at the same time at least one sees the other: on either side a locked instruction stands between the store and the load. For a
// device interrupt it is the one that takes its line's lock, for the local timer that which counts it (IrqStatistics); so when nobody uses this an
// interrupt costs one load and one branch more.
// Behind the gate is a CPU that runs a handler or a BH. Who is behind it passes it again (a nested interrupt must not wait for whoever waits for what it
// interrupted).
// A handler or a BH may call cli() too. It cannot have the lock of process context, whose holder may be waiting for this very handler; so there is a second
// lock, and its holder closes the gate as well. It waits for other handlers, except those that wait for this lock.
// Locks, irq, outermost: s_lock in process context, softirqs and tasklets, s_handlerLock in handlers and BHs. Held from Cli to Sti. Take no lock inside that others
// hold with interrupts on: its holder may have been interrupted, and that interrupt waits at the gate.

using System.Runtime.CompilerServices;

namespace CSharpOS.Historical;

/// <summary>What <see cref="GlobalCli.SaveFlags"/> found.</summary>
public enum GlobalFlags
{
    /// <summary>Interrupts on.</summary>
    On,

    /// <summary>Interrupts off on this CPU only.</summary>
    LocalOff,

    /// <summary>Interrupts off on all CPUs, by this one.</summary>
    GlobalOff,
}

/// <summary>Interrupts off on all CPUs.</summary>
/// <rows>OLD-03</rows>
public static unsafe class GlobalCli
{
#if SMP
    private const int Nobody = -1;

    // What a CPU waits for with its handler begun, but not behind the gate in somebody's way.
    private const int AtGate = 1, ForHandlerLock = 2;

    private static SpinLock s_lock;
    private static SpinLock s_handlerLock;
    private static int s_holder, s_handlerHolder;
    private static PerCpu<Local> s_local;

    /// <summary>The gate is open. Once, at boot.</summary>
    internal static void Init()
    {
        s_lock.Init();
        s_handlerLock.Init();
        s_holder = s_handlerHolder = Nobody;
        Switch.Closed = 0;
        s_local = PerCpu<Local>.Allocate();
    }

    /// <summary>Turns interrupts off on all CPUs. On return no other CPU runs an interrupt handler or a BH, and none begins before <see cref="Sti"/>; another
    /// CPU's Cli waits until then. On a CPU that has done it already, it only turns the CPU's own interrupts off.</summary>
    /// <remarks>Softirqs and tasklets of other CPUs go on, and so does everything in process context.</remarks>
    /// <linux>cli</linux>
    /// <rows>OLD-03</rows>
    public static void Cli()
    {
        LocalIrqDisable();
        int cpu = SmpProcessorId();
        if (IsBehindGate(cpu))
        {
            CliInHandler(cpu);
        }
        else if (Shared.ReadOnce(ref s_holder) != cpu)
        {
            s_lock.Lock();
            Shared.WriteOnce(ref s_holder, cpu);
            CloseGate(cpu, inHandler: false);
        }
    }

    /// <summary>Turns interrupts on on all CPUs, and on this one in any case.</summary>
    /// <linux>sti</linux>
    /// <rows>OLD-03</rows>
    public static void Sti()
    {
        LocalIrqDisable();
        Release();
        LocalIrqEnable();
#if PREEMPT
        if (PreemptionDue())
        {
            Scheduler.PreemptSchedule();
        }
#endif
    }

    /// <summary>What is off now, for <see cref="RestoreFlags"/>.</summary>
    /// <linux>save_flags</linux>
    /// <rows>OLD-03</rows>
    public static GlobalFlags SaveFlags() =>
        !IrqsDisabled() ? GlobalFlags.On : IsHeldHere() ? GlobalFlags.GlobalOff : GlobalFlags.LocalOff;

    /// <summary>Puts back what <see cref="SaveFlags"/> found: as <see cref="Sti"/>, as <see cref="Cli"/>, or off on this CPU only.</summary>
    /// <linux>restore_flags</linux>
    /// <rows>OLD-03</rows>
    public static void RestoreFlags(GlobalFlags flags)
    {
        switch (flags)
        {
            case GlobalFlags.On:
                Sti();
                break;
            case GlobalFlags.GlobalOff:
                Cli();
                break;
            default:
                LocalIrqDisable();
                Release();
                break;
        }
    }

    /// <summary>An interrupt handler of this CPU is about to begin: it waits while interrupts are off on all CPUs. Hard interrupt context, interrupts off, no lock
    /// held; behind a locked instruction that follows IrqEnter.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Gate()
    {
        if (IsClosed)
        {
            WaitAtGate();
        }
    }

    /// <summary>True while some CPU has interrupts off on all CPUs.</summary>
    internal static bool IsClosed
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Shared.ReadOnce(ref Switch.Closed) != 0;
    }

    /// <summary>True if a BH may begin on this CPU, which <see cref="BottomHalf.RunningCpu"/> says already.</summary>
    internal static bool BottomHalfMayRun() => !IsClosed;

    /// <summary>A handler has returned without <see cref="Sti"/>. Interrupts off. The gate opens.</summary>
    /// <returns>False: it has not.</returns>
    internal static bool ReleaseForgotten()
    {
        bool forgotten = Shared.ReadOnce(ref s_handlerHolder) == SmpProcessorId() && BottomHalf.RunningCpu != SmpProcessorId();
        if (forgotten)
        {
            Release();
        }

        return forgotten;
    }

    // In a handler, or in a BH, or in what interrupted one. Interrupts off.
    private static bool IsBehindGate(int cpu) => InIrq() || BottomHalf.RunningCpu == cpu;

    private static bool IsHeldHere()
    {
        int cpu = SmpProcessorId();
        return Shared.ReadOnce(ref IsBehindGate(cpu) ? ref s_handlerHolder : ref s_holder) == cpu;
    }

    private static void CliInHandler(int cpu)
    {
        if (Shared.ReadOnce(ref s_handlerHolder) == cpu)
        {
            return;
        }

        ref int waits = ref s_local.This->Waits;
        Shared.Exchange(ref waits, ForHandlerLock);
        s_handlerLock.Lock();
        Shared.Exchange(ref waits, 0);
        Shared.WriteOnce(ref s_handlerHolder, cpu);
        CloseGate(cpu, inHandler: true);
    }

    // Gives back what this CPU has in this context, if anything. Interrupts off, on return too.
    private static void Release()
    {
        int cpu = SmpProcessorId();
        if (IsBehindGate(cpu))
        {
            if (Shared.ReadOnce(ref s_handlerHolder) == cpu)
            {
                Shared.WriteOnce(ref s_handlerHolder, Nobody);
                Shared.AddReturn(ref Switch.Closed, -1);
                s_handlerLock.Unlock();
            }
        }
        else if (Shared.ReadOnce(ref s_holder) == cpu)
        {
            Shared.WriteOnce(ref s_holder, Nobody);
            Shared.AddReturn(ref Switch.Closed, -1);
            s_lock.Unlock();
        }
    }

    private static void CloseGate(int cpu, bool inHandler)
    {
        Shared.AddReturn(ref Switch.Closed, 1);
        for (int other = 0; other < MaxCpus; other++)
        {
            // A CPU that is stopped meanwhile, because another one panics, never leaves.
            while (other != cpu && Smp.IsOnline(other) && IsInTheWay(other, inHandler))
            {
                CpuRelax();
            }
        }
    }

    // Is that CPU behind the gate? Not if it waits: at the gate, before its handler; or, for a handler that waits for it, in that handler's own cli().
    private static bool IsInTheWay(int other, bool inHandler)
    {
        bool handler = (Shared.ReadOnce(ref PerCpuArea.Hot(other)->PreemptCount) & HardirqMask) != 0;
        if (!handler && BottomHalf.RunningCpu != other)
        {
            return false;
        }

        int waits = Shared.ReadOnce(ref s_local.On(other)->Waits);
        return waits != AtGate && !(inHandler && waits == ForHandlerLock);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WaitAtGate()
    {
        int cpu = SmpProcessorId();
        bool outermost = (PreemptCount() & HardirqMask) == HardirqOffset;
        if (!outermost || BottomHalf.RunningCpu == cpu || Shared.ReadOnce(ref s_holder) == cpu || Shared.ReadOnce(ref s_handlerHolder) == cpu)
        {
            return;
        }

        // It may close again between the look at it and the mark that is taken away: then whoever closed it has seen the mark, and must not be passed.
        ref int waits = ref s_local.This->Waits;
        do
        {
            Shared.Exchange(ref waits, AtGate);
            while (IsClosed)
            {
                CpuRelax();
            }

            Shared.Exchange(ref waits, 0);
        }
        while (IsClosed);
    }

    // First of a class of its own: every interrupt looks at it, and needs one instruction for that.
    private static class Switch
    {
        public static int Closed;
    }

    private struct Local
    {
        public int Waits;
    }
#else
    /// <summary>Nothing to do: the interrupt flag is all there is.</summary>
    internal static void Init()
    {
    }

    /// <summary>Turns interrupts off: there is one CPU.</summary>
    /// <linux>cli</linux>
    public static void Cli() => LocalIrqDisable();

    /// <summary>Turns interrupts on.</summary>
    /// <linux>sti</linux>
    public static void Sti() => LocalIrqEnable();

    /// <summary>What is off now, for <see cref="RestoreFlags"/>.</summary>
    /// <linux>save_flags</linux>
    public static GlobalFlags SaveFlags() => IrqsDisabled() ? GlobalFlags.GlobalOff : GlobalFlags.On;

    /// <summary>Puts back what <see cref="SaveFlags"/> found.</summary>
    /// <linux>restore_flags</linux>
    public static void RestoreFlags(GlobalFlags flags)
    {
        if (flags == GlobalFlags.On)
        {
            LocalIrqEnable();
        }
        else
        {
            LocalIrqDisable();
        }
    }

    /// <summary>True: no other CPU could have interrupts off.</summary>
    internal static bool BottomHalfMayRun() => true;
#endif
}
