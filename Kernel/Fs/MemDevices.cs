// MemDevices: /dev/null, zero, full, random, urandom and kmsg.
//
// Linux: drivers/char/mem.c, drivers/char/random.c, devkmsg (kernel/printk.c). Major 1; the minor tells which. Process context; a read of random may sleep until
// enough randomness has come in. No locks of their own: the pool and the log have theirs.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The devices without hardware.</summary>
/// <rows>DRV-03 IRQ-14</rows>
internal static unsafe class MemDevices
{
    private const uint Major = 1;
    private const uint Null = 3;
    private const uint Zero = 5;
    private const uint Full = 7;
    private const uint Random = 8;
    private const uint Urandom = 9;
    private const uint Kmsg = 11;
    private const uint Everybody = FileModes.S_IFCHR | 0x1b6;
    private const uint Root = FileModes.S_IFCHR | 0x180;
    private const int ChunkSize = 256;
    private const int PrefixSize = 64;

    // A read of random gives what has come in, and so much at least that it is worth the call.
    private const int LeastBits = 64;

    private static FileOperations s_open;
    private static FileOperations s_null;
    private static FileOperations s_zero;
    private static FileOperations s_full;
    private static FileOperations s_random;
    private static FileOperations s_urandom;
    private static FileOperations s_kmsg;

    /// <summary>Once, at boot. 0 or minus errno.</summary>
    internal static int Init()
    {
        s_open = new FileOperations { Open = &Open };
        s_null = new FileOperations { Read = &ReadNothing, Write = &WriteAway };
        s_zero = new FileOperations { Read = &ReadZeros, Write = &WriteAway };
        s_full = new FileOperations { Read = &ReadZeros, Write = &WriteFull };
        s_random = new FileOperations { Read = &ReadRandom, Write = &WriteRandom, Poll = &PollRandom };
        s_urandom = new FileOperations { Read = &ReadUrandom, Write = &WriteRandom };
        s_kmsg = new FileOperations { Read = &ReadLog, Write = &WriteLog, Release = &CloseLog, Poll = &PollLog };
        int error = RegisterChrdev(Major, "mem"u8, Operations(ref s_open));
        error = error != 0 ? error : DeviceCreate("null"u8, Everybody, DeviceNumber.Make(Major, Null));
        error = error != 0 ? error : DeviceCreate("zero"u8, Everybody, DeviceNumber.Make(Major, Zero));
        error = error != 0 ? error : DeviceCreate("full"u8, Everybody, DeviceNumber.Make(Major, Full));
        error = error != 0 ? error : DeviceCreate("random"u8, Everybody, DeviceNumber.Make(Major, Random));
        error = error != 0 ? error : DeviceCreate("urandom"u8, Everybody, DeviceNumber.Make(Major, Urandom));
        return error != 0 ? error : DeviceCreate("kmsg"u8, Root, DeviceNumber.Make(Major, Kmsg));
    }

    private static FileOperations* Operations(ref FileOperations operations) => (FileOperations*)Unsafe.AsPointer(ref operations);

    private static int Open(Inode* inode, File* file)
    {
        file->Ops = DeviceNumber.Minor(inode->Device) switch
        {
            Null => Operations(ref s_null),
            Zero => Operations(ref s_zero),
            Full => Operations(ref s_full),
            Random => Operations(ref s_random),
            Urandom => Operations(ref s_urandom),
            Kmsg => Operations(ref s_kmsg),
            _ => null,
        };
        if (file->Ops == null)
        {
            file->Ops = Operations(ref s_open);
            return -ENXIO;
        }

        return file->Ops == Operations(ref s_kmsg) ? OpenLog(file) : 0;
    }

    private static long ReadNothing(File* file, IoBuffer* buffer, long* position) => 0;

    private static long WriteAway(File* file, IoBuffer* buffer, long* position) => (long)buffer->Left;

    private static long WriteFull(File* file, IoBuffer* buffer, long* position) => buffer->Left == 0 ? 0 : -ENOSPC;

    private static long ReadZeros(File* file, IoBuffer* buffer, long* position)
    {
        nuint before = buffer->Left;
        while (buffer->Left != 0)
        {
            nuint wanted = buffer->Left < DirectMap.PAGE_SIZE ? buffer->Left : DirectMap.PAGE_SIZE;
            if (buffer->Put(ZeroPage.Address, wanted) < wanted)
            {
                break;
            }

            if (Scheduler.SignalPending(Current))
            {
                break;
            }

            Scheduler.CondResched();
        }

        nuint done = before - buffer->Left;
        return done == 0 && before != 0 ? -EFAULT : (long)done;
    }

    private static long ReadUrandom(File* file, IoBuffer* buffer, long* position) => PutRandom(buffer, buffer->Left);

    // Waits as long as too little has come in. Interrupts bring it, and wake nobody: a tick is soon enough.
    private static long ReadRandom(File* file, IoBuffer* buffer, long* position)
    {
        while (buffer->Left != 0 && EntropyPool.EntropyCount < LeastBits)
        {
            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            if (Scheduler.SignalPending(Current))
            {
                return -ERESTARTSYS;
            }

            ScheduleTimeoutInterruptible(1);
        }

        nuint there = (nuint)(EntropyPool.EntropyCount / 8);
        return PutRandom(buffer, buffer->Left < there ? buffer->Left : there);
    }

