// Trace: switching tracing on and off.
//
// Linux: tracing_on, kernel/trace/trace.c. Start, Stop and Clear: process context, one at a time (s_lock); Start may sleep. What is traced stands in
// TracePoints.cs, how it is printed in TraceText.cs.
// The rings are made by the first Start and stay. While tracing is off a trace point costs a comparison with memory and a branch that
// always goes the same way.

namespace CSharpOS.Tracing;

/// <summary>The event tracer.</summary>
/// <rows>WORK-08</rows>
public static unsafe partial class Trace
{
    /// <summary>Events per CPU if nothing else is asked for.</summary>
    public const uint DefaultEvents = 4096;

    /// <summary>Most events per CPU.</summary>
    public const uint MaxEvents = 1 << 20;

    private static PerCpu<TraceRing> s_rings;
    private static uint s_events;

    /// <summary>True while events are recorded.</summary>
    /// <linux>tracing_is_on</linux>
    public static bool IsOn => Shared.ReadOnce(ref Switch.On) != 0;

    /// <summary>Nothing is traced. At boot, once.</summary>
    internal static void Init()
    {
        Switch.On = 0;
        s_events = 0;
        s_rings = PerCpu<TraceRing>.Allocate();
        OffTracer.Init();
    }

    /// <summary>Records events from now on, behind those that are there. Process context; may sleep.</summary>
    /// <param name="events">Events per CPU, made a power of two; 0 for as many as before, or <see cref="DefaultEvents"/>. Other rings than before are empty.</param>
    /// <returns>0; -ENOMEM; -EINVAL for more than <see cref="MaxEvents"/>.</returns>
    /// <linux>tracing_on</linux>
    public static int Start(uint events)
    {
        MightSleep();
        if (events > MaxEvents)
        {
            return -EINVAL;
        }

        uint wanted = 1;
        while (wanted < (events == 0 ? DefaultEvents : events))
        {
            wanted *= 2;
        }

        if (s_events == 0 || (events != 0 && wanted != s_events))
        {
            Stop();
            int error = Resize(wanted);
            if (error != 0)
            {
                return error;
            }
        }

        Shared.WriteOnce(ref Switch.On, 1);
        return 0;
    }

    /// <summary>Records nothing any more, and waits until no CPU is in the middle of an event. Process context.</summary>
    /// <linux>tracing_off</linux>
    public static void Stop()
    {
        if (Shared.Exchange(ref Switch.On, 0) != 0)
        {
            // Events are written with interrupts off: a CPU that has answered is in none of them.
            Smp.OnEachCpu(&OffTracer.Stopped, null, true);
        }
    }

    /// <summary>Forgets all events. Process context.</summary>
    public static void Clear()
    {
        bool on = IsOn;
        Stop();
        for (int cpu = 0; cpu < Smp.CpuCount && s_events != 0; cpu++)
        {
            TraceRing.Clear(s_rings.On(cpu));
        }

        OffTracer.Clear();
        Shared.WriteOnce(ref Switch.On, on ? 1 : 0);
    }

    internal static TraceRing* Ring(int cpu) => s_rings.On(cpu);

    // Tracing is off.
    private static int Resize(uint events)
    {
        s_events = 0;
        OffTracer.Clear();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TraceRing* ring = s_rings.On(cpu);
            void* old = TraceRing.Detach(ring);
            if (old != null)
            {
                Vmalloc.Free(old);
            }

            nuint size = events * (nuint)sizeof(TraceRecord);
            void* memory = Vmalloc.Alloc(size);
            if (memory == null)
            {
                return -ENOMEM;
            }

            new Span<byte>(memory, (int)size).Clear();
            TraceRing.Attach(ring, memory, events);
        }

        s_events = events;
        return 0;
    }

    // By itself, so that a trace point finds it without an offset: one instruction less at each.
    private static class Switch
    {
        public static int On;
    }
}
