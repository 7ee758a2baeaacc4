// Interrupts.Spurious: switches off a line whose interrupts nobody handles.
//
// Linux: kernel/irq/spurious.c. A level triggered line that stays asserted would interrupt for ever, and the machine would do nothing
// else. Of every 100,000 interrupts of a line up to 99,900 may be unhandled; beyond that it is reported and disabled.
// Hard interrupt context, interrupts off, descriptor locked.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>After so many interrupts a line's record is looked at and begun afresh.</summary>
    public const int UnhandledWindow = 100_000;

    /// <summary>A line with more unhandled interrupts than this in one window is disabled.</summary>
    public const int UnhandledLimit = 99_900;

    // Keeps the line's record. Linux: note_interrupt.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void NoteInterrupt(int irq, IrqDescriptor* descriptor, IrqReturn result)
    {
        if (result != IrqReturn.Handled)
        {
            NoteUnusual(irq, descriptor, result);
        }

        uint count = descriptor->Count + 1;
        descriptor->Count = count;
        if (count >= UnhandledWindow)
        {
            EndWindow(irq, descriptor);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void NoteUnusual(int irq, IrqDescriptor* descriptor, IrqReturn result)
    {
        if (result == IrqReturn.None)
        {
            descriptor->Unhandled++;
        }
        else if ((result & ~(IrqReturn.Handled | IrqReturn.WakeThread)) != 0)
        {
            // Not a value a handler may give: as good as no answer, and worth a line once per window.
            if (descriptor->Unhandled++ == 0)
            {
                Printk(LogLevel.Error, $"irq {irq}: a handler returned {(int)result:x8}, which means nothing\n");
                PrintHandlers(descriptor);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void EndWindow(int irq, IrqDescriptor* descriptor)
    {
        uint unhandled = descriptor->Unhandled;
        descriptor->Count = 0;
        descriptor->Unhandled = 0;
        if (unhandled <= UnhandledLimit)
        {
            return;
        }

        Printk(LogLevel.Error, $"irq {irq}: nobody cared\n");
        ReportCaller();
        PrintHandlers(descriptor);
        Printk(LogLevel.Error, $"Disabling IRQ #{irq}\n");

        // As if a driver had disabled it: one EnableIrq, or a new request, brings the line back.
        descriptor->Status |= IrqStatus.Disabled | IrqStatus.SpuriousDisabled;
        descriptor->Depth++;
        descriptor->Chip->Disable(irq);
    }

    private static void PrintHandlers(IrqDescriptor* descriptor)
    {
        Printk(LogLevel.Error, $"handlers:\n");
        for (IrqAction* action = descriptor->Action; action != null; action = action->Next)
        {
            void* handler = (void*)action->Handler;
            if (SymbolTable.Lookup((nuint)handler, out SymbolInfo symbol))
            {
                Printk(LogLevel.Error, $"[<{handler}>] {symbol.Name} ({action->Name})\n");
            }
            else
            {
                Printk(LogLevel.Error, $"[<{handler}>] ({action->Name})\n");
            }
        }
    }
}
