// ProcPid.Links: cwd, exe, root and the files in fd: links that lead to a place, not to a name.
//
// Linux: proc_pid_follow_link, proc_fd_link, fs/proc/base.c. Process context, sleeps. Only who has the user of the process, or is root, may follow or read them.

namespace CSharpOS.Fs;

internal static unsafe partial class ProcPid
{
    private static int LookupFd(Inode* directory, Dentry* dentry)
    {
        TaskStruct* task = ((ProcPidInode*)directory->Private)->Task;
        if (!TryNumber(Dentry.Name(dentry), out int fd) || !FindFd(task, fd, out _))
        {
            return -ENOENT;
        }

        Tasks.Get(task);
        return Add(dentry, directory->Super, task, FdLink, fd, ((ProcPidInode*)directory->Private)->OfThread);
    }

    private static int IterateFds(File* file, DirContext* context)
    {
        TaskStruct* task = ((ProcPidInode*)file->Inode->Private)->Task;
        if (!DirContext.EmitDots(file, context))
        {
            return 0;
        }

        FilesStruct* files = FilesStruct.OfTask(task);
        int fd = (int)context->Position - Dots;
        bool fits = true;
        while (fits && (fd = FilesStruct.NextOpen(files, fd, out File* open)) >= 0)
        {
            Files.Put(open);
            context->Position = fd + Dots;
            fits = EmitNumber(context, fd, NumberOf(task->Pid, FdLink, fd, false), FileModes.S_IFLNK);
            fd++;
            context->Position += fits ? 1 : 0;
        }

        FilesStruct.Put(files);
        return 0;
    }

    // True if the descriptor is open, and how.
    private static bool FindFd(TaskStruct* task, int fd, out FileModeBits mode)
    {
        File* file = GetFile(task, fd);
        mode = file == null ? FileModeBits.None : file->Mode;
        Files.Put(file);
        return file != null;
    }

    // The file behind a descriptor of another task, held; null if there is none.
    private static File* GetFile(TaskStruct* task, int fd)
    {
        FilesStruct* files = FilesStruct.OfTask(task);
        int found = FilesStruct.NextOpen(files, fd, out File* file);
        FilesStruct.Put(files);
        if (found == fd)
        {
            return file;
        }

        Files.Put(file);
        return null;
    }

    // The link's permissions say how the file is open.
    private static uint FdMode(TaskStruct* task, int fd)
    {
        FindFd(task, fd, out FileModeBits mode);
        return FileModes.S_IFLNK | 0x40 | ((mode & FileModeBits.Read) != 0 ? 0x100u : 0) | ((mode & FileModeBits.Write) != 0 ? 0x80u : 0);
    }

    /// <linux>ptrace_may_access</linux>
    private static bool MayAccess(Inode* inode) => Credentials.IsRoot || Credentials.FsUid == inode->Uid;

    private static int FollowLink(Inode* inode, Path* target)
    {
        int error = Resolve(inode, out *target, out File* file);
        Files.Put(file);

        // A pipe and its like have no place that a walk could go to.
        return error == 0 && target->Dentry == null ? -ENXIO : error;
    }

    private static int ReadLink(Inode* inode, byte* buffer, int size)
    {
        int error = Resolve(inode, out Path target, out File* file);
        if (error != 0)
        {
            return error;
        }

        int length;
        if (target.Dentry == null)
        {
            TextBuffer text = new(new Span<byte>(buffer, size));
            if (file->Ops == EventFd.Operations)
            {
                text.Append("anon_inode:[eventfd]"u8);
            }
            else
            {
                text.Append($"{(file->Inode->Is(FileModes.S_IFIFO) ? "pipe"u8 : "anon_inode"u8)}:[{file->Inode->Number}]");
            }

            length = text.Length;
        }
        else
        {
            length = WritePath(in target, buffer, size);
        }

        target.Put();
        Files.Put(file);
        return length;
    }

    private static int WritePath(in Path target, byte* buffer, int size)
    {
        var memory = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        if (memory == null)
        {
            return -ENOMEM;
        }

        Path root = FsStruct.CurrentRoot();
        ReadOnlySpan<byte> text = PathText.Write(in target, in root, memory, PathWalk.PathMax, out _);
        root.Put();
        int length = text.Length == 0 ? -ENAMETOOLONG : Math.Min(text.Length, size);
        if (length > 0)
        {
            text[..length].CopyTo(new Span<byte>(buffer, size));
        }

        Kfree(memory);
        return length;
    }

    // Where it leads, with references; for a descriptor the file as well.
    private static int Resolve(Inode* inode, out Path target, out File* file)
    {
        var its = (ProcPidInode*)inode->Private;
        target = default;
        file = null;
        if (!MayAccess(inode))
        {
            return -EACCES;
        }

        switch (its->Entry)
        {
            case CwdEntry:
            case RootEntry:
                return FsStruct.OfTask(its->Task, its->Entry == RootEntry, out target) ? 0 : -ENOENT;
            case ExeEntry:
                MmStruct* mm = AddressSpaces.OfTask(its->Task);
                if (mm != null)
                {
                    file = mm->Executable;
                    if (file != null)
                    {
                        Files.Get(file);
                    }

                    AddressSpaces.Put(mm);
                }

                break;
            default:
                file = GetFile(its->Task, its->Fd);
                break;
        }

        if (file == null)
        {
            return -ENOENT;
        }

        target = file->Path;
        if (target.Dentry != null)
        {
            target.Get();
        }

        return 0;
    }
}
