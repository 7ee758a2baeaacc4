// Watchdog: notices a CPU on which nobody is scheduled any more (soft lockup). Watchdog.Hard.cs: one that takes no interrupts (hard lockup).
//
// Linux: kernel/softlockup.c, kernel/watchdog.c. One thread per CPU, watchdog/n, bound, of the highest real-time priority: if anything is scheduled
// there, it is. Once in a while the CPU's tick wakes it and it notes the count of ticks; the tick compares. Contexts: Tick hard interrupt, interrupts
// off; Touch any; the rest process context. No locks: a CPU's cell is written by that CPU, by its neighbour, or by an NMI on it, each in words of
// its own.
// Why a slow emulator raises no false alarm. A soft lockup is counted in ticks that this very CPU has taken: while the emulator lets it stand still it
// takes none. A hard lockup needs the CPU's own word, once for every second of it: an NMI that found it with interrupts off, again and again,
// without a tick in between. A CPU that stands still does not answer; when it goes on, the one NMI that was kept for it is followed by its tick,
// which begins the count afresh.
// Boot options: watchdog_thresh=SECONDS (10; 0 turns both off), nowatchdog, nosoftlockup, nmi_watchdog=0.

using CSharpOS.Init;

namespace CSharpOS.Debugging;

/// <summary>The lockup detectors.</summary>
/// <rows>SYNC-04</rows>
public static unsafe partial class Watchdog
{
    private const int DefaultSeconds = 10;
    private const int MaxSeconds = 3600;
    private const uint ChecksPerThreshold = 10;
    private const LogLevel Level = LogLevel.Emergency;

    private static PerCpu<Cell> s_cells;
    private static uint s_threshold;
    private static uint s_period;
    private static bool s_soft, s_hard;

    /// <summary>Ticks without a schedule, or seconds' worth of NMIs without a tick, that make a lockup; 0: nobody watches. Setting it begins afresh on
    /// every CPU. Process context.</summary>
    /// <linux>watchdog_thresh</linux>
    public static uint Threshold
    {
        get => Shared.ReadOnce(ref s_threshold);
        set
        {
            Shared.WriteOnce(ref s_threshold, 0u);
            Shared.WriteOnce(ref s_period, value < ChecksPerThreshold ? 1 : value / ChecksPerThreshold);
            TouchAll();
            Shared.WriteOnce(ref s_threshold, value);
        }
    }

    /// <summary>Starts the thread of every online CPU, as far as the command line lets it. Once, at boot, when the CPUs run. May sleep.</summary>
    /// <returns>0, -ENOMEM or -EAGAIN.</returns>
    /// <linux>spawn_softlockup_task</linux>
    public static int Start()
    {
        s_cells = PerCpu<Cell>.Allocate();
        s_threshold = 0;
        int seconds = Seconds();
        s_soft = !CommandLine.Has("nosoftlockup"u8);
        s_hard = !(CommandLine.TryGetInt("nmi_watchdog"u8, out int nmi) && nmi == 0);
        if (CommandLine.Has("nowatchdog"u8))
        {
            return 0;
        }

        int error = s_hard ? Smp.RegisterNmiCallback(&Answer) : 0;
        for (int cpu = 0; cpu < Cpu.MaxCpus && error == 0; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                error = StartThread(cpu);
            }
        }

