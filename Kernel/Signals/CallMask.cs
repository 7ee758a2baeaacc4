// CallMask: the signal mask that holds only while a call waits: that of pselect and ppoll.
//
// Linux: set_user_sigmask, restore_saved_sigmask_unless (kernel/signal.c). Process context of a program. Both belong to the thread itself: no locks of their own.
// If a signal has ended the waiting, its handler runs while the call's mask holds, and the frame keeps that of before; else that of before comes back at once.

namespace CSharpOS.Processes;

/// <summary>A mask for one call.</summary>
internal static unsafe class CallMask
{
    /// <summary>Blocks what <paramref name="set"/> says; null changes nothing.</summary>
    /// <param name="set">User memory.</param>
    /// <param name="size">Bytes of it: 8.</param>
    /// <returns>0, -EINVAL or -EFAULT.</returns>
    /// <linux>set_user_sigmask</linux>
    internal static int Begin(ulong* set, ulong size)
    {
        if (set == null)
        {
            return 0;
        }

        if (size != sizeof(ulong))
        {
            return -EINVAL;
        }

        if (Uaccess.GetUser(out ulong given, set) != 0)
        {
            return -EFAULT;
        }

        Current->Signals.SavedBlocked = Current->Signals.Blocked;
        SignalDelivery.SetBlocked(given);
        return 0;
    }

    /// <summary>The end of the call that <see cref="Begin"/> was successful for.</summary>
    /// <linux>restore_saved_sigmask_unless</linux>
    internal static void End(ulong* set, long result)
    {
        if (set == null)
        {
            return;
        }

        if (result == -EINTR)
        {
            Current->Signals.RestoreBlocked = true;
        }
        else
        {
            SignalDelivery.SetBlocked(Current->Signals.SavedBlocked);
        }
    }
}
