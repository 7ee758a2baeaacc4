// Tasklet.Report: which tasklets are scheduled. On the CPU in question, any context; interrupts are off meanwhile, so the lists stand still.

namespace CSharpOS.Softirqs;

/// <summary>A tasklet that was found scheduled.</summary>
internal unsafe struct ScheduledTasklet
{
    internal TaskletStruct* Tasklet;
    internal delegate*<ulong, void> Func;
    internal int Disabled;
    internal bool IsHi;
}

/// <summary>What <see cref="Tasklet.CollectScheduled"/> is asked, and answers.</summary>
internal unsafe struct TaskletQuery
{
    /// <summary>Where it puts them.</summary>
    internal ScheduledTasklet* Found;

    /// <summary>How many fit there.</summary>
    internal int Room;

    /// <summary>How many there are.</summary>
    internal int Count;
}

public static unsafe partial class Tasklet
{
    /// <summary>Answers a <see cref="TaskletQuery"/> for this CPU, urgent ones first, the last scheduled first.</summary>
    internal static void CollectScheduled(void* query)
    {
        ulong flags = LocalIrqSave();
        Collect((TaskletQuery*)query, s_hiVec.This->First, true);
        Collect((TaskletQuery*)query, s_vec.This->First, false);
        LocalIrqRestore(flags);
    }

    private static void Collect(TaskletQuery* query, TaskletStruct* tasklet, bool isHi)
    {
        for (; tasklet != null; tasklet = tasklet->Next)
        {
            if (query->Count < query->Room)
            {
                query->Found[query->Count] =
                    new ScheduledTasklet { Tasklet = tasklet, Func = tasklet->Func, Disabled = tasklet->Count.Read(), IsHi = isHi };
            }

            query->Count++;
        }
    }
}
