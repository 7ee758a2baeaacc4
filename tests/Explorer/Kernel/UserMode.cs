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
    /// <summary>What POSIX timers need of it.</summary>
    public unsafe struct Process
    {
        internal SpinLock Lock;
        internal PosixTimer* Timers;

        /// <summary>The one whose signal is pending.</summary>
        internal PosixTimer* Pending;
    }

    internal struct TaskSignals;

    internal struct SigPending;

    internal static class Signal
    {
        internal const int SIGKILL = 9;
    }

    /// <summary>A process whose only pending signal may be that of one timer.</summary>
    internal static unsafe class TimerSignals
    {
        internal static bool Send(PosixTimer* timer)
        {
            if (Shared.ReadOnce(&timer->Pending) != null)
            {
                throw Explorer.Machine.Fail("a signal was sent that is pending");
            }

            if (timer->Deleted)
            {
                return true;
            }

            Shared.WriteOnce(&timer->Pending, (SigPending*)timer->Process);
            Shared.WriteOnce(&timer->Process->Pending, timer);
            return true;
        }

        internal static void TakeBack(PosixTimer* timer)
        {
            if (Shared.ReadOnce(&timer->Pending) != null)
            {
                Shared.WriteOnce(&timer->Pending, null);
                Shared.WriteOnce(&timer->Process->Pending, null);
            }
        }
    }

    internal static unsafe class CpuTimers
    {
        internal static void Tick(Process* process, bool userMode) => throw Explorer.Machine.Fail("a kernel thread has a process");
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

    internal static class Clocks
    {
        internal const int Realtime = 0;

        internal static long RealtimeShift() => 0;
    }
}

namespace CSharpOS.Tty
{
    // The namespace is named by KernelUsings.props.
    internal struct TtyStruct;
}
