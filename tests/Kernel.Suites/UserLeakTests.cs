// UserLeakTests: what programs leave behind. Part of the suite user; process context.
//
// Each case is run once so that what is made at its first use is there, and then once more, which must leave the memory of the kernel as it was: pages,
// objects of each cache, kernel stacks.

namespace CSharpOS.Suites;

internal static unsafe class UserLeakTests
{
    internal static void Run()
    {
        Test.Run("nothing stays of programs that have mapped, moved and forked"u8, "SYS-12"u8, &Memory);
        Test.Run("nothing stays of programs that have opened, threaded and died"u8, "SYS-12"u8, &Others);
    }

    private static void Memory()
    {
        NothingStays("anonymous\0"u8);
        NothingStays("moves\0"u8);
        NothingStays("break\0"u8);
        NothingStays("stack\0"u8);
        NothingStays("copy-on-write\0"u8);
        NothingStays("vfork\0"u8);
    }

    private static void Others()
    {
        NothingStays("pipes\0"u8);
        NothingStays("descriptors\0"u8);
        NothingStays("identities\0"u8);
        NothingStays("group-exit\0"u8);
        NothingStays("memory-faults\0"u8);
    }

    private static void NothingStays(ReadOnlySpan<byte> name)
    {
        int tasks = Tasks.Count;
        UserHelp.Good(name);
        SchedMemory before = Quiet(tasks);
        UserHelp.Good(name);
        before.Compare(Quiet(tasks));
    }

    // Also what is freed after a grace period.
    private static SchedMemory Quiet(int tasks)
    {
        SynchronizeRcu();
        RcuBarrier();
        return SchedMemory.Now(tasks);
    }
}
