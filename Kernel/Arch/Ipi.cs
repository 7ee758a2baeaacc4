// Ipi: what arrives on the vectors of the local APICs: messages between the CPUs, the local timer, errors.
//
// Linux: arch/i386/kernel/smp.c (smp_reschedule_interrupt and the like), smp_spurious_interrupt. Hard interrupt context, interrupts off, called
// by DoIrq for every vector that is no device line. No locks. Each message is retired before it is acted on: the next one may come meanwhile.

namespace CSharpOS.Arch;

/// <summary>The receiving side of messages between CPUs.</summary>
/// <rows>IRQ-18</rows>
internal static unsafe class Ipi
{
    /// <summary>Directs the vectors of the local APIC here. Boot, interrupts off.</summary>
    /// <linux>smp_intr_init</linux>
    public static void Init() => Interrupts.SetSystemHandlers(&Handle, &LocalApic.EndOfInterrupt);

    private static void Handle(int line, PtRegs* regs)
    {
        switch (line + AsmOffsets.FIRST_EXTERNAL_VECTOR)
        {
            case LocalApic.TimerVector:
                LocalApicTimer.Interrupt();
                break;
            case InstructionTimer.Vector:
                InstructionTimer.Interrupt(regs);
                break;
            case LocalApic.RescheduleVector:
                // Nothing else to do: need_resched is set already, and the way out of the interrupt looks at it.
                LocalApic.EndOfInterrupt();
                IrqStatistics.CountReschedule();
                break;
            case LocalApic.CallFunctionVector:
                LocalApic.EndOfInterrupt();
                IrqStatistics.CountCallFunction();
                Smp.RunCalledFunction();
                break;
            case LocalApic.TlbVector:
                LocalApic.EndOfInterrupt();
                IrqStatistics.CountTlbFlush();
                Smp.FlushTlbIfAsked();
                break;
            case LocalApic.StopVector:
                LocalApic.EndOfInterrupt();
                Smp.StopThisCpu();
                break;
            case LocalApic.ErrorVector:
                LocalApic.ErrorInterrupt();
                break;
            case LocalApic.SpuriousVector:
                Spurious();
                break;
            default:
                LocalApic.EndOfInterrupt();
                IrqStatistics.CountError();
                Printk(LogLevel.Error, $"unexpected interrupt on vector {line + AsmOffsets.FIRST_EXTERNAL_VECTOR:x}\n");
                break;
        }
    }

    // A true spurious interrupt is not in service and must not be retired; a message with this vector is, and must.
    private static void Spurious()
    {
        if (LocalApic.InService(LocalApic.SpuriousVector))
        {
            LocalApic.EndOfInterrupt();
        }

        IrqStatistics.CountError();
        Printk(LogLevel.Debug, $"spurious APIC interrupt on CPU {Cpu.SmpProcessorId()}\n");
    }
}
