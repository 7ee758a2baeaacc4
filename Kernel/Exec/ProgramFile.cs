// ProgramFile: files as the loader and mappings use them.
//
// Linux: open_exec, kernel_read, generic_file_mmap, filemap_fault. Process context; sleeps. An area of a file holds the open file; its pages are the file's own,
// so what one process writes to a shared mapping all others see.

using System.Runtime.CompilerServices;
using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>Files that are executed or mapped.</summary>
internal static unsafe class ProgramFile
{
    private static VmOperations s_operations;

    /// <summary>Boot, before the first mapping.</summary>
    internal static void Init()
    {
        s_operations.Fault = &Fault;
        s_operations.Open = &OpenArea;
        s_operations.Close = &CloseArea;
    }

    /// <summary>Opens a regular file for execution: the caller must be allowed to execute it.</summary>
    /// <returns>0; -ENOENT, -EACCES and what else opening gives.</returns>
    /// <linux>open_exec</linux>
    internal static int Open(ReadOnlySpan<byte> path, out File* file)
    {
        file = null;

        // With its zero byte: the path may be a piece of a line.
        byte* name = (byte*)Kmalloc((nuint)path.Length + 1, GfpFlags.Kernel);
        if (name == null)
        {
            return -ENOMEM;
        }

        path.CopyTo(new Span<byte>(name, path.Length));
        name[path.Length] = 0;
        int error = Vfs.Open(null, name, OpenFlags.O_RDONLY, 0, out file);
        Kfree(name);
        if (error != 0)
        {
            return error;
        }

        error = !file->Inode->Is(FileModes.S_IFREG) ? -EACCES : Permission.InodePermission(file->Path, Access.Exec);
        if (error != 0)
        {
            Files.Put(file);
            file = null;
        }

        return error;
    }

    /// <summary>Makes an area show the pages of a file, from page <paramref name="page"/> on.</summary>
    /// <returns>0; -ENODEV for a file that is not made of pages.</returns>
    internal static int SetBacking(VmArea* area, File* file, ulong page)
    {
        if (!FilePages.CanMap(file->Inode))
        {
            return -ENODEV;
        }

        area->Object = file;
        area->Operations = (VmOperations*)Unsafe.AsPointer(ref s_operations);
        area->PageOffset = page;
        return 0;
    }

    private static int Fault(VmArea* area, ulong index, Page** page)
    {
        int error = FilePages.GetPage(((File*)area->Object)->Inode, index, out Page* found);
        *page = found;
        return error;
    }

    private static void OpenArea(VmArea* area) => Files.Get((File*)area->Object);

    private static void CloseArea(VmArea* area) => Files.Put((File*)area->Object);
}
