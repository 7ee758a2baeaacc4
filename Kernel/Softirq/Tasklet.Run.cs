// Tasklet.Run: the two softirqs that run tasklets.
//
// Linux: tasklet_action, tasklet_hi_action, tasklet_trylock of kernel/softirq.c. In a softirq, interrupts on. No locks: see Tasklet.cs.
// The whole list is taken at once; a tasklet that schedules itself while it runs goes to the new one. Scheduled is cleared before the function
// is called, so that whoever schedules it meanwhile gets another run; Running is what keeps that run from beginning, on another
// CPU, before this one has ended.

using System.Runtime.CompilerServices;

namespace CSharpOS.Softirqs;

public static unsafe partial class Tasklet
{
#if SMP
    private const int ScheduledAndRunning = (int)(TaskletState.Scheduled | TaskletState.Running);
#endif

    /// <summary>The handler of TaskletSoftirq.</summary>
    /// <linux>tasklet_action</linux>
    /// <rows>TASKLET-02</rows>
    private static void TaskletAction(SoftirqAction* entry) => RunList(TaskletSoftirq);

    /// <summary>The handler of HiSoftirq.</summary>
    /// <linux>tasklet_hi_action</linux>
    /// <rows>TASKLET-02</rows>
    private static void TaskletHiAction(SoftirqAction* entry) => RunList(HiSoftirq);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RunList(SoftirqNr softirq)
    {
        LocalIrqDisable();
        TaskletHead* head = ListOf(softirq);
        TaskletStruct* tasklet = head->First;
        head->First = null;
        LocalIrqEnable();
        while (tasklet != null)
        {
            // Read before the tasklet runs: from then on Next may be somebody else's.
            TaskletStruct* next = tasklet->Next;
#if DEBUG_CHECKS
            TaskletTracker.Begin(tasklet);
#endif
            if (!TryRun(tasklet))
            {
                PutBack(tasklet, softirq);
            }
#if DEBUG_CHECKS
            TaskletTracker.End();
#endif
            tasklet = next;
        }
    }

    // Runs it unless it runs elsewhere or is disabled. False: it stays scheduled.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TryRun(TaskletStruct* tasklet)
    {
        if (!TaskletTrylock(tasklet))
        {
            return false;
        }

        if (tasklet->Count.Read() != 0)
        {
            // One that is being killed need not wait for somebody to enable it.
            bool dropped = (Shared.ReadOnce(ref tasklet->State) & (int)TaskletState.Killed) != 0;
            if (dropped)
            {
                Shared.ClearBit((int)TaskletState.ScheduledBit, ref tasklet->State);
            }

            TaskletUnlock(tasklet);
            return dropped;
        }

        Shared.ClearBit((int)TaskletState.ScheduledBit, ref tasklet->State);
#if DEBUG_CHECKS
        tasklet->RunningCpu = SmpProcessorId();
#endif
        if (Trace.Enabled)
        {
            CallTraced(tasklet);
        }
        else
        {
            tasklet->Func(tasklet->Data);
        }

        TaskletUnlock(tasklet);
        return true;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CallTraced(TaskletStruct* tasklet)
    {
        void* function = tasklet->Func;
        TracePoints.TaskletEntry(tasklet, function);
        tasklet->Func(tasklet->Data);
        TracePoints.TaskletExit(tasklet, function);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PutBack(TaskletStruct* tasklet, SoftirqNr softirq)
    {
        LocalIrqDisable();
        Put(ListOf(softirq), tasklet);
        RaiseSoftirqIrqoff(softirq);
        LocalIrqEnable();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TaskletHead* ListOf(SoftirqNr softirq) => softirq == HiSoftirq ? s_hiVec.This : s_vec.This;

    /// <summary>Takes the right to run the tasklet. False if another CPU has it.</summary>
    /// <linux>tasklet_trylock</linux>
    /// <rows>TASKLET-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool TaskletTrylock(TaskletStruct* tasklet)
    {
#if SMP
        // Nearly always it is scheduled and nothing else.
        return Shared.CompareExchange(ref tasklet->State, ScheduledAndRunning, (int)TaskletState.Scheduled) == (int)TaskletState.Scheduled
            || !Shared.TestAndSetBit((int)TaskletState.RunningBit, ref tasklet->State);
#else
        return true;
#endif
    }

    /// <summary>Gives the right to run it back.</summary>
    /// <linux>tasklet_unlock</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void TaskletUnlock(TaskletStruct* tasklet)
    {
#if SMP
        Shared.ClearBit((int)TaskletState.RunningBit, ref tasklet->State);
#endif
    }
}
