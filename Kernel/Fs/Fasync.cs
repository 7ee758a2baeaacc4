// Fasync: SIGIO for those who asked for it with O_ASYNC.
//
// Linux: fasync_helper, kill_fasync, fs/fcntl.c. Telling: any context. Asking: process context. Lock: FasyncQueue.Lock, taken with interrupts off, since interrupt
// handlers tell; FileOwners' lock and what Signals takes nest inside it. A driver embeds a FasyncQueue in its device.
// Whoever becomes a file's owner was not asked: so it is signalled only if the one who named it might have signalled it himself, as he was at that time.

namespace CSharpOS.Fs;

/// <summary>To whom a file sends its signals: fcntl(F_SETOWN).</summary>
/// <linux>fown_struct</linux>
public struct FileOwner
{
    /// <summary>A process, or minus a process group; 0: nobody.</summary>
    internal int Pid;

    /// <summary>The user and the effective user of whoever said so, at that time.</summary>
    internal int Uid, Euid;

    /// <summary>May a process of these users be signalled for it?</summary>
    /// <linux>sigio_perm</linux>
    internal readonly bool MaySignal(int uid, int suid) => Euid == 0 || Euid == suid || Euid == uid || Uid == suid || Uid == uid;
}

/// <summary>Naming the owner of a file, and asking for it.</summary>
internal static unsafe class FileOwners
{
    private static SpinLock s_lock;

    /// <summary>Once, at boot.</summary>
    internal static void Init() => s_lock.Init();

    /// <summary>From now on the file's signals go to a process, or to the group <c>-pid</c>; to nobody if there is no such. Process context.</summary>
    /// <returns>0; -EINVAL: no number of a group.</returns>
    /// <linux>f_setown</linux>
    internal static int Set(File* file, int pid)
    {
        if (pid == int.MinValue)
        {
            return -EINVAL;
        }

        Process* setter = Current->Process;
        FileOwner owner = new() { Pid = Signals.IsThere(pid) ? pid : 0, Uid = setter == null ? 0 : setter->Uid, Euid = setter == null ? 0 : setter->Euid };
        using (s_lock.IrqSaveGuard())
        {
            file->Owner = owner;
        }

        return 0;
    }

    /// <summary>The owner. Any context.</summary>
    internal static FileOwner Get(File* file)
    {
        using (s_lock.IrqSaveGuard())
        {
            return file->Owner;
        }
    }
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
            Signals.SendFor(FileOwners.Get(entry->File), Signal.SIGIO);
        }

        queue->Lock.UnlockIrqRestore(flags);
    }
}
