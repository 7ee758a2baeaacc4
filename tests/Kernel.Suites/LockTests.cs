// LockTests: atomics, locks and per-CPU variables, with real concurrency where there are several CPUs and by preemption or yielding where there is one.
//
// The tests run on CPU 0. A crew is a set of threads that run one function at the same time, one per CPU, two where there is one CPU. Nothing
// waits by spinning for a thread that may be on the same CPU: a kernel without preemption would wait for ever.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe class LockTests
{

    [TestSuite("lock")]
    public static void Suite()
    {
        OnCpuZero.Run("atomic_t and atomic64_t: results of every operation"u8, "SYNC-01"u8, &LockAtomicTests.Results);
        OnCpuZero.Run("N times i++ on all CPUs is exact"u8, "SYNC-01"u8, &LockAtomicTests.Counting);
        OnCpuZero.Run("add_unless never passes its limit"u8, "SYNC-01"u8, &LockAtomicTests.AddUnless);
        OnCpuZero.Run("bit operations, one CPU per bit"u8, "SYNC-01"u8, &LockAtomicTests.BitsOfAWord);
        OnCpuZero.Run("every atomic operation is a locked instruction"u8, "SYNC-01"u8, &LockCodeTests.AtomicCode);
        OnCpuZero.Run("barriers: the compiler, and the store buffer"u8, "SYNC-01"u8, &LockAtomicTests.Barriers);

        OnCpuZero.Run("spin lock: what each form turns off"u8, "SYNC-02"u8, &LockSpinTests.Contexts);
        OnCpuZero.Run("spin lock: trylock's result"u8, "SYNC-02"u8, &LockSpinTests.TryLock);
        OnCpuZero.Run("spin lock: N times i++ under every form"u8, "SYNC-02"u8, &LockSpinTests.Counting);
        OnCpuZero.Run("spin lock: shared with an interrupt"u8, "SYNC-02"u8, &LockContextTests.WithInterrupt);
        OnCpuZero.Run("_bh forms: shared with a tasklet"u8, "SYNC-02"u8, &LockContextTests.WithTasklet);
        OnCpuZero.Run("spin lock: served in order of arrival"u8, "SYNC-02"u8, &LockSpinTests.Fair);
        OnCpuZero.Run("spin_unlock_wait waits for the holder"u8, "SYNC-02"u8, &LockSpinTests.UnlockWait);
        OnCpuZero.Run("unlock of a spinning lock that is not held is reported"u8, "SYNC-02"u8, &LockContextTests.NotHeld);
        OnCpuZero.Run("sleeping under a spinning lock is reported"u8, "SYNC-02 SIRQ-09"u8, &LockContextTests.Sleeping);

        OnCpuZero.Run("rwlock: readers together, a writer alone"u8, "SYNC-02"u8, &LockRwTests.TryLock);
        OnCpuZero.Run("rwlock: a reader waits for the writer, a writer for the reader"u8, "SYNC-02"u8, &LockRwTests.Waits);
        OnCpuZero.Run("rwlock: what each form turns off"u8, "SYNC-02"u8, &LockRwTests.Contexts);
        OnCpuZero.Run("rwlock: readers see whole changes, N times i++"u8, "SYNC-02"u8, &LockRwTests.Counting);
        OnCpuZero.Run("rwlock: a waiting writer keeps new readers out, not nested ones"u8, "SYNC-02"u8, &LockRwTests.Fair);
        OnCpuZero.Run("seqlock: readers retry, and writers exclude each other"u8, "SYNC-02"u8, &LockRwTests.SeqLockBasics);
        OnCpuZero.Run("seqlock: no torn pair while writers hammer"u8, "SYNC-02"u8, &LockRwTests.SeqLockTorn);

        OnCpuZero.Run("semaphore: count, trylock, i++"u8, "SYNC-03"u8, &LockSleepTests.SemaphoreCounts);
        OnCpuZero.Run("semaphore: handed over in order of arrival"u8, "SYNC-03"u8, &LockSleepTests.SemaphoreOrder);
        OnCpuZero.Run("semaphore: no wake-up is lost"u8, "SYNC-03"u8, &LockSleepTests.PingPong);
        OnCpuZero.Run("semaphore: up from an interrupt"u8, "SYNC-03"u8, &LockSleepTests.UpFromInterrupt);
        OnCpuZero.Run("mutex: exclusion, trylock, i++"u8, "SYNC-03"u8, &LockSleepTests.MutexCounts);
        OnCpuZero.Run("mutex: handed over in order of arrival"u8, "SYNC-03"u8, &LockSleepTests.MutexOrder);
        OnCpuZero.Run("mutex: misuse is reported"u8, "SYNC-03"u8, &LockSleepTests.MutexMisuse);
        OnCpuZero.Run("rwsem: readers together, a writer alone, i++"u8, "SYNC-03"u8, &LockRwsemTests.Counting);
        OnCpuZero.Run("rwsem: neither readers nor writers starve"u8, "SYNC-03"u8, &LockRwsemTests.Order);
        OnCpuZero.Run("rwsem: downgrade lets readers in, not writers"u8, "SYNC-03"u8, &LockRwsemTests.Downgrade);
        OnCpuZero.Run("rwsem: misuse is reported"u8, "SYNC-03"u8, &LockRwsemTests.Misuse);
        OnCpuZero.Run("sleeping locks in atomic context are reported"u8, "SYNC-03 SIRQ-09"u8, &LockSleepTests.Atomic);

        OnCpuZero.Run("per-CPU variables: get and put, sums are exact"u8, "SYNC-03"u8, &LockPerCpuTests.Counting);
        OnCpuZero.Run("per-CPU variables: allocated, freed, zero again"u8, "SYNC-03"u8, &LockPerCpuTests.Allocation);

        OnCpuZero.Run("what a spin lock leaves in this build"u8, "SYNC-06"u8, &LockCodeTests.SpinLockCode);
        OnCpuZero.Run("what a reader-writer lock leaves in this build"u8, "SYNC-06"u8, &LockCodeTests.RwLockCode);
    }

    /// <summary>Threads in a crew.</summary>
    internal static int CrewSize => Math.Max(2, Smp.CpuCount);

    /// <summary>Turns per thread of a crew: fewer with many CPUs, on which a fair lock goes round slowly under emulation.</summary>
    internal static int Turns(int usual) => SmpTests.Rounds(Smp.CpuCount > 2 ? usual / 8 : usual);
}

