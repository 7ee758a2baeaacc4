// EventFd: a counter as a file descriptor. With EFD_SEMAPHORE it is a semaphore: a read takes one, a write gives some.
//
// Linux: fs/eventfd.c. Process context, sleeps. Lock: EventFd.Mutex guards the counter, over the copy too: a read into bad memory takes nothing. Who
// waits puts itself on the queue before it gives the mutex back, and whoever changes the counter wakes all: readers and writers wait on one queue.
// Invariant: the counter is never ulong.MaxValue; a write that would make it so, or wrap it, waits for a read.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>A counter that can be read, written and polled.</summary>
/// <linux>eventfd_ctx</linux>
/// <rows>SYS-11</rows>
internal unsafe struct EventFd
{
    /// <summary>A read takes one, and not all.</summary>
    internal const uint EFD_SEMAPHORE = 1;

    internal const uint EFD_NONBLOCK = OpenFlags.O_NONBLOCK;
    internal const uint EFD_CLOEXEC = OpenFlags.O_CLOEXEC;

    private const uint OwnerMayUse = 0x180;
    private const ulong Most = ulong.MaxValue - 1;

    private static FileOperations s_operations;

    private Mutex _mutex;
    private WaitQueueHead _queue;
    private ulong _count;
    private bool _semaphore;

    /// <summary>What every such file can do.</summary>
    internal static FileOperations* Operations => (FileOperations*)Unsafe.AsPointer(ref s_operations);

    /// <summary>Once, at boot.</summary>
    internal static void Init() => s_operations = new FileOperations { Read = &Read, Write = &Write, Poll = &Poll, Release = &Release };

    /// <summary>A new one as an open file. 0; -EINVAL for other flags; -ENFILE, -ENOMEM.</summary>
    /// <linux>eventfd_file_create</linux>
    internal static int Create(uint count, uint flags, out File* file)
    {
        file = null;
        if ((flags & ~(EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC)) != 0)
        {
            return -EINVAL;
        }

        File* made = Files.Allocate(OpenFlags.O_RDWR | (flags & EFD_NONBLOCK));
        if (made == null)
        {
            return -ENFILE;
        }

        EventFd* counter = Kzalloc<EventFd>(GfpFlags.Kernel);
        Inode* inode = counter == null ? null : Inodes.New(null, OwnerMayUse);
        if (inode == null)
        {
            Kfree(counter);
            Files.Put(made);
            return -ENOMEM;
        }

        WaitQueue.Init(&counter->_queue);
        counter->_count = count;
        counter->_semaphore = (flags & EFD_SEMAPHORE) != 0;
        made->Inode = inode;
        made->Ops = Operations;
        made->PrivateData = counter;
        made->Mode |= FileModeBits.Opened;
        file = made;
        return 0;
    }

    /// <summary>A new one with a descriptor.</summary>
    /// <linux>do_eventfd</linux>
    internal static long Open(uint count, uint flags)
    {
        int error = Create(count, flags, out File* file);
        return error != 0 ? error : FileCalls.Install(file, 0, (flags & EFD_CLOEXEC) != 0);
    }

    [RuntimeExport("sys_eventfd")]
    private static long SysEventfd(uint count) => Open(count, 0);

    [RuntimeExport("sys_eventfd2")]
    private static long SysEventfd2(uint count, uint flags) => Open(count, flags);

    // Eight bytes: the counter, which is 0 then, or 1 of it.
    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        if (buffer->Left < sizeof(ulong))
        {
            return -EINVAL;
        }

        var counter = (EventFd*)file->PrivateData;
        counter->_mutex.Lock();
        long result = 0;
        while (result == 0 && counter->_count == 0)
        {
            result = Wait(counter, file);
        }

        if (result == 0)
        {
            ulong taken = counter->_semaphore ? 1 : counter->_count;
            result = buffer->Put(&taken, sizeof(ulong)) == sizeof(ulong) ? sizeof(ulong) : -EFAULT;
            counter->_count -= result > 0 ? taken : 0;
        }

        Release(counter, result > 0);
        return result;
    }

    private static long Write(File* file, IoBuffer* buffer, long* position)
    {
        ulong given;
        if (buffer->Left < sizeof(ulong))
        {
            return -EINVAL;
        }

        if (buffer->Take(&given, sizeof(ulong)) != sizeof(ulong))
        {
            return -EFAULT;
        }

        if (given > Most)
        {
            return -EINVAL;
        }

        var counter = (EventFd*)file->PrivateData;
        counter->_mutex.Lock();
        long result = 0;
        while (result == 0 && counter->_count > Most - given)
        {
            result = Wait(counter, file);
        }

        if (result == 0)
        {
            counter->_count += given;
            result = sizeof(ulong);
        }

        Release(counter, result > 0);
        return result;
    }

    private static uint Poll(File* file, PollTable* table)
    {
        var counter = (EventFd*)file->PrivateData;
        PollTable.Wait(file, &counter->_queue, table);
        using (counter->_mutex.Guard())
        {
            return (counter->_count != 0 ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0)
                | (counter->_count < Most ? PollEvents.POLLOUT | PollEvents.POLLWRNORM : 0);
        }
    }

    private static int Release(Inode* inode, File* file)
    {
        Kfree(file->PrivateData);
        return 0;
    }

    // Sleeps once with the mutex given back meanwhile: 0, and the caller looks again; -EAGAIN, -ERESTARTSYS.
    private static long Wait(EventFd* counter, File* file)
    {
        if (file->NonBlocking)
        {
            return -EAGAIN;
        }

        if (Scheduler.SignalPending(Current))
        {
            return -ERESTARTSYS;
        }

        Unsafe.SkipInit(out WaitQueueEntry wait);
        WaitQueueEntry.InitWait(&wait);
        WaitQueue.PrepareToWait(&counter->_queue, &wait, TaskState.Interruptible);
        counter->_mutex.Unlock();
        Scheduler.Schedule();
        WaitQueue.FinishWait(&counter->_queue, &wait);
        counter->_mutex.Lock();
        return 0;
    }

    private static void Release(EventFd* counter, bool changed)
    {
        counter->_mutex.Unlock();
        if (changed)
        {
            WaitQueue.WakeUpInterruptibleAll(&counter->_queue);
        }
    }
}
