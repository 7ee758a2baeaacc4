// Interrupts.Handle: the path of a device interrupt from the entry stub to the handlers and back.
//
// Linux: do_IRQ (arch/i386/kernel/irq.c), __do_IRQ and handle_IRQ_event (kernel/irq/handle.c). Hard interrupt context, on the interrupt
// stack, interrupts off except while slow handlers run. Lock: the line's descriptor, not held while handlers run.
// Invariants: InProgress keeps every other CPU out of the line's handlers; the controller keeps the line quiet from MaskAndAck to End
// (8259A, level triggered lines), or lets edges through, which become Pending and are served before InProgress ends.

using System.Runtime;
using System.Runtime.CompilerServices;
using CSharpOS.Historical;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>Every device interrupt: acknowledges it, runs the line's handlers, and returns to the entry stub. Called by the stub with
    /// interrupts off; <paramref name="regs"/> are the interrupted registers, the line is in <c>OrigRax &amp; 0xff</c>. The stub has made
    /// them this CPU's <see cref="Cpu.InterruptRegs"/>, and puts the outer ones back.</summary>
    /// <linux>do_IRQ</linux>
    /// <rows>IRQ-02</rows>
    [RuntimeExport("arch_do_irq")]
    public static void DoIrq(PtRegs* regs)
    {
        // A byte is always a line of the table.
        int irq = (byte)regs->OrigRax;
#if DEBUG_CHECKS
        TraceGateEntered(regs);
#endif
        IrqEnter();
        Debugging.LastInterrupts.Note((uint)irq);
#if DEBUG_CHECKS
        LockValidator.HardirqEntered();
        int outer = LockValidator.EnterLine(irq);
#endif
        HandleLine(irq, Descriptor(irq));
        if (Shared.ReadOnce(ref Resends.Wanted) != 0)
        {
            ResendPending();
        }

#if DEBUG_CHECKS
        LockValidator.LeaveLine(outer);
#endif
        IrqExit();
#if DEBUG_CHECKS
        TraceGateLeft(regs);
#endif
    }

    // Interrupts are off, so the lock needs no help from preempt_count.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void HandleLine(int irq, IrqDescriptor* descriptor)
    {
        LockOf(descriptor)->LockNoPreempt();
#if SMP
        if (GlobalCli.IsClosed)
        {
            WaitAtGate(descriptor);
        }
#endif
        if (descriptor->Chip->MaskAndAck(irq))
        {
            IrqStatistics.Count((uint)irq);
            IrqStatus status = descriptor->Status;
            if ((status & (IrqStatus.Disabled | IrqStatus.InProgress)) == 0)
            {
                descriptor->Status = (status & ~(IrqStatus.Pending | IrqStatus.Replay | IrqStatus.Waiting)) | IrqStatus.InProgress;
                RunHandlers(irq, descriptor);
            }
            else
            {
                // For the CPU that is in the handlers now, or for EnableIrq.
                descriptor->Status = (status & ~(IrqStatus.Replay | IrqStatus.Waiting)) | IrqStatus.Pending;
            }

            descriptor->Chip->End(irq);
        }

        LockOf(descriptor)->ReleaseNoPreempt();
    }

#if SMP
    // Some CPU has interrupts off on all CPUs. The line's lock is not kept meanwhile: that CPU may want it.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WaitAtGate(IrqDescriptor* descriptor)
    {
        LockOf(descriptor)->ReleaseNoPreempt();
        GlobalCli.Gate();
        LockOf(descriptor)->LockNoPreempt();
    }
