// FsStruct: from where a process looks at the tree.
//
// Linux: struct fs_struct, include/linux/fs_struct.h. Process context. Lock: FsStruct.Lock (plain spin lock) guards root, working directory and umask, since
// threads share one. A kernel thread without one (task->FsInfo null) stands at the root of all.

namespace CSharpOS.Fs;

/// <summary>Root, working directory and umask of a process.</summary>
/// <linux>fs_struct</linux>
public unsafe struct FsStruct
{
    private const uint UsualUmask = 0x12;

    internal Atomic Count;
    internal SpinLock Lock;
    internal uint Umask;
    internal Path Root;
    internal Path Cwd;

    /// <summary>One at the root of all with the usual umask, 022. Process context, sleeps. Null without memory.</summary>
    internal static FsStruct* New()
    {
        FsStruct* fs = Kzalloc<FsStruct>(GfpFlags.Kernel);
        if (fs != null)
        {
            Start(fs, UsualUmask, Mounts.Root, Mounts.Root);
        }

        return fs;
    }

    /// <summary>One of its own for a new process, like <paramref name="from"/> (null: as <see cref="New"/>). Null without memory.</summary>
    /// <linux>copy_fs_struct</linux>
    internal static FsStruct* Copy(FsStruct* from)
    {
        FsStruct* fs = from == null ? New() : Kzalloc<FsStruct>(GfpFlags.Kernel);
        if (fs == null || from == null)
        {
            return fs;
        }

        using (from->Lock.Guard())
        {
            Start(fs, from->Umask, from->Root, from->Cwd);
        }

        return fs;
    }

    /// <summary>One more task uses it (CLONE_FS). Null is fine.</summary>
    internal static FsStruct* Share(FsStruct* fs)
    {
        if (fs != null)
        {
            fs->Count.Inc();
        }

        return fs;
    }

    /// <summary>The task is done with its own. Process context, may sleep.</summary>
    /// <linux>exit_fs</linux>
    internal static void Exit(TaskStruct* task)
    {
        ulong flags = task->MmLock.LockIrqSave();
        FsStruct* fs = task->FsInfo;
        task->FsInfo = null;
        task->MmLock.UnlockIrqRestore(flags);
        if (fs != null && fs->Count.DecAndTest())
        {
            fs->Root.Put();
            fs->Cwd.Put();
            Kfree(fs);
        }
    }

    /// <summary>Root or working directory of another task, with references. False: it has none, or has ended. The caller holds the task.</summary>
    /// <linux>get_task_root, proc_cwd_link</linux>
    internal static bool OfTask(TaskStruct* task, bool root, out Path path)
    {
        path = Mounts.Root;
        ulong flags = task->MmLock.LockIrqSave();
        FsStruct* fs = task->FsInfo;
        if (fs != null)
        {
            using (fs->Lock.Guard())
            {
                path = root ? fs->Root : fs->Cwd;
                path.Get();
            }
        }

        task->MmLock.UnlockIrqRestore(flags);
        if (fs == null && Tasks.IsListed(task) && (task->Flags & TaskFlags.KernelThread) != 0)
        {
            path.Get();
            return true;
        }

        return fs != null;
    }

    /// <summary>The root of the current process, with references.</summary>
    /// <linux>get_fs_root</linux>
    internal static Path CurrentRoot() => Held(root: true);

    /// <summary>The working directory of the current process, with references.</summary>
    /// <linux>get_fs_pwd</linux>
    internal static Path CurrentCwd() => Held(root: false);

    /// <summary>The permission bits that new files do not get.</summary>
    /// <linux>current_umask</linux>
    internal static uint CurrentUmask => Current->FsInfo == null ? UsualUmask : Shared.ReadOnce(ref Current->FsInfo->Umask);

    /// <summary>Sets the working directory (or the root) of the current process; takes over the references. -EPERM for a thread that has none.</summary>
    /// <linux>set_fs_pwd, set_fs_root</linux>
    internal static int Set(ref Path path, bool root)
    {
        FsStruct* fs = Current->FsInfo;
        Path old = path;
        if (fs != null)
        {
            using (fs->Lock.Guard())
            {
                ref Path place = ref root ? ref fs->Root : ref fs->Cwd;
                old = place;
                place = path;
            }
        }

        path = default;
        old.Put();
        return fs == null ? -EPERM : 0;
    }

    private static Path Held(bool root)
    {
        FsStruct* fs = Current->FsInfo;
        Path path = Mounts.Root;
        if (fs == null)
        {
            path.Get();
            return path;
        }

        using (fs->Lock.Guard())
        {
            path = root ? fs->Root : fs->Cwd;
            path.Get();
        }

        return path;
    }

    private static void Start(FsStruct* fs, uint umask, Path root, Path cwd)
    {
        fs->Count.Set(1);
        fs->Lock.Init();
        fs->Umask = umask;
        fs->Root = root;
        fs->Cwd = cwd;
        root.Get();
        cwd.Get();
    }
}
