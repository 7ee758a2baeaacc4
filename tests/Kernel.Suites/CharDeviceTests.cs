// CharDeviceTests: a toy device as a driver would write one, the devices without hardware, and the nodes in /dev.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class CharDeviceTests
{
    private const uint Minor = 3;
    private const uint GetCount = 0x5401;

    private static FileOperations s_ops;
    private static ToyDevice s_toy;
    private static long s_result;
    private static FilesStruct* s_files;
    private static int s_fd;

    // A device of the test: bytes that are written can be read once; readers wait.
    private struct ToyDevice
    {
        public SpinLock Lock;
        public WaitQueueHead Queue;
        public int Count;
        public int Opens;
        public byte Last;
    }

    private static ToyDevice* Toy => (ToyDevice*)Unsafe.AsPointer(ref s_toy);

    [TestSuite("chardev")]
    private static void Suite()
    {
        Test.Run("numbers: taken, free, dynamic, some minors only"u8, "DRV-03 SYS-13"u8, &Numbers);
        Test.Run("a toy device: open, blocking read, write, poll, ioctl"u8, "DRV-03 SYS-11"u8, &ToyDevices);
        Test.Run("a toy device: a signal ends the wait, a poll is woken"u8, "DRV-03"u8, &ToyWaits);
        Test.Run("what a driver leaves out is refused; the last user's close releases"u8, "DRV-03 SYS-13"u8, &Bare);
        Test.Run("nodes in /dev come and go"u8, "DRV-03"u8, &Nodes);
        Test.Run("null, zero, full"u8, "DRV-03"u8, &Memory);
        Test.Run("random and urandom"u8, "DRV-03 IRQ-14"u8, &Randoms);
        RandomTests.Run();
        Test.Run("kmsg: the log, record by record"u8, "DRV-03 LOG-01"u8, &Kmsg);
        Test.Run("SIGIO for who asked for it"u8, "DRV-03"u8, &Sigio);
    }

    private static void Numbers()
    {
        s_ops = new FileOperations { Read = &Read };
        var ops = (FileOperations*)Unsafe.AsPointer(ref s_ops);
        Check.Equal(0, RegisterChrdev(300, "one"u8, ops));
        Check.Equal(-EBUSY, RegisterChrdev(300, "two"u8, ops));
        Check.Equal(0, RegisterChrdevRegion(301, 8, 8, "low"u8, ops));
        Check.Equal(0, RegisterChrdevRegion(301, 16, 1, "next"u8, ops));
        Check.Equal(-EBUSY, RegisterChrdevRegion(301, 15, 2, "over"u8, ops));
        Check.Equal(-EBUSY, RegisterChrdev(301, "all"u8, ops));
        Check.Equal(-EINVAL, RegisterChrdev(512, "big"u8, ops));
        Check.Equal(-EINVAL, RegisterChrdev(302, "none"u8, null));
        Check.Equal(-EINVAL, RegisterChrdev(302, ""u8, ops));
        int first = RegisterChrdev(0, "dyn1"u8, ops);
        int second = RegisterChrdev(0, "dyn2"u8, ops);
        Check.True(first is >= 234 and <= 254 && second is >= 234 and <= 254 && first != second);
        Check.Equal(0, FsHelp.Mknod("/low\0"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make(301, 9)));
        Check.Equal(0, FsHelp.Mknod("/high\0"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make(301, 17)));
        Check.Equal(0, FsHelp.Open("/low\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-ENXIO, FsHelp.Open("/high\0"u8, OpenFlags.O_RDONLY));
        UnregisterChrdev((uint)first);
        UnregisterChrdev((uint)second);
        UnregisterChrdev(300);
        UnregisterChrdevRegion(301, 8);
        UnregisterChrdevRegion(301, 16);
        Check.Equal(-ENXIO, FsHelp.Open("/low\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(0, FsHelp.Remove("/low\0"u8));
        Check.Equal(0, FsHelp.Remove("/high\0"u8));
        Check.Equal(0x12345u, DeviceNumber.Minor(DeviceNumber.Make(0x123, 0x12345)));
        Check.Equal(0x123u, DeviceNumber.Major(DeviceNumber.Make(0x123, 0x12345)));
        Check.Equal(0x0801u, DeviceNumber.Make(8, 1));
    }

    private static void ToyDevices()
    {
        int major = AddToy();
        long fd = FdTests.Open("/dev/toy\0"u8, OpenFlags.O_RDWR);
        long impatient = FdTests.Open("/dev/toy\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK);
        Check.True(fd >= 0 && impatient >= 0);
        Check.Equal(2, s_toy.Opens);
        byte one = 0;
        Check.Equal(-EAGAIN, FdTests.Read(impatient, &one, 1));
        Check.Equal(-ESPIPE, FileCalls.Lseek((uint)fd, 0, 0));
        s_files = Current->Files;
        s_fd = (int)fd;
        SchedThread thread = default;
        if (SchedThread.Run(&thread, -1, &ToyReader, null))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(1, FdTests.Write(fd, "t"u8));
            SchedThread.Join(&thread);
            Check.Equal('t', s_result);
        }

        PollFd poll = new() { Fd = (int)fd, Events = (ushort)(PollEvents.POLLIN | PollEvents.POLLOUT) };
        int ticks = 0;
        Check.Equal(1, PollCalls.Poll(&poll, 1, ref ticks));
        Check.Equal(PollEvents.POLLOUT, poll.Happened);
        Check.Equal(3, FdTests.Write(fd, "abc"u8));
        Check.Equal(1, PollCalls.Poll(&poll, 1, ref ticks));
        Check.Equal(PollEvents.POLLIN | PollEvents.POLLOUT, poll.Happened);
        Check.Equal(3, FileCalls.SysIoctl((uint)fd, GetCount, 0));
        Check.Equal(-ENOTTY, FileCalls.SysIoctl((uint)fd, 0x1234, 0));
        FdTests.Close(fd);
        FdTests.Close(impatient);
        Check.Equal(0, s_toy.Opens);
        RemoveToy(major);
    }

    private static void ToyWaits()
    {
        int major = AddToy();
        long fd = FdTests.Open("/dev/toy\0"u8, OpenFlags.O_RDWR);
        s_files = Current->Files;
        s_fd = (int)fd;
        SchedThread thread = default;
        if (SchedThread.Run(&thread, -1, &ToyReader, null))
        {
            Check.True(SchedThread.Asleep(&thread));
            Shared.WriteOnce(ref thread.Task->AllowedSignals, 2);
            Signals.Send(thread.Task, 2);
            SchedThread.Join(&thread);
            Check.Equal(-ERESTARTSYS, s_result);
        }

        if (SchedThread.Run(&thread, -1, &ToyPoller, null))
        {
            Check.True(SchedThread.Asleep(&thread));
            Check.Equal(1, FdTests.Write(fd, "p"u8));
            SchedThread.Join(&thread);
            Check.Equal(100 + PollEvents.POLLIN, s_result);
        }

        FdTests.Close(fd);
        RemoveToy(major);
    }

    private static void ToyPoller(void* unused)
    {
        Current->Files = FilesStruct.Share(s_files);
        PollFd poll = new() { Fd = s_fd, Events = (ushort)PollEvents.POLLIN };
        int ticks = MaxScheduleTimeout;
        int found = PollCalls.Poll(&poll, 1, ref ticks);
        s_result = found < 0 ? found : (found * 100) + poll.Happened;
        FilesStruct.Exit(Current);
    }

    private static void Bare()
    {
        s_toy = default;
        s_ops = new FileOperations { Release = &Release };
        int major = RegisterChrdev(0, "bare"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops));
        Check.Equal(0, DeviceCreate("bare"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)major, 0)));
        long fd = FdTests.Open("/dev/bare\0"u8, OpenFlags.O_RDWR);
        long again = FileCalls.SysDup((uint)fd);
        byte one = 0;
        Check.True(fd >= 0 && again > fd);
        Check.Equal(-EINVAL, FdTests.Read(fd, &one, 1));
        Check.Equal(-EINVAL, FdTests.Write(fd, "x"u8));
        Check.Equal(-ENOTTY, FileCalls.SysIoctl((uint)fd, GetCount, 0));
        PollFd poll = new() { Fd = (int)fd, Events = (ushort)(PollEvents.POLLIN | PollEvents.POLLOUT) };
        int ticks = 0;
        Check.Equal(1, PollCalls.Poll(&poll, 1, ref ticks));
        Check.Equal(PollEvents.POLLIN | PollEvents.POLLOUT, poll.Happened);
        FdTests.Close(fd);
        Check.Equal(0, s_toy.Opens);
        FdTests.Close(again);
        Check.Equal(-1, s_toy.Opens);
        Check.Equal(0, DeviceDestroy("bare"u8));
        UnregisterChrdev((uint)major);
        Check.Equal(-ENOENT, FdTests.Open("/dev/bare\0"u8, OpenFlags.O_RDWR));
    }

    private static void Nodes()
    {
        uint device = DeviceNumber.Make(1, 3);
        Check.Equal(0, DeviceCreate("sub/one"u8, FileModes.S_IFCHR | 0x180, device));
        Check.Equal(0, DeviceCreate("sub/two"u8, FileModes.S_IFCHR | 0x180, device));
        Check.Equal(-EEXIST, DeviceCreate("sub/two"u8, FileModes.S_IFCHR | 0x180, device));
        Check.Equal(-ENOTDIR, DeviceCreate("null/x"u8, FileModes.S_IFCHR | 0x180, device));
        Check.Equal(-EINVAL, DeviceCreate(""u8, FileModes.S_IFCHR | 0x180, device));
        Check.Equal(0, FsHelp.Open("/dev/sub/one\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(0, Vfs.Open("/dev/sub/two\0"u8, OpenFlags.O_WRONLY, 0, out File* file));
        Check.Equal(0, DeviceDestroy("sub/one"u8));
        Check.Equal(0, DeviceDestroy("sub/two"u8));
        Check.Equal(-ENOENT, DeviceDestroy("sub/two"u8));
        Check.Equal(-ENOENT, FsHelp.Open("/dev/sub/one\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(1, FsHelp.Write(file, "x"u8, 0));
        Files.Put(file);

        // Every mount shows the same nodes.
        Check.Equal(0, FsHelp.Mkdir("/dev2\0"u8));
        Check.Equal(0, FsHelp.Mount("devtmpfs"u8, "/dev2\0"u8));
        Check.Equal((long)FsHelp.NumberOf("/dev/null\0"u8), (long)FsHelp.NumberOf("/dev2/null\0"u8));
        Check.Equal(0, FsHelp.Remove("/dev2/sub\0"u8, directory: true));
        Check.Equal(-ENOENT, FsHelp.Walk("/dev/sub\0"u8));
        Check.Equal(0, FsHelp.Unmount("/dev2\0"u8));
        Check.Equal(0, FsHelp.Remove("/dev2\0"u8, directory: true));
        Check.Equal(0, FsHelp.Walk("/dev/null\0"u8));
    }

    private static void Memory()
    {
        byte* bytes = stackalloc byte[16];
        new Span<byte>(bytes, 16).Fill(7);
        Check.Equal(0, Vfs.Open("/dev/null\0"u8, OpenFlags.O_RDWR, 0, out File* file));
        Check.Equal(0, Vfs.KernelRead(file, bytes, 16, 0));
        Check.Equal(16, Vfs.KernelWrite(file, bytes, 16, 0));
        Files.Put(file);
        Check.Equal(0, Vfs.Open("/dev/zero\0"u8, OpenFlags.O_RDWR, 0, out file));
        Check.Equal(15, Vfs.KernelRead(file, bytes, 15, 0));
        Check.True(bytes[0] == 0 && bytes[14] == 0 && bytes[15] == 7);
        Check.Equal(16, Vfs.KernelWrite(file, bytes, 16, 0));
        Files.Put(file);
        Check.Equal(0, Vfs.Open("/dev/full\0"u8, OpenFlags.O_RDWR, 0, out file));
        Check.Equal(-ENOSPC, Vfs.KernelWrite(file, bytes, 16, 0));
        Check.Equal(16, Vfs.KernelRead(file, bytes, 16, 0));
        Files.Put(file);
    }

    private static void Randoms()
    {
        byte* one = stackalloc byte[64];
        byte* two = stackalloc byte[64];
        Check.Equal(0, Vfs.Open("/dev/urandom\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        Check.Equal(64, Vfs.KernelRead(file, one, 64, 0));
        Check.Equal(64, Vfs.KernelRead(file, two, 64, 0));
        Check.False(new ReadOnlySpan<byte>(one, 64).SequenceEqual(new ReadOnlySpan<byte>(two, 64)));
        Files.Put(file);

        // Nothing has come in: random has nothing to give. Interrupts bring it, a bit at most each.
        Span<byte> drain = new(one, 64);
        for (int i = 0; i < 1000 && EntropyPool.EntropyCount >= 64; i++)
        {
            EntropyPool.GetRandomBytes(drain);
        }

        Check.Equal(0, Vfs.Open("/dev/random\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out file));
        Check.Equal(-EAGAIN, Vfs.KernelRead(file, one, 64, 0));
        for (ulong i = 0; i < 100000 && EntropyPool.EntropyCount < 128; i++)
        {
            ulong flags = LocalIrqSave();
            EntropyPool.AddInterruptRandomness((int)(i & 15));
            LocalIrqRestore(flags);
            Udelay((uint)(1 + (i * i % 5)));
        }

        long length = Vfs.KernelRead(file, one, 64, 0);
        Check.Between(8, 64, length);
        Files.Put(file);
    }

    private static void Kmsg()
    {
        byte* bytes = (byte*)Kmalloc(2048, GfpFlags.Kernel);
        Check.Equal(0, Vfs.Open("/dev/kmsg\0"u8, OpenFlags.O_RDWR | OpenFlags.O_NONBLOCK, 0, out File* file));
        Check.Equal(25, FsHelp.Write(file, "<4>chardev: through kmsg\n"u8, 0));
        Check.Logged("chardev: through kmsg"u8);
        bool found = false;
        long length;
        while ((length = Vfs.KernelRead(file, bytes, 2048, 0)) > 0)
        {
            ReadOnlySpan<byte> record = new(bytes, (int)length);
            found |= record[0] == '4' && record[1] == ',' && record.EndsWith(",-;chardev: through kmsg\n"u8);
        }

        Check.Equal(-EAGAIN, length);
        Check.True(found);
        Files.Put(file);
        Kfree(bytes);
    }

    private static void Sigio()
    {
        const int Number = 29;
        FasyncQueue queue = default;
        File* file = Files.Allocate(OpenFlags.O_RDONLY);
        Check.Equal(0, FileOwners.Set(file, Current->Pid));
        Shared.WriteOnce(ref Current->AllowedSignals, 1ul << (Number - 1));
        FasyncHelper.Kill(&queue);
        Check.Equal(0ul, Shared.ReadOnce(ref Current->PendingSignals));
        Check.Equal(0, FasyncHelper.Change(file, true, &queue));
        Check.Equal(0, FasyncHelper.Change(file, true, &queue));
        FasyncHelper.Kill(&queue);
        Check.Equal(1ul << (Number - 1), Shared.ReadOnce(ref Current->PendingSignals));
        Current->Process->Pending = default;
        Shared.WriteOnce(ref Current->PendingSignals, 0);
        Check.Equal(0, FasyncHelper.Change(file, false, &queue));
        FasyncHelper.Kill(&queue);
        Check.Equal(0ul, Shared.ReadOnce(ref Current->PendingSignals));
        Shared.WriteOnce(ref Current->AllowedSignals, 0);
        Files.Put(file);
    }

    private static int AddToy()
    {
        s_toy = default;
        s_toy.Lock.Init();
        WaitQueue.Init(&Toy->Queue);
        s_ops = new FileOperations { Open = &Open, Release = &Release, Read = &Read, Write = &Write, Poll = &Poll, Ioctl = &Ioctl };
        int major = RegisterChrdev(0, "toy"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops));
        Check.True(major > 0);
        Check.Equal(0, DeviceCreate("toy"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)major, Minor)));
        return major;
    }

    private static void RemoveToy(int major)
    {
        Check.Equal(0, DeviceDestroy("toy"u8));
        UnregisterChrdev((uint)major);
    }

    private static void ToyReader(void* unused)
    {
        Current->Files = FilesStruct.Share(s_files);
        byte one = 0;
        long length = FdTests.Read(s_fd, &one, 1);
        s_result = length == 1 ? one : length;
        FilesStruct.Exit(Current);
    }

    private static int Open(Inode* inode, File* file)
    {
        file->PrivateData = Toy;
        Check.Equal(Minor, DeviceNumber.Minor(inode->Device));
        Shared.AddReturn(ref s_toy.Opens, 1);
        return Files.NonSeekable(file);
    }

    private static int Release(Inode* inode, File* file)
    {
        Shared.AddReturn(ref s_toy.Opens, -1);
        return 0;
    }

    private static bool Ready(void* toy) => Shared.ReadOnce(ref ((ToyDevice*)toy)->Count) != 0;

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        var toy = (ToyDevice*)file->PrivateData;
        while (true)
        {
            byte last = 0;
            bool got;
            using (toy->Lock.IrqSaveGuard())
            {
                got = toy->Count != 0;
                toy->Count -= got ? 1 : 0;
                last = toy->Last;
            }

            if (got)
            {
                return buffer->Put(&last, 1) == 1 ? 1 : -EFAULT;
            }

            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            int error = WaitQueue.WaitEventInterruptible(&toy->Queue, &Ready, toy);
            if (error != 0)
            {
                return error;
            }
        }
    }

    private static long Write(File* file, IoBuffer* buffer, long* position)
    {
        var toy = (ToyDevice*)file->PrivateData;
        long done = 0;
        byte one;
        while (buffer->Left != 0 && buffer->Take(&one, 1) == 1)
        {
            using (toy->Lock.IrqSaveGuard())
            {
                toy->Last = one;
                toy->Count++;
            }

            done++;
        }

        WaitQueue.WakeUpInterruptible(&toy->Queue);
        return done;
    }

    private static uint Poll(File* file, PollTable* table)
    {
        var toy = (ToyDevice*)file->PrivateData;
        PollTable.Wait(file, &toy->Queue, table);
        return PollEvents.POLLOUT | (Ready(toy) ? PollEvents.POLLIN : 0);
    }

    private static long Ioctl(File* file, uint command, ulong argument) => command == GetCount ? s_toy.Count : -ENOTTY;
}
