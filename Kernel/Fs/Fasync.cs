// Fasync: SIGIO for those who asked for it with O_ASYNC.
//
// Linux: fasync_helper, kill_fasync, fs/fcntl.c. Telling: any context. Asking: process context. Lock: FasyncQueue.Lock, taken with interrupts off, since interrupt
// handlers tell; what Signals takes nests inside it. A driver embeds a FasyncQueue in its device.

namespace CSharpOS.Fs;

/// <summary>To whom a file sends its signals: fcntl(F_SETOWN).</summary>
/// <linux>fown_struct</linux>
public struct FileOwner
{
    /// <summary>A process, or minus a process group; 0: nobody.</summary>
    internal int Pid;
}

/// <summary>Those who want SIGIO from a device. Zero is empty.</summary>
/// <linux>fasync_struct</linux>
public unsafe struct FasyncQueue
{
    internal SpinLock Lock;
    internal FasyncEntry* First;
}

/// <summary>One of them.</summary>
internal unsafe struct FasyncEntry
{
    internal File* File;
    internal FasyncEntry* Next;
}

/// <summary>What a driver's Fasync calls.</summary>
/// <rows>IRQ-15</rows>
public static unsafe class FasyncHelper
{
    /// <summary>Puts the file on the queue or takes it off. Process context, may sleep.</summary>
    /// <returns>0 or -ENOMEM.</returns>
    /// <linux>fasync_helper</linux>
    public static int Change(File* file, bool on, FasyncQueue* queue)
    {
        FasyncEntry* spare = on ? Kzalloc<FasyncEntry>(GfpFlags.Kernel) : null;
        if (on && spare == null)
        {
            return -ENOMEM;
        }

        ulong flags = queue->Lock.LockIrqSave();
        FasyncEntry** link = &queue->First;
        while (*link != null && (*link)->File != file)
        {
            link = &(*link)->Next;
        }

        FasyncEntry* found = *link;
        if (on && found == null)
        {
            spare->File = file;
            *link = spare;
            spare = null;
        }
        else if (!on && found != null)
        {
            *link = found->Next;
            spare = found;
        }

        queue->Lock.UnlockIrqRestore(flags);
        Kfree(spare);
        return 0;
    }

    /// <summary>Sends SIGIO to the owners of all files on the queue. Any context.</summary>
    /// <linux>kill_fasync</linux>
    public static void Kill(FasyncQueue* queue)
    {
        ulong flags = queue->Lock.LockIrqSave();
        for (FasyncEntry* entry = queue->First; entry != null; entry = entry->Next)
        {
            int owner = Shared.ReadOnce(ref entry->File->Owner.Pid);
            if (owner > 0)
            {
                Signals.SendToPid(owner, Signal.SIGIO);
            }
            else if (owner < 0)
            {
                Signals.SendToGroup(-owner, Signal.SIGIO);
            }
        }

        queue->Lock.UnlockIrqRestore(flags);
    }
}