    // Both kinds of it give what /dev/urandom gives: the pool is seeded at boot, so nobody has to wait.
    [RuntimeExport("sys_getrandom")]
    private static long SysGetrandom(void* user, nuint count, uint flags)
    {
        const uint KnownFlags = 7;
        if ((flags & ~KnownFlags) != 0)
        {
            return -EINVAL;
        }

        count = count > int.MaxValue ? int.MaxValue : count;
        IoBuffer buffer = IoBuffer.User(user, count);
        return PutRandom(&buffer, count);
    }

    private static uint PollRandom(File* file, PollTable* table)
    {
        PollTable.WaitTick(table);
        return PollEvents.POLLOUT | PollEvents.POLLWRNORM | (EntropyPool.EntropyCount >= LeastBits ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0);
    }

    private static long PutRandom(IoBuffer* buffer, nuint count)
    {
        byte* bytes = stackalloc byte[ChunkSize];
        nuint done = 0;
        while (done < count)
        {
            nuint wanted = count - done < ChunkSize ? count - done : ChunkSize;
            EntropyPool.GetRandomBytes(new Span<byte>(bytes, (int)wanted));
            nuint put = buffer->Put(bytes, wanted);
            done += put;
            if (put < wanted)
            {
                break;
            }

            if (Scheduler.SignalPending(Current))
            {
                break;
            }

            Scheduler.CondResched();
        }

        new Span<byte>(bytes, ChunkSize).Clear();
        return done == 0 && count != 0 ? -EFAULT : (long)done;
    }

    // Whoever writes may know what he writes: it is taken for nothing, as Linux does, beyond being accepted.
    private static long WriteRandom(File* file, IoBuffer* buffer, long* position) => (long)buffer->Left;

    // Each open file reads the log from its beginning, a record at a time.
    private static int OpenLog(File* file)
    {
        if ((file->Mode & FileModeBits.Read) != 0)
        {
            var reader = (LogReader*)Kmalloc((nuint)sizeof(LogReader), GfpFlags.Kernel);
            if (reader == null)
            {
                return -ENOMEM;
            }

            *reader = new LogReader(0);
            file->PrivateData = reader;
        }

        return Files.NonSeekable(file);
    }

    private static int CloseLog(Inode* inode, File* file)
    {
        Kfree(file->PrivateData);
        return 0;
    }

    // level,sequence,microseconds,-;text. Waits for the next record a tick at a time, since messages come from every context and wake nobody.
    private static long ReadLog(File* file, IoBuffer* buffer, long* position)
    {
        var reader = (LogReader*)file->PrivateData;
        while (!reader->MoveNext())
        {
            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            if (Scheduler.SignalPending(Current))
            {
                return -ERESTARTSYS;
            }

            ScheduleTimeoutInterruptible(1);
        }

        byte* bytes = stackalloc byte[PrefixSize];
        TextBuffer prefix = new(new Span<byte>(bytes, PrefixSize));
        LogEntry entry = reader->Current;
        prefix.Append($"{(int)entry.Level},{entry.Sequence},{entry.Microseconds},-;");
        fixed (byte* text = entry.Text)
        {
            nuint length = (nuint)(prefix.Length + entry.Text.Length + 1);
            if (length > buffer->Left)
            {
                return -EINVAL;
            }

            byte end = (byte)'\n';
            nuint put = buffer->Put(bytes, (nuint)prefix.Length) + buffer->Put(text, (nuint)entry.Text.Length) + buffer->Put(&end, 1);
            return put == length ? (long)length : -EFAULT;
        }
    }

    private static uint PollLog(File* file, PollTable* table)
    {
        var reader = (LogReader*)file->PrivateData;
        PollTable.WaitTick(table);
        bool there = reader != null && reader->Position < KernelLog.NextSequence;
        return PollEvents.POLLOUT | PollEvents.POLLWRNORM | (there ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0);
    }

    // A line for the log; "<3>" in front is its level.
    private static long WriteLog(File* file, IoBuffer* buffer, long* position)
    {
        byte* bytes = stackalloc byte[ChunkSize];
        nuint count = buffer->Left;
        if (count > ChunkSize)
        {
            return -EINVAL;
        }

        if (buffer->Take(bytes, count) != count)
        {
            return -EFAULT;
        }

        ReadOnlySpan<byte> text = new(bytes, (int)count);
        LogLevel level = LogLevel.Info;
        if (text.Length >= 3 && text[0] == '<' && text[1] is >= (byte)'0' and <= (byte)'7' && text[2] == '>')
        {
            level = (LogLevel)(text[1] - '0');
            text = text[3..];
        }

        text = text.Length != 0 && text[^1] == '\n' ? text[..^1] : text;
        Printk(level, $"{text}\n");
        return (long)count;
    }
}
