// TaskletTracker: knows which tasklets are scheduled or running, so that one whose memory is freed meanwhile is found. Builds with checks only.
//
// Linux: lib/debugobjects.c, for timers and works. Adding and removing: interrupts off, own CPU, no lock. Looking: any context, any CPU, by single
// reads; a tasklet that comes or goes at that moment may be missed, one that lies there is found.
// A CPU that has more than 32 tasklets scheduled does not track the others.

#if DEBUG_CHECKS

using System.Numerics;

namespace CSharpOS.Softirqs;

/// <summary>The scheduled tasklets of every CPU.</summary>
internal static unsafe class TaskletTracker
{
    private const int Slots = 32;

    private static PerCpu<Scheduled> s_scheduled;

    internal static void Init() => s_scheduled = PerCpu<Scheduled>.Allocate();

    /// <summary>The tasklet goes on a list of this CPU. Interrupts off.</summary>
    internal static void Add(TaskletStruct* tasklet)
    {
        Scheduled* table = s_scheduled.This;
        tasklet->TrackerSlot = -1;
        if (table->Used != uint.MaxValue)
        {
            int slot = BitOperations.TrailingZeroCount(~table->Used);
            tasklet->TrackerSlot = slot;
            table->Tasklets[slot] = (ulong)tasklet;
            Shared.WriteOnce(ref table->Used, table->Used | (1u << slot));
        }
    }

    /// <summary>It is taken off this CPU's list, to be run. In the softirq, interrupts on.</summary>
    internal static void Begin(TaskletStruct* tasklet)
    {
        Scheduled* table = s_scheduled.This;
        Shared.WriteOnce(ref table->Running, (ulong)tasklet);
        ulong flags = LocalIrqSave();
        int slot = tasklet->TrackerSlot;
        if ((uint)slot < Slots && table->Tasklets[slot] == (ulong)tasklet)
        {
            Shared.WriteOnce(ref table->Used, table->Used & ~(1u << slot));
        }

        LocalIrqRestore(flags);
    }

    /// <summary>It has run, or is back on the list. In the softirq; the tasklet itself may be gone already.</summary>
    internal static void End() => Shared.WriteOnce(ref s_scheduled.This->Running, 0UL);

    /// <summary>A piece of memory is about to be freed. If a tasklet in it is scheduled or running, that is reported.</summary>
    /// <returns>True if so: the memory must be kept.</returns>
    internal static bool IsInUse(void* memory, nuint size)
    {
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (!Smp.IsOnline(cpu))
            {
                continue;
            }

            Scheduled* table = s_scheduled.On(cpu);
            if (Contains(memory, size, Shared.ReadOnce(ref table->Running)))
            {
                Report((TaskletStruct*)table->Running, cpu, "running"u8);
                return true;
            }

            for (uint used = Shared.ReadOnce(ref table->Used); used != 0; used &= used - 1)
            {
                ulong tasklet = table->Tasklets[BitOperations.TrailingZeroCount(used)];
                if (Contains(memory, size, tasklet))
                {
                    Report((TaskletStruct*)tasklet, cpu, "scheduled"u8);
                    return true;
                }
            }
        }

        return false;
    }

    private static bool Contains(void* memory, nuint size, ulong tasklet) => tasklet - (ulong)memory < size;

    private static void Report(TaskletStruct* tasklet, int cpu, ReadOnlySpan<byte> state)
    {
        Printk(LogLevel.Error, $"BUG: tasklet {tasklet} with function {(void*)tasklet->Func} freed while {state} on CPU {cpu}; its memory is kept\n");
        KernelLog.DumpStack();
    }

    private struct Scheduled
    {
        public fixed ulong Tasklets[Slots];
        public ulong Running;
        public uint Used;
    }
}

#endif
