// OffTracer: the longest stretch with interrupts off, and the longest with preemption off, of each CPU while tracing is on.
//
// Linux: kernel/trace/trace_irqsoff.c, the tracers irqsoff and preemptoff. Any context; nothing sleeps, no locks: a CPU writes its own words, with interrupts
// off, and others read them while tracing is off. An NMI changes nothing here: it leaves interrupts and preempt_count as they were.
// Told by Cpu's operations on the interrupt flag and preempt_count (builds with checks; Boot/helpers.asm adds the place of the call), and at the start and end
// of what a gate calls: Interrupts.DoIrq, DoSystemInterrupt, Traps.DoException, the way back to user mode, preemption on return from an interrupt. The few
// instructions of the entry stubs before and after that are not in a stretch. A halted CPU has interrupts on.
// Preemption is off while preempt_count is not zero: with locks held, bottom halves disabled, in softirqs and in hard interrupts.
// Invariants: an open stretch belongs to the CPU, not to the task: it goes on over a switch, which begins and ends with both off. What was under way when
// tracing began is in no stretch; what is under way when it ends is forgotten.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Tracing;

/// <summary>One stretch; all zero if there was none.</summary>
internal unsafe struct OffStretch
{
    /// <summary>Time stamp counter at both ends.</summary>
    public ulong Began, Ended;

    /// <summary>The calls that began and ended it, as return addresses.</summary>
    public nuint From, To;

    /// <summary>The task that ran at the end.</summary>
    public int Pid;

    /// <summary>Its name.</summary>
    public fixed byte Comm[TaskName.Size];

    /// <summary>Counts of the time stamp counter.</summary>
    public readonly ulong Length => Ended - Began;
}

/// <summary>Measures how long interrupts and preemption are off.</summary>
internal static unsafe class OffTracer
{
    private static PerCpu<OffCpu> s_cpus;

    /// <summary>Whether this build measures at all.</summary>
    public static bool Measures =>
#if DEBUG_CHECKS
        true;
#else
        false;
#endif

    /// <summary>Forgets everything. At boot, once, tracing off.</summary>
    public static void Init() => s_cpus = PerCpu<OffCpu>.Allocate();

    /// <summary>The longest stretch with interrupts off of CPU <paramref name="cpu"/>. Stable while tracing is off, or on the CPU itself with
    /// interrupts off.</summary>
    public static OffStretch* Irqs(int cpu) => &s_cpus.On(cpu)->Irqs.Longest;

    /// <summary>The same with preemption off.</summary>
    public static OffStretch* Preemption(int cpu) => &s_cpus.On(cpu)->Preemption.Longest;

    /// <summary>How many stretches of CPU <paramref name="cpu"/> ended without telling: none, unless a way out of one has been forgotten.</summary>
    public static ulong Unended(int cpu) => s_cpus.On(cpu)->Irqs.Unended + s_cpus.On(cpu)->Preemption.Unended;

    /// <summary>Forgets the longest stretches. Tracing is off.</summary>
    public static void Clear()
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            *s_cpus.On(cpu) = default;
        }
    }

    /// <summary>Tracing has been switched off: forgets what is under way on this CPU. Called on each, interrupts off.</summary>
    public static void Stopped(void* unused)
    {
        s_cpus.This->Irqs.Since = 0;
        s_cpus.This->Preemption.Since = 0;
    }

#if DEBUG_CHECKS
    /// <summary>Interrupts, which were on, have been turned off.</summary>
    /// <linux>trace_hardirqs_off</linux>
    [RuntimeExport("arch_hardirqs_off")]
    internal static int HardirqsOff(nuint place)
    {
        // Tracing is asked for once more, here and below: it may have been switched off since the caller looked.
        if (Trace.Enabled && !InNmi())
        {
            Begin(&s_cpus.This->Irqs, place);
        }

        return 0;
    }

    /// <summary>Interrupts will be turned on, or are on already.</summary>
    /// <linux>trace_hardirqs_on</linux>
    [RuntimeExport("arch_hardirqs_on")]
    internal static int HardirqsOn(nuint place)
    {
        ulong flags = RawLocalIrqSave();
        if (Trace.Enabled && !InNmi())
        {
            End(&s_cpus.This->Irqs, place);
        }

        RawLocalIrqRestore(flags);
        return 0;
    }

    /// <summary><paramref name="added"/> has been added to preempt_count.</summary>
    /// <linux>trace_preempt_off</linux>
    [RuntimeExport("arch_preempt_off")]
    internal static int PreemptOff(nuint place, int added)
    {
        ulong flags = RawLocalIrqSave();
        if (Trace.Enabled && PreemptCount() == added && !InNmi())
        {
            Begin(&s_cpus.This->Preemption, place);
        }

        RawLocalIrqRestore(flags);
        return 0;
    }

    /// <summary><paramref name="added"/>, which is negative, will be added to preempt_count.</summary>
    /// <linux>trace_preempt_on</linux>
    [RuntimeExport("arch_preempt_on")]
    internal static int PreemptOn(nuint place, int added)
    {
        ulong flags = RawLocalIrqSave();
        if (Trace.Enabled && PreemptCount() == -added && !InNmi())
        {
            End(&s_cpus.This->Preemption, place);
        }

        RawLocalIrqRestore(flags);
        return 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Begin(OffState* state, nuint place)
    {
        state->Unended += state->Since != 0 ? 1u : 0;
        state->From = place;
        state->Since = ReadTsc();
    }

    private static void End(OffState* state, nuint place)
    {
        ulong now = ReadTsc();
        ulong since = state->Since;
        state->Since = 0;
        OffStretch* longest = &state->Longest;
        if (since == 0 || now - since <= longest->Length)
        {
            return;
        }

        TaskStruct* task = Current;
        longest->Began = since;
        longest->Ended = now;
        longest->From = state->From;
        longest->To = place;
        longest->Pid = task->Pid;
        Unsafe.CopyBlock(longest->Comm, task->Comm, TaskName.Size);
    }
#endif

    private struct OffState
    {
        /// <summary>When the stretch under way began; 0: there is none.</summary>
        public ulong Since;
        public nuint From;
        public ulong Unended;
        public OffStretch Longest;
    }

    private struct OffCpu
    {
        public OffState Irqs, Preemption;
    }
}
