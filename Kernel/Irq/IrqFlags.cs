// IrqFlags, IrqReturn: what a driver says about its handler, and what the handler says about an interrupt.
//
// Linux: the SA_ flags of include/linux/signal.h and the IRQF_ flags of include/linux/interrupt.h, irqreturn_t of
// include/linux/irqreturn.h. Constants only: no context, no locks.

namespace CSharpOS.Irq;

/// <summary>Flags of <see cref="Interrupts.RequestIrq"/>. Each has two names, as in Linux: SA_ (to 2.6.23) and IRQF_ (since).</summary>
/// <rows>IRQ-04</rows>
[Flags]
public enum IrqFlags
{
    /// <summary>A slow, exclusive handler: all other lines may interrupt it.</summary>
    None = 0,

    /// <summary>A fast handler: runs with interrupts off on its CPU. Holds for a line if its first handler has it.</summary>
    /// <linux>IRQF_DISABLED</linux>
    Disabled = 0x20,

    /// <summary>The interrupt's timing feeds the entropy pool. Not for devices that interrupt at a predictable rate.</summary>
    /// <linux>IRQF_SAMPLE_RANDOM</linux>
    /// <rows>IRQ-14</rows>
    SampleRandom = 0x40,

    /// <summary>The line may be shared with other handlers that say the same.</summary>
    /// <linux>IRQF_SHARED</linux>
    Shared = 0x80,

    /// <summary>The line stays masked until the thread of <see cref="Interrupts.RequestThreadedIrq"/> is done: for devices that go on
    /// interrupting until the thread has served them.</summary>
    /// <linux>IRQF_ONESHOT</linux>
    /// <rows>IRQ-16</rows>
    Oneshot = 0x2000,

    /// <inheritdoc cref="Disabled"/>
    /// <linux>SA_INTERRUPT</linux>
    SaInterrupt = Disabled,

    /// <inheritdoc cref="SampleRandom"/>
    /// <linux>SA_SAMPLE_RANDOM</linux>
    SaSampleRandom = SampleRandom,

    /// <inheritdoc cref="Shared"/>
    /// <linux>SA_SHIRQ</linux>
    SaShirq = Shared,
}

/// <summary>What a handler returns. The results of a line's handlers are or-ed.</summary>
/// <linux>irqreturn_t</linux>
/// <rows>IRQ-19</rows>
public enum IrqReturn
{
    /// <summary>My device did not raise this interrupt.</summary>
    /// <linux>IRQ_NONE</linux>
    None = 0,

    /// <summary>My device raised it, and it is done.</summary>
    /// <linux>IRQ_HANDLED</linux>
    Handled = 1,

    /// <summary>My device raised it, and the handler's thread shall do the rest: <see cref="Interrupts.RequestThreadedIrq"/>.</summary>
    /// <linux>IRQ_WAKE_THREAD</linux>
    /// <rows>IRQ-16</rows>
    WakeThread = 2,
}
