// Machine: the simulated machine on which scenarios are explored: up to three CPUs, kernel tasks on stacks of their own, interrupts.
//
// A run: Boot (everything as after power-on), the scenario's Setup, Settle (every CPU runs until it halts or stands before its thread's first
// step), Explore. The first three go the same way every time, and their scheduling points decide nothing.
// In Explore each scheduling point asks the search which CPU makes the next step; control goes to that CPU's context (Machine.Control.cs).

using System.Reflection;
using CSharpOS.Historical;

namespace CSharpOS.Explorer;

/// <summary>The machine.</summary>
public static unsafe partial class Machine
{
    /// <summary>The most CPUs it can have.</summary>
    public const int MaxCpus = 3;

    internal const int RescheduleVector = 0;
    internal const int CallFunctionVector = 1;
    internal const int FirstScenarioVector = 2;
    internal const int Vectors = 7;

    private static readonly SimulatedCpu[] s_cpus = [new(0), new(1), new(2)];
    private static readonly Action?[] s_vectors = new Action?[Vectors];
    private static readonly string[] s_vectorNames = new string[Vectors];
    private static readonly Dictionary<nint, Context> s_contexts = [];
    private static readonly HashSet<string> s_begun = [];
    private static readonly Baton s_test = new();

    // What the entry code of the real kernel calls, and C# code cannot.
    private static readonly delegate*<TaskStruct*, void> s_scheduleTail = (delegate*<TaskStruct*, void>)Pointer("ScheduleTail");
    private static readonly delegate*<void> s_preemptScheduleIrq = (delegate*<void>)Pointer("PreemptScheduleIrq");

    private static Mode s_mode;
    private static SimulatedCpu s_current = s_cpus[0];
    private static Search? s_search;
    private static Scenario? s_scenario;
    private static string? s_failure;
    private static int s_threadsLeft;

    private enum Mode
    {
        Quiet,
        Settle,
        Explore,
        Over,
    }

    /// <summary>How many CPUs this machine has.</summary>
    public static int CpuCount { get; private set; } = 1;

    /// <summary>The time stamp counter. It stands still unless a scenario moves it.</summary>
    public static ulong Tsc { get; set; }

    /// <summary>Set up by a scenario in which a CPU looks whether others are in an interrupt handler: irq_enter and irq_exit are steps that others see. Dear, so
    /// off otherwise.</summary>
    public static bool CountsAreShared { get; set; }

    /// <summary>The number of the CPU that makes the present step.</summary>
    public static int CurrentCpu => s_current.Number;

    /// <summary>True on a machine whose threads are tasks of the kernel's scheduler.</summary>
    internal static bool RunsScheduler { get; private set; }

    /// <summary>True in Setup, Invariant and End: nothing is a scheduling point, and nobody is preempted.</summary>
    internal static bool IsQuiet => s_mode == Mode.Quiet;

    internal static SimulatedCpu Current => s_current;

    internal static SimulatedCpu[] Cpus => s_cpus;

    internal static bool RunIsOver => s_mode == Mode.Over;

    internal static int LastEvent => s_search?.LastEvent ?? -1;

    internal static int ThreadsLeft => s_threadsLeft;

    /// <summary>Zeroed memory for a scenario's objects, gone at the end of the run.</summary>
    public static T* Allocate<T>()
        where T : unmanaged => (T*)Heap.Allocate((nuint)sizeof(T));

    /// <summary>In Setup: does something as if CPU <paramref name="cpu"/> did it.</summary>
    public static void SetUpOn(int cpu, Action action)
    {
        SimulatedCpu before = s_current;
        s_current = s_cpus[cpu];
        action();
        s_current = before;
    }

    /// <summary>True once in each run for each name: for what test code keeps in statics.</summary>
    internal static bool StartsAnew(string name) => s_begun.Add(name);

    /// <summary>A failure of the scenario: throw it.</summary>
    public static Exception Fail(string message) => new ScheduleFailureException(message);

    /// <summary>One run of <paramref name="scenario"/> along <paramref name="search"/>. Null, or what failed.</summary>
    internal static string? Run(Scenario scenario, Search search)
    {
        s_mode = Mode.Quiet;
        s_scenario = scenario;
        s_search = search;
        s_failure = null;
        try
        {
            // As at boot: interrupts off, and nothing that may sleep does.
            Booting = true;
            Boot(scenario.Cpus, scenario.UsesScheduler);
            scenario.Setup();
            StartThreads(scenario);
            Booting = false;
            Settle();
            if (s_failure == null)
            {
                StoreBuffers.Reset(scenario.StoreBuffers);
                search.Begin();
                s_mode = Mode.Explore;
                StartFromTest();
                s_mode = Mode.Quiet;
                search.Finish();
                StoreBuffers.EndLocked();
                StoreBuffers.Reset(false);
                if (s_failure == null && !search.Pruned)
                {
                    s_current = s_cpus[0];
                    scenario.End();
                }
            }
        }
        catch (ScheduleFailureException failure)
        {
            s_failure ??= failure.Message;
        }
        finally
        {
            UnwindAll();
        }

        return s_failure;
    }

    /// <summary>Runs the invariant of the scenario, between two steps.</summary>
    internal static void CheckInvariant()
    {
        Mode mode = s_mode;
        s_mode = Mode.Quiet;
        try
        {
            s_scenario!.Invariant();
        }
        finally
        {
            s_mode = mode;
        }
    }

