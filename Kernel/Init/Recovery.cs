// Recovery: lets a function end by a fault without ending the kernel.
//
// A fault in process context ends only what was running: a call made through Recovery.Call (a monitor command, a test), else the kernel
// thread. The oops path reports first and then calls TryResume, which unwinds to the innermost call of the task or ends the thread.
// Process context only; the points form a stack of the task's own, so there is no lock. Locks that the failed function held stay held:
// as when a task of Linux dies in an oops.

using System.Runtime.InteropServices;

namespace CSharpOS.Init;

/// <summary>Calls that survive a fault.</summary>
public static unsafe class Recovery
{
    /// <summary>Calls <paramref name="function"/>. 0 if it returned; what <see cref="TryResume"/> was given if a fault ended it.</summary>
    public static int Call(delegate*<void*, void> function, void* argument)
    {
        RecoveryPoint point = default;
        point.Previous = (RecoveryPoint*)Current->RecoveryPoint;
        point.PreemptCount = PreemptCount();
        point.Flags = LocalSaveFlags();
        Current->RecoveryPoint = &point;
        int code = AsmImports.RecoveryCall(function, argument, &point);
        Current->RecoveryPoint = point.Previous;
        return code;
    }

    /// <summary>Ends the innermost <see cref="Call"/> with <paramref name="code"/> (not 0) and does not return; ends the kernel thread if there
    /// is none. Returns in an interrupt, where nobody's task is to blame, and in the tasks that must not end.</summary>
    public static void TryResume(int code)
    {
        if (InInterrupt())
        {
            return;
        }

        if (Current->RecoveryPoint == null)
        {
            if (Current->Pid > 1)
            {
                KernelThread.Exit(-EFAULT);
            }

            return;
        }

        RecoveryPoint* point = (RecoveryPoint*)Current->RecoveryPoint;
        PreemptCountAdd(point->PreemptCount - PreemptCount());
        LocalIrqRestore(point->Flags);
#if DEBUG_CHECKS
        // A stack that ran over has been reported.
        Debugging.StackEnd.Mark(Current);
#endif
        AsmImports.RecoveryResume(point, code);
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct RecoveryPoint
    {
        public ulong Rsp;
        public RecoveryPoint* Previous;
        public ulong Flags;
        public int PreemptCount;
    }
}
