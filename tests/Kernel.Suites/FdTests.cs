// FdTests: descriptors, and the system calls on them with buffers of the kernel.

namespace CSharpOS.Suites;

internal static unsafe class FdTests
{
    private static int s_opened;

    [TestSuite("fd")]
    private static void Suite()
    {
        Test.Run("the lowest free descriptor; bad ones"u8, "SYS-12 SYS-13"u8, &Lowest);
        Test.Run("1024 descriptors, then EMFILE"u8, "SYS-12 SYS-13"u8, &Grows);
        Test.Run("dup shares the position, open does not"u8, "SYS-12"u8, &Positions);
        Test.Run("dup2, dup3, fcntl"u8, "SYS-12 SYS-13"u8, &Dups);
        Test.Run("lseek: from all three places, and where there is nothing to seek"u8, "SYS-12 SYS-13"u8, &Seeks);
        Test.Run("O_APPEND"u8, "SYS-12"u8, &Appends);
        Test.Run("fork copies the table, execve closes what is marked"u8, "SYS-12"u8, &CopyAndExec);
        Test.Run("a file is used while another thread closes its descriptor"u8, "SYS-12"u8, &CloseStorm);
        Test.Run("stat in all its forms"u8, "SYS-12"u8, &Stats);
        Test.Run("getdents in its three forms"u8, "SYS-12 SYS-13"u8, &Dirents);
        Test.Run("chdir, getcwd, of a removed directory too"u8, "SYS-12 SYS-13"u8, &Cwd);
        Test.Run("access, readlink, chmod, chown"u8, "SYS-12 SYS-13"u8, &Attributes);
    }

    /// <summary>Opens with a descriptor.</summary>
    internal static long Open(ReadOnlySpan<byte> path, uint flags)
    {
        fixed (byte* name = path)
        {
            return FileCalls.Open(null, name, flags, 0x1a4);
        }
    }

    internal static long Read(long fd, byte* buffer, nuint count)
    {
        IoBuffer kernel = IoBuffer.Kernel(buffer, count);
        return FileCalls.Transfer((uint)fd, &kernel, null, write: false);
    }

    internal static long Write(long fd, ReadOnlySpan<byte> content)
    {
        fixed (byte* bytes = content)
        {
            IoBuffer kernel = IoBuffer.Kernel(bytes, (nuint)content.Length);
            return FileCalls.Transfer((uint)fd, &kernel, null, write: true);
        }
    }

    internal static void Close(long fd) => Check.Equal(0, FileCalls.SysClose((uint)fd));