    /// <summary>What an interrupt does; the handler runs between irq_enter and irq_exit unless it is the entry code itself.</summary>
    internal static void SetVector(int vector, string name, Action handler, bool isEntry = false)
    {
        s_vectorNames[vector] = name;
        s_vectors[vector] = isEntry ? handler : () =>
        {
            IrqEnter();
            handler();
            IrqExit();
        };
    }

    internal static string VectorName(int vector) => s_vectorNames[vector];

    private static void Boot(int cpus, bool scheduler)
    {
        CpuCount = cpus;
        RunsScheduler = false;
        Tsc = 1000;
        CountsAreShared = false;
        Heap.Reset();
        Faults.Reset();
        s_contexts.Clear();
        s_begun.Clear();
        Array.Clear(s_vectors);
        PerCpuArea.Init(null);
        foreach (SimulatedCpu cpu in s_cpus)
        {
            cpu.Reset();
        }

        s_current = s_cpus[0];
        Smp.Reset();
        TextPool.Init();
        Clock.Init();
        Clock.SetTscKhz(1000);
        Trace.Init();
        Softirq.Init();
        Tasklet.Init();
        GlobalCli.Init();
        BottomHalf.Init();
        TaskQueues.Init();
        Rcu.Init();
        Timers.Init();
        Hrtimers.Init();
        for (int number = 1; number < cpus; number++)
        {
            Timers.InitCpu(number);
            Hrtimers.InitCpu(number);
        }

        SetVector(RescheduleVector, "reschedule IPI", () => { });
        SetVector(CallFunctionVector, "call-function IPI", Smp.RunCalledFunction);
        if (!scheduler)
        {
            return;
        }

        Scheduler.Init();
        RunsScheduler = true;

        // Number 1 is init's, which may not end.
        KernelThread.Create(&NoFunction, null, "init"u8, out _);
        AddTask(s_cpus[0].BootTask, "idle 0", Scheduler.IdleLoop);
        s_cpus[0].Context = s_contexts[(nint)s_cpus[0].BootTask];
        for (int number = 1; number < cpus; number++)
        {
            TaskStruct* idle = Scheduler.InitIdle(number);
            SimulatedCpu cpu = s_cpus[number];
            cpu.Hot->Current = idle;
            AddTask(idle, $"idle {number}", () => Scheduler.SecondaryIdle(cpu.Number));
            cpu.Context = s_contexts[(nint)idle];
        }
    }

    private static void StartThreads(Scenario scenario)
    {
        s_threadsLeft = scenario.Threads.Count;
        foreach (ScenarioThread thread in scenario.Threads)
        {
            Action body = thread.Body;
            if (RunsScheduler)
            {
                StartTask(thread, body);
                continue;
            }

            SimulatedCpu cpu = s_cpus[thread.Cpu];
            if (cpu.Context != null)
            {
                throw new InvalidOperationException("two threads on one CPU need UsesScheduler");
            }

            cpu.Context = Context.Take(thread.Name, cpu.BootTask, () => BareThread(body));
        }

        foreach (SimulatedCpu cpu in s_cpus[..CpuCount])
        {
            cpu.Context ??= Context.Take($"cpu {cpu.Number}", cpu.BootTask, () => BareThread(null));
        }
    }

    private static void StartTask(ScenarioThread thread, Action body)
    {
        int error = KernelThread.Create(&NoFunction, null, System.Text.Encoding.UTF8.GetBytes(thread.Name), out TaskStruct* task);
        if (error != 0)
        {
            throw new InvalidOperationException($"no thread: {error}");
        }

        task->CpusAllowed = thread.AnyCpu ? uint.MaxValue : 1u << thread.Cpu;
        task->Cpu = thread.Cpu;
        thread.Task = task;
        AddTask(task, thread.Name, () =>
        {
            s_scheduleTail(s_contexts[(nint)task].Previous);
            if (!thread.BeginsEarly)
            {
                Point(OpKind.Gate, 0, "begins");
            }

            body();
            s_threadsLeft--;
            if (thread.Exits)
            {
                KernelThread.Exit(0);
            }

            // It sleeps for good: its end is not part of the scenario.
            while (true)
            {
                Scheduler.SetCurrentStateNoBarrier(TaskState.Uninterruptible);
                Scheduler.Schedule();
            }
        });
        if (thread.RealTimePriority > 0)
        {
            Scheduler.SetScheduler(task, SchedPolicy.Fifo, thread.RealTimePriority);
        }

        if (!thread.StartsStopped)
        {
            Scheduler.WakeUpProcess(task);
        }
    }

    private static int NoFunction(void* argument) => 0;

    private static void BareThread(Action? body)
    {
        s_current.InterruptsEnabled = true;
        if (body != null)
        {
            Point(OpKind.Gate, 0, "begins");
            body();
            s_threadsLeft--;
        }

        while (true)
        {
            Point(OpKind.End, 0, "has ended");
        }
    }

    private static void AddTask(TaskStruct* task, string name, Action work) => s_contexts[(nint)task] = Context.Take(name, task, work);

    private static nint Pointer(string method) =>
        typeof(Scheduler).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!.MethodHandle.GetFunctionPointer();
}

/// <summary>What <see cref="Machine.Fail"/> gives.</summary>
public sealed class ScheduleFailureException(string message) : Exception(message);
