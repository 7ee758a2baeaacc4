// SchedThread: a thread under test. It lives on the stack of the test until Join.
//
// A test that wants to see an order runs at FIFO 98 on the threads' CPU meanwhile (BeConductor): what it wakes runs only when it sleeps itself, in
// Join. Before a deadline a test does not sleep but gives the CPU away (Until), so that a thread that was lost is noticed and not waited for.

namespace CSharpOS.Suites;

internal unsafe struct SchedThread
{
    /// <summary>The priority of a test that sets a scene: above every thread under test, below the migration threads.</summary>
    internal const int ConductorPriority = 98;

    private const uint Patience = 10 * HZ;

    /// <summary>The thread; a reference is held.</summary>
    public TaskStruct* Task;

    private delegate*<void*, void> _function;
    private void* _argument;
    private Completion _done;

    /// <summary>Makes a thread for one CPU (any for -1) that <see cref="Start"/> starts. False, and the test fails: it could not be made.</summary>
    public static bool Make(SchedThread* thread, int cpu, delegate*<void*, void> function, void* argument)
    {
        thread->_function = function;
        thread->_argument = argument;
        Completion.Init(&thread->_done);
        thread->Task = Kthread.Create(&Main, thread, $"sched_test", out int error);
        Check.Equal(0, error);
        if (thread->Task == null)
        {
            return false;
        }

        Tasks.Get(thread->Task);
        if (cpu >= 0)
        {
            Check.Equal(0, Scheduler.SetCpusAllowed(thread->Task, 1u << cpu));
        }

        return true;
    }

    /// <summary>Lets it run.</summary>
    public static void Start(SchedThread* thread) => Scheduler.WakeUpProcess(thread->Task);

    /// <summary>Makes and starts one.</summary>
    public static bool Run(SchedThread* thread, int cpu, delegate*<void*, void> function, void* argument)
    {
        bool made = Make(thread, cpu, function, argument);
        if (made)
        {
            Start(thread);
        }

        return made;
    }

    /// <summary>Waits until its function has returned and it has left its stack.</summary>
    public static void Join(SchedThread* thread)
    {
        if (thread->Task == null)
        {
            return;
        }

        Completion.Wait(&thread->_done);
        Kthread.Stop(thread->Task);
        Tasks.Put(thread->Task);
        thread->Task = null;
    }

    /// <summary>True once its function has returned.</summary>
    public static bool IsDone(SchedThread* thread) => Completion.IsDone(&thread->_done);

    /// <summary>Waits until the thread sleeps: its state says so, and it has left its run queue. False: it does not within ten seconds.</summary>
    public static bool Asleep(SchedThread* thread)
    {
        uint start = Jiffies;
        while (Shared.ReadOnce(ref thread->Task->State) == (int)TaskState.Running || Shared.ReadOnce(&thread->Task->Array) != null)
        {
            if (Jiffies - start > Patience)
            {
                return false;
            }

            GiveWay();
        }

        return true;
    }

    /// <summary>Waits until <paramref name="word"/> has at least <paramref name="value"/>. False: it stood still for ten seconds.</summary>
    public static bool Until(ref int word, int value)
    {
        uint start = Jiffies;
        int last = Shared.ReadOnce(ref word);
        while (last < value)
        {
            GiveWay();
            int now = Shared.ReadOnce(ref word);
            if (now != last)
            {
                last = now;
                start = Jiffies;
            }
            else if (Jiffies - start > Patience)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Computes for so many milliseconds, without a pause and without a call into the scheduler.</summary>
    public static void Compute(int milliseconds)
    {
        ulong start = ReadTsc();
        while (ReadTsc() - start < (ulong)milliseconds * TscKhz)
        {
        }
    }

    /// <summary>The running test on CPU 0, above the threads under test.</summary>
    public static void BeConductor()
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        Check.Equal(0, Scheduler.SetScheduler(Current, SchedPolicy.Fifo, ConductorPriority));
    }

    /// <summary>The running test as it was.</summary>
    public static void BeOrdinary()
    {
        Check.Equal(0, Scheduler.SetScheduler(Current, SchedPolicy.Normal, 0));
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
    }

    /// <summary>Lets others run, on this CPU and, where the emulator's CPUs take turns, on others.</summary>
    public static void GiveWay()
    {
        CpuRelax();
        Scheduler.Yield();
    }

    private static int Main(void* argument)
    {
        var thread = (SchedThread*)argument;
        thread->_function(thread->_argument);
        Completion.Complete(&thread->_done);
        return 0;
    }
}
