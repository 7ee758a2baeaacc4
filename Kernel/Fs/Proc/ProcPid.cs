// ProcPid: /proc/PID: a directory for each process and kernel thread, made when somebody looks.
//
// Linux: fs/proc/base.c. Process context, sleeps. Nothing is kept for a task that nobody looks at. An inode holds its task (Tasks.Get), so that it never shows another
// one which got the number later: every function first asks whether the task is still in the table, and gives -ESRCH if not; a name is looked up again then.
// What belongs to the task is reached through holds that its end does not take away: ProcessTree.GetOf, AddressSpaces.OfTask, FilesStruct.OfTask, FsStruct.OfTask.
// /proc shows processes and kernel threads; the number of any other thread is found all the same, as on Linux. Numbers of inodes: pid, then what it is.
// This file: directories. ProcPid.Files.cs: the table of files. ProcPid.Links.cs: cwd, exe, root, fd.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>What an inode below /proc/PID is.</summary>
internal unsafe struct ProcPidInode
{
    /// <summary>Held.</summary>
    internal TaskStruct* Task;

    /// <summary>Which of the table; <see cref="ProcPid.Self"/>, <see cref="ProcPid.FdLink"/>.</summary>
    internal int Entry;

    /// <summary>Descriptor, for a link in fd.</summary>
    internal int Fd;

    /// <summary>Below task/TID: one thread, not the whole process.</summary>
    internal bool OfThread;
}

/// <summary>Directories of processes.</summary>
/// <rows>KT-03</rows>
internal static unsafe partial class ProcPid
{
    /// <summary>The directory of the task itself, and a link in its fd.</summary>
    internal const int Self = -1, FdLink = -2;

    // Positions in listings: behind the entries of the tree, the pid; in a directory of a process the index, in fd and task the number.
    private const long FirstPosition = 1L << 32;
    private const int Dots = 2;

    private const uint DirectoryMode = FileModes.S_IFDIR | 0x16d, PrivateDirectoryMode = FileModes.S_IFDIR | 0x140;
    private const int PidShift = 16, ThreadNumber = 0x4000, FdNumber = 0x8000;

    private static InodeOperations s_directory, s_fd, s_task, s_file, s_link, s_self;
    private static FileOperations s_directoryFile, s_fdFile, s_taskFile, s_textFile;

    internal static void Init()
    {
        s_directory = new InodeOperations { Lookup = &LookupEntry };
        s_fd = new InodeOperations { Lookup = &LookupFd };
        s_task = new InodeOperations { Lookup = &LookupThread };
        s_file = new InodeOperations { SetSize = &Kernfs.IgnoreSize };
        s_link = new InodeOperations { ReadLink = &ReadLink, FollowLink = &FollowLink };
        s_self = new InodeOperations { ReadLink = &ReadSelf };
        s_directoryFile = new FileOperations { Iterate = &IterateEntries };
        s_fdFile = new FileOperations { Iterate = &IterateFds };
        s_taskFile = new FileOperations { Iterate = &IterateThreads };
        s_textFile = SeqFile.Operations;
        s_textFile.Open = &OpenText;
        InitTable();
    }

    /// <summary>The link /proc/self leads to whoever reads it.</summary>
    /// <linux>proc_self_inode_operations</linux>
    internal static void MakeSelf(KernfsNode* link) => link->InodeOps = (InodeOperations*)Unsafe.AsPointer(ref s_self);

    /// <summary>A name in /proc that is no entry of the tree: the number of a task, or -ENOENT.</summary>
    /// <linux>proc_pid_lookup</linux>
    internal static int Lookup(Inode* directory, Dentry* dentry)
    {
        // The boot CPU's idle task has the number 0; it is not shown.
        TaskStruct* task = TryNumber(Dentry.Name(dentry), out int pid) && pid != 0 ? Tasks.Find(pid) : null;
        return task == null ? -ENOENT : Add(dentry, directory->Super, task, Self, 0, false);
    }