#endif

    // The lock stands first in a descriptor. Naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SpinLock* LockOf(IrqDescriptor* descriptor) => (SpinLock*)descriptor;

    // The registers are not handed down: a handler gets them from where the stub has put them.
    // Serves an interrupt of a line that this CPU has just marked InProgress, and what becomes pending meanwhile. The descriptor is locked on
    // entry and on return, and not between: other CPUs may set Pending, and drivers may disable the line or change its handlers.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunHandlers(int irq, IrqDescriptor* descriptor)
    {
        descriptor->HandlerCpu = SmpProcessorId();
        RunHandlersOnce(irq, descriptor);
        if ((descriptor->Status & (IrqStatus.Pending | IrqStatus.Disabled)) == IrqStatus.Pending)
        {
            RunHandlersAgain(irq, descriptor);
        }

        descriptor->Status &= ~IrqStatus.InProgress;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunHandlersOnce(int irq, IrqDescriptor* descriptor)
    {
        IrqAction* action = descriptor->Action;
        LockOf(descriptor)->ReleaseNoPreempt();
        IrqReturn result = HandleIrqEvent(irq, action);
        LockOf(descriptor)->LockNoPreempt();
        NoteInterrupt(irq, descriptor, result);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunHandlersAgain(int irq, IrqDescriptor* descriptor)
    {
        do
        {
            descriptor->Status &= ~IrqStatus.Pending;
            RunHandlersOnce(irq, descriptor);
        }
        while ((descriptor->Status & (IrqStatus.Pending | IrqStatus.Disabled)) == IrqStatus.Pending);
    }

    /// <summary>Calls every handler of a line in order of registration and gives their or-ed results. Interrupts are on meanwhile unless
    /// the first handler has <see cref="IrqFlags.Disabled"/>; they are off on return. Hard interrupt context.</summary>
    /// <linux>handle_IRQ_event</linux>
    /// <rows>IRQ-06</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IrqReturn HandleIrqEvent(int irq, IrqAction* action)
    {
        if ((action->Flags & IrqFlags.Disabled) == 0)
        {
            LocalIrqEnable();
        }

        IrqReturn result = CallHandler(irq, action);
        if (Shared.ReadOnce(&action->Next) != null || (action->Flags & IrqFlags.SampleRandom) != 0)
        {
            return HandleRest(irq, action, result);
        }

        LocalIrqDisable();
        return result;
    }

    // The rest of the list, behind a first handler that gave result, and the entropy. Each Next is read once: a handler that is being freed keeps its own until
    // InProgress ends, one that is being added appears whole.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static IrqReturn HandleRest(int irq, IrqAction* action, IrqReturn result)
    {
        IrqFlags flags = action->Flags;
        action = Shared.ReadOnce(&action->Next);
        while (action != null)
        {
            flags |= action->Flags;
            result |= CallHandler(irq, action);
            action = Shared.ReadOnce(&action->Next);
        }

        LocalIrqDisable();
        if ((flags & IrqFlags.SampleRandom) != 0)
        {
            EntropyPool.AddInterruptRandomness(irq);
        }

        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static IrqReturn CallHandler(int irq, IrqAction* action)
    {
#if DEBUG_CHECKS
        int count = PreemptCount();
        int held = LockValidator.HeldCount;
        TracePoints.IrqHandlerEntry(irq, action);
        IrqReturn result = action->Handler(irq, action->DevId, InterruptRegs);
        TracePoints.IrqHandlerExit(irq, result);
        if (PreemptCount() != count)
        {
            ReportPreemptCount(irq, action, count);
        }

        if (LockValidator.HeldCount != held)
        {
            LockValidator.HandlerReturned(held, action->Name);
        }
#else
        TracePoints.IrqHandlerEntry(irq, action);

        // First: what is read after it need not be kept across it.
        PtRegs* regs = InterruptRegs;
        IrqReturn result = action->Handler(irq, action->DevId, regs);
        TracePoints.IrqHandlerExit(irq, result);
#endif
        if (result == IrqReturn.WakeThread)
        {
            WakeThread(irq, action);
        }

        return result;
    }

#if DEBUG_CHECKS
    // A handler that kept a spin lock, or gave one back that it did not have. The count is put right, so that the machine goes on.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReportPreemptCount(int irq, IrqAction* action, int expected)
    {
#if SMP
        if (GlobalCli.ReleaseForgotten())
        {
            Printk(LogLevel.Error, $"irq {irq}: handler of {action->Name} returned without sti()\n");
            ReportCaller();
            return;
        }
#endif
        int found = PreemptCount();
        Cpu.PreemptCountAdd(expected - found);
        Printk(LogLevel.Error, $"irq {irq}: handler of {action->Name} changed preempt_count from {expected:x8} to {found:x8}\n");
        ReportCaller();
    }
#endif
}