    private static void Lowest()
    {
        long a = Open("/fd\0"u8, FsHelp.ReadWrite);
        long b = Open("/fd\0"u8, OpenFlags.O_RDONLY);
        long c = Open("/fd\0"u8, OpenFlags.O_RDONLY);
        Check.True(a >= 0 && b == a + 1 && c == b + 1);
        Close(b);
        Close(a);
        Check.Equal(a, Open("/fd\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(b, FileCalls.SysDup((uint)c));
        Close(a);
        Close(b);
        Close(c);
        byte one;
        Check.Equal(-EBADF, FileCalls.SysClose((uint)c));
        Check.Equal(-EBADF, FileCalls.SysClose(uint.MaxValue));
        Check.Equal(-EBADF, Read(c, &one, 1));
        Check.Equal(-EBADF, Read(1000000, &one, 1));
        Check.Equal(-EBADF, FileCalls.SysDup((uint)c));
        Check.Equal(-EBADF, FileCalls.Fcntl((uint)c, 1, 0));
        Check.Equal(-EBADF, FileCalls.Lseek((uint)c, 0, 0));
        Check.Equal(0, FsHelp.Remove("/fd\0"u8));
    }

    private static void Grows()
    {
        long first = Open("/many\0"u8, FsHelp.ReadWrite);
        long last = first;
        long fd;
        while ((fd = FileCalls.SysDup((uint)first)) >= 0)
        {
            last = fd;
        }

        Check.Equal(-EMFILE, fd);
        Check.Equal(FilesStruct.MaxFiles - 1, last);
        Check.Equal(-EMFILE, Open("/many\0"u8, OpenFlags.O_RDONLY));
        int* fds = stackalloc int[2];
        Check.Equal(-EMFILE, FileCalls.MakePipe(fds, 0));
        Close(last);
        Check.Equal(-EMFILE, FileCalls.MakePipe(fds, 0));
        Check.Equal(last, FileCalls.SysDup((uint)first));
        for (long i = first; i <= last; i++)
        {
            Close(i);
        }

        Check.Equal(0, FsHelp.Remove("/many\0"u8));
    }

    private static void Positions()
    {
        byte* bytes = stackalloc byte[8];
        FsHelp.Make("/pos\0"u8, "abcdef"u8);
        long a = Open("/pos\0"u8, OpenFlags.O_RDONLY);
        long b = FileCalls.SysDup((uint)a);
        long c = Open("/pos\0"u8, OpenFlags.O_RDONLY);
        Check.Equal(2, Read(a, bytes, 2));
        Check.Equal(1, Read(b, bytes, 1));
        Check.Equal('c', bytes[0]);
        Check.Equal(1, Read(c, bytes, 1));
        Check.Equal('a', bytes[0]);
        Check.Equal(3, Read(a, bytes, 8));
        Check.Equal(0, Read(b, bytes, 8));

        // pread leaves the position alone.
        long at = 1;
        IoBuffer kernel = IoBuffer.Kernel(bytes, 2);
        Check.Equal(2, FileCalls.Transfer((uint)c, &kernel, &at, write: false));
        Check.Equal('b', bytes[0]);
        Check.Equal(1, FileCalls.Lseek((uint)c, 0, Whence.SEEK_CUR));
        Check.Equal(-EBADF, Write(c, "x"u8));
        Close(a);
        Close(b);
        Close(c);
        Check.Equal(0, FsHelp.Remove("/pos\0"u8));
    }

    private static void Dups()
    {
        FsHelp.Make("/dup\0"u8, "abc"u8);
        long a = Open("/dup\0"u8, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC);
        long b = Open("/dup\0"u8, OpenFlags.O_RDONLY);
        Check.Equal(1, FileCalls.Fcntl((uint)a, 1, 0));
        Check.Equal(0, FileCalls.Fcntl((uint)b, 1, 0));
        Check.Equal(200, FileCalls.SysDup2((uint)a, 200));
        Check.Equal(0, FileCalls.Fcntl(200, 1, 0));
        Check.Equal(200, FileCalls.SysDup3((uint)b, 200, OpenFlags.O_CLOEXEC));
        Check.Equal(1, FileCalls.Fcntl(200, 1, 0));
        Check.Equal(200, FileCalls.SysDup2(200, 200));
        Check.Equal(-EINVAL, FileCalls.SysDup3(200, 200, 0));
        Check.Equal(-EINVAL, FileCalls.SysDup3((uint)a, 201, 1));
        Check.Equal(-EBADF, FileCalls.SysDup2((uint)a, FilesStruct.MaxFiles));
        Check.Equal(-EBADF, FileCalls.SysDup2(199, 199));
        Check.Equal(-EBADF, FileCalls.SysDup2(199, (uint)a));
        Check.Equal(300, FileCalls.Fcntl((uint)a, 0, 300));
        Check.Equal(301, FileCalls.Fcntl((uint)a, 1030, 300));
        Check.Equal(0, FileCalls.Fcntl(300, 1, 0));
        Check.Equal(1, FileCalls.Fcntl(301, 1, 0));
        Check.Equal(-EINVAL, FileCalls.Fcntl((uint)a, 0, FilesStruct.MaxFiles));
        Check.Equal(0, FileCalls.Fcntl((uint)a, 2, 0));
        Check.Equal(0, FileCalls.Fcntl((uint)a, 1, 0));

        // F_SETFL changes what may be changed, and that for everybody who shares the file.
        Check.Equal(OpenFlags.O_RDWR, FileCalls.Fcntl((uint)a, 3, 0));
        Check.Equal(0, FileCalls.Fcntl((uint)a, 4, OpenFlags.O_APPEND | OpenFlags.O_WRONLY));
        Check.Equal(OpenFlags.O_RDWR | OpenFlags.O_APPEND, FileCalls.Fcntl(300, 3, 0));
        Check.Equal(-EINVAL, FileCalls.Fcntl((uint)a, 12345, 0));
        Close(a);
        Close(b);
        Close(200);
        Close(300);
        Close(301);
        Check.Equal(0, FsHelp.Remove("/dup\0"u8));
    }

    private static void Seeks()
    {
        FsHelp.Make("/seek\0"u8, "0123456789"u8);
        long fd = Open("/seek\0"u8, OpenFlags.O_RDWR);
        Check.Equal(4, FileCalls.Lseek((uint)fd, 4, Whence.SEEK_SET));
        Check.Equal(6, FileCalls.Lseek((uint)fd, 2, Whence.SEEK_CUR));
        Check.Equal(7, FileCalls.Lseek((uint)fd, -3, Whence.SEEK_END));
        Check.Equal(-EINVAL, FileCalls.Lseek((uint)fd, -8, Whence.SEEK_CUR));
        Check.Equal(-EINVAL, FileCalls.Lseek((uint)fd, 0, 9));
        Check.Equal(-EINVAL, FileCalls.Lseek((uint)fd, long.MaxValue, Whence.SEEK_END));
        Check.Equal(7, FileCalls.Lseek((uint)fd, 0, Whence.SEEK_CUR));
        Check.Equal(1L << 33, FileCalls.Lseek((uint)fd, 1L << 33, Whence.SEEK_SET));
        Check.Equal(-EOVERFLOW, FileCalls.CompatLseek((uint)fd, 0, Whence.SEEK_CUR));
        int* fds = stackalloc int[2];
        Check.Equal(0, FileCalls.MakePipe(fds, 0));
        long at = 0;
        byte one;
        IoBuffer kernel = IoBuffer.Kernel(&one, 1);
        Check.Equal(-ESPIPE, FileCalls.Lseek((uint)fds[0], 0, 0));
        Check.Equal(-ESPIPE, FileCalls.Transfer((uint)fds[0], &kernel, &at, write: false));
        at = -1;
        Check.Equal(-EINVAL, FileCalls.Transfer((uint)fd, &kernel, &at, write: false));
        Close(fds[0]);
        Close(fds[1]);
        Close(fd);
        Check.Equal(0, FsHelp.Remove("/seek\0"u8));
    }

    private static void Appends()
    {
        FsHelp.Make("/app\0"u8, "ab"u8);
        long a = Open("/app\0"u8, OpenFlags.O_WRONLY | OpenFlags.O_APPEND);
        long b = Open("/app\0"u8, OpenFlags.O_WRONLY | OpenFlags.O_APPEND);
        Check.Equal(1, Write(a, "c"u8));
        Check.Equal(1, Write(b, "d"u8));
        Check.Equal(1, Write(a, "e"u8));
        FsHelp.Holds("/app\0"u8, "abcde"u8);
        Close(a);
        Close(b);
        Check.Equal(0, FsHelp.Remove("/app\0"u8));
    }

    private static void CopyAndExec()
    {
        ulong before = FsCounts.InUse("file"u8);
        long keep = Open("/cp\0"u8, FsHelp.ReadWrite);
        long gone = Open("/cp\0"u8, OpenFlags.O_RDWR | OpenFlags.O_CLOEXEC);
        Check.Equal(500, FileCalls.SysDup2((uint)gone, 500));
        Check.Equal(0, FilesStruct.SetCloseOnExec(Current->Files, 500, true));
        FilesStruct* parent = Current->Files;
        Check.Equal(0, FilesStruct.Copy(parent, out FilesStruct* child));
        Current->Files = FilesStruct.Share(child);
        Check.Equal(1, FileCalls.Fcntl((uint)gone, 1, 0));
        Check.Equal(3, Write(keep, "abc"u8));

        // A shared table is not what execve may close: it gets one of its own.
        Check.Equal(0, FilesStruct.Unshare(Current));
        Check.True(Current->Files != child);
        FilesStruct.CloseOnExec(Current->Files);
        Check.Equal(-EBADF, FileCalls.SysClose((uint)gone));
        Check.Equal(-EBADF, FileCalls.SysClose(500));
        Close(keep);
        FilesStruct.Exit(Current);
        Current->Files = child;
        Close(500);
        FilesStruct.Exit(Current);

        // The parent's are as they were, with the position that the child has moved.
        Current->Files = parent;
        Check.Equal(3, FileCalls.Lseek((uint)keep, 0, Whence.SEEK_CUR));
        Close(keep);
        Close(gone);
        Close(500);
        Check.Equal((long)before, (long)FsCounts.InUse("file"u8));
        Check.Equal(0, FsHelp.Remove("/cp\0"u8));
    }

    private static void CloseStorm()
    {
        FsHelp.Make("/storm\0"u8, "stormy"u8);
        s_opened = -1;
        SchedThread thread = default;
        FilesStruct* files = Current->Files;
        if (!SchedThread.Run(&thread, -1, &StormReader, files))
        {
            return;
        }

        for (int i = 0; i < 3000; i++)
        {
            long fd = Open("/storm\0"u8, OpenFlags.O_RDONLY);
            Check.True(fd >= 0);
            Shared.WriteOnce(ref s_opened, (int)fd);
            if ((i & 63) == 0)
            {
                SchedThread.GiveWay();
            }

            Close(fd);
        }

        Shared.WriteOnce(ref s_opened, -2);
        SchedThread.Join(&thread);
        Check.Equal(0, FsHelp.Remove("/storm\0"u8));
    }

    // Whatever it reads, it is the file's content or EBADF.
    private static void StormReader(void* files)
    {
        Current->Files = FilesStruct.Share((FilesStruct*)files);
        byte* bytes = stackalloc byte[8];
        int fd;
        bool right = true;
        while ((fd = Shared.ReadOnce(ref s_opened)) != -2)
        {
            long length = fd < 0 ? -EBADF : Read(fd, bytes, 8);
            right &= length is -EBADF or 0 || (length == 6 && new ReadOnlySpan<byte>(bytes, 6).SequenceEqual("stormy"u8));
            Scheduler.CondResched();
        }

        Check.True(right);
        FilesStruct.Exit(Current);
    }

    private static void Stats()
    {
        FsHelp.Make("/st\0"u8, "12345"u8);
        Check.Equal(0, FsHelp.Symlink("st\0"u8, "/stl\0"u8));
        Stat stat;
        fixed (byte* link = "/stl\0"u8)
        {
            Check.Equal(0, StatCalls.OfPath(null, link, true, out stat));
            Check.Equal(5, stat.Size);
            Check.Equal(8, stat.Blocks);
            Check.Equal(1ul, stat.LinkCount);
            Check.Equal(FileModes.S_IFREG | 0x1a4, stat.Mode);
            Check.Equal(0, StatCalls.OfPath(null, link, false, out stat));
            Check.Equal(2, stat.Size);
            Check.True((stat.Mode & FileModes.S_IFMT) == FileModes.S_IFLNK);
        }

        // The bytes that programs look at: offsets of the ABI.
        stat = new Stat
        {
            Device = 1, Number = 0x200000003, LinkCount = 4, Mode = 5, Uid = 6, Gid = 7, NodeDevice = 8, Size = 9, BlockSize = 10, Blocks = 11,
            AccessTime = new Timespec { Seconds = 12, Nanoseconds = 13 },
            ModifyTime = new Timespec { Seconds = 14, Nanoseconds = 15 },
            ChangeTime = new Timespec { Seconds = 16, Nanoseconds = 17 },
        };
        var native = (byte*)&stat;
        Check.Equal(144, sizeof(Stat));
        Check.True(*(ulong*)(native + 16) == 4 && *(uint*)(native + 24) == 5 && *(uint*)(native + 32) == 7 && *(ulong*)(native + 40) == 8);
        Check.True(*(long*)(native + 48) == 9 && *(long*)(native + 64) == 11 && *(long*)(native + 72) == 12 && *(long*)(native + 104) == 16);
        CompatStat64 wide = CompatStat64.From(stat);
        var bytes = (byte*)&wide;
        Check.Equal(96, sizeof(CompatStat64));
        Check.True(*(uint*)(bytes + 12) == 3 && *(uint*)(bytes + 16) == 5 && *(uint*)(bytes + 20) == 4 && *(uint*)(bytes + 28) == 7);
        Check.True(*(ulong*)(bytes + 32) == 8 && *(long*)(bytes + 44) == 9 && *(uint*)(bytes + 52) == 10 && *(ulong*)(bytes + 56) == 11);
        Check.True(*(uint*)(bytes + 64) == 12 && *(uint*)(bytes + 72) == 14 && *(uint*)(bytes + 84) == 17 && *(ulong*)(bytes + 88) == 0x200000003);
        CompatStat old = CompatStat.From(stat);
        bytes = (byte*)&old;
        Check.Equal(64, sizeof(CompatStat));
        Check.True(*(ushort*)(bytes + 8) == 5 && *(ushort*)(bytes + 10) == 4 && *(uint*)(bytes + 20) == 9 && *(uint*)(bytes + 32) == 12 && *(uint*)(bytes + 48) == 16);
        Check.True(sizeof(StatFs) == 120 && sizeof(CompatStatFs) == 64 && sizeof(CompatStatFs64) == 84);
        Check.Equal(0, FsHelp.Remove("/st\0"u8));
        Check.Equal(0, FsHelp.Remove("/stl\0"u8));
    }

    private static void Dirents()
    {
        byte* bytes = stackalloc byte[256];
        Check.Equal(0, FsHelp.Mkdir("/de\0"u8));
        FsHelp.Make("/de/name\0"u8, ""u8);
        long fd = Open("/de\0"u8, OpenFlags.O_RDONLY);
        IoBuffer kernel = IoBuffer.Kernel(bytes, 256);
        Check.Equal(24 + 24 + 24, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Wide));
        byte* third = bytes + 48;
        Check.Equal(24, *(ushort*)(third + 16));
        Check.Equal(8, third[18]);
        Check.Equal(4, bytes[18]);
        Check.True(new ReadOnlySpan<byte>(third + 19, 5).SequenceEqual("name\0"u8));
        Check.Equal((long)FsHelp.NumberOf("/de/name\0"u8), *(long*)third);
        Check.Equal(0, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Wide));

        // Back to where the second record says that the third begins.
        Check.Equal(*(long*)(bytes + 32), FileCalls.Lseek((uint)fd, *(long*)(bytes + 32), Whence.SEEK_SET));
        kernel = IoBuffer.Kernel(bytes, 256);
        Check.Equal(16, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Compat));
        Check.True(*(ushort*)(bytes + 8) == 16 && new ReadOnlySpan<byte>(bytes + 10, 5).SequenceEqual("name\0"u8) && bytes[15] == 8);
        Check.Equal(0, FileCalls.Lseek((uint)fd, 0, Whence.SEEK_SET));
        kernel = IoBuffer.Kernel(bytes, 25);
        Check.Equal(24, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Native));
        Check.True(*(ushort*)(bytes + 16) == 24 && bytes[18] == '.' && bytes[19] == 0 && bytes[23] == 4);
        kernel = IoBuffer.Kernel(bytes, 10);
        Check.Equal(-EINVAL, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Wide));
        Check.Equal(0, FsHelp.Remove("/de/name\0"u8));
        Check.Equal(0, FsHelp.Remove("/de\0"u8, directory: true));
        kernel = IoBuffer.Kernel(bytes, 256);
        Check.Equal(-ENOENT, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Wide));
        Close(fd);
        fd = Open("/dev/null\0"u8, OpenFlags.O_RDONLY);
        Check.Equal(-ENOTDIR, DirectoryCalls.List((uint)fd, &kernel, DirentFormat.Wide));
        Close(fd);
    }

    private static void Cwd()
    {
        byte* bytes = stackalloc byte[64];
        Check.Equal(0, FsHelp.Mkdir("/cwd\0"u8));
        Check.Equal(0, FsHelp.Mkdir("/cwd/sub\0"u8));
        Check.Equal(0, Chdir("/cwd/sub\0"u8));
        CwdIs("/cwd/sub\0"u8);
        Check.Equal(0, FsHelp.Rename("/cwd\0"u8, "/moved\0"u8));
        CwdIs("/moved/sub\0"u8);
        Check.Equal(0, Chdir("..\0"u8));
        CwdIs("/moved\0"u8);
        IoBuffer kernel = IoBuffer.Kernel(bytes, 6);
        Check.Equal(-ERANGE, TreeCalls.Getcwd(&kernel));
        Check.Equal(0, Chdir("/dev\0"u8));
        CwdIs("/dev\0"u8);
        Check.Equal(-ENOTDIR, Chdir("null\0"u8));
        Check.Equal(0, Chdir("/moved/sub\0"u8));
        Check.Equal(0, FsHelp.Remove("/moved/sub\0"u8, directory: true));
        kernel = IoBuffer.Kernel(bytes, 64);
        Check.Equal(-ENOENT, TreeCalls.Getcwd(&kernel));
        Check.Equal(0, Chdir("/\0"u8));
        CwdIs("/\0"u8);
        Check.Equal(0, FsHelp.Remove("/moved\0"u8, directory: true));
    }

    private static int Chdir(ReadOnlySpan<byte> path)
    {
        fixed (byte* name = path)
        {
            int error = Vfs.Lookup(null, name, WalkFlags.Follow, out Path at);
            return error != 0 ? error : TreeCalls.ChangeDirectory(ref at, root: false);
        }
    }

    private static void CwdIs(ReadOnlySpan<byte> path)
    {
        byte* bytes = stackalloc byte[64];
        IoBuffer kernel = IoBuffer.Kernel(bytes, 64);
        long length = TreeCalls.Getcwd(&kernel);
        Check.Equal(path.Length, length);
        Check.True(length > 0 && new ReadOnlySpan<byte>(bytes, (int)length).SequenceEqual(path));
    }

    private static void Attributes()
    {
        byte* bytes = stackalloc byte[16];
        FsHelp.Make("/at\0"u8, "x"u8);
        Check.Equal(0, FsHelp.Symlink("/at\0"u8, "/atl\0"u8));
        fixed (byte* name = "/at\0"u8, link = "/atl\0"u8, none = "/no\0"u8)
        {
            Check.Equal(0, StatCalls.MayAccess(null, name, 6, follow: true));
            Check.Equal(-EACCES, StatCalls.MayAccess(null, name, 1, follow: true));
            Check.Equal(-ENOENT, StatCalls.MayAccess(null, none, 0, follow: true));
            Check.Equal(-EINVAL, StatCalls.MayAccess(null, name, 8, follow: true));
            IoBuffer kernel = IoBuffer.Kernel(bytes, 16);
            Check.Equal(3, StatCalls.ReadLink(null, link, &kernel));
            Check.True(new ReadOnlySpan<byte>(bytes, 3).SequenceEqual("/at"u8));
            kernel = IoBuffer.Kernel(bytes, 2);
            Check.Equal(2, StatCalls.ReadLink(null, link, &kernel));
            kernel = IoBuffer.Kernel(bytes, 16);
            Check.Equal(-EINVAL, StatCalls.ReadLink(null, name, &kernel));
            Check.Equal(0, Vfs.Lookup(null, name, WalkFlags.Follow, out Path path));
            Check.Equal(0, NameCalls.Chmod(path, path.Inode, 0xfff));
            Check.Equal(FileModes.S_IFREG | 0xfff, path.Inode->Mode);
            Check.Equal(0, NameCalls.Chown(path, path.Inode, 7, uint.MaxValue));
            Check.True(path.Inode->Uid == 7 && path.Inode->Gid == 0 && path.Inode->Mode == (FileModes.S_IFREG | 0x3ff));
            Check.Equal(0, StatCalls.MayAccess(null, name, 1, follow: true));
            path.Put();
        }

        Check.Equal(0, FsHelp.Remove("/at\0"u8));
        Check.Equal(0, FsHelp.Remove("/atl\0"u8));
    }
}