    /// <summary>The processes, behind the entries of the tree.</summary>
    /// <linux>proc_pid_readdir</linux>
    internal static void List(DirContext* context)
    {
        int pid = context->Position < FirstPosition ? 0 : (int)(context->Position - FirstPosition);
        TaskStruct* task;
        bool fits = true;
        while (fits && (task = Tasks.NextAfter(pid)) != null)
        {
            pid = task->Pid;
            context->Position = FirstPosition + pid - 1;
            fits = !IsLeader(task) || EmitNumber(context, pid, NumberOf(pid, Self, 0, false), FileModes.S_IFDIR);
            context->Position += fits ? 1 : 0;
            Tasks.Put(task);
        }
    }

    /// <summary>The last reference to such an inode is gone.</summary>
    internal static void Evict(Inode* inode)
    {
        var its = (ProcPidInode*)inode->Private;
        if (its != null)
        {
            Tasks.Put(its->Task);
            Kfree(its);
        }
    }

    /// <summary>False if the task has ended, or the descriptor is closed. Brings the owner up to date.</summary>
    /// <linux>pid_revalidate</linux>
    internal static bool Revalidate(Inode* inode)
    {
        var its = (ProcPidInode*)inode->Private;
        if (!Tasks.IsListed(its->Task) || (its->Entry == FdLink && !FindFd(its->Task, its->Fd, out _)))
        {
            return false;
        }

        SetOwner(inode, its->Task);
        return true;
    }

    // Makes the inode for a name; takes the hold on the task over.
    private static int Add(Dentry* dentry, SuperBlock* super, TaskStruct* task, int entry, int fd, bool ofThread)
    {
        ProcPidInode* its = Kzalloc<ProcPidInode>(GfpFlags.Kernel);
        Inode* inode = its == null ? null : Inodes.New(super, ModeOf(entry, task, fd));
        if (inode == null)
        {
            Kfree(its);
            Tasks.Put(task);
            return -ENOMEM;
        }

        *its = new ProcPidInode { Task = task, Entry = entry, Fd = fd, OfThread = ofThread };
        inode->Private = its;
        inode->Number = NumberOf(task->Pid, entry, fd, ofThread);
        SetOperations(inode, entry);
        SetOwner(inode, task);
        Dentries.Add(dentry, inode);
        return 0;
    }

