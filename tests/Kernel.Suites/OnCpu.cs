// OnCpu: tests that want to know which CPU they run on, and threads on the others. Process context.
//
// Who spins until a thread on another CPU has done something has to be bound elsewhere itself: without kernel preemption a thread that was
// woken on the spinning CPU never runs.

namespace CSharpOS.Suites;

/// <summary>Tests whose thread stays on CPU 0.</summary>
internal static unsafe class OnCpuZero
{
    private static delegate*<void> s_body;

    /// <summary>Runs a test bound to CPU 0.</summary>
    public static void Run(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rows, delegate*<void> body)
    {
        s_body = body;
        Test.Run(name, rows, &Bound);
    }

    private static void Bound()
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        s_body();
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }
}

/// <summary>A function that runs in a thread bound to a CPU. Lives on the stack of who starts it, until Wait returns.</summary>
internal unsafe struct OnCpu
{
    private delegate*<void*, void> _function;
    private void* _argument;
    private Completion _done;

    /// <summary>Starts the thread. False: it could not be made.</summary>
    public static bool Start(OnCpu* job, int cpu, delegate*<void*, void> function, void* argument)
    {
        job->_function = function;
        job->_argument = argument;
        Completion.Init(&job->_done);
        TaskStruct* task = Kthread.Create(&Thread, job, $"smp_test/{cpu}", out int error);
        Check.Equal(0, error);
        if (task == null)
        {
            return false;
        }

        Kthread.Bind(task, cpu);
        Scheduler.WakeUpProcess(task);
        return true;
    }

    /// <summary>Waits until the function has returned.</summary>
    public static void Wait(OnCpu* job) => Completion.Wait(&job->_done);

    private static int Thread(void* argument)
    {
        var job = (OnCpu*)argument;
        job->_function(job->_argument);
        Completion.Complete(&job->_done);
        return 0;
    }
}
