// HistoricalTests: the mechanisms of before 2.5 in the booted kernel. The parts: HistoricalBhTests BHs, HistoricalQueueTests task queues, HistoricalCliTests the
// global cli().
//
// The tests run on CPU 0. What they mark between LocalBhDisable and LocalBhEnable runs in the latter.

namespace CSharpOS.Suites;

public static unsafe class HistoricalTests
{

    [TestSuite("historical")]
    public static void Suite()
    {
        OnCpuZero.Run("there are 32 BHs; another number is refused and reported"u8, "OLD-01"u8, &HistoricalBhTests.Numbers);
        OnCpuZero.Run("a BH runs in a softirq, interrupts on, before ordinary tasklets"u8, "OLD-01"u8, &HistoricalBhTests.Context);
        OnCpuZero.Run("marked twice it runs once; marked while it runs, again"u8, "OLD-01"u8, &HistoricalBhTests.Once);
        OnCpuZero.Run("a handler's BH runs after it"u8, "OLD-01"u8, &HistoricalBhTests.FromHandler);
        OnCpuZero.Run("a removed BH does not run"u8, "OLD-01"u8, &HistoricalBhTests.Removed);
        OnCpuZero.Run("remove_bh waits while it runs on another CPU"u8, "OLD-01"u8, &HistoricalBhTests.RemoveWaits);
        OnCpuZero.Run("while one runs on another CPU, no other begins; a tasklet does"u8, "OLD-01"u8, &HistoricalBhTests.OtherWaits);
        OnCpuZero.Run("no two at once on the whole machine, and none is lost"u8, "OLD-01"u8, &HistoricalBhTests.NeverTwo);

        OnCpuZero.Run("a queue made at run time: in order, each once, the data arrive"u8, "OLD-02"u8, &HistoricalQueueTests.OwnQueue);
        OnCpuZero.Run("what is queued while the queue runs waits for the next time"u8, "OLD-02"u8, &HistoricalQueueTests.QueuesItself);
        OnCpuZero.Run("a function may free its entry"u8, "OLD-02"u8, &HistoricalQueueTests.FreesItself);
        OnCpuZero.Run("the timer queue is run at the next tick, in a softirq"u8, "OLD-02"u8, &HistoricalQueueTests.TimerQueue);
        OnCpuZero.Run("the immediate queue: on return from an interrupt"u8, "OLD-02"u8, &HistoricalQueueTests.ImmediateAfterInterrupt);
        OnCpuZero.Run("the immediate queue: at local_bh_enable, at do_softirq, in ksoftirqd"u8, "OLD-02"u8, &HistoricalQueueTests.ImmediateElsewhere);
        OnCpuZero.Run("the immediate queue is not run unless it is marked"u8, "OLD-02"u8, &HistoricalQueueTests.ImmediateNotMarked);
        OnCpuZero.Run("the scheduler queue is run by keventd, where functions may sleep"u8, "OLD-02"u8, &HistoricalQueueTests.SchedulerQueue);
        OnCpuZero.Run("a function that sleeps keeps the others of keventd waiting"u8, "OLD-02"u8, &HistoricalQueueTests.SleeperBlocks);
        OnCpuZero.Run("all CPUs schedule tasks, nothing is lost"u8, "OLD-02"u8, &HistoricalQueueTests.Stress);

        OnCpuZero.Run("save_flags and restore_flags: on, off here, off everywhere"u8, "OLD-03"u8, &HistoricalCliTests.Flags);
        OnCpuZero.Run("no interrupt is served on another CPU, its tick neither"u8, "OLD-03"u8, &HistoricalCliTests.OthersHeldOff);
        OnCpuZero.Run("cli waits for a handler on another CPU, and for what interrupts it"u8, "OLD-03"u8, &HistoricalCliTests.WaitsForHandler);
        OnCpuZero.Run("cli waits for a BH on another CPU, and keeps BHs off"u8, "OLD-03"u8, &HistoricalCliTests.WaitsForBottomHalf);
        OnCpuZero.Run("a second CPU's cli waits for the first one's sti"u8, "OLD-03"u8, &HistoricalCliTests.SecondWaits);
        OnCpuZero.Run("cli in a handler: another CPU's waits for it, and it for others"u8, "OLD-03"u8, &HistoricalCliTests.InHandler);
        OnCpuZero.Run("cli on all CPUs at once, in threads and handlers, excludes"u8, "OLD-03"u8, &HistoricalCliTests.Exclusion);
        OnCpuZero.Run("a handler that forgets sti is reported, and the machine goes on"u8, "OLD-03"u8, &HistoricalCliTests.Forgotten);
    }
}