    private static void SetOperations(Inode* inode, int entry)
    {
        bool isFd = entry == FdEntry, isTask = entry == TaskEntry;
        switch (inode->Mode & FileModes.S_IFMT)
        {
            case FileModes.S_IFDIR:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref (isFd ? ref s_fd : ref (isTask ? ref s_task : ref s_directory)));
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref (isFd ? ref s_fdFile : ref (isTask ? ref s_taskFile : ref s_directoryFile)));
                break;
            case FileModes.S_IFLNK:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_link);
                break;
            default:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_file);
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_textFile);
                break;
        }
    }

    private static void SetOwner(Inode* inode, TaskStruct* task)
    {
        Process* process = ProcessTree.GetOf(task);
        inode->Uid = process == null ? 0 : (uint)process->Euid;
        inode->Gid = process == null ? 0 : (uint)process->Egid;
        if (process != null)
        {
            ProcessTree.Put(process);
        }
    }

    private static ulong NumberOf(int pid, int entry, int fd, bool ofThread) =>
        ((ulong)pid << PidShift) | (entry == FdLink ? FdNumber + (uint)fd : (uint)(entry + 2) + (ofThread ? ThreadNumber : 0u));

    private static bool IsLeader(TaskStruct* task) => task->Tgid == 0 || task->Tgid == task->Pid;

    private static int LookupEntry(Inode* directory, Dentry* dentry)
    {
        var its = (ProcPidInode*)directory->Private;
        int entry = FindEntry(Dentry.Name(dentry));
        if (entry < 0 || (entry == TaskEntry && its->OfThread) || !Tasks.IsListed(its->Task))
        {
            return -ENOENT;
        }

        Tasks.Get(its->Task);
        return Add(dentry, directory->Super, its->Task, entry, 0, its->OfThread);
    }

    private static int IterateEntries(File* file, DirContext* context)
    {
        var its = (ProcPidInode*)file->Inode->Private;
        if (!DirContext.EmitDots(file, context))
        {
            return 0;
        }

        for (int entry = (int)context->Position - Dots; entry < EntryCount; entry++)
        {
            context->Position = entry + Dots;
            bool shown = entry != TaskEntry || !its->OfThread;
            ulong number = NumberOf(its->Task->Pid, entry, 0, its->OfThread);
            if (shown && !DirContext.Emit(context, EntryName(entry), number, FileModes.DirectoryType(EntryMode(entry))))
            {
                return 0;
            }

            context->Position++;
        }

        return 0;
    }

    private static int LookupThread(Inode* directory, Dentry* dentry)
    {
        var its = (ProcPidInode*)directory->Private;
        TaskStruct* thread = TryNumber(Dentry.Name(dentry), out int tid) ? Tasks.Find(tid) : null;
        if (thread == null)
        {
            return -ENOENT;
        }

        bool mine = thread == its->Task || (thread->Tgid != 0 && thread->Tgid == its->Task->Tgid);
        if (!mine)
        {
            Tasks.Put(thread);
            return -ENOENT;
        }

        return Add(dentry, directory->Super, thread, Self, 0, true);
    }

    private static int IterateThreads(File* file, DirContext* context)
    {
        var its = (ProcPidInode*)file->Inode->Private;
        if (!DirContext.EmitDots(file, context))
        {
            return 0;
        }

        int tid = (int)context->Position - Dots - 1;
        bool fits = true;
        while (fits && (tid = NextThread(its->Task, tid)) > 0)
        {
            context->Position = tid + Dots;
            fits = EmitNumber(context, tid, NumberOf(tid, Self, 0, true), FileModes.S_IFDIR);
            context->Position += fits ? 1 : 0;
        }

        return 0;
    }

    // The smallest number above `tid` of a thread of the task's process; 0 at the end.
    private static int NextThread(TaskStruct* task, int tid)
    {
        Process* process = ProcessTree.GetOf(task);
        if (process == null)
        {
            return task->Pid > tid && Tasks.IsListed(task) ? task->Pid : 0;
        }

        int found = 0;
        ulong flags = ProcessTree.TreeLock.LockIrqSave();
        for (ListHead* link = process->Threads.Next; link != &process->Threads; link = link->Next)
        {
            int its = Threads.Of(link)->Pid;
            found = its > tid && (found == 0 || its < found) ? its : found;
        }

        ProcessTree.TreeLock.UnlockIrqRestore(flags);
        ProcessTree.Put(process);
        return found;
    }

    private static bool EmitNumber(DirContext* context, int number, ulong inode, uint mode)
    {
        byte* bytes = stackalloc byte[16];
        TextBuffer name = new(new Span<byte>(bytes, 16));
        name.Append($"{number}");
        return DirContext.Emit(context, name.Written, inode, FileModes.DirectoryType(mode));
    }

    // A number as it is written in a name: no sign, no zero in front.
    private static bool TryNumber(ReadOnlySpan<byte> name, out int number)
    {
        number = 0;
        if (name.Length is 0 or > 9 || (name[0] == '0' && name.Length > 1))
        {
            return false;
        }

        for (int i = 0; i < name.Length; i++)
        {
            if (name[i] is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            number = (number * 10) + name[i] - '0';
        }

        return true;
    }

    private static int ReadSelf(Inode* inode, byte* buffer, int size)
    {
        TextBuffer text = new(new Span<byte>(buffer, size));
        text.Append($"{(Current->Tgid != 0 ? Current->Tgid : Current->Pid)}");
        return text.Length;
    }
}
