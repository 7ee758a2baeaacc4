// SignalCalls.Old: the calls of the first i386 kernels, whose sets of signals have 32 bits.
//
// Linux: sys_signal, sys_sigaction, sys_sigprocmask, sys_sigsuspend, sys_sigpending (kernel/signal.c, arch/x86/kernel/signal_32.c). As SignalCalls. The
// signals from 33 on, which such a set cannot say, stay as they are.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

internal static unsafe partial class SignalCalls
{
    private const ulong OldSignals = uint.MaxValue;

    // The handler is good for one signal, and gives what was there before.
    [RuntimeExport("sys_signal")]
    private static long SysSignal(int signal, uint handler)
    {
        SigAction value = new() { Handler = handler, Flags = SigAction.ResetHandler | SigAction.NoDefer };
        long result = SetAction(signal, &value, out SigAction before);
        return result != 0 ? result : (long)before.Handler;
    }

    [RuntimeExport("sys_sigaction")]
    private static long SysSigaction(int signal, OldSigAction* action, OldSigAction* old)
    {
        OldSigAction given = default;
        if (action != null && Uaccess.GetUser(out given, action) != 0)
        {
            return -EFAULT;
        }

        SigAction value = new() { Handler = given.Handler, Flags = given.Flags, Restorer = given.Restorer, BlockedInHandler = given.Mask };
        long result = SetAction(signal, action != null ? &value : null, out SigAction before);
        if (result == 0 && old != null)
        {
            OldSigAction image = new()
            {
                Handler = (uint)before.Handler,
                Mask = (uint)before.BlockedInHandler,
                Flags = before.Flags,
                Restorer = (uint)before.Restorer,
            };
            result = Uaccess.PutUser(image, old);
        }

        return result;
    }

    [RuntimeExport("sys_sigprocmask")]
    private static long SysSigprocmask(int how, uint* set, uint* old)
    {
        ulong before = Current->Signals.Blocked;
        if (set != null)
        {
            if (Uaccess.GetUser(out uint given, set) != 0)
            {
                return -EFAULT;
            }

            if (how is not (Block or Unblock or SetMask))
            {
                return -EINVAL;
            }

            SignalDelivery.SetBlocked((before & ~OldSignals) | (Change(before, how, given) & OldSignals));
        }

        return old != null ? Uaccess.PutUser((uint)before, old) : 0;
    }

    // The set is the third argument; the first two once told the library's story.
    [RuntimeExport("sys_sigsuspend")]
    private static long SysSigsuspend(int first, int second, uint set) => Suspend(set);

    [RuntimeExport("sys_sigpending")]
    private static long SysSigpending(uint* set) =>
        Uaccess.PutUser((uint)((Current->Signals.Pending.Set | Current->Process->Pending.Set) & Current->Signals.Blocked), set);

    // old_sigaction.
    [StructLayout(LayoutKind.Sequential)]
    private struct OldSigAction
    {
        public uint Handler, Mask, Flags, Restorer;
    }
}
