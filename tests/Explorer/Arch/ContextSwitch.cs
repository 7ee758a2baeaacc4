// ContextSwitch of the explored kernel: every task has a thread of the host, and control is handed from one to the other.

using CSharpOS.Explorer;

namespace CSharpOS.Arch;

public static unsafe class ContextSwitch
{
    public static TaskStruct* SwitchTo(TaskStruct* previous, TaskStruct* next)
    {
        PerCpuHot* hot = Cpu.Hot;
        hot->PreemptCount = next->SavedPreemptCount;
        hot->Current = next;
        return Machine.SwitchTask(previous, next);
    }

    public static void Prepare(TaskStruct* task, delegate*<void*, int> function, void* argument)
    {
        task->SavedPreemptCount = AtSwitch;
        Machine.PrepareTask(task, function, argument);
    }
}
