// UserLeakTests: what programs leave behind. Part of the suite user; process context.
//
// Each case is run once so that what is made at its first use is there, and then once more, which must leave the memory of the kernel as it was: pages,
// objects of each cache, kernel stacks.

namespace CSharpOS.Suites;

internal static unsafe class UserLeakTests
{
    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("wrong addresses leave no memory behind"u8, "SYS-13"u8, &Addresses);
        Test.Run("forks leave no task, page or object behind"u8, "SYS-12"u8, &Forks);
        Test.Run("threads leave no task, page or object behind"u8, "SYS-12"u8, &Threads);
        Test.Run("mappings leave no page, table or object behind"u8, "SYS-12"u8, &Mappings);
        Test.Run("timers leave no object behind"u8, "TIME-06"u8, &Timers);
        Test.Run("pipes, descriptors and deaths leave nothing behind"u8, "SYS-12"u8, &Others);
    }

    private static void Addresses() => LeavesNothing("addresses\0"u8);

    private static void Forks()
    {
        LeavesNothing("many\0"u8);
        LeavesNothing("copy-on-write\0"u8);
        LeavesNothing("vfork\0"u8);
    }

    private static void Threads()
    {
        LeavesNothing("identities\0"u8);
        LeavesNothing("group-exit\0"u8);
        LeavesNothing("leader-first\0"u8);
        for (int i = 0; i < 10; i++)
        {
            LeavesNothing("leader-gone\0"u8);
        }
    }

    private static void Mappings()
    {
        LeavesNothing("anonymous\0"u8);
        LeavesNothing("moves\0"u8);
        LeavesNothing("break\0"u8);
        LeavesNothing("stack\0"u8);
    }

    private static void Timers()
    {
        LeavesNothing("timer-refusals\0"u8);
        LeavesNothing("timer-thread\0"u8);
        LeavesNothing("timer-execute\0"u8);
        LeavesNothing("timer-exits\0"u8);
        LeavesNothing("timer-races\0"u8);
    }

    private static void Others()
    {
        LeavesNothing("pipes\0"u8);
        LeavesNothing("descriptors\0"u8);
        LeavesNothing("memory-faults\0"u8);
    }

    private static void LeavesNothing(ReadOnlySpan<byte> name)
    {
        int tasks = SchedMemory.QuietTasks();
        UserHelp.Good(name);
        SchedMemory before = Quiet(tasks);
        UserHelp.Good(name);
        before.Compare(Quiet(tasks));
    }

    // No CPU keeps the last address space for want of another, and what is freed after a grace period is free.
    private static SchedMemory Quiet(int tasks)
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu job;
            if (OnCpu.Start(&job, cpu, &LeaveAddressSpace, null))
            {
                OnCpu.Wait(&job);
            }
        }

        SynchronizeRcu();
        RcuBarrier();
        return SchedMemory.Now(tasks);
    }

    private static void LeaveAddressSpace(void* unused) => UserSwitch.Deactivate();
}
