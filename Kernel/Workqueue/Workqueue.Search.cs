// Workqueue.Search: works that lead into a stretch of memory. Process context. Locks: s_lock, a queue's own inside it.

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    /// <summary>Finds works, waiting or being done, whose handler, or which themselves, lie in the stretch.</summary>
    internal static void Search(RangeSearch* search)
    {
        ulong flags = s_lock.LockIrqSave();
        for (ListHead* link = All->Next; link != All; link = link->Next)
        {
            WorkqueueStruct* wq = FromList(link);
            for (int i = 0; i < wq->CpuCount; i++)
            {
                Search(search, wq->CpuWq + i);
            }
        }

        s_lock.UnlockIrqRestore(flags);
    }

    private static void Search(RangeSearch* search, CpuWorkqueueStruct* cwq)
    {
        cwq->Lock.Lock();
        for (ListHead* entry = cwq->Worklist.Next; entry != &cwq->Worklist; entry = entry->Next)
        {
            var work = (WorkStruct*)((byte*)entry - (int)((byte*)&((WorkStruct*)entry)->Entry - (byte*)entry));
            if (search->Contains((void*)work->Function) || search->Contains(work))
            {
                search->Add((void*)work->Function);
            }
        }

        for (ListHead* link = cwq->Workers.Next; link != &cwq->Workers; link = link->Next)
        {
            for (RunningWork* running = ((Worker*)link)->Running; running != null; running = running->Outer)
            {
                if (search->Contains((void*)running->Function))
                {
                    search->Add((void*)running->Function);
                }
            }
        }

        cwq->Lock.Unlock();
    }
}
