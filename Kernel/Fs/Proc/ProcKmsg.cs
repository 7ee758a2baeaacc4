// ProcKmsg: /proc/kmsg: the log as a stream, for a daemon that keeps it.
//
// Linux: fs/proc/kmsg.c. Process context; a read sleeps until there is a message. Each opening reads all of the log from its oldest message on, by itself: on Linux 2.6
// the readers share one position and take messages away from each other. Lock: KmsgReader.Mutex, one read at a time of one opening.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>The log as a file.</summary>
internal static unsafe class ProcKmsg
{
    // A line: end of the line before, level, time stamp, text, line feed.
    private const int LineSize = TextPool.BufferSize + 64;

    private static FileOperations s_ops;

    /// <summary>What the file can do.</summary>
    internal static FileOperations* Operations => (FileOperations*)Unsafe.AsPointer(ref s_ops);

    internal static void Init() => s_ops = new FileOperations { Open = &Open, Release = &Release, Read = &Read, Poll = &Poll };

    private static int Open(Inode* inode, File* file)
    {
        KmsgReader* reader = Kzalloc<KmsgReader>(GfpFlags.Kernel);
        if (reader == null)
        {
            return -ENOMEM;
        }

        reader->Log = new LogReader(0);
        file->PrivateData = reader;
        return Files.NonSeekable(file);
    }

    private static int Release(Inode* inode, File* file)
    {
        Kfree(file->PrivateData);
        return 0;
    }

    private static uint Poll(File* file, PollTable* table)
    {
        var reader = (KmsgReader*)file->PrivateData;
        PollTable.Wait(file, LogWaiters.Queue, table);
        bool ready = reader->Given < reader->Length || LogRing.HasRecord((long)reader->Log.Position);
        return ready ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0;
    }

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        var reader = (KmsgReader*)file->PrivateData;
        if (buffer->Left == 0)
        {
            return 0;
        }

        while (true)
        {
            long result = Take(reader, buffer);
            if (result != 0)
            {
                return result;
            }

            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            int error = LogWaiters.Wait(reader->Log.Position);
            if (error != 0)
            {
                return error;
            }
        }
    }

    // As much as there is and fits: bytes, 0 for none, -EFAULT.
    private static long Take(KmsgReader* reader, IoBuffer* buffer)
    {
        using (reader->Mutex.Guard())
        {
            long total = 0;
            while (buffer->Left != 0 && (reader->Given < reader->Length || NextLine(reader)))
            {
                nuint left = buffer->Left;
                var wanted = (nuint)(reader->Length - reader->Given);
                nuint put = buffer->Put(&reader->Line[reader->Given], wanted);
                reader->Given += (int)put;
                total += (long)put;
                if (put < wanted && put < left)
                {
                    return total == 0 ? -EFAULT : total;
                }
            }

            return total;
        }
    }

    // The next record as a line with its level in front, unless it goes on a line.
    private static bool NextLine(KmsgReader* reader)
    {
        if (!reader->Log.MoveNext())
        {
            return false;
        }

        LogEntry entry = reader->Log.Current;
        ReadOnlySpan<byte> line = entry.Line;
        TextBuffer text = new(new Span<byte>(reader->Line, LineSize));
        if (line.Length != 0 && line[0] == '\n')
        {
            text.AppendByte((byte)'\n');
            line = line[1..];
        }

        if (line.Length > entry.Text.Length + 1)
        {
            text.Append($"<{(int)entry.Level}>");
        }

        text.Append(line);
        reader->Length = text.Length;
        reader->Given = 0;
        return true;
    }

    private struct KmsgReader
    {
        public Mutex Mutex;
        public LogReader Log;
        public int Length, Given;
        public fixed byte Line[LineSize];
    }
}
