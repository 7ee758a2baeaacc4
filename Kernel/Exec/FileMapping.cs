// FileMapping: mmap of files and of memory that processes share.
//
// Linux: mm/mmap.c (do_mmap_pgoff with a file), mm/shmem.c (shmem_zero_setup). Process context; sleeps.

using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>Mapping files.</summary>
internal static unsafe class FileMapping
{
    /// <summary>Maps an open file.</summary>
    /// <returns>The address; -EBADF, -EACCES, -ENODEV and what <see cref="UserMapping.Map"/> gives.</returns>
    internal static long Map(ulong address, ulong length, VmFlags flags, bool isFixed, int fd, ulong page)
    {
        File* file = FilesStruct.Get((uint)fd);
        if (file == null)
        {
            return -EBADF;
        }

        // A private mapping never writes to the file.
        bool writes = (flags & (VmFlags.Shared | VmFlags.Write)) == (VmFlags.Shared | VmFlags.Write);
        VmArea backing = default;
        long result = (file->Mode & FileModeBits.Read) == 0 || (writes && (file->Mode & FileModeBits.Write) == 0)
            ? -EACCES
            : ProgramFile.SetBacking(&backing, file, page);
        if (result == 0)
        {
            result = UserMapping.Map(Current->Mm, address, length, flags, isFixed, &backing);
        }

        Files.Put(file);
        return result;
    }

    /// <summary>Maps zeros that forked children share: a file without a name.</summary>
    internal static long MapSharedMemory(ulong address, ulong length, VmFlags flags, bool isFixed)
    {
        int error = Tmpfs.OpenUnnamed((long)DirectMap.PageUp(length), out File* file);
        if (error != 0)
        {
            return error;
        }

        VmArea backing = default;
        long result = ProgramFile.SetBacking(&backing, file, 0);
        if (result == 0)
        {
            result = UserMapping.Map(Current->Mm, address, length, flags, isFixed, &backing);
        }

        Files.Put(file);
        return result;
    }
}