        Threshold = (uint)(seconds * HZ);
        return error;
    }

    private static int Seconds()
    {
        if (!CommandLine.TryGetValue("watchdog_thresh"u8, out ReadOnlySpan<byte> text))
        {
            return DefaultSeconds;
        }

        if (CommandLine.TryGetInt("watchdog_thresh"u8, out int wanted) && wanted is >= 0 and <= MaxSeconds)
        {
            return wanted;
        }

        Printk(LogLevel.Warning, $"watchdog_thresh={text}: not 0 to {MaxSeconds} seconds, ignored\n");
        return DefaultSeconds;
    }

    /// <summary>Tells the watchdog that this CPU is about to be busy for long, and rightly so. Any context.</summary>
    /// <linux>touch_softlockup_watchdog</linux>
    public static void Touch()
    {
        ulong flags = LocalIrqSave();
        Cell* cell = s_cells.This;
        Shared.WriteOnce(ref cell->Stamp, cell->Ticks);
        LocalIrqRestore(flags);
    }

    /// <summary>The same for all CPUs.</summary>
    /// <linux>touch_all_softlockup_watchdogs</linux>
    public static void TouchAll()
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                Cell* cell = s_cells.On(cpu);
                Shared.WriteOnce(ref cell->Stamp, Shared.ReadOnce(ref cell->Ticks));
            }
        }
    }

    /// <summary>How many ticks CPU <paramref name="cpu"/> has taken since the watchdog was started. Any context.</summary>
    public static uint TicksOf(int cpu) => Shared.ReadOnce(ref s_cells.On(cpu)->Ticks);

    /// <summary>One tick of this CPU. Hard interrupt, interrupts off.</summary>
    /// <linux>softlockup_tick</linux>
    internal static void Tick()
    {
        uint threshold = Shared.ReadOnce(ref s_threshold);
        if (threshold == 0)
        {
            return;
        }

        Cell* cell = s_cells.This;
        uint ticks = cell->Ticks + 1;
        Shared.WriteOnce(ref cell->Ticks, ticks);
        if (ticks % Shared.ReadOnce(ref s_period) == 0)
        {
            if (cell->Thread != null)
            {
                Scheduler.WakeUpProcess(cell->Thread);
            }

            CheckNeighbour(threshold);
        }

        uint stuck = ticks - Shared.ReadOnce(ref cell->Stamp);
        if (stuck > threshold && cell->Reported != cell->Stamp && s_soft && cell->Thread != null)
        {
            // Once for each time that the thread does not run.
            cell->Reported = cell->Stamp;
            ReportSoft(stuck);
        }
    }

    private static int StartThread(int cpu)
    {
        Cell* cell = s_cells.On(cpu);
        *cell = default;
        cell->Reported = uint.MaxValue;
        TaskStruct* thread = Kthread.Create(&Serve, cell, $"watchdog/{cpu}", out int error);
        if (thread == null)
        {
            return error;
        }

        Kthread.Bind(thread, cpu);
        Scheduler.SetScheduler(thread, SchedPolicy.Fifo, 99);
        cell->Thread = thread;
        Scheduler.WakeUpProcess(thread);
        return 0;
    }

    private static int Serve(void* argument)
    {
        var cell = (Cell*)argument;
        while (true)
        {
            Scheduler.SetCurrentState(TaskState.Interruptible);
            Shared.WriteOnce(ref cell->Stamp, Shared.ReadOnce(ref cell->Ticks));
            Scheduler.Schedule();
        }
    }

    private static void ReportSoft(uint stuck)
    {
        TaskStruct* task = Current;
        Printk(Level, $"BUG: soft lockup - CPU#{SmpProcessorId()} stuck for {stuck / HZ}s! [{task->Name}:{task->Pid}]\n");
        PrintWhere(InterruptRegs, task);
    }

    private static void PrintWhere(PtRegs* regs, TaskStruct* task)
    {
        CallTrace.PrintTask(Level);
#if DEBUG_CHECKS
        LockValidator.PrintHeldLocks(task);
#endif
        if (regs != null)
        {
            OopsRegisters.Print(Level, regs, 0, Paging.Root);
            CallTrace.Print(Level, regs);
        }
    }

    private struct Cell
    {
        public TaskStruct* Thread;

        /// <summary>Ticks that this CPU took; the count at which its thread ran last; the value of Stamp that was reported.</summary>
        public uint Ticks, Stamp, Reported;

        /// <summary>The neighbour's: the count it saw last, and how many looks ago that changed.</summary>
        public uint SeenTicks, Missed;

        /// <summary>Set by the neighbour, cleared by the NMI.</summary>
        public int Asked;

        /// <summary>The NMI's: its answers in a row, the count of ticks they are for, and whether it has reported.</summary>
        public uint Answers, AnswerTicks;
        public int HardReported;
    }
}
