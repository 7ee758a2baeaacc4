// DirectoryCalls: getdents in its three forms.
//
// Linux: fs/readdir.c. Process context, sleeps. The position lock of the file, then Names of the file system, are held over a listing; names go to the
// caller's memory one by one.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>How the records look.</summary>
internal enum DirentFormat
{
    /// <summary>linux_dirent64.</summary>
    Wide,

    /// <summary>linux_dirent of 64-bit callers.</summary>
    Native,

    /// <summary>linux_dirent of 32-bit callers.</summary>
    Compat,
}

/// <summary>System calls that list directories.</summary>
/// <rows>SYS-12 SYS-13</rows>
internal static unsafe class DirectoryCalls
{
    private const int LargestRecord = 24 + Dentries.NameMax + 1;

    private struct Receiver
    {
        public DirContext Context;
        public IoBuffer* Buffer;

        // Bytes of whole records.
        public nuint Given;
        public DirentFormat Format;
        public int Error;
    }

    /// <summary>Fills a buffer with the names that follow the file's position.</summary>
    /// <returns>Bytes; 0 at the end; -EBADF; -ENOTDIR; -EINVAL: not even one fits; -ENOENT: the directory has been removed; -EFAULT.</returns>
    /// <linux>iterate_dir</linux>
    internal static long List(uint fd, IoBuffer* buffer, DirentFormat format)
    {
        File* file = FilesStruct.Get(fd);
        if (file == null)
        {
            return -EBADF;
        }

        long result = file->Ops == null || file->Ops->Iterate == null ? -ENOTDIR : Fill(file, buffer, format);
        Files.Put(file);
        return result;
    }

    [RuntimeExport("sys_getdents64")]
    internal static long SysGetdents64(uint fd, byte* buffer, uint count) => User(fd, buffer, count, DirentFormat.Wide);

    [RuntimeExport("sys_getdents")]
    internal static long SysGetdents(uint fd, byte* buffer, uint count) => User(fd, buffer, count, DirentFormat.Native);

    [RuntimeExport("compat_sys_getdents")]
    internal static long CompatGetdents(uint fd, byte* buffer, uint count) => User(fd, buffer, count, DirentFormat.Compat);

    private static long User(uint fd, byte* buffer, uint count, DirentFormat format)
    {
        IoBuffer user = IoBuffer.User(buffer, count);
        return List(fd, &user, format);
    }

    private static long Fill(File* file, IoBuffer* buffer, DirentFormat format)
    {
        Receiver receiver = default;
        receiver.Context.Actor = &Take;
        receiver.Buffer = buffer;
        receiver.Format = format;
        int error;
        using (file->PositionLock.Guard())
        {
            receiver.Context.Position = file->Position;
            using (file->Inode->Super->Names.Guard())
            {
                error = file->Inode->LinkCount == 0 ? -ENOENT : file->Ops->Iterate(file, &receiver.Context);
            }

            file->Position = receiver.Context.Position;
        }

        return receiver.Given != 0 ? (long)receiver.Given : error != 0 ? error : receiver.Error;
    }

    private static bool Take(DirContext* context, byte* name, int length, ulong inode, byte type, long position)
    {
        var receiver = (Receiver*)context;
        byte* record = stackalloc byte[LargestRecord];
        int size = receiver->Format switch
        {
            DirentFormat.Wide => Wide(record, length, inode, type, position + 1),
            DirentFormat.Native => Old<ulong>(record, length, inode, type, (ulong)position + 1),
            _ => Old<uint>(record, length, (uint)inode, type, (uint)position + 1),
        };
        if ((nuint)size > receiver->Buffer->Left)
        {
            receiver->Error = -EINVAL;
            return false;
        }

        int at = receiver->Format switch
        {
            DirentFormat.Wide => 19,
            DirentFormat.Native => 18,
            _ => 10,
        };
        new ReadOnlySpan<byte>(name, length).CopyTo(new Span<byte>(record + at, length));
        if (receiver->Buffer->Put(record, (nuint)size) == (nuint)size)
        {
            receiver->Given += (nuint)size;
            return true;
        }

        receiver->Error = -EFAULT;
        return false;
    }

    // Number, offset of the next record, length, type, name.
    private static int Wide(byte* record, int length, ulong inode, byte type, long next)
    {
        int size = (19 + length + 1 + 7) & ~7;
        new Span<byte>(record, size).Clear();
        Unsafe.WriteUnaligned(record, inode);
        Unsafe.WriteUnaligned(record + 8, next);
        Unsafe.WriteUnaligned(record + 16, (ushort)size);
        record[18] = type;
        return size;
    }

    // Number, offset of the next record, length, name; the type in the last byte.
    private static int Old<T>(byte* record, int length, T inode, byte type, T next)
        where T : unmanaged
    {
        int size = ((2 * sizeof(T)) + 2 + length + 2 + sizeof(T) - 1) & ~(sizeof(T) - 1);
        new Span<byte>(record, size).Clear();
        Unsafe.WriteUnaligned(record, inode);
        Unsafe.WriteUnaligned(record + sizeof(T), next);
        Unsafe.WriteUnaligned(record + (2 * sizeof(T)), (ushort)size);
        record[size - 1] = type;
        return size;
    }
}
