// Interrupts.Manage: what drivers call to get, keep quiet and give back an interrupt line.
//
// Linux: kernel/irq/manage.c. RequestIrq and FreeIrq: process context, may sleep. The others: any context; those that wait spin until another
// CPU leaves the line's handlers, and sleep only for threads of the line. Lock: the line's descriptor, interrupts off; never while waiting.

using System.Runtime.CompilerServices;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>Installs <paramref name="handler"/> on line <paramref name="irq"/> and enables the line if it is the first. The interrupt
    /// may come before this returns: have the device ready. Process context; may sleep.</summary>
    /// <param name="irq">The line.</param>
    /// <param name="handler">Called for every interrupt of the line, in hard interrupt context.</param>
    /// <param name="flags">See <see cref="IrqFlags"/>.</param>
    /// <param name="name">The device's name, as /proc/interrupts shows it; a literal, for it is kept by pointer.</param>
    /// <param name="devId">Given to the handler and to <see cref="FreeIrq"/>; unique, not null, if the line is shared.</param>
    /// <returns>0; -EINVAL: no such line, no handler, or shared with a null <paramref name="devId"/>; -EBUSY: the line is taken, and not
    /// everybody agrees to share; -ENOMEM.</returns>
    /// <linux>request_irq</linux>
    /// <rows>IRQ-04</rows>
    public static int RequestIrq(
        int irq, delegate*<int, void*, PtRegs*, IrqReturn> handler, IrqFlags flags, ReadOnlySpan<byte> name, void* devId) =>
        RequestThreadedIrq(irq, handler, null, flags, name, devId);

    /// <summary>Installs an action of the caller's own, for lines that are needed before there is memory to allocate. Any context in
    /// which the line cannot be freed at the same time; does not sleep.</summary>
    /// <returns>0; -EINVAL: no such line or no handler; -EBUSY as for <see cref="RequestIrq"/>.</returns>
    /// <linux>setup_irq</linux>
    /// <rows>IRQ-04</rows>
    public static int SetupIrq(int irq, IrqAction* action)
    {
        if (!Exists(irq) || action->Handler == null)
        {
            return -EINVAL;
        }

        action->Irq = irq;
        action->Next = null;
        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction* first = descriptor->Action;

        // All handlers of a line are shared, or there is only one: so asking the first asks all.
        if (first != null && ((first->Flags & action->Flags & IrqFlags.Shared) == 0 || ((first->Flags ^ action->Flags) & IrqFlags.Oneshot) != 0))
        {
            descriptor->Lock.UnlockIrqRestore(flags);
            return -EBUSY;
        }

        IrqAction** link = &descriptor->Action;
        while (*link != null)
        {
            link = &(*link)->Next;
        }

        // The handler is complete before the line's list shows it.
        Shared.WriteOnce(link, action);
        if (first == null)
        {
            // What came before was not for this handler. InProgress stays: the handlers of a line that is being freed may still run.
            descriptor->Status &= ~(IrqStatus.Pending | IrqStatus.Replay | IrqStatus.Autodetect | IrqStatus.Waiting);
            EnableFromStart(irq, descriptor);
        }
        else if (descriptor->Has(IrqStatus.SpuriousDisabled))
        {
            // Perhaps this is the handler that was missing.
            EnableFromStart(irq, descriptor);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        if (first != null && ((first->Flags ^ action->Flags) & IrqFlags.Disabled) != 0)
        {
            Printk(LogLevel.Warning, $"irq {irq}: {action->Name}: SA_INTERRUPT is not guaranteed on a shared line: the first handler decides\n");
        }

        return 0;
    }

    /// <summary>Takes the handler with <paramref name="devId"/> off line <paramref name="irq"/>, disables the line if it was the last, and
    /// returns when no CPU runs it any more, and its thread, if it has one, has done what it was woken for and has ended. Keep the device from
    /// interrupting first if the line is shared. Process context; spins while another CPU is in the line's handlers, sleeps for the thread. A
    /// wrong <paramref name="devId"/>, interrupt context, or the handler's own thread, is reported and changes nothing.</summary>
    /// <linux>free_irq</linux>
    /// <rows>IRQ-05</rows>
    public static void FreeIrq(int irq, void* devId)
    {
        if (InInterrupt())
        {
            Printk(LogLevel.Error, $"irq {irq}: free_irq from interrupt context\n");
            ReportCaller();
            return;
        }

        IrqAction* own = ActionOfThisThread(irq);
        if (own != null && own->DevId == devId)
        {
            Printk(LogLevel.Error, $"irq {irq}: free_irq from the handler's own thread\n");
            ReportCaller();
            return;
        }

        IrqAction* action = Exists(irq) ? Unlink(irq, devId) : null;
        if (action == null)
        {
            Printk(LogLevel.Error, $"Trying to free already-free IRQ {irq}\n");
            ReportCaller();
            return;
        }

        SynchronizeHardirq(irq);
        StopThread(action);
        ProcIrq.Update(irq, action->Name);
        if (action->Allocated)
        {
            Kfree(action);
        }
    }

    /// <summary>Keeps line <paramref name="irq"/> quiet without waiting for handlers that run. Nests. Any context.</summary>
    /// <linux>disable_irq_nosync</linux>
    /// <rows>IRQ-08</rows>
    public static void DisableIrqNosync(int irq)
    {
        if (!CheckLine(irq, "disable_irq"u8))
        {
            return;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        if (descriptor->Depth++ == 0)
        {
            descriptor->Status |= IrqStatus.Disabled;
            descriptor->Chip->Disable(irq);
        }

        descriptor->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>Keeps line <paramref name="irq"/> quiet and waits until no CPU runs its handlers, as <see cref="SynchronizeIrq"/> does. Nests.</summary>
    /// <linux>disable_irq</linux>
    /// <rows>IRQ-08</rows>
    public static void DisableIrq(int irq)
    {
        DisableIrqNosync(irq);
        SynchronizeIrq(irq);
    }

    /// <summary>Undoes one DisableIrq or DisableIrqNosync; the last one lets the line interrupt again, and an edge that came meanwhile is
    /// delivered. Any context. One too many is reported and changes nothing.</summary>
    /// <linux>enable_irq</linux>
    /// <rows>IRQ-08</rows>
    public static void EnableIrq(int irq)
    {
        if (!CheckLine(irq, "enable_irq"u8))
        {
            return;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();

        // A line without a handler has a depth of 1 that no driver asked for.
        bool balanced = descriptor->Depth > (descriptor->Action == null ? 1 : 0);
        if (balanced && --descriptor->Depth == 0)
        {
            descriptor->Status &= ~(IrqStatus.Disabled | IrqStatus.SpuriousDisabled);
            CheckResend(irq, descriptor);
            if (!descriptor->Has(IrqStatus.Oneshot))
            {
                descriptor->Chip->Enable(irq);
            }
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        if (!balanced)
        {
            Printk(LogLevel.Error, $"Unbalanced enable for IRQ {irq}\n");
            ReportCaller();
        }
    }

    /// <summary>Waits until no CPU runs handlers of line <paramref name="irq"/>, and no thread of one of them has anything left to do. Spins for handlers:
    /// hold no lock that one of them takes. Any context, if the line has no threads; else process context, for it sleeps for them: in atomic
    /// context it waits for the handlers only, and if a thread is at work that is reported. From a handler or a thread of the same line, or an
    /// interrupt of one, it is reported and does not wait.</summary>
    /// <linux>synchronize_irq</linux>
    /// <rows>IRQ-08 IRQ-16</rows>
    public static void SynchronizeIrq(int irq)
    {
        SynchronizeHardirq(irq);
        if (Exists(irq) && Shared.ReadOnce(ref Descriptor(irq)->ThreadsActive) != 0)
        {
            WaitForThreads(irq);
        }
    }

    /// <summary><see cref="SynchronizeIrq"/> for handlers alone, without their threads. Any context; spins.</summary>
    /// <linux>synchronize_hardirq</linux>
    /// <rows>IRQ-08</rows>
    public static void SynchronizeHardirq(int irq)
    {
        if (!CheckLine(irq, "synchronize_irq"u8))
        {
            return;
        }

        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        bool onThisCpu = descriptor->Has(IrqStatus.InProgress) && descriptor->HandlerCpu == SmpProcessorId();
        descriptor->Lock.UnlockIrqRestore(flags);

        // In progress here means: below us on this CPU's stack. It cannot go on before we return.
        if (onThisCpu)
        {
            Printk(LogLevel.Error, $"irq {irq}: a handler of this line waits for itself: not waiting\n");
            ReportCaller();
            return;
        }

        while (descriptor->Has(IrqStatus.InProgress))
        {
            CpuRelax();
        }
    }

    // The line starts anew, whatever its depth was. Descriptor locked.
    private static void EnableFromStart(int irq, IrqDescriptor* descriptor)
    {
        descriptor->Status &= ~(IrqStatus.Disabled | IrqStatus.SpuriousDisabled);
        descriptor->Depth = 0;
        descriptor->Count = 0;
        descriptor->Unhandled = 0;
        descriptor->Chip->Startup(irq);
        if (descriptor->Has(IrqStatus.Oneshot))
        {
            // A thread of the line's last owner is still at work; it unmasks.
            descriptor->Chip->Mask(irq);
        }
    }

    // Takes the action out of the list; it keeps its Next, for a CPU may be standing on it. Null if there is none with this devId.
    private static IrqAction* Unlink(int irq, void* devId)
    {
        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction** link = &descriptor->Action;
        while (*link != null && (*link)->DevId != devId)
        {
            link = &(*link)->Next;
        }

        IrqAction* action = *link;
        if (action != null)
        {
            Shared.WriteOnce(link, action->Next);
            if (descriptor->Action == null)
            {
                descriptor->Status = (descriptor->Status | IrqStatus.Disabled)
                    & ~(IrqStatus.Pending | IrqStatus.Replay | IrqStatus.SpuriousDisabled);
                descriptor->Depth = 1;
                descriptor->Chip->Shutdown(irq);
            }
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return action;
    }

    private static bool CheckLine(int irq, ReadOnlySpan<byte> caller)
    {
        if (Exists(irq))
        {
            return true;
        }

        Printk(LogLevel.Error, $"{caller}: there is no IRQ {irq}\n");
        ReportCaller();
        return false;
    }
}
