// Workqueue.Freeze: no freezable work runs between freeze and thaw.
//
// Linux: freeze_workqueues, thaw_workqueues (kernel/power). Process context; freezing sleeps. A frozen queue still takes works; they wait. Whoever flushes a
// frozen queue waits until it is thawed.

using System.Runtime.CompilerServices;

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    private static int s_frozen;

    /// <summary>Stops all freezable queues and waits until none of their handlers runs. Sleeps.</summary>
    /// <linux>freeze_workqueues_begin</linux>
    /// <rows>WORK-07</rows>
    public static void FreezeWorkqueues()
    {
        MightSleep();
        Shared.WriteOnce(ref s_frozen, 1);
        for (WorkqueueStruct* wq = NextFreezable(null); wq != null; wq = NextFreezable(wq))
        {
            for (int i = 0; i < wq->CpuCount; i++)
            {
                CpuWorkqueueStruct* cwq = wq->CpuWq + i;
                Awaited awaited = default;
                awaited.Task = Current;
                awaited.Anything = true;
                cwq->Lock.LockIrq();
                if (!IsDone(cwq, &awaited))
                {
                    WaitLocked(cwq, &awaited);
                }

                cwq->Lock.UnlockIrq();
            }
        }
    }

    /// <summary>Lets freezable queues go on with what has been queued meanwhile. Process context; does not sleep.</summary>
    /// <linux>thaw_workqueues</linux>
    /// <rows>WORK-07</rows>
    public static void ThawWorkqueues()
    {
        Shared.WriteOnce(ref s_frozen, 0);
        for (WorkqueueStruct* wq = NextFreezable(null); wq != null; wq = NextFreezable(wq))
        {
            for (int i = 0; i < wq->CpuCount; i++)
            {
                CpuWorkqueueStruct* cwq = wq->CpuWq + i;
                ulong flags = cwq->Lock.LockIrqSave();
                while (WakeIdleWorker(cwq))
                {
                }

                cwq->Lock.UnlockIrqRestore(flags);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsFrozen(WorkqueueStruct* wq) => wq->IsFreezable && Shared.ReadOnce(ref s_frozen) != 0;

    // The first freezable queue behind another one. Whoever freezes must not let queues be destroyed meanwhile.
    private static WorkqueueStruct* NextFreezable(WorkqueueStruct* previous)
    {
        WorkqueueStruct* found = null;
        ulong flags = s_lock.LockIrqSave();
        ListHead* link = previous == null ? All->Next : previous->List.Next;
        while (link != All && found == null)
        {
            WorkqueueStruct* wq = FromList(link);
            found = wq->IsFreezable ? wq : null;
            link = link->Next;
        }

        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    private static WorkqueueStruct* FromList(ListHead* link)
    {
        var wq = (WorkqueueStruct*)link;
        return ListHead.Entry<WorkqueueStruct>(link, (int)((byte*)&wq->List - (byte*)wq));
    }
}
