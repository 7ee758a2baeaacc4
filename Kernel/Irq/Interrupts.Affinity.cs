// Interrupts.Affinity: which CPUs a line's interrupts go to.
//
// Linux: set_affinity and /proc/irq/N/smp_affinity, kernel/irq/proc.c. Any context, never sleeps. Lock: the line's descriptor.
// An interrupt that is already on its way to a CPU when the mask changes still arrives there.

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>True if the controller of line <paramref name="irq"/> can choose between CPUs.</summary>
    public static bool CanSetAffinity(int irq) => Exists(irq) && Descriptor(irq)->Chip->SetAffinity != null;

    /// <summary>Routes line <paramref name="irq"/> to the CPUs of <paramref name="mask"/>.</summary>
    /// <returns>0; -EINVAL: no such line, or none of the CPUs runs; -EIO: the controller cannot route.</returns>
    /// <linux>irq_set_affinity</linux>
    /// <rows>IRQ-13</rows>
    public static int IrqSetAffinity(int irq, uint mask)
    {
        if (!Exists(irq))
        {
            return -EINVAL;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        int result = descriptor->Chip->SetAffinity == null ? -EIO : descriptor->Chip->SetAffinity(irq, mask);
        if (result == 0)
        {
            descriptor->Affinity = mask;
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>The mask of CPUs that line <paramref name="irq"/> was last routed to; all, if it never was. 0 if there is no such line.</summary>
    /// <linux>irq_affinity</linux>
    /// <rows>IRQ-13</rows>
    public static uint IrqAffinity(int irq) =>
        !Exists(irq) ? 0 : Descriptor(irq)->Affinity == 0 ? uint.MaxValue : Descriptor(irq)->Affinity;
}
