// SchedMachine: run queues on the simulated machine. Schedule makes the kernel's own decision; the switch itself is played: the task that was chosen
// becomes current.

using System.Runtime.InteropServices;
using CSharpOS.Arch;
using CSharpOS.Hosted.Mm;
using CSharpOS.Sched;
using Cpus = CSharpOS.Arch.Smp;

namespace CSharpOS.Hosted.Sched;

/// <summary>CPUs with their idle tasks, and tasks made at will.</summary>
public sealed unsafe class SchedMachine : IDisposable
{
    private readonly List<nint> _tasks = [];

    public SchedMachine(int cpus = 1)
    {
        SimulatedMemory.Start(16);
        Clock.Init();
        Cpus.Reset();
        Cpus.OnlineMask = (1u << cpus) - 1;
        Softirq.Init();
        Scheduler.Init();
        for (int cpu = 1; cpu < cpus; cpu++)
        {
            RunQueue* rq = RunQueues.Of(cpu);
            RunQueue.Init(rq, cpu);
            rq->Idle = rq->Current = Simulation.Hot(cpu)->Current;
            *rq->Idle = new TaskStruct { Flags = TaskFlags.Idle, Prio = Priority.Count, Cpu = cpu, CpusAllowed = 1u << cpu };
        }

        Simulation.InterruptsEnabled = true;
    }

    public void Dispose()
    {
        foreach (nint task in _tasks)
        {
            NativeMemory.Free((void*)task);
        }

        Scheduler.Running = false;
        Cpus.Reset();
    }

    /// <summary>A task that has not started.</summary>
    public TaskStruct* Task(int nice = 0, uint allowed = uint.MaxValue, int cpu = 0)
    {
        var task = (TaskStruct*)NativeMemory.AllocZeroed((nuint)sizeof(TaskStruct));
        _tasks.Add((nint)task);
        task->Pid = _tasks.Count;
        task->State = (int)TaskState.Stopped;
        task->StaticPrio = Priority.FromNice(nice);
        task->Prio = Priority.Effective(task);
        task->TimeSlice = Priority.TimeSlice(task->StaticPrio);
        task->CpusAllowed = allowed;
        task->Cpu = cpu;
        return task;
    }

    /// <summary>A runnable one.</summary>
    public TaskStruct* Runnable(int nice = 0, uint allowed = uint.MaxValue, int cpu = 0)
    {
        TaskStruct* task = Task(nice, allowed, cpu);
        task->State = (int)TaskState.Running;
        RunQueue.Activate(RunQueues.Of(cpu), task);
        return task;
    }

    /// <summary>The scheduler decides, on the current CPU; gives the task that runs from now on.</summary>
    public static TaskStruct* Schedule()
    {
        RunQueue* rq = RunQueues.This;
        try
        {
            Scheduler.Schedule();
        }
        catch (SimulatedSwitchException)
        {
            rq->Lock.ReleaseNoPreempt();
            Simulation.InterruptsEnabled = true;
            Cpu.Hot->PreemptCount = 0;
            Cpu.Hot->Current = rq->Current;
        }

        return rq->Current;
    }

    /// <summary>So many ticks of the current CPU, in its timer interrupt; the time goes on as well.</summary>
    public static void Ticks(int count)
    {
        for (int i = 0; i < count; i++)
        {
            bool enabled = Simulation.InterruptsEnabled;
            Simulation.InterruptsEnabled = false;
            IrqEnter();
            Clock.Tick();
            Scheduler.Tick();
            IrqExit();
            Simulation.InterruptsEnabled = enabled;
        }
    }
}
