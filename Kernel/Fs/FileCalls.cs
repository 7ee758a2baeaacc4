// FileCalls: the system calls that read, write and seek.
//
// Linux: fs/read_write.c. Process context, sleeps. Each turns the descriptor into a file, holds it, and gives it back; pointers are user memory and are touched
// through IoBuffer and Uaccess only. FileCalls.Open.cs: opening and descriptors. The functions without Sys do the work for either kind of memory.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>System calls on open files.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe partial class FileCalls
{
    private const nuint MaxCount = 0x7ffff000;
    private const int MaxVectors = 1024;

    /// <summary>An element of readv and writev.</summary>
    /// <linux>iovec</linux>
    internal struct IoVector
    {
        public ulong Base;
        public ulong Length;
    }

    /// <summary>Reads at the file's own position. <paramref name="position"/> null: that; else there, and the file's stays.</summary>
    /// <linux>ksys_read, ksys_pread64</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    internal static long Transfer(uint fd, IoBuffer* buffer, long* position, bool write)
    {
        File* file = FilesStruct.GetLight(fd);
        return file != null ? TransferFile(file, buffer, position, write) : TransferHeld(fd, buffer, position, write);
    }

    /// <summary>lseek of the file behind a descriptor.</summary>
    /// <linux>ksys_lseek</linux>
    internal static long Lseek(uint fd, long offset, uint whence)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result;
        if ((file->Mode & FileModeBits.Seekable) == 0)
        {
            result = (file->Flags & OpenFlags.O_PATH) != 0 ? -EBADF : -ESPIPE;
        }
        else
        {
            using (file->PositionLock.Guard())
            {
                result = file->Ops->Llseek != null ? file->Ops->Llseek(file, offset, (int)whence) : Files.GenericLlseek(file, offset, (int)whence);
            }
        }

        Files.Put(file);
        return result;
    }

    // Pipes and terminals, in a process of one thread, go the short way: nothing to hold, no position.
    [RuntimeExport("sys_read")]
    [SkipLocalsInit]
    internal static long SysRead(uint fd, byte* buffer, nuint count)
    {
        File* file = FilesStruct.GetLight(fd);
        if (file == null || (file->Mode & (FileModeBits.Seekable | FileModeBits.Read)) != FileModeBits.Read || file->Ops->Read == null
            || !IsPlain(buffer, count))
        {
            return One(fd, buffer, count, null, write: false);
        }

        IoBuffer user = IoBuffer.UserRange(buffer, count);
        long none = 0;
        return file->Ops->Read(file, &user, &none);
    }

    [RuntimeExport("sys_write")]
    [SkipLocalsInit]
    internal static long SysWrite(uint fd, byte* buffer, nuint count)
    {
        File* file = FilesStruct.GetLight(fd);
        if (file == null || (file->Mode & (FileModeBits.Seekable | FileModeBits.Write)) != FileModeBits.Write || file->Ops->Write == null
            || !IsPlain(buffer, count))
        {
            return One(fd, buffer, count, null, write: true);
        }

        IoBuffer user = IoBuffer.UserRange(buffer, count);
        long none = 0;
        return file->Ops->Write(file, &user, &none);
    }

    [RuntimeExport("sys_pread64")]
    internal static long SysPread64(uint fd, byte* buffer, nuint count, long position) => One(fd, buffer, count, &position, write: false);

    [RuntimeExport("sys_pwrite64")]
    internal static long SysPwrite64(uint fd, byte* buffer, nuint count, long position) => One(fd, buffer, count, &position, write: true);

    [RuntimeExport("compat_sys_pread64")]
    internal static long CompatPread64(uint fd, byte* buffer, nuint count, uint low, uint high) => SysPread64(fd, buffer, count, Join(low, high));

    [RuntimeExport("compat_sys_pwrite64")]
    internal static long CompatPwrite64(uint fd, byte* buffer, nuint count, uint low, uint high) => SysPwrite64(fd, buffer, count, Join(low, high));

    [RuntimeExport("sys_readv")]
    internal static long SysReadv(uint fd, byte* vectors, uint count) => Many(fd, vectors, count, narrow: false, write: false);

    [RuntimeExport("sys_writev")]
    internal static long SysWritev(uint fd, byte* vectors, uint count) => Many(fd, vectors, count, narrow: false, write: true);

    [RuntimeExport("compat_sys_readv")]
    internal static long CompatReadv(uint fd, byte* vectors, uint count) => Many(fd, vectors, count, narrow: true, write: false);

    [RuntimeExport("compat_sys_writev")]
    internal static long CompatWritev(uint fd, byte* vectors, uint count) => Many(fd, vectors, count, narrow: true, write: true);

    [RuntimeExport("sys_lseek")]
    internal static long SysLseek(uint fd, long offset, uint whence) => Lseek(fd, offset, whence);

    // A position beyond 2 GB cannot be told to the caller.
    [RuntimeExport("compat_sys_lseek")]
    internal static long CompatLseek(uint fd, int offset, uint whence)
    {
        long result = Lseek(fd, offset, whence);
        return result > int.MaxValue ? -EOVERFLOW : result;
    }

    [RuntimeExport("sys_llseek")]
    internal static long SysLlseek(uint fd, uint high, uint low, long* result, uint whence)
    {
        long position = Lseek(fd, Join(low, high), whence);
        return position < 0 ? position : Uaccess.PutUser(position, result);
    }

    [RuntimeExport("sys_ioctl")]
    internal static long SysIoctl(uint fd, uint command, ulong argument) => Ioctl(fd, command, argument, compat: false);

    [RuntimeExport("compat_sys_ioctl")]
    internal static long CompatIoctl(uint fd, uint command, ulong argument) => Ioctl(fd, command, argument, compat: true);

    [RuntimeExport("sys_fsync")]
    internal static long SysFsync(uint fd)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result = file->Ops == null || file->Inode->Is(FileModes.S_IFIFO) ? -EINVAL : file->Ops->Fsync == null ? 0 : file->Ops->Fsync(file);
        Files.Put(file);
        return result;
    }

    // Everything is in memory.
    [RuntimeExport("sys_sync")]
    internal static long SysSync() => 0;

    /// <summary>A 64-bit number that a 32-bit caller gives in two registers.</summary>
    internal static long Join(uint low, uint high) => (long)(((ulong)high << 32) | low);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long TransferHeld(uint fd, IoBuffer* buffer, long* position, bool write)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result = TransferFile(file, buffer, position, write);
        Files.Put(file);
        return result;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    [SkipLocalsInit]
    private static long TransferFile(File* file, IoBuffer* buffer, long* position, bool write)
    {
        if (position != null)
        {
            return *position < 0 ? -EINVAL : (file->Mode & FileModeBits.Positional) == 0 ? -ESPIPE : Do(file, buffer, position, write);
        }

        if ((file->Mode & FileModeBits.Seekable) != 0)
        {
            return AtOwnPosition(file, buffer, write);
        }

        long none = 0;
        return Do(file, buffer, &none, write);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long AtOwnPosition(File* file, IoBuffer* buffer, bool write)
    {
        using (file->PositionLock.Guard())
        {
            return Do(file, buffer, &file->Position, write);
        }
    }

    // In the user half, and not more than a call may do at once.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(byte* buffer, nuint count) => count <= MaxCount && (ulong)buffer <= Uaccess.TaskSizeMax - count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Do(File* file, IoBuffer* buffer, long* position, bool write) =>
        write ? Vfs.Write(file, buffer, position) : Vfs.Read(file, buffer, position);

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SkipLocalsInit]
    private static long One(uint fd, byte* buffer, nuint count, long* position, bool write)
    {
        if (!Uaccess.AccessOk(buffer, count))
        {
            return BadRange(fd, count);
        }

        IoBuffer user = IoBuffer.UserRange(buffer, count < MaxCount ? count : MaxCount);
        return Transfer(fd, &user, position, write);
    }

    // A bad descriptor is told before a bad pointer.
    private static long BadRange(uint fd, nuint count)
    {
        File* file = FilesStruct.Get(fd);
        Files.Put(file);
        return file == null ? -EBADF : (nint)count < 0 ? -EINVAL : -EFAULT;
    }

    private static long Many(uint fd, byte* vectors, uint count, bool narrow, bool write)
    {
        File* file = FilesStruct.Get(fd);
        Files.Put(file);
        if (file == null)
        {
            return -EBADF;
        }

        if (count > MaxVectors)
        {
            return -EINVAL;
        }

        long done = 0;
        for (uint i = 0; i < count; i++)
        {
            int error = Vector(vectors, i, narrow, out IoVector vector);
            long result = error != 0 ? error : One(fd, (byte*)vector.Base, (nuint)vector.Length, null, write);
            if (result < 0)
            {
                return done != 0 ? done : result;
            }

            done += result;
            if ((ulong)result < vector.Length)
            {
                break;
            }
        }

        return done;
    }

    private static int Vector(byte* vectors, uint index, bool narrow, out IoVector vector)
    {
        vector = default;
        if (!narrow)
        {
            return Uaccess.GetUser(out vector, (IoVector*)vectors + index);
        }

        int error = Uaccess.GetUser(out ulong both, (ulong*)vectors + index);
        vector = new IoVector { Base = (uint)both, Length = both >> 32 };
        return error;
    }

    private static long Ioctl(uint fd, uint command, ulong argument, bool compat)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result = Common(file, command, argument);
        if (result == -ENOTTY && file->Ops != null)
        {
            result = compat && file->Ops->CompatIoctl != null ? file->Ops->CompatIoctl(file, command, argument)
                : file->Ops->Ioctl != null ? file->Ops->Ioctl(file, command, argument) : -ENOTTY;
        }

        Files.Put(file);
        return result;
    }

    // What works on every file: FIONBIO.
    private static long Common(File* file, uint command, ulong argument)
    {
        const uint FIONBIO = 0x5421;
        if (command != FIONBIO)
        {
            return -ENOTTY;
        }

        int error = Uaccess.GetUser(out int on, (int*)argument);
        if (error == 0)
        {
            uint flags = Shared.ReadOnce(ref file->Flags);
            Shared.WriteOnce(ref file->Flags, on != 0 ? flags | OpenFlags.O_NONBLOCK : flags & ~OpenFlags.O_NONBLOCK);
        }

        return error;
    }
}
