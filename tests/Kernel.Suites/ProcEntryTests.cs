// ProcEntryTests: entries that a driver adds to /proc and /sys. Part of the suite proc.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcEntryTests
{
    private const int LongLines = 3000;

    private static long s_value;
    private static int s_inside, s_insideAfterRemoval, s_readResult;
    private static Completion s_go, s_entered, s_removed, s_read;
    private static KernfsNode* s_entry;

    internal static void ReadAndWrite()
    {
        s_value = 5;
        KernfsNode* directory = ProcMkdir("toy_driver"u8, null);
        Check.True(directory != null);
        KernfsNode* entry = CreateProcEntry("value"u8, 0x1a4, directory, &Show, &Store, Unsafe.AsPointer(ref s_value));
        Check.True(entry != null);
        FsHelp.Holds("/proc/toy_driver/value\0"u8, "value 5\n"u8);
        Check.Equal(3, ProcHelp.Write("/proc/toy_driver/value\0"u8, "17\n"u8));
        Check.Equal(17, s_value);
        FsHelp.Holds("/proc/toy_driver/value\0"u8, "value 17\n"u8);
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/toy_driver/value\0"u8, "x"u8));
        FsHelp.Holds("/proc/toy_driver/value\0"u8, "value 17\n"u8);

        // Names: taken ones, paths, none at all.
        Check.True(CreateProcEntry("value"u8, 0, directory, &Show, null, null) == null);
        Check.True(CreateProcEntry("toy_driver/long"u8, 0, null, &ShowLong, null, null) != null);
        Check.True(CreateProcEntry("no_directory/x"u8, 0, null, &Show, null, null) == null);
        Check.True(CreateProcEntry(""u8, 0, directory, &Show, null, null) == null);
        Check.Equal(0, ProcHelp.Read("/proc/toy_driver/long\0"u8));
        Check.Equal(LongLines, ProcHelp.LineCount());
        Check.Equal(-EACCES, FsHelp.Open("/proc/toy_driver/long\0"u8, OpenFlags.O_WRONLY));
        Check.True(ProcSymlink("link"u8, directory, "long"u8) != null);
        Check.Equal(4, ProcHelp.ReadLink("/proc/toy_driver/link\0"u8));
        Check.Equal(0, ProcHelp.Read("/proc/toy_driver/link\0"u8));
        RemoveProcEntry(entry);
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/toy_driver/value\0"u8));
        Check.True(CreateProcEntry("value"u8, 0, directory, &Show, null, Unsafe.AsPointer(ref s_value)) != null);
        FsHelp.Holds("/proc/toy_driver/value\0"u8, "value 17\n"u8);
        RemoveProcEntry(directory);
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/toy_driver\0"u8));
    }

    internal static void RemoveOpen()
    {
        s_value = 1;
        KernfsNode* directory = ProcMkdir("toy_driver"u8, null);
        CreateProcEntry("value"u8, 0x1a4, directory, &Show, &Store, Unsafe.AsPointer(ref s_value));
        Check.Equal(0, Vfs.Open("/proc/toy_driver/value\0"u8, OpenFlags.O_RDWR, 0, out File* file));
        Check.Equal(0, Vfs.Open("/proc/toy_driver\0"u8, OpenFlags.O_RDONLY, 0, out File* open));
        byte* bytes = stackalloc byte[16];
        Check.Equal(4, Vfs.KernelRead(file, bytes, 4, 0));
        RemoveProcEntry(directory);
        Check.Equal(-EIO, Vfs.KernelRead(file, bytes, 4, 4));
        Check.Equal(-EIO, Vfs.KernelRead(file, bytes, 4, 0));
        Check.Equal(-EIO, FsHelp.Write(file, "2"u8, 0));
        Check.Equal(1, s_value);
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/toy_driver/value\0"u8));
        Files.Put(open);
        Files.Put(file);
    }

    // A thread stands in the read function while another removes the entry. The latter must not come back before the former has left.
    internal static void RemoveWaits()
    {
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_go));
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_entered));
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_removed));
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_read));
        s_entry = CreateProcEntry("toy_slow"u8, 0, null, &ShowSlow, null, null);
        Check.True(Kthread.Run(&ReadSlow, null, $"toy_reader", out _) != null);
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_entered));
        Check.True(Kthread.Run(&RemoveSlow, null, $"toy_remover", out _) != null);

        // The name is gone first.
        while (FsHelp.Walk("/proc/toy_slow\0"u8) == 0)
        {
            Scheduler.Yield();
        }

        Check.Equal(0, Completion.IsDone((Completion*)Unsafe.AsPointer(ref s_removed)) ? 1 : 0);
        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_go));
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_removed));
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_read));
        Check.Equal(0, s_insideAfterRemoval);
        Check.Equal(5, s_readResult);
    }

    internal static void Attribute()
    {
        s_value = 3;
        KernfsNode* toy = KobjectCreateAndAdd("toy"u8, DevicesObject);
        Check.True(toy != null);
        Check.True(KobjectCreateAndAdd("toy"u8, DevicesObject) == null);
        Check.Equal(0, SysfsCreateFile(toy, "value"u8, 0x1a4, &Show, &Store, Unsafe.AsPointer(ref s_value)));
        Check.Equal(0, SysfsCreateFile(toy, "fixed"u8, 0x124, &Show, null, Unsafe.AsPointer(ref s_value)));
        Check.Equal(-EEXIST, SysfsCreateFile(toy, "value"u8, 0x1a4, &Show, &Store, null));
        FsHelp.Holds("/sys/devices/toy/value\0"u8, "value 3\n"u8);
        Check.Equal(2, ProcHelp.Write("/sys/devices/toy/value\0"u8, "9\n"u8));
        FsHelp.Holds("/sys/devices/toy/value\0"u8, "value 9\n"u8);
        Check.Equal(-EINVAL, ProcHelp.Write("/sys/devices/toy/value\0"u8, "nine"u8));
        Check.Equal(-EACCES, FsHelp.Open("/sys/devices/toy/fixed\0"u8, OpenFlags.O_WRONLY));
        SysfsRemoveFile(toy, "fixed"u8);
        Check.Equal(-ENOENT, FsHelp.Walk("/sys/devices/toy/fixed\0"u8));
        Check.Equal(0, Vfs.Open("/sys/devices/toy/value\0"u8, OpenFlags.O_RDWR, 0, out File* file));
        KobjectDel(toy);
        byte one;
        Check.Equal(-EIO, Vfs.KernelRead(file, &one, 1, 0));
        Check.Equal(-EIO, FsHelp.Write(file, "4"u8, 0));
        Check.Equal(9, s_value);
        Files.Put(file);
        Check.Equal(-ENOENT, FsHelp.Walk("/sys/devices/toy\0"u8));
        Check.Equal(0, FsHelp.Walk("/sys/kernel\0"u8));
    }

    private static int Show(TextArea* text, void* data)
    {
        text->Append($"value {*(long*)data}\n");
        return 0;
    }

    private static int Store(ReadOnlySpan<byte> text, void* data)
    {
        text = text.Trim((byte)'\n');
        if (!CommandArguments.TryParse(text, out ulong value))
        {
            return -EINVAL;
        }

        *(long*)data = (long)value;
        return 0;
    }

    private static int ShowLong(TextArea* text, void* data)
    {
        for (int i = 0; i < LongLines; i++)
        {
            text->Append($"line {i,5}\n");
        }

        return 0;
    }

    private static int ShowSlow(TextArea* text, void* data)
    {
        Shared.WriteOnce(ref s_inside, 1);
        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_entered));
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_go));
        text->Append("slow\n"u8);
        Shared.WriteOnce(ref s_inside, 0);
        return 0;
    }

    private static int ReadSlow(void* unused)
    {
        s_readResult = -1;
        if (Vfs.Open("/proc/toy_slow\0"u8, OpenFlags.O_RDONLY, 0, out File* file) == 0)
        {
            byte* bytes = stackalloc byte[16];
            s_readResult = (int)Vfs.KernelRead(file, bytes, 16, 0);
            Files.Put(file);
        }

        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_read));
        return 0;
    }

    private static int RemoveSlow(void* unused)
    {
        RemoveProcEntry(s_entry);
        s_insideAfterRemoval = Shared.ReadOnce(ref s_inside);
        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_removed));
        return 0;
    }
}
