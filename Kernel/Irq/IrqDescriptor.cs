// IrqDescriptor: the state of one interrupt line.
//
// Linux: irq_desc_t, include/linux/irq.h. Everything but the counters is guarded by Lock (interrupts off); Status and the action list
// are also read without it, one access each. Counters of interrupts are per CPU: IrqStatistics.
// Invariants:
//   Depth > 0 exactly while Disabled is set;
//   no action: Disabled is set, so nothing is ever delivered;
//   InProgress: one CPU (HandlerCpu) is in the line's handlers, and nobody else may start them;
//   MaskedBy > 0 exactly while Oneshot is set.

using System.Runtime.InteropServices;

namespace CSharpOS.Irq;

/// <summary>Status bits of a line.</summary>
[Flags]
public enum IrqStatus
{
    /// <summary>A CPU runs the line's handlers.</summary>
    /// <linux>IRQ_INPROGRESS</linux>
    InProgress = 1,

    /// <summary>No handler is to be called: disabled by a driver, or there is none.</summary>
    /// <linux>IRQ_DISABLED</linux>
    Disabled = 2,

    /// <summary>An interrupt came that no handler has seen yet.</summary>
    /// <linux>IRQ_PENDING</linux>
    Pending = 4,

    /// <summary>The pending interrupt has been queued for another delivery.</summary>
    /// <linux>IRQ_REPLAY</linux>
    Replay = 8,

    /// <summary>The line is being probed.</summary>
    /// <linux>IRQ_AUTODETECT</linux>
    Autodetect = 16,

    /// <summary>The line is being probed, and no interrupt has come yet.</summary>
    /// <linux>IRQ_WAITING</linux>
    Waiting = 32,

    /// <summary>The line is level triggered: the device repeats its interrupt until it is served.</summary>
    /// <linux>IRQ_LEVEL</linux>
    Level = 64,

    /// <summary>Nobody cared: disabled by the irq layer.</summary>
    /// <linux>IRQ_SPURIOUS_DISABLED</linux>
    SpuriousDisabled = 128,

    /// <summary>Kept masked until the threads of its handlers are done.</summary>
    /// <linux>IRQ_ONESHOT</linux>
    Oneshot = 256,
}

/// <summary>One interrupt line. 64 bytes: a cache line each.</summary>
/// <linux>irq_desc</linux>
/// <rows>IRQ-02</rows>
[StructLayout(LayoutKind.Sequential, Size = 64)]
public unsafe struct IrqDescriptor
{
    /// <summary>Stands first: the descriptor's address is the lock's, which saves the path of every interrupt a register.</summary>
    public SpinLock Lock;

    private int _status;

    /// <summary>The handlers in order of registration, or null.</summary>
    public IrqAction* Action;

    /// <summary>The controller of the line. Never null.</summary>
    public IrqChip* Chip;

    /// <summary>How many EnableIrq are wanting until the line is enabled.</summary>
    public int Depth;

    /// <summary>The CPU that runs the handlers; means something only while InProgress is set.</summary>
    public int HandlerCpu;

    /// <summary>Interrupts since <see cref="Unhandled"/> was last looked at.</summary>
    public uint Count;

    /// <summary>How many of <see cref="Count"/> nobody handled.</summary>
    public uint Unhandled;

    /// <summary>The CPUs that a driver or user has routed the line to, one bit each; 0: nobody has.</summary>
    internal uint Affinity;

    /// <summary>Runs of handlers' threads that are wanted or going on.</summary>
    /// <linux>threads_active</linux>
    internal int ThreadsActive;

    /// <summary>How many handlers' threads keep the line masked.</summary>
    /// <linux>threads_oneshot</linux>
    internal int MaskedBy;

    /// <summary>Read as one access; to be changed under <see cref="Lock"/> only.</summary>
    public IrqStatus Status
    {
        get => (IrqStatus)Shared.ReadOnce(ref _status);
        set => Shared.WriteOnce(ref _status, (int)value);
    }

    /// <summary>True if any of <paramref name="bits"/> is set.</summary>
    public bool Has(IrqStatus bits) => (Status & bits) != 0;
}
