// Interrupts.Probe: finds out which line a device uses, by letting it interrupt and looking who moved.
//
// Linux: kernel/irq/autoprobe.c. Process context, interrupts on; waits 120 ms. One probe at a time. Lock: each descriptor's in turn.
// A line under probe has Autodetect, and Waiting until its first interrupt; it is enabled in the controller but stays Disabled for the
// irq layer, so the first interrupt masks it and no handler runs.

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    // Lines 0 to 63 fit in the mask; no ISA device is elsewhere.
    private const int ProbeLines = 64;
    private const uint SettleMilliseconds = 20;
    private const uint WatchMilliseconds = 100;

    private static int s_probing;

    /// <summary>Begins a probe: watches every line without a handler. Let the device interrupt after this, then call
    /// <see cref="ProbeIrqOff"/>. Process context, interrupts on; takes 120 ms.</summary>
    /// <returns>The lines that are being watched, one bit each; 0 if there are none, or if another probe is going on (then ProbeIrqOff
    /// must not be called).</returns>
    /// <linux>probe_irq_on</linux>
    /// <rows>IRQ-17</rows>
    public static ulong ProbeIrqOn()
    {
        MightSleep();
        if (Shared.Exchange(ref s_probing, 1) != 0)
        {
            return 0;
        }

        // An edge that waits in the controller since long ago would look like the device: let it out first.
        for (int irq = 0; irq < ProbeLines; irq++)
        {
            StartProbe(irq, IrqStatus.Disabled);
        }

        Mdelay(SettleMilliseconds);
        for (int irq = 0; irq < ProbeLines; irq++)
        {
            StartProbe(irq, IrqStatus.Autodetect | IrqStatus.Waiting);
        }

        // What interrupts now, without the driver having done anything, is not the device.
        Mdelay(WatchMilliseconds);
        ulong watched = 0;
        for (int irq = 0; irq < ProbeLines; irq++)
        {
            if (StillWaiting(irq))
            {
                watched |= 1ul << irq;
            }
        }

        if (watched == 0)
        {
            Shared.WriteOnce(ref s_probing, 0);
        }

        return watched;
    }

    /// <summary>Ends a probe. Process context.</summary>
    /// <param name="watched">What <see cref="ProbeIrqOn"/> gave.</param>
    /// <returns>The line that interrupted meanwhile; 0 if none did; minus the lowest one if several did.</returns>
    /// <linux>probe_irq_off</linux>
    /// <rows>IRQ-17</rows>
    public static int ProbeIrqOff(ulong watched)
    {
        int found = 0;
        int count = 0;
        for (int irq = 0; irq < ProbeLines; irq++)
        {
            if (EndProbe(irq) && (watched & (1ul << irq)) != 0)
            {
                found = count++ == 0 ? irq : found;
            }
        }

        Shared.WriteOnce(ref s_probing, 0);
        return count > 1 ? -found : found;
    }

    private static void StartProbe(int irq, IrqStatus bits)
    {
        if (!Exists(irq))
        {
            return;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        if (descriptor->Action == null)
        {
            descriptor->Status |= bits;
            descriptor->Chip->Startup(irq);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
    }

    // False if the line has interrupted: then it is out of the probe.
    private static bool StillWaiting(int irq)
    {
        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        bool waiting = (descriptor->Status & (IrqStatus.Autodetect | IrqStatus.Waiting)) == (IrqStatus.Autodetect | IrqStatus.Waiting);
        if (descriptor->Has(IrqStatus.Autodetect) && !waiting)
        {
            StopProbe(irq, descriptor);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return waiting;
    }

    // True if the line was being watched and has interrupted.
    private static bool EndProbe(int irq)
    {
        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        bool interrupted = (descriptor->Status & (IrqStatus.Autodetect | IrqStatus.Waiting)) == IrqStatus.Autodetect;
        if (descriptor->Has(IrqStatus.Autodetect))
        {
            StopProbe(irq, descriptor);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return interrupted;
    }

    private static void StopProbe(int irq, IrqDescriptor* descriptor)
    {
        descriptor->Status &= ~(IrqStatus.Autodetect | IrqStatus.Waiting | IrqStatus.Pending);
        descriptor->Chip->Shutdown(irq);
    }
}
