// ProcPidMemory: the files about a process's memory: maps, statm, cmdline, environ.
//
// Linux: fs/proc/task_mmu.c; proc_pid_cmdline, environ_read (fs/proc/base.c). Process context, sleeps. Holds the address space, and its semaphore for reading while areas are
// gone through. A task without memory of its own (a kernel thread, a zombie) has empty files.

namespace CSharpOS.Fs;

/// <summary>How large the parts of an address space are, in pages.</summary>
internal unsafe struct MemoryFigures
{
    internal ulong Pages, DataPages, StackPages, TextPages, FilePages;

    /// <summary>Counts; takes the semaphore.</summary>
    internal static MemoryFigures Of(MmStruct* mm)
    {
        MemoryFigures figures = default;
        mm->MmapSem.DownRead();
        for (ListHead* link = mm->Areas.Next; link != &mm->Areas; link = link->Next)
        {
            var area = (VmArea*)link;
            ulong pages = (area->End - area->Start) >> DirectMap.PAGE_SHIFT;
            bool stack = (area->Flags & VmFlags.GrowsDown) != 0;
            bool data = (area->Flags & (VmFlags.Write | VmFlags.Shared)) == VmFlags.Write;
            figures.Pages += pages;
            figures.StackPages += stack ? pages : 0;
            figures.DataPages += data && !stack ? pages : 0;
            figures.FilePages += area->Object != null ? pages : 0;
        }

        mm->MmapSem.UpRead();
        figures.TextPages = (DirectMap.PageUp(mm->EndCode) - DirectMap.PageDown(mm->StartCode)) >> DirectMap.PAGE_SHIFT;
        return figures;
    }
}

/// <summary>Files about memory.</summary>
/// <rows>KT-03</rows>
internal static unsafe class ProcPidMemory
{
    private const int NameColumn = 49;
    private const int Chunk = 1024;

    /// <summary>size resident shared text lib data dirty, in pages.</summary>
    internal static int Statm(TextArea* text, ProcPidInode* its)
    {
        MmStruct* mm = AddressSpaces.OfTask(its->Task);
        if (mm == null)
        {
            text->Append("0 0 0 0 0 0 0\n"u8);
            return 0;
        }

        MemoryFigures figures = MemoryFigures.Of(mm);
        ulong shared = Math.Min(figures.FilePages, (ulong)mm->ResidentPages);
        text->Append($"{figures.Pages} {mm->ResidentPages} {shared} {figures.TextPages} 0 {figures.DataPages + figures.StackPages} 0\n");
        AddressSpaces.Put(mm);
        return 0;
    }

    internal static int CommandLine(TextArea* text, ProcPidInode* its) => Bytes(text, its, environment: false);

    internal static int Environment(TextArea* text, ProcPidInode* its) => Bytes(text, its, environment: true);

    internal static int Maps(TextArea* text, ProcPidInode* its)
    {
        MmStruct* mm = AddressSpaces.OfTask(its->Task);
        if (mm == null)
        {
            return 0;
        }

        var buffer = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        if (buffer != null)
        {
            mm->MmapSem.DownRead();
            for (ListHead* link = mm->Areas.Next; link != &mm->Areas; link = link->Next)
            {
                ShowArea(text, mm, (VmArea*)link, buffer);
            }

            mm->MmapSem.UpRead();
        }

        Kfree(buffer);
        AddressSpaces.Put(mm);
        return buffer == null ? -ENOMEM : 0;
    }

    private static void ShowArea(TextArea* text, MmStruct* mm, VmArea* area, byte* buffer)
    {
        int start = text->Length;
        var file = (File*)area->Object;
        Inode* inode = file == null ? null : file->Inode;
        uint device = inode == null || inode->Super == null ? 0 : inode->Super->Device;
        text->Append($"{area->Start:x8}-{area->End:x8} {Right(area, VmFlags.Read, 'r')}{Right(area, VmFlags.Write, 'w')}{Right(area, VmFlags.Exec, 'x')}"
            + $"{(area->IsPrivate ? 'p' : 's')} {(file == null ? 0 : area->PageOffset << DirectMap.PAGE_SHIFT):x8} "
            + $"{DeviceNumber.Major(device):x2}:{DeviceNumber.Minor(device):x2} {(inode == null ? 0 : inode->Number)}");
        bool stack = (area->Flags & VmFlags.GrowsDown) != 0;
        bool heap = file == null && area->Start <= mm->Brk && area->End >= mm->StartBrk && mm->Brk > mm->StartBrk;
        if (file != null || stack || heap)
        {
            do
            {
                text->Append(" "u8);
            }
            while (text->Length - start < NameColumn && !text->IsCut);
            ShowName(text, file, stack, buffer);
        }

        text->Append("\n"u8);
    }

    private static void ShowName(TextArea* text, File* file, bool stack, byte* buffer)
    {
        if (file == null)
        {
            text->Append(stack ? "[stack]"u8 : "[heap]"u8);
        }
        else if (file->Path.Dentry == null)
        {
            text->Append("/dev/zero (deleted)"u8);
        }
        else
        {
            Path root = FsStruct.CurrentRoot();
            ProcMounts.Escape(text, PathText.Write(in file->Path, in root, buffer, PathWalk.PathMax, out _));
            root.Put();
        }
    }

    private static char Right(VmArea* area, VmFlags flag, char letter) => (area->Flags & flag) != 0 ? letter : '-';

    // The strings as they lie in the process's memory, each with its zero byte.
    private static int Bytes(TextArea* text, ProcPidInode* its, bool environment)
    {
        MmStruct* mm = AddressSpaces.OfTask(its->Task);
        if (mm == null)
        {
            return 0;
        }

        byte* bytes = stackalloc byte[Chunk];
        ulong at = environment ? mm->EnvStart : mm->ArgStart;
        ulong end = environment ? mm->EnvEnd : mm->ArgEnd;
        while (at < end && !text->IsCut)
        {
            nuint wanted = (nuint)Math.Min(end - at, Chunk);
            nuint read = UserMemory.ReadFrom(mm, at, bytes, wanted);
            text->Append(new ReadOnlySpan<byte>(bytes, (int)read));
            at = read == wanted ? at + read : end;
        }

        AddressSpaces.Put(mm);
        return 0;
    }
}
