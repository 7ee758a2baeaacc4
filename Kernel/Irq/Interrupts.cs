// Interrupts: the table of interrupt lines.
//
// Linux: kernel/irq/handle.c (irq_desc[]) and arch/i386/kernel/irq.c. The class is spread over files by aspect:
//   Interrupts.cs          the table, its set-up, who owns which line
//   Interrupts.Handle.cs   DoIrq and HandleIrqEvent: what happens when an interrupt arrives
//   Interrupts.Manage.cs   RequestIrq, FreeIrq, DisableIrq, EnableIrq, SynchronizeIrq: what drivers call
//   Interrupts.Threads.cs  the threads of RequestThreadedIrq
//   Interrupts.Resend.cs   a second chance for interrupts that came while their line was disabled
//   Interrupts.Spurious.cs lines that nobody cares for
//   Interrupts.Probe.cs    finding a device's line
//   Interrupts.Affinity.cs which CPUs a line's interrupts go to
//   Interrupts.System.cs   interrupts of the local APICs, which are no lines
// Locks, outermost first: a descriptor's Lock (interrupts off), then the controller's own lock. No two descriptors' locks at once.
// Init and SetChip run at boot, on one CPU with interrupts off; everything else says its contexts itself.

using System.Runtime.CompilerServices;

namespace CSharpOS.Irq;

/// <summary>The irq layer: lines, their handlers, and the path of every device interrupt.</summary>
public static unsafe partial class Interrupts
{
    /// <summary>Lines that the table has: vectors 0x20 to 0xee. Which of them exist depends on the controllers.</summary>
    /// <linux>NR_IRQS</linux>
    public const int NrIrqs = AsmOffsets.FIRST_SYSTEM_VECTOR - AsmOffsets.FIRST_EXTERNAL_VECTOR;

    // One for every value of a byte, so that DoIrq needs no check; those from NrIrqs on never get a controller.
    private const int TableSize = 256;

    private static DescriptorTable s_descriptors;
    private static IrqChip s_noChip;

    /// <summary>Forgets all lines, handlers and counters. At boot, before any controller's Init; interrupts off.</summary>
    /// <linux>init_IRQ</linux>
    public static void Init()
    {
        InitNoChip();
        s_descriptors = default;
        for (int irq = 0; irq < TableSize; irq++)
        {
            IrqDescriptor* descriptor = Descriptor(irq);
            descriptor->Status = IrqStatus.Disabled;
            descriptor->Depth = 1;
            descriptor->Lock.Init();
            descriptor->Chip = NoChip;
        }

        Resends.Wanted = 0;
        s_probing = 0;
        WaitQueue.Init(ThreadWaiters);
        SetSystemHandlers(null, null);
        IrqStatistics.Init();
        EntropyPool.Init();
    }

    /// <summary>Gives line <paramref name="irq"/> to a controller. At boot; interrupts off.</summary>
    /// <linux>set_irq_chip</linux>
    public static void SetChip(int irq, IrqChip* chip, bool level)
    {
        IrqDescriptor* descriptor = Descriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        descriptor->Chip = chip;
        descriptor->Status = level ? descriptor->Status | IrqStatus.Level : descriptor->Status & ~IrqStatus.Level;
        descriptor->Lock.UnlockIrqRestore(flags);
    }

    /// <summary>The descriptor of line <paramref name="irq"/>, or null if there is no such line.</summary>
    /// <linux>irq_to_desc</linux>
    public static IrqDescriptor* IrqToDescriptor(int irq) => Exists(irq) ? Descriptor(irq) : null;

    /// <summary>True if a controller serves line <paramref name="irq"/>.</summary>
    public static bool Exists(int irq) => (uint)irq < NrIrqs && Descriptor(irq)->Chip != NoChip;

    /// <summary>For handlers that have the answer as a number: 0 is <see cref="IrqReturn.None"/>, anything else
    /// <see cref="IrqReturn.Handled"/>.</summary>
    /// <linux>IRQ_RETVAL</linux>
    /// <rows>IRQ-19</rows>
    public static IrqReturn IrqRetval(int value) => value != 0 ? IrqReturn.Handled : IrqReturn.None;

    /// <inheritdoc cref="IrqRetval(int)"/>
    public static IrqReturn IrqRetval(bool handled) => handled ? IrqReturn.Handled : IrqReturn.None;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static IrqDescriptor* Descriptor(int irq) => (IrqDescriptor*)Unsafe.AsPointer(ref s_descriptors) + irq;

    // The controller of lines that no controller serves. Linux: no_irq_type.
    private static IrqChip* NoChip => (IrqChip*)Unsafe.AsPointer(ref s_noChip);

    private static void InitNoChip()
    {
        s_noChip = default;
        s_noChip.Name = "none"u8;
        s_noChip.Startup = &NoStartup;
        s_noChip.Shutdown = &NoOperation;
        s_noChip.Enable = &NoOperation;
        s_noChip.Disable = &NoOperation;
        s_noChip.Ack = &NoOperation;
        s_noChip.MaskAndAck = &NoMaskAndAck;
        s_noChip.Mask = &NoOperation;
        s_noChip.Unmask = &NoOperation;
        s_noChip.End = &NoOperation;
    }

    private static bool NoStartup(int irq) => false;

    private static void NoOperation(int irq)
    {
    }

    private static bool NoMaskAndAck(int irq)
    {
        EndUnexpected();
        IrqStatistics.CountError();
        Printk(LogLevel.Error, $"unexpected interrupt on line {irq}, which has no controller\n");
        return false;
    }

    // What a mistake of a caller looks like in the log: the sentence, then how it came to be.
    private static void ReportCaller()
    {
        DumpStack();
    }

    [InlineArray(TableSize)]
    private struct DescriptorTable
    {
        private IrqDescriptor _first;
    }
}
