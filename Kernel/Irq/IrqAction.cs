// IrqAction: one handler on one line.
//
// Linux: struct irqaction, include/linux/interrupt.h. Allocated by RequestIrq (process context), or a static of whoever calls SetupIrq.
// Guarded by the descriptor's lock for changes. HandleIrqEvent walks the list without it: a new action is linked last by one store, and
// one that was taken out keeps its Next and its memory until no CPU runs the line's handlers (FreeIrq waits for that).

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Irq;

/// <summary>A registered handler.</summary>
/// <linux>irqaction</linux>
/// <rows>IRQ-04</rows>
public unsafe struct IrqAction
{
    /// <summary>The function: line, <see cref="DevId"/>, registers of the interrupted code.</summary>
    public delegate*<int, void*, PtRegs*, IrqReturn> Handler;

    /// <summary>The driver's own pointer, given to every call; also what <see cref="Interrupts.FreeIrq"/> finds the handler by.</summary>
    public void* DevId;

    /// <summary>The next handler of the line in order of registration.</summary>
    public IrqAction* Next;

    public IrqFlags Flags;

    /// <summary>The line.</summary>
    public int Irq;

    /// <summary>The action came from Kmalloc, and FreeIrq gives it back.</summary>
    internal bool Allocated;

    /// <summary>A run of the thread is wanted that has not begun. This and the next three: descriptor locked.</summary>
    /// <linux>IRQTF_RUNTHREAD</linux>
    internal bool RunWanted;

    /// <summary>The thread is in <see cref="ThreadFn"/>.</summary>
    internal bool Running;

    /// <summary>The thread keeps the line masked.</summary>
    internal bool KeepsMasked;

    /// <summary>The thread has ended by itself: it is not woken any more.</summary>
    /// <linux>IRQTF_DIED</linux>
    internal bool ThreadEnded;

    /// <summary>That there is no thread to wake has been reported.</summary>
    /// <linux>IRQTF_WARNED</linux>
    internal bool Warned;

    /// <summary>What the thread runs, or null: line, <see cref="DevId"/>.</summary>
    /// <linux>thread_fn</linux>
    internal delegate*<int, void*, IrqReturn> ThreadFn;

    /// <summary>The thread that runs it, with a reference; null if there is none.</summary>
    /// <linux>thread</linux>
    internal TaskStruct* Thread;

    private byte* _name;
    private int _nameLength;

    /// <summary>The device's name. Kept by pointer: set it to a literal, or to memory that lives as long as the action.</summary>
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
