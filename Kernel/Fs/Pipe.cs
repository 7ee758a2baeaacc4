// Pipe: bytes from one process to another.
//
// Linux: fs/pipe.c. Process context, sleeps. A ring of 16 pages, taken as they are needed and kept until the pipe goes; when all has been read the ring begins again at
// its first page, so that a pipe of small messages stays in one.
// Lock: Pipe.Mutex guards everything in the structure. Who waits puts itself on the queue before it gives the mutex back; so whoever has the mutex and sees
// the queue empty knows that nobody sleeps, and a wake-up costs nothing when nobody waits. Waking is done with the mutex free.
// Invariants: Tail <= Head <= Tail + Capacity. A write of at most PIPE_BUF bytes goes in whole or not at all.
// This file: reading, writing, polling. Pipes.cs: making, opening, closing.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>A pipe.</summary>
/// <linux>pipe_inode_info</linux>
/// <rows>SYS-12</rows>
internal unsafe struct Pipe
{
    /// <summary>A write of so many bytes is not torn.</summary>
    /// <linux>PIPE_BUF</linux>
    internal const int AtomicSize = 4096;

    private const int PageCount = 16;
    private const uint Capacity = PageCount * DirectMap.PAGE_SIZE;
    private const uint FIONREAD = 0x541b;

    // First: MutexOf relies on it.
    internal Mutex Mutex;

    /// <summary>Who waits for bytes, or for the first writer of a FIFO.</summary>
    internal WaitQueueHead ReadQueue;

    /// <summary>Who waits for room, or for the first reader of a FIFO.</summary>
    internal WaitQueueHead WriteQueue;

    /// <summary>Files open for reading and for writing.</summary>
    internal int Readers, Writers;

    /// <summary>How often it was opened for either; see <see cref="Pipes"/>.</summary>
    internal uint ReaderOpens, WriterOpens;

    /// <summary>Files open at all. Guarded by the inode's mutex.</summary>
    internal int Users;

    internal FasyncQueue ReadFasync, WriteFasync;

    // Bytes written and read since the ring last began; their difference is what is inside.
    private uint _head, _tail;
    private fixed ulong _pages[PageCount];

    /// <summary>Frees the pages.</summary>
    internal static void FreePages(Pipe* pipe)
    {
        for (int i = 0; i < PageCount; i++)
        {
            PageAllocator.FreePage((void*)pipe->_pages[i]);
        }
    }

    /// <summary>The Read of a pipe.</summary>
    /// <linux>pipe_read</linux>
    internal static long Read(File* file, IoBuffer* buffer, long* position)
    {
        if (buffer->Left == 0)
        {
            return 0;
        }

        var pipe = (Pipe*)file->PrivateData;
        MutexOf(pipe)->Lock();
        if (pipe->_head == pipe->_tail)
        {
            long result = WaitForBytes(pipe, file);
            if (result <= 0)
            {
                return result;
            }
        }

        uint tail = pipe->_tail, offset = tail % DirectMap.PAGE_SIZE, inside = pipe->_head - tail;
        long copied;
        if (inside <= DirectMap.PAGE_SIZE - offset)
        {
            // Nearly always: all of it lies in one page.
            var put = (uint)buffer->Put((byte*)pipe->_pages[PageOf(tail)] + offset, inside);
            copied = put;
            if (put == inside)
            {
                pipe->_head = 0;
                pipe->_tail = 0;
            }
            else
            {
                pipe->_tail = tail + put;
                copied = put != 0 ? put : -EFAULT;
            }
        }
        else
        {
            copied = CopyOut(pipe, buffer);
        }

        Release(pipe, &pipe->WriteQueue, &pipe->WriteFasync);
        return copied;
    }

    /// <summary>The Write of a pipe. -EPIPE and SIGPIPE if nobody reads.</summary>
    /// <linux>pipe_write</linux>
    internal static long Write(File* file, IoBuffer* buffer, long* position)
    {
        nuint count = buffer->Left;
        if (count == 0)
        {
            return 0;
        }

        var pipe = (Pipe*)file->PrivateData;
        MutexOf(pipe)->Lock();
        uint head = pipe->_head, offset = head % DirectMap.PAGE_SIZE;
        ulong page = pipe->_pages[PageOf(head)];
        if (page == 0 || count > DirectMap.PAGE_SIZE - offset || count > Capacity - (head - pipe->_tail) || pipe->Readers == 0)
        {
            return WritePieces(pipe, file, buffer);
        }

        // Nearly always: all of it goes into one page.
        var taken = (uint)buffer->TakeAll((byte*)page + offset);
        if (taken == 0)
        {
            return Stopped(pipe, 0, -EFAULT);
        }

        pipe->_head = head + taken;
        Release(pipe, &pipe->ReadQueue, &pipe->ReadFasync);
        return taken;
    }

