// ProcPidTests: /proc/PID, for kernel threads. Part of the suite proc.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcPidTests
{
    private const int StormThreads = 200;

    private static int s_stop;

    // The fields of a kernel thread's status in their order.
    private static ReadOnlySpan<byte> Fields =>
        ("Name: State: Tgid: Pid: PPid: TracerPid: Uid: Gid: FDSize: Groups: Threads: SigQ: SigPnd: ShdPnd: SigBlk: SigIgn: SigCgt: CapInh: CapPrm: CapEff: "u8
        + "voluntary_ctxt_switches: nonvoluntary_ctxt_switches:"u8);

    internal static void KernelThread()
    {
        TaskStruct* thread = Start();
        int pid = thread->Pid;
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/status"u8)));
        int at = -1;
        for (int i = 0; i < ProcHelp.WordCount(Fields); i++)
        {
            ReadOnlySpan<byte> line = ProcHelp.Line(ProcHelp.Word(Fields, i));
            Check.True(line.Length != 0);
            int here = ProcHelp.Text.IndexOf(line);
            Check.True(here > at);
            at = here;
        }

        Check.True(ProcHelp.Line("Name:"u8).SequenceEqual("Name:\tproc_thread"u8));
        Check.True(ProcHelp.Line("State:"u8).SequenceEqual("State:\tS (sleeping)"u8));
        Check.Equal(pid, ProcHelp.Number(ProcHelp.Line("Tgid:"u8), 1));
        Check.Equal(pid, ProcHelp.Number(ProcHelp.Line("Pid:"u8), 1));
        Check.Equal(2, ProcHelp.Number(ProcHelp.Line("PPid:"u8), 1));
        Check.True(ProcHelp.Line("Uid:"u8).SequenceEqual("Uid:\t0\t0\t0\t0"u8));
        Check.Equal(1, ProcHelp.Number(ProcHelp.Line("Threads:"u8), 1));

        // SIGINT and SIGQUIT are allowed: all others are blocked, and the two count as caught.
        Check.True(ProcHelp.Line("SigBlk:"u8).SequenceEqual("SigBlk:\tfffffffffffffff9"u8));
        Check.True(ProcHelp.Line("SigCgt:"u8).SequenceEqual("SigCgt:\t0000000000000006"u8));
        Check.True(ProcHelp.Number(ProcHelp.Line("voluntary_ctxt_switches:"u8), 1) >= 1);
        Check.True(ProcHelp.Line("VmSize:"u8).Length == 0);

        // No memory of its own: mm is null, and what would show it is empty.
        Check.True(thread->Mm == null);
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/maps"u8)));
        Check.Equal(0, ProcHelp.Text.Length);
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/cmdline"u8)));
        Check.Equal(0, ProcHelp.Text.Length);
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/environ"u8)));
        Check.Equal(0, ProcHelp.Text.Length);
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/comm"u8)));
        Check.True(ProcHelp.Text.SequenceEqual("proc_thread\n"u8));
        Check.Equal(-ENOENT, ProcHelp.ReadLink(ProcHelp.PathOf("/proc/"u8, pid, "/exe"u8)));
        Check.Equal(1, ProcHelp.ReadLink(ProcHelp.PathOf("/proc/"u8, pid, "/cwd"u8)));
        CheckStat(pid);
        Stop(thread);
    }

    internal static void ComesAndGoes()
    {
        TaskStruct* thread = Start();
        int pid = thread->Pid;
        Check.True(IsListed(pid));
        Check.True(IsListed(2));
        Check.Equal(0, FsHelp.Walk(ProcHelp.PathOf("/proc/"u8, pid, "/task/"u8)));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/0\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/02\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/2x\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/2/nothing\0"u8));
        Check.Equal(0, FsHelp.Walk("/proc/2/task/2/stat\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/2/task/1\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/proc/2/task/2/task\0"u8));
        Check.Equal(0, Vfs.Open(ProcHelp.PathOf("/proc/"u8, pid, "/stat"u8), OpenFlags.O_RDONLY, 0, out File* file));
        byte* bytes = stackalloc byte[16];
        Check.Equal(16, Vfs.KernelRead(file, bytes, 16, 0));
        Stop(thread);

        // The file that is open shows nobody else, the name is gone.
        Check.Equal(-ESRCH, Vfs.KernelRead(file, bytes, 16, 0));
        Files.Put(file);
        Check.Equal(-ENOENT, FsHelp.Walk(ProcHelp.PathOf("/proc/"u8, pid, "/stat"u8)));
        Check.False(IsListed(pid));
    }

    // All is read of whoever is there while threads begin and end.
    internal static void Storm()
    {
        Shared.WriteOnce(ref s_stop, 0);
        TaskStruct* maker = Kthread.Create(&MakeThreads, null, $"proc_maker", out int error);
        Check.Equal(0, error);
        Tasks.Get(maker);
        Scheduler.WakeUpProcess(maker);
        int looked = 0;
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            Scheduler.CondResched();
            TaskStruct* task = Tasks.NextAfter(2);
            while (task != null)
            {
                int pid = task->Pid;
                Tasks.Put(task);
                int result = ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/status"u8));
                Check.True(result is 0 or -ENOENT or -ESRCH);
                result = ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/stat"u8));
                Check.True(result is 0 or -ENOENT or -ESRCH);
                looked++;
                task = Tasks.NextAfter(pid);
            }

            Scheduler.Yield();
        }

        Kthread.Stop(maker);
        Tasks.Put(maker);
        Check.True(looked > 0);
    }

    internal static void Self()
    {
        int length = ProcHelp.ReadLink("/proc/self\0"u8);
        Check.True(length > 0 && ProcHelp.Number(ProcHelp.Text, 0) == Current->Pid);
        Check.Equal(0, ProcHelp.Read("/proc/self/comm\0"u8));
        Check.True(ProcHelp.Text[..^1].SequenceEqual(Current->Name));
        if (Current->Files == null)
        {
            return;
        }

        FsHelp.Make("/proc_self\0"u8, "behind"u8);
        Check.Equal(0, Vfs.Open("/proc_self\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        int fd = FilesStruct.Install(Current->Files, file, 10, false);
        Check.True(fd >= 10);
        length = ProcHelp.ReadLink(ProcHelp.PathOf("/proc/self/fd/"u8, fd, ""u8));
        Check.True(length > 0 && ProcHelp.Text.SequenceEqual("/proc_self"u8));
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/self/fd/"u8, fd, ""u8)));
        Check.True(ProcHelp.Text.SequenceEqual("behind"u8));
        Check.Equal(0, FilesStruct.Close(Current->Files, (uint)fd));
        Check.Equal(-ENOENT, FsHelp.Walk(ProcHelp.PathOf("/proc/self/fd/"u8, fd, ""u8), WalkFlags.None));
        Check.Equal(0, FsHelp.Remove("/proc_self\0"u8));
    }

    // Pages that nobody has touched are brought in; what is not mapped ends the reading.
    internal static void OtherMemory()
    {
        MmStruct* mm = AddressSpaces.Allocate();
        Check.True(mm != null);
        const ulong Start = 0x20000;
        Check.Equal((long)Start, UserMapping.Map(mm, Start, 2 * DirectMap.PAGE_SIZE, VmFlags.Read | VmFlags.Write, true, null));
        byte* bytes = stackalloc byte[64];
        new Span<byte>(bytes, 64).Fill(1);
        Check.Equal(64, (long)UserMemory.ReadFrom(mm, Start + DirectMap.PAGE_SIZE - 32, bytes, 64));
        Check.Equal(-1, new ReadOnlySpan<byte>(bytes, 64).IndexOfAnyExcept((byte)0));
        Check.Equal(2, mm->ResidentPages);
        Check.Equal(16, (long)UserMemory.ReadFrom(mm, Start + (2 * DirectMap.PAGE_SIZE) - 16, bytes, 64));
        Check.Equal(0, (long)UserMemory.ReadFrom(mm, Start - 16, bytes, 8));
        AddressSpaces.Put(mm);
    }

    // pid (comm) state ppid: as ps reads them.
    private static void CheckStat(int pid)
    {
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/stat"u8)));
        ReadOnlySpan<byte> text = ProcHelp.Text;
        Check.Equal(pid, ProcHelp.Number(text, 0));
        Check.True(ProcHelp.Word(text, 1).SequenceEqual("(proc_thread)"u8));
        Check.True(ProcHelp.Word(text, 2).SequenceEqual("S"u8));
        Check.Equal(2, ProcHelp.Number(text, 3));
        Check.Equal(44, ProcHelp.WordCount(text));
        Check.Equal(0, ProcHelp.Number(text, 18));
        Check.Equal(1, ProcHelp.Number(text, 19));
        Check.Equal(0, ProcHelp.Number(text, 22));
        Check.Equal(0, ProcHelp.Read(ProcHelp.PathOf("/proc/"u8, pid, "/statm"u8)));
        Check.True(ProcHelp.Text.SequenceEqual("0 0 0 0 0 0 0\n"u8));
    }

    // A thread that has gone to sleep.
    private static TaskStruct* Start()
    {
        TaskStruct* thread = Kthread.Create(&Sleep, null, $"proc_thread", out int error);
        Check.Equal(0, error);
        Tasks.Get(thread);
        Scheduler.WakeUpProcess(thread);
        while (Shared.ReadOnce(ref thread->State) != (int)TaskState.Interruptible || thread->Array != null)
        {
            Scheduler.Yield();
        }

        return thread;
    }

    private static void Stop(TaskStruct* thread)
    {
        Kthread.Stop(thread);
        Tasks.Put(thread);
    }

    private static int Sleep(void* unused)
    {
        Current->AllowedSignals = Signal.Mask(Signal.SIGINT) | Signal.Mask(Signal.SIGQUIT);
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Kthread.ShouldStop())
            {
                Scheduler.SetCurrentStateNoBarrier(TaskState.Running);
                return 0;
            }

            Scheduler.Schedule();
        }
    }

    private static int MakeThreads(void* unused)
    {
        for (int i = 0; i < StormThreads; i++)
        {
            Kthread.Run(&End, null, $"proc_short", out _);
            Scheduler.Yield();
        }

        Shared.WriteOnce(ref s_stop, 1);
        return 0;
    }

    private static int End(void* unused) => 0;

    private static bool IsListed(int pid)
    {
        Check.Equal(0, Vfs.Open("/proc\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        NumberLister lister = new() { Wanted = pid };
        lister.Context.Actor = &NumberLister.Take;
        using (file->Inode->Super->Names.Guard())
        {
            Check.Equal(0, file->Ops->Iterate(file, (DirContext*)&lister));
        }

        Files.Put(file);
        Check.True(lister.Found < 2);
        return lister.Found == 1;
    }

    // Takes all names, and counts how often one number is among them.
    private unsafe struct NumberLister
    {
        internal DirContext Context;
        internal int Wanted;
        internal int Found;

        internal static bool Take(DirContext* context, byte* name, int length, ulong inode, byte type, long position)
        {
            var lister = (NumberLister*)context;
            lister->Found += CommandArguments.TryParse(new ReadOnlySpan<byte>(name, length), out ulong value) && value == (ulong)lister->Wanted ? 1 : 0;
            return true;
        }
    }
}
