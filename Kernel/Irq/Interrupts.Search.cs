// Interrupts.Search: handlers that lead into a stretch of memory. Process context. Lock: each descriptor's in turn.

namespace CSharpOS.Irq;

public static unsafe partial class Interrupts
{
    /// <summary>Finds registered handlers and thread functions that lie in the stretch.</summary>
    internal static void Search(RangeSearch* search)
    {
        for (int irq = 0; irq < NrIrqs; irq++)
        {
            IrqDescriptor* descriptor = Descriptor(irq);
            ulong flags = descriptor->Lock.LockIrqSave();
            for (IrqAction* action = descriptor->Action; action != null; action = action->Next)
            {
                void* function = search->Contains((void*)action->ThreadFn) ? (void*)action->ThreadFn : (void*)action->Handler;
                if (search->Contains(function))
                {
                    search->Add(function);
                }
            }

            descriptor->Lock.UnlockIrqRestore(flags);
        }
    }
}
