// Pipes: making pipes, opening and closing FIFOs.
//
// Linux: the second half of fs/pipe.c, fs/fifo.c. Process context, sleeps. Locks: Inode.Mutex guards Inode.Pipe and Pipe.Users; Pipe.Mutex inside it guards the rest.
// A FIFO that is opened waits for the other side; it waits until somebody HAS opened that, even if he has closed it again since: so the opens are
// counted, and not only who has it open.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Pipes and FIFOs.</summary>
/// <rows>SYS-12</rows>
internal static unsafe class Pipes
{
    private static FileOperations s_pipe;
    private static FileOperations s_fifo;
    private static int s_lastNumber;

    /// <summary>What a FIFO in a file system can do.</summary>
    internal static FileOperations* FifoOperations => (FileOperations*)Unsafe.AsPointer(ref s_fifo);

    /// <summary>Once, at boot.</summary>
    internal static void Init()
    {
        s_lastNumber = 0;
        s_pipe = new FileOperations { Read = &Pipe.Read, Write = &Pipe.Write, Poll = &Pipe.Poll, Ioctl = &Pipe.Ioctl, Fasync = &Pipe.Fasync, Release = &Release };
        s_fifo = s_pipe;
        s_fifo.Open = &OpenFifo;
    }

    /// <summary>A pipe as two open files, with a reference each. <paramref name="flags"/>: O_NONBLOCK for both. 0, -ENFILE, -ENOMEM.</summary>
    /// <linux>create_pipe_files</linux>
    internal static int Create(uint flags, out File* reader, out File* writer)
    {
        reader = Files.Allocate(OpenFlags.O_RDONLY | flags);
        writer = Files.Allocate(OpenFlags.O_WRONLY | flags);
        Inode* inode = Inodes.New(null, FileModes.S_IFIFO | 0x180);
        Pipe* pipe = New();
        if (reader == null || writer == null || inode == null || pipe == null)
        {
            Files.Put(reader);
            Files.Put(writer);
            Inodes.Put(inode);
            Kfree(pipe);
            return reader == null || writer == null ? -ENFILE : -ENOMEM;
        }

        inode->Pipe = pipe;
        inode->Number = (uint)Shared.AddReturn(ref s_lastNumber, 1);
        pipe->Users = 2;
        pipe->Readers = pipe->Writers = 1;
        pipe->ReaderOpens = pipe->WriterOpens = 1;
        Inodes.Get(inode);
        Attach(reader, inode);
        Attach(writer, inode);
        return 0;
    }

    private static void Attach(File* file, Inode* inode)
    {
        file->Inode = inode;
        file->Ops = (FileOperations*)Unsafe.AsPointer(ref s_pipe);
        file->PrivateData = inode->Pipe;
        file->Mode |= FileModeBits.Opened;
    }

    private static Pipe* New()
    {
        Pipe* pipe = Kzalloc<Pipe>(GfpFlags.Kernel);
        if (pipe != null)
        {
            WaitQueue.Init(&pipe->ReadQueue);
            WaitQueue.Init(&pipe->WriteQueue);
        }

        return pipe;
    }

    private static int OpenFifo(Inode* inode, File* file)
    {
        Pipe* pipe;
        using (inode->Mutex.Guard())
        {
            if (inode->Pipe == null && (inode->Pipe = New()) == null)
            {
                return -ENOMEM;
            }

            pipe = inode->Pipe;
            pipe->Users++;
        }

        Files.NonSeekable(file);
        file->PrivateData = pipe;
        bool reads = (file->Mode & FileModeBits.Read) != 0;
        bool writes = (file->Mode & FileModeBits.Write) != 0;
        pipe->Mutex.Lock();
        int error = writes && !reads && file->NonBlocking && pipe->Readers == 0 ? -ENXIO : 0;
        if (error == 0)
        {
            Enter(pipe, reads, writes);
            if (reads != writes && !(reads && file->NonBlocking))
            {
                error = reads ? Await(pipe, &pipe->ReadQueue, pipe->Writers, ref pipe->WriterOpens) : Await(pipe, &pipe->WriteQueue, pipe->Readers, ref pipe->ReaderOpens);
            }

            if (error != 0)
            {
                Leave(pipe, reads, writes);
            }
        }

        pipe->Mutex.Unlock();
        if (error != 0)
        {
            Drop(inode);
        }

        return error;
    }

    private static int Release(Inode* inode, File* file)
    {
        var pipe = (Pipe*)file->PrivateData;
        using (pipe->Mutex.Guard())
        {
            Leave(pipe, (file->Mode & FileModeBits.Read) != 0, (file->Mode & FileModeBits.Write) != 0);
        }

        Drop(inode);
        return 0;
    }

    private static void Enter(Pipe* pipe, bool reads, bool writes)
    {
        if (reads)
        {
            pipe->Readers++;
            pipe->ReaderOpens++;
        }

        if (writes)
        {
            pipe->Writers++;
            pipe->WriterOpens++;
        }

        WakeBoth(pipe);
    }

    private static void Leave(Pipe* pipe, bool reads, bool writes)
    {
        pipe->Readers -= reads ? 1 : 0;
        pipe->Writers -= writes ? 1 : 0;
        WakeBoth(pipe);
    }

    // Readers learn that the last writer has gone, writers that the last reader has, and a FIFO's first opener that the other is there.
    private static void WakeBoth(Pipe* pipe)
    {
        WaitQueue.WakeUpInterruptibleAll(&pipe->ReadQueue);
        WaitQueue.WakeUpInterruptibleAll(&pipe->WriteQueue);
    }

    // Waits for the other side of a FIFO: it is there, or `opens` goes on. The mutex is held, and given back over the sleep.
    private static int Await(Pipe* pipe, WaitQueueHead* queue, int there, ref uint opens)
    {
        uint before = opens;
        while (there == 0 && opens == before)
        {
            if (Scheduler.SignalPending(Current))
            {
                return -ERESTARTSYS;
            }

            Pipe.Wait(pipe, queue);
        }

        return 0;
    }

    private static void Drop(Inode* inode)
    {
        Pipe* unused = null;
        using (inode->Mutex.Guard())
        {
            if (--inode->Pipe->Users == 0)
            {
                unused = inode->Pipe;
                inode->Pipe = null;
            }
        }

        if (unused != null)
        {
            Pipe.FreePages(unused);
            Kfree(unused);
        }
    }
}
