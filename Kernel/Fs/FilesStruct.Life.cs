// FilesStruct.Life: making, sharing, copying and giving up tables of descriptors, at fork, execve and exit.
//
// Linux: copy_files, exit_files, put_files_struct, dup_fd, unshare_files (kernel/fork.c, kernel/exit.c, fs/file.c). Process context; may sleep. Lock: that of the
// table which is copied; a new one is nobody else's yet. The last who puts a table away closes what is in it.

namespace CSharpOS.Fs;

public unsafe partial struct FilesStruct
{
    /// <summary>An empty one. Process context, sleeps. Null without memory.</summary>
    internal static FilesStruct* New()
    {
        FilesStruct* files = Kzalloc<FilesStruct>(GfpFlags.Kernel);
        if (files != null)
        {
            files->Count.Set(1);
            files->Lock.Init();
            files->_size = FirstSize;
            files->_table = (File**)files->_first;
        }

        return files;
    }

    /// <summary>One of its own for a new process: the same files behind the same descriptors. Null for null. Process context, sleeps.</summary>
    /// <returns>0 or -ENOMEM.</returns>
    /// <linux>dup_fd</linux>
    internal static int Copy(FilesStruct* from, out FilesStruct* files)
    {
        files = null;
        if (from == null)
        {
            return 0;
        }

        files = New();
        while (files != null)
        {
            int needed;
            using (from->Lock.Guard())
            {
                needed = from->_size;
                if (needed <= files->_size)
                {
                    CopyLocked(from, files);
                    return 0;
                }
            }

            if (Grow(files, needed - 1) != 0)
            {
                Drop(files);
                files = null;
            }
        }

        return -ENOMEM;
    }

    /// <summary>One more task uses it (CLONE_FILES). Null is fine.</summary>
    internal static FilesStruct* Share(FilesStruct* files)
    {
        if (files != null)
        {
            files->Count.Inc();
        }

        return files;
    }

    /// <summary>The task is done with its own; the last task of them closes all. Process context, may sleep.</summary>
    /// <linux>exit_files</linux>
    internal static void Exit(TaskStruct* task)
    {
        Put(Set(task, null));
    }

    /// <summary>The descriptors of another task, with a hold (<see cref="Put(FilesStruct*)"/>); null if it has none. The caller holds the task.</summary>
    /// <linux>get_files_struct</linux>
    internal static FilesStruct* OfTask(TaskStruct* task)
    {
        ulong flags = task->MmLock.LockIrqSave();
        FilesStruct* files = Share(task->Files);
        task->MmLock.UnlockIrqRestore(flags);
        return files;
    }

    /// <summary>Gives a hold back. Null is fine. Process context, may sleep.</summary>
    /// <linux>put_files_struct</linux>
    internal static void Put(FilesStruct* files)
    {
        if (files != null && files->Count.DecAndTest())
        {
            Drop(files);
        }
    }

    /// <summary>Execve: closes what is marked so. The caller has the table for itself (<see cref="Unshare"/>). Process context, may sleep.</summary>
    /// <linux>do_close_on_exec</linux>
    internal static void CloseOnExec(FilesStruct* files)
    {
        for (int fd = 0; files != null && fd < files->_size; fd++)
        {
            if (GetCloseOnExec(files, (uint)fd) == 1)
            {
                Close(files, (uint)fd);
            }
        }
    }

    /// <summary>Execve: a table that other tasks share becomes a copy of the current task's own. 0 or -ENOMEM.</summary>
    /// <linux>unshare_files</linux>
    internal static int Unshare(TaskStruct* task)
    {
        if (task->Files == null || task->Files->Count.Read() == 1)
        {
            return 0;
        }

        int error = Copy(task->Files, out FilesStruct* own);
        if (error == 0)
        {
            Put(Set(task, own));
        }

        return error;
    }

    // Whoever looks from outside (OfTask) finds the one or the other.
    private static FilesStruct* Set(TaskStruct* task, FilesStruct* files)
    {
        ulong flags = task->MmLock.LockIrqSave();
        FilesStruct* before = task->Files;
        task->Files = files;
        task->MmLock.UnlockIrqRestore(flags);
        return before;
    }

    private static void CopyLocked(FilesStruct* from, FilesStruct* files)
    {
        files->_lowestFree = from->_lowestFree;
        for (int i = 0; i < MaxFiles / 64; i++)
        {
            files->_closeOnExec[i] = from->_closeOnExec[i];
        }

        // The new one is empty.
        for (int fd = 0; files->_used < from->_used; fd++)
        {
            File* file = from->_table[fd];
            if (file != null)
            {
                Files.Get(file);
                files->_table[fd] = file;
                files->_used++;
            }
        }
    }

    private static void Drop(FilesStruct* files)
    {
        for (int fd = 0; files->_used != 0; fd++)
        {
            if (files->_table[fd] != null)
            {
                Files.Put(files->_table[fd]);
                files->_used--;
            }
        }

        if ((ulong*)files->_table != files->_first)
        {
            Kfree(files->_table);
        }

        Kfree(files);
    }
}
