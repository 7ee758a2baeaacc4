// EdgeChip: a controller that lets edges through while a line is served, as an I/O APIC does. It can be told to raise an interrupt again.

using System.Runtime.CompilerServices;

namespace CSharpOS.Hosted.Irq;

/// <summary>A controller for one line, number 20.</summary>
public static unsafe class EdgeChip
{
    public const int Irq = 20;

    private static IrqChip s_chip;

    public static bool Masked { get; private set; }

    public static int Acks { get; private set; }

    public static int Retriggers { get; private set; }

    public static void Install(bool canRetrigger)
    {
        Masked = true;
        Acks = 0;
        Retriggers = 0;
        s_chip = default;
        s_chip.Name = "EDGE"u8;
        s_chip.Startup = &Startup;
        s_chip.Shutdown = &Mask;
        s_chip.Enable = &Unmask;
        s_chip.Disable = &Mask;
        s_chip.Ack = &Ack;
        s_chip.MaskAndAck = &MaskAndAck;
        s_chip.Mask = &Mask;
        s_chip.Unmask = &Unmask;
        s_chip.End = &End;
        s_chip.Retrigger = canRetrigger ? &Retrigger : null;
        SetChip(Irq, (IrqChip*)Unsafe.AsPointer(ref s_chip), false);
    }

    private static bool Startup(int irq)
    {
        Masked = false;
        return false;
    }

    private static void Mask(int irq) => Masked = true;

    private static void Unmask(int irq) => Masked = false;

    private static void Ack(int irq) => Acks++;

    private static bool MaskAndAck(int irq)
    {
        Acks++;
        return true;
    }

    private static void End(int irq)
    {
        if (!IrqToDescriptor(irq)->Has(IrqStatus.Disabled | IrqStatus.InProgress))
        {
            Masked = false;
        }
    }

    private static bool Retrigger(int irq)
    {
        Retriggers++;
        return true;
    }
}
