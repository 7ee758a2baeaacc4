// IrqChip: the operations of an interrupt controller, so that the irq layer knows none by name.
//
// Linux: struct hw_interrupt_type (later irq_chip), include/linux/irq.h. A table of static functions, filled once at boot.
// All of them are called with the line's descriptor locked and interrupts off, from any context; none sleeps. A controller's
// own lock nests inside the descriptor's.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Irq;

/// <summary>What the irq layer asks of a controller. The argument is the line; every member must be set except <see cref="Retrigger"/>
/// and <see cref="SetAffinity"/>.</summary>
/// <linux>hw_interrupt_type</linux>
/// <rows>IRQ-02</rows>
public unsafe struct IrqChip
{
    /// <summary>The line gets its first handler. True if an interrupt of before is known to be lost and must be replayed.</summary>
    public delegate*<int, bool> Startup;

    /// <summary>The line lost its last handler.</summary>
    public delegate*<int, void> Shutdown;

    /// <summary>The line is enabled again.</summary>
    public delegate*<int, void> Enable;

    /// <summary>The line is disabled.</summary>
    public delegate*<int, void> Disable;

    /// <summary>Tells the controller that the interrupt has arrived.</summary>
    public delegate*<int, void> Ack;

    /// <summary>First thing of every interrupt: acknowledges it, and keeps the line quiet until <see cref="End"/> if the controller
    /// works so. False if there was no interrupt at all (a spurious one, already counted): then nothing else is called.</summary>
    public delegate*<int, bool> MaskAndAck;

    /// <summary>Keeps the line quiet.</summary>
    public delegate*<int, void> Mask;

    /// <summary>Lets the line interrupt.</summary>
    public delegate*<int, void> Unmask;

    /// <summary>Last thing of every interrupt. Must not unmask a line that is disabled or whose handlers still run.</summary>
    public delegate*<int, void> End;

    /// <summary>Raises the interrupt once more in hardware; false if it cannot. May be null.</summary>
    public delegate*<int, bool> Retrigger;

    /// <summary>Routes the line to the CPUs of the mask; 0 or -EINVAL. Null where the controller cannot route.</summary>
    public delegate*<int, ulong, int> SetAffinity;

    private byte* _name;
    private int _nameLength;

    /// <summary>"XT-PIC" and the like. Kept by pointer: a literal.</summary>
    public ReadOnlySpan<byte> Name
    {
        readonly get => new(_name, _nameLength);
        set
        {
            _name = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(value));
            _nameLength = value.Length;
        }
    }
}
