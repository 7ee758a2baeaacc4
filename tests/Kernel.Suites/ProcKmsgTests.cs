// ProcKmsgTests: /proc/kmsg. Part of the suite proc.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcKmsgTests
{
    private const int Size = 4096;

    private static Completion s_done;
    private static int s_waiting, s_seen;

    internal static void Kmsg()
    {
        Printk(LogLevel.Notice, "proc_kmsg first\n"u8);
        Check.Equal(0, Vfs.Open("/proc/kmsg\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out File* file));
        Check.True(Find(file, "proc_kmsg first\n"u8, out int level));
        Check.Equal((int)LogLevel.Notice, level);
        byte one;
        long read;
        while ((read = Vfs.KernelRead(file, &one, 1, 0)) == 1)
        {
        }

        Check.Equal(-EAGAIN, read);
        Printk(LogLevel.Error, "proc_kmsg second\n"u8);
        Check.True(Find(file, "proc_kmsg second\n"u8, out level));
        Check.Equal((int)LogLevel.Error, level);
        Files.Put(file);

        // A reader that has come to the end sleeps until something is printed.
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_done));
        Shared.WriteOnce(ref s_waiting, 0);
        s_seen = 0;
        TaskStruct* reader = Kthread.Create(&ReadOn, null, $"proc_kmsg", out int error);
        Check.Equal(0, error);
        Tasks.Get(reader);
        Scheduler.WakeUpProcess(reader);
        while (Shared.ReadOnce(ref s_waiting) == 0 || Shared.ReadOnce(ref reader->State) != (int)TaskState.Interruptible)
        {
            Scheduler.Yield();
        }

        Check.False(Completion.IsDone((Completion*)Unsafe.AsPointer(ref s_done)));
        Printk(LogLevel.Info, "proc_kmsg third\n"u8);
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_done));
        Tasks.Put(reader);
        Check.Equal(1, s_seen);
    }

    private static int ReadOn(void* unused)
    {
        if (Vfs.Open("/proc/kmsg\0"u8, OpenFlags.O_RDONLY, 0, out File* file) == 0)
        {
            // Set at once: the sleep for which the test looks is that of the file.
            Shared.WriteOnce(ref s_waiting, 1);
            s_seen = Find(file, "proc_kmsg third\n"u8, out _) ? 1 : 0;
            Files.Put(file);
        }

        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_done));
        return 0;
    }

    // Reads until a line ends so; its level is the number in front.
    private static bool Find(File* file, ReadOnlySpan<byte> end, out int level)
    {
        level = -1;
        var bytes = (byte*)Kmalloc(Size, GfpFlags.Kernel);
        int length = 0;
        bool found = false;
        while (!found && Vfs.KernelRead(file, bytes + length, 1, 0) == 1)
        {
            length++;
            if (bytes[length - 1] == '\n')
            {
                ReadOnlySpan<byte> line = new(bytes, length);
                found = line.EndsWith(end) && line[0] == '<' && line[2] == '>' && line[3] == '[';
                level = found ? line[1] - '0' : -1;
                length = 0;
            }

            length = length == Size ? 0 : length;
        }

        Kfree(bytes);
        return found;
    }
}
