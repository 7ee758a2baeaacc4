// LockContext: what the forms of a spinning lock (plain, _bh, _irq, _irqsave) do beside the lock itself.
//
// Any context, never sleeps, no locks. Enter comes before the lock is taken, so that no handler of this CPU finds it taken; Leave after it has been
// given back, and it ends with the preemption that holding a lock puts off.

using System.Runtime.CompilerServices;
using CSharpOS.Softirqs;

namespace CSharpOS.Locking;

/// <summary>In which form a lock was taken.</summary>
internal enum LockForm
{
    /// <summary>Nothing but the lock.</summary>
    Plain,

    /// <summary>Bottom halves off.</summary>
    Bh,

    /// <summary>Interrupts off; they were on.</summary>
    Irq,

    /// <summary>Interrupts off; they come back as they were.</summary>
    IrqSave,
}

/// <summary>Entering and leaving the context that a form of a lock needs.</summary>
internal static class LockContext
{
    /// <summary>Before the lock is taken.</summary>
    /// <returns>The flags for <see cref="Leave"/>.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Enter(LockForm form, string file, int line)
    {
        switch (form)
        {
            case LockForm.Bh:
                BottomHalves.LocalBhDisable();
                return 0;
            case LockForm.Irq:
                Cpu.LocalIrqDisable(file, line);
                return 0;
            case LockForm.IrqSave:
                return Cpu.LocalIrqSave(file, line);
            default:
                return 0;
        }
    }

    /// <summary>After the lock has been given back. Preemption is still off: this lets it happen.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Leave(LockForm form, ulong flags)
    {
        switch (form)
        {
            case LockForm.Bh:
                PreemptEnableNoResched();
                BottomHalves.LocalBhEnable();
                return;
            case LockForm.Irq:
                Cpu.LocalIrqEnable();
                break;
            case LockForm.IrqSave:
                Cpu.LocalIrqRestore(flags);
                break;
        }

        PreemptEnable();
    }
}