    /// <summary>The Poll of a pipe.</summary>
    /// <linux>pipe_poll</linux>
    internal static uint Poll(File* file, PollTable* table)
    {
        var pipe = (Pipe*)file->PrivateData;
        bool reads = (file->Mode & FileModeBits.Read) != 0;
        bool writes = (file->Mode & FileModeBits.Write) != 0;
        if (reads)
        {
            PollTable.Wait(file, &pipe->ReadQueue, table);
        }

        if (writes)
        {
            PollTable.Wait(file, &pipe->WriteQueue, table);
        }

        using (pipe->Mutex.Guard())
        {
            uint events = 0;
            uint inside = pipe->_head - pipe->_tail;
            if (reads)
            {
                events |= inside != 0 ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0;
                events |= pipe->Writers == 0 && pipe->WriterOpens != 0 ? PollEvents.POLLHUP : 0;
            }

            if (writes)
            {
                events |= Capacity - inside >= AtomicSize ? PollEvents.POLLOUT | PollEvents.POLLWRNORM : 0;
                events |= pipe->Readers == 0 ? PollEvents.POLLERR : 0;
            }

            return events;
        }
    }

    /// <summary>The Ioctl of a pipe: FIONREAD, how many bytes are inside.</summary>
    /// <linux>pipe_ioctl</linux>
    internal static long Ioctl(File* file, uint command, ulong argument)
    {
        if (command != FIONREAD)
        {
            return -ENOTTY;
        }

        var pipe = (Pipe*)file->PrivateData;
        int inside;
        using (pipe->Mutex.Guard())
        {
            inside = (int)(pipe->_head - pipe->_tail);
        }

        return Uaccess.PutUser(inside, (int*)argument);
    }

    /// <summary>The Fasync of a pipe.</summary>
    /// <linux>pipe_fasync</linux>
    internal static int Fasync(int fd, File* file, bool on)
    {
        var pipe = (Pipe*)file->PrivateData;
        int error = 0;
        if ((file->Mode & FileModeBits.Read) != 0)
        {
            error = FasyncHelper.Change(file, on, &pipe->ReadFasync);
        }

        if (error == 0 && (file->Mode & FileModeBits.Write) != 0)
        {
            error = FasyncHelper.Change(file, on, &pipe->WriteFasync);
        }

        return error;
    }

    /// <summary>Sleeps once on the queue, interruptibly, with the mutex given back meanwhile.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Wait(Pipe* pipe, WaitQueueHead* queue)
    {
        Unsafe.SkipInit(out WaitQueueEntry wait);
        WaitQueueEntry.InitWait(&wait);
        WaitQueue.PrepareToWaitIrq(queue, &wait, TaskState.Interruptible);
        MutexOf(pipe)->Unlock();
        Scheduler.Schedule();
        WaitQueue.FinishWait(queue, &wait);
        MutexOf(pipe)->Lock();
    }

    /// <summary>True if somebody is on the queue. With the mutex held.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool AnyWaits(WaitQueueHead* queue) => !ListHead.Empty(&queue->List);

    // Waits for room, takes pages and goes on as long as there is something to write. The mutex is held, and free afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long WritePieces(Pipe* pipe, File* file, IoBuffer* buffer)
    {
        nuint count = buffer->Left;
        long written = 0;
        do
        {
            uint room = Capacity - (pipe->_head - pipe->_tail);
            long step = pipe->Readers == 0 ? -EPIPE
                : room >= (count <= AtomicSize ? (uint)count : 1) ? CopyIn(pipe, buffer, room)
                : WaitForRoom(pipe, file);
            if (step < 0)
            {
                return Stopped(pipe, written, step);
            }

            written += step;
        }
        while (buffer->Left != 0);

        Release(pipe, &pipe->ReadQueue, &pipe->ReadFasync);
        return written;
    }

    // Until something is inside: 1. Else 0 at the end, -EAGAIN or -ERESTARTSYS, with the mutex free.
    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static long WaitForBytes(Pipe* pipe, File* file)
    {
        while (pipe->_head == pipe->_tail)
        {
            if (pipe->Writers == 0 || file->NonBlocking || Scheduler.SignalPending(Current))
            {
                long result = pipe->Writers == 0 ? 0 : file->NonBlocking ? -EAGAIN : -ERESTARTSYS;
                MutexOf(pipe)->Unlock();
                return result;
            }

            Wait(pipe, &pipe->ReadQueue);
        }

        return 1;
    }

