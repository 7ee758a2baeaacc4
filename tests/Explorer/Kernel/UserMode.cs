// What the explored sources name of user mode. Every task of the explorer is a kernel thread: no process, no address space, no signals.

#pragma warning disable SA1649

namespace CSharpOS.Arch
{
    public struct UserContext;

    internal static unsafe class UserSwitch
    {
        internal static MmStruct* TakeDropped() => null;
    }
}

namespace CSharpOS.Mm
{
    public struct MmStruct;

    internal static unsafe class AddressSpaces
    {
        internal static void Drop(MmStruct* mm) => throw Explorer.Machine.Fail("an address space was dropped");
    }
}

namespace CSharpOS.Processes
{
    public struct Process;

    internal struct TaskSignals;

    internal static class Signal
    {
        internal const int SIGKILL = 9;
    }

    internal static unsafe class ProcessExit
    {
        internal static void ExitGroup(int status) => throw Explorer.Machine.Fail("a kernel thread left as a process");

        internal static void ReleaseFiles(Sched.TaskStruct* task)
        {
        }
    }
}

namespace CSharpOS.Syscalls
{
    internal struct RestartBlock;
}

namespace CSharpOS.Tty
{
    // The namespace is named by KernelUsings.props.
    internal struct TtyStruct;
}
