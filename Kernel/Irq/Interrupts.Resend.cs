// Interrupts.Resend: delivers an interrupt that was acknowledged while its line was disabled.
//
// Linux: kernel/irq/resend.c. On one CPU with an 8259A this does not happen: a masked line keeps its edge in the controller. It happens
// when another CPU already holds the interrupt while the line is being disabled, and on controllers that do not keep edges.
// A controller that can raise the interrupt again does; for the others the end of the next interrupt (a clock tick at the
// latest) runs the handlers. Level triggered lines need nothing: the device repeats its interrupt.
// Lock: the line's descriptor.

using System.Runtime.CompilerServices;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    // The line has just been enabled; the descriptor is locked. Linux: check_irq_resend.
    private static void CheckResend(int irq, IrqDescriptor* descriptor)
    {
        if ((descriptor->Status & (IrqStatus.Level | IrqStatus.Pending | IrqStatus.Replay)) != IrqStatus.Pending)
        {
            return;
        }

        descriptor->Status |= IrqStatus.Replay;
        if (descriptor->Chip->Retrigger == null || !descriptor->Chip->Retrigger(irq))
        {
            Shared.WriteOnce(ref Resends.Wanted, 1);
        }
    }

    // At the end of an interrupt, interrupts off. The handlers get the registers of the code that is interrupted right now.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ResendPending()
    {
        if (Shared.Exchange(ref Resends.Wanted, 0) == 0)
        {
            return;
        }

        for (int irq = 0; irq < NrIrqs; irq++)
        {
            IrqDescriptor* descriptor = Descriptor(irq);
            if (descriptor->Has(IrqStatus.Replay))
            {
                Resend(irq, descriptor);
            }
        }
    }

    private static void Resend(int irq, IrqDescriptor* descriptor)
    {
        descriptor->Lock.LockNoPreempt();
        IrqStatus status = descriptor->Status;
        if ((status & (IrqStatus.Replay | IrqStatus.Pending)) == (IrqStatus.Replay | IrqStatus.Pending))
        {
            status &= ~IrqStatus.Replay;
            descriptor->Status = status;

            // Disabled again: stays pending. In progress: whoever is in the handlers sees Pending and goes round once more.
            if ((status & (IrqStatus.Disabled | IrqStatus.InProgress)) == 0)
            {
                descriptor->Status = (status & ~IrqStatus.Pending) | IrqStatus.InProgress;
                descriptor->Chip->Mask(irq);
                RunHandlers(irq, descriptor);
                descriptor->Chip->End(irq);
            }
        }

        descriptor->Lock.ReleaseNoPreempt();
    }

    // By itself, so that every interrupt finds it without an offset.
    private static class Resends
    {
        // Not zero: at least one line has both Pending and Replay.
        public static int Wanted;
    }
}
