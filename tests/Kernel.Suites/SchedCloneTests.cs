// SchedCloneTests: what a kernel thread has from its maker. Part of the suite sched.

using System.Runtime.CompilerServices;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class SchedCloneTests
{
    private static Completion s_done;
    private static FilesStruct* s_files;
    private static FsStruct* s_fs;
    private static ulong s_allowed, s_pending;
    private static int s_results;

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    internal static void Flags()
    {
        FilesStruct* files = Current->Files;
        FsStruct* fs = Current->FsInfo;
        Current->Files = FilesStruct.New();
        Current->FsInfo = FsStruct.New();
        Current->AllowedSignals = Signal.Mask(Signal.SIGINT);
        int ours = Current->Files->Count.Read();
        Look(CloneFlags.Fs | CloneFlags.Files | CloneFlags.SigHand);
        Check.True(s_files == Current->Files && s_fs == Current->FsInfo);
        Check.Equal(Signal.Mask(Signal.SIGINT), s_allowed);
        Look(CloneFlags.None);
        Check.True(s_files != Current->Files && s_files != null && s_fs != Current->FsInfo && s_fs != null);
        Check.Equal(0ul, s_allowed);
        Look(CloneFlags.Files);
        Check.True(s_files == Current->Files && s_fs != Current->FsInfo);
        Look(CloneFlags.Fs);
        Check.True(s_files != Current->Files && s_fs == Current->FsInfo);

        // What was shared is given back when the thread has ended.
        uint start = Jiffies;
        while (Current->Files->Count.Read() != ours && Jiffies - start < 10 * HZ)
        {
            SchedThread.GiveWay();
        }

        Check.Equal(ours, Current->Files->Count.Read());
        Check.Equal(-EINVAL, KernelThread.Clone(&Note, null, "wrong"u8, CloneFlags.Thread));
        Current->AllowedSignals = 0;
        FilesStruct.Exit(Current);
        FsStruct.Exit(Current);
        Current->Files = files;
        Current->FsInfo = fs;
    }

    // Whichever allocation fails: the error, no thread that runs, and nothing kept.
    internal static void NoMemory()
    {
#if DEBUG_CHECKS
        int tasks = SchedMemory.QuietTasks();
        FilesStruct* files = Current->Files;
        FsStruct* fs = Current->FsInfo;
        Current->Files = FilesStruct.New();
        Current->FsInfo = FsStruct.New();
        SchedMemory before = SchedMemory.Now(tasks);
        int failures = 0;
        for (int n = 1; n < 50; n++)
        {
            Completion.Init(Done);
            s_files = null;
            AllocationFailure.Clear();
            AllocationFailure.FailNth(n);
            int result = KernelThread.Clone(&Note, null, "starved"u8, CloneFlags.None);
            bool failed = AllocationFailure.Failures != 0;
            AllocationFailure.Clear();
            if (!failed)
            {
                Check.True(result > 2);
                Completion.Wait(Done);
                break;
            }

            failures++;
            Check.Equal(-ENOMEM, result);
            before.Compare(SchedMemory.Now(tasks));
            Check.True(s_files == null);
        }

        // The task, and its own root and descriptors.
        Check.True(failures >= 3);
        before.Compare(SchedMemory.Now(tasks));
        FilesStruct.Exit(Current);
        FsStruct.Exit(Current);
        Current->Files = files;
        Current->FsInfo = fs;
#else
        Test.Skip("allocations do not fail on purpose in this build"u8);
#endif
    }

    internal static void Signals()
    {
        Completion.Init(Done);
        s_results = -1;
        int pid = KernelThread.Run(&Allow, null, "allows"u8);
        Check.True(pid > 0);
        Completion.Wait(Done);
        Check.True(SchedThreadTests.Gone(pid));
        Check.Equal(0, s_results);
        Check.Equal(Signal.Mask(Signal.SIGINT), s_pending);
        Check.Equal(0ul, s_allowed);
    }

    private static void Look(CloneFlags flags)
    {
        Completion.Init(Done);
        s_files = null;
        s_fs = null;
        int pid = KernelThread.Clone(&Note, null, "cloned"u8, flags);
        Check.True(pid > 2);
        Completion.Wait(Done);

        // The next test counts the tasks.
        Check.True(SchedThreadTests.Gone(pid));
    }

    private static int Note(void* unused)
    {
        s_files = Current->Files;
        s_fs = Current->FsInfo;
        s_allowed = Current->AllowedSignals;
        Completion.Complete(Done);
        return 0;
    }

    private static int Allow(void* unused)
    {
        int self = Current->Pid;
        Processes.Signals.SendToPid(self, Signal.SIGINT);
        bool early = Scheduler.SignalPending(Current);
        int results = KernelThread.AllowSignal(0) == -EINVAL && KernelThread.DisallowSignal(65) == -EINVAL ? 0 : 1;
        results |= KernelThread.AllowSignal(Signal.SIGINT);
        Processes.Signals.SendToPid(self, Signal.SIGKILL);
        Processes.Signals.SendToPid(self, Signal.SIGINT);
        s_pending = Current->PendingSignals;
        KernelThread.FlushSignals();
        results |= KernelThread.DisallowSignal(Signal.SIGINT);
        Processes.Signals.SendToPid(self, Signal.SIGINT);
        s_allowed = Current->AllowedSignals | Current->PendingSignals;
        s_results = results | (early ? 2 : 0);
        Completion.Complete(Done);
        return 0;
    }
}