/// <summary>Threads that run one function with their number as argument. Lives on the stack of the test.</summary>
internal unsafe struct Crew
{
    private const int Most = Cpu.MaxCpus;

    private delegate*<int, void> _function;
    private int _count;
    private bool _together;
    private int _ready;
    private Completion _go;
    private Members _members;

    /// <summary>Runs <paramref name="function"/>(0), (1), ... in threads that start together, and waits for all.</summary>
    public static void RunAll(delegate*<int, void> function, bool bound = true)
    {
        Crew crew = default;
        Begin(&crew, function);
        for (int i = 0; i < LockTests.CrewSize; i++)
        {
            Add(&crew, bound ? i % Smp.CpuCount : -1);
        }

        crew._together = bound && LockTests.CrewSize <= Smp.CpuCount;

        Go(&crew);
        WaitAll(&crew);
    }

    /// <summary>Makes an empty crew.</summary>
    public static void Begin(Crew* crew, delegate*<int, void> function)
    {
        crew->_function = function;
        crew->_count = 0;
        crew->_together = false;
        crew->_ready = 0;
        Completion.Init(&crew->_go);
    }

    /// <summary>Adds a thread on a CPU (-1: any), which waits for Go.</summary>
    public static void Add(Crew* crew, int cpu)
    {
        int number = crew->_count++;
        Member* member = Of(crew, number);
        *member = new Member { Crew = crew, Number = number };
        Completion.Init(&member->Done);
        TaskStruct* task = Kthread.Create(&Thread, member, $"lock_test/{number}", out int error);
        Check.Equal(0, error);
        if (task == null)
        {
            Completion.CompleteAll(&member->Done);
            return;
        }

        Tasks.Get(task);
        member->Task = task;
        if (cpu >= 0)
        {
            Kthread.Bind(task, cpu);
        }

        Scheduler.WakeUpProcess(task);
    }

    /// <summary>Lets all run, those added later at once.</summary>
    public static void Go(Crew* crew) => Completion.CompleteAll(&crew->_go);

    /// <summary>Waits until all have returned.</summary>
    public static void WaitAll(Crew* crew)
    {
        for (int i = 0; i < crew->_count; i++)
        {
            Wait(crew, i);
        }
    }

    /// <summary>Waits until one has returned.</summary>
    public static void Wait(Crew* crew, int number)
    {
        Member* member = Of(crew, number);
        if (member->Task != null)
        {
            Completion.Wait(&member->Done);
            Tasks.Put(member->Task);
            member->Task = null;
        }
    }

    /// <summary>Called by a member: from here on, the next time it goes to sleep is the one that <see cref="WaitAsleep"/> waits for.</summary>
    public static void AboutToSleep(int number)
    {
        Shared.WriteOnce(ref s_switches[number], (long)Current->VoluntarySwitches);
        Shared.WriteOnce(ref s_about[number], 1);
    }

    /// <summary>Waits until a member has gone to sleep after its <see cref="AboutToSleep"/>; five seconds at most.</summary>
    public static bool WaitAsleep(Crew* crew, int number)
    {
        TaskStruct* task = Of(crew, number)->Task;
        ulong start = MonotonicMicroseconds();
        while (task != null && MonotonicMicroseconds() - start < 5_000_000)
        {
            if (Shared.ReadOnce(ref s_about[number]) != 0
                && (long)Shared.ReadOnce(ref task->VoluntarySwitches) > Shared.ReadOnce(ref s_switches[number]))
            {
                Shared.WriteOnce(ref s_about[number], 0);
                return true;
            }

            Scheduler.Yield();
        }

        return false;
    }

    private static PerCpuNumbers s_switches;
    private static PerCpuNumbers s_about;

    private static Member* Of(Crew* crew, int number) => (Member*)Unsafe.AsPointer(ref crew->_members) + number;

    private static int Thread(void* argument)
    {
        var member = (Member*)argument;
        Crew* crew = member->Crew;
        Completion.Wait(&crew->_go);
        if (crew->_together)
        {
            // One on each CPU: none begins before all are there, or the first might be done before the last has begun.
            Shared.AddReturn(ref crew->_ready, 1);
            while (Shared.ReadOnce(ref crew->_ready) != crew->_count)
            {
                CpuRelax();
            }
        }

        crew->_function(member->Number);
        Completion.Complete(&member->Done);
        return 0;
    }

    private struct Member
    {
        public Crew* Crew;
        public TaskStruct* Task;
        public int Number;
        public Completion Done;
    }

    [InlineArray(Most)]
    private struct Members
    {
        private Member _first;
    }
}