    // Sleeps once: 0. Or -EAGAIN, -ERESTARTSYS.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long WaitForRoom(Pipe* pipe, File* file)
    {
        if (file->NonBlocking)
        {
            return -EAGAIN;
        }

        if (Scheduler.SignalPending(Current))
        {
            return -ERESTARTSYS;
        }

        // What is inside already may be what the reader waits for.
        if (AnyWaits(&pipe->ReadQueue))
        {
            WaitQueue.WakeUpInterruptible(&pipe->ReadQueue);
        }

        Wait(pipe, &pipe->WriteQueue);
        return 0;
    }

    // The end of a write that could not do all.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long Stopped(Pipe* pipe, long written, long error)
    {
        if (written != 0)
        {
            Release(pipe, &pipe->ReadQueue, &pipe->ReadFasync);
        }
        else
        {
            MutexOf(pipe)->Unlock();
        }

        if (error == -EPIPE)
        {
            Signals.Send(Current, Signal.SIGPIPE);
        }

        return written != 0 ? written : error;
    }

    // Something has been done: gives the mutex back, and tells those on the other side.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Release(Pipe* pipe, WaitQueueHead* queue, FasyncQueue* fasync)
    {
        if (fasync->First != null)
        {
            ReleaseAndTell(pipe, queue, fasync);
            return;
        }

        bool wake = AnyWaits(queue);
        MutexOf(pipe)->Unlock();
        if (wake)
        {
            WaitQueue.WakeUpInterruptible(queue);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ReleaseAndTell(Pipe* pipe, WaitQueueHead* queue, FasyncQueue* fasync)
    {
        bool wake = AnyWaits(queue);
        MutexOf(pipe)->Unlock();
        if (wake)
        {
            WaitQueue.WakeUpInterruptible(queue);
        }

        FasyncHelper.Kill(fasync);
    }

    // As much as there is and fits; something is inside and something is wanted. Bytes, or -EFAULT.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long CopyOut(Pipe* pipe, IoBuffer* buffer)
    {
        uint tail = pipe->_tail, inside = pipe->_head - tail, copied = 0;
        while (true)
        {
            uint offset = tail % DirectMap.PAGE_SIZE;
            uint chunk = Math.Min(inside, DirectMap.PAGE_SIZE - offset);
            var put = (uint)buffer->Put((byte*)pipe->_pages[PageOf(tail)] + offset, chunk);
            tail += put;
            inside -= put;
            copied += put;
            if (inside == 0)
            {
                pipe->_head = 0;
                pipe->_tail = 0;
                return copied;
            }

            // Less than the chunk: all that was wanted, or memory that is bad.
            if (put < chunk || buffer->Left == 0)
            {
                pipe->_tail = tail;
                return copied != 0 ? copied : -EFAULT;
            }
        }
    }

    // As much as there is and as there is room for; there is something and some room. Bytes, -EFAULT or -ENOMEM.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long CopyIn(Pipe* pipe, IoBuffer* buffer, uint room)
    {
        uint head = pipe->_head;
        while (true)
        {
            ulong page = pipe->_pages[PageOf(head)];
            if (page == 0 && (page = NewPage(pipe, head)) == 0)
            {
                return Advance(pipe, head, -ENOMEM);
            }

            uint offset = head % DirectMap.PAGE_SIZE;
            uint chunk = Math.Min(room, DirectMap.PAGE_SIZE - offset);
            var taken = (uint)buffer->Take((byte*)page + offset, chunk);
            head += taken;
            room -= taken;
            if (taken < chunk || buffer->Left == 0 || room == 0)
            {
                return Advance(pipe, head, -EFAULT);
            }
        }
    }

    // The bytes up to `head` are in: how many those are, or the error if none.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Advance(Pipe* pipe, uint head, int error)
    {
        uint copied = head - pipe->_head;
        pipe->_head = head;
        return copied != 0 ? copied : error;
    }

    // The mutex stands first in a pipe. Naming the field would cost a test for null.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Mutex* MutexOf(Pipe* pipe) => (Mutex*)pipe;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ulong NewPage(Pipe* pipe, uint position) =>
        pipe->_pages[PageOf(position)] = (ulong)PageAllocator.GetFreePage(GfpFlags.Kernel);

    private static uint PageOf(uint position) => position / DirectMap.PAGE_SIZE % PageCount;
}
