// Timers.Search: active timers that lead into a stretch of memory. Process context. Lock: each base's in turn.

namespace CSharpOS.Time;

public static unsafe partial class Timers
{
    /// <summary>Finds active timers whose function, or which themselves, lie in the stretch. A delayed work's timer is found by the work's handler.</summary>
    internal static void Search(RangeSearch* search)
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                TimerBase* timers = s_bases.On(cpu);
                ulong flags = timers->Lock.LockIrqSave();
                SearchSlot(search, &timers->Due);
                for (int slot = 0; slot < TimerBase.SlotCount; slot++)
                {
                    SearchSlot(search, TimerBase.Slot(timers, slot));
                }

                if (search->Contains(timers->Running))
                {
                    search->Add((void*)timers->Running->Function);
                }

                timers->Lock.UnlockIrqRestore(flags);
            }
        }
    }

    private static void SearchSlot(RangeSearch* search, ListHead* slot)
    {
        for (ListHead* link = slot->Next; link != slot; link = link->Next)
        {
            var timer = (TimerList*)link;
            void* function = DelayedWork.HandlerOf(timer);
            if (search->Contains(function) || search->Contains(timer))
            {
                search->Add(function);
            }
        }
    }
}
