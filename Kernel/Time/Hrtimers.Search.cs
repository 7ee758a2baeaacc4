// Hrtimers.Search: active high-resolution timers that lead into a stretch of memory. Process context. Lock: each base's in turn.

namespace CSharpOS.Time;

public static unsafe partial class Hrtimers
{
    /// <summary>Finds active timers whose function, or which themselves, lie in the stretch.</summary>
    internal static void Search(RangeSearch* search)
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                HrtimerBase* timers = s_bases.On(cpu);
                ulong flags = timers->Lock.LockIrqSave();
                for (Hrtimer* timer = timers->First; timer != null; timer = (Hrtimer*)RbTree.Next(&timer->Node))
                {
                    Judge(search, timer);
                }

                for (ListHead* link = timers->Pending.Next; link != &timers->Pending; link = link->Next)
                {
                    Judge(search, (Hrtimer*)((byte*)link - (int)((byte*)&((Hrtimer*)link)->Link - (byte*)link)));
                }

                timers->Lock.UnlockIrqRestore(flags);
            }
        }
    }

    private static void Judge(RangeSearch* search, Hrtimer* timer)
    {
        if (search->Contains((void*)timer->Function) || search->Contains(timer))
        {
            search->Add((void*)timer->Function);
        }
    }
}
