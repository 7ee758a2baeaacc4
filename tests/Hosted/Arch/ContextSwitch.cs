// Hosted ContextSwitch: there is one thread of execution, so a scenario that would switch tasks says so by an exception.

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Sched;

namespace CSharpOS.Arch;

/// <summary>Thrown where the real kernel would go on with another task.</summary>
public sealed class SimulatedSwitchException : Exception;

public static unsafe class ContextSwitch
{
    public static TaskStruct* SwitchTo(TaskStruct* previous, TaskStruct* next) => throw new SimulatedSwitchException();

    internal static void SavedFrame(TaskStruct* task, out nuint pc, out nuint sp, out nuint fp) => pc = sp = fp = 0;

    internal static PtRegs* PrepareFork(TaskStruct* child) => null;

    public static PtRegs* UserRegs(TaskStruct* task) => (PtRegs*)(task->Stack + AsmOffsets.THREAD_SIZE) - 1;

    internal static byte* UserXmm(TaskStruct* task) => (byte*)UserRegs(task) - AsmOffsets.XMM_SAVE_SIZE;

    [DoesNotReturn]
    internal static void EnterUserMode() => throw new SimulatedSwitchException();

    public static void Prepare(TaskStruct* task, delegate*<void*, int> function, void* argument)
    {
        task->SavedPreemptCount = AtSwitch;
    }
}
