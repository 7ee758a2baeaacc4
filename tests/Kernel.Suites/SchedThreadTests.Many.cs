// Many threads, one after the other and at once, and that nothing of them stays. Part of the suite kthread.

namespace CSharpOS.Suites;

internal static unsafe partial class SchedThreadTests
{
    internal static void NoLeak()
    {
        // With two CPUs that run at the same time the threads spread over both, and a busy host makes that slow.
        int rounds = SmpTests.Rounds(Smp.CpuCount == 2 ? 2000 : 10_000);
        int tasks = SchedMemory.QuietTasks();
        AllAtOnce();
        SchedMemory before = SchedMemory.Now(tasks);
        MakeAndEnd(rounds);
        Check.Equal(rounds, s_ran);
        before.Compare(SchedMemory.Now(tasks));
    }

    internal static void ManyAtOnce()
    {
        int tasks = SchedMemory.QuietTasks();
        AllAtOnce();
        SchedMemory before = SchedMemory.Now(tasks);
        AllAtOnce();
        before.Compare(SchedMemory.Now(tasks));
    }

    private static void AllAtOnce()
    {
        Begin();
        for (int i = 0; i < Many; i++)
        {
            s_tasks[i] = (nuint)Kthread.Run(&UntilStopped, null, $"many/{i}", out int error);
            Check.Equal(0, error);
        }

        Check.True(SchedThread.Until(ref s_ran, Many));
        Check.True(Tasks.Count > Many);
        for (int i = 0; i < Many; i++)
        {
            Check.Equal(-5, Kthread.Stop((TaskStruct*)s_tasks[i]));
        }
    }

    private static void MakeAndEnd(int rounds)
    {
        Begin();
        for (int made = 0; made < rounds; made += Batch)
        {
            int count = Math.Min(Batch, rounds - made);
            Shared.WriteOnce(ref s_alive, count);
            for (int i = 0; i < count; i++)
            {
                int pid = KernelThread.Run(&EndAtOnce, null, "short"u8);
                if (pid < 0)
                {
                    Check.Equal(0, pid);
                    return;
                }
            }

            Completion.Wait(Done);
        }
    }

    private static int EndAtOnce(void* unused)
    {
        Shared.AddReturn(ref s_ran, 1);
        if (Shared.AddReturn(ref s_alive, -1) == 0)
        {
            Completion.Complete(Done);
        }

        return 0;
    }
}
