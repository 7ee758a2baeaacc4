// Hrtimers.Tick: high-resolution mode: each CPU's clock interrupts when its first timer is due, or its next tick.
//
// Linux: hrtimer_switch_to_hres, kernel/hrtimer.c; tick_setup_sched_timer, kernel/time/tick-sched.c. SwitchToHighResolution: process context, once, when all CPUs
// run. The tick: hard interrupt context, interrupts off.
// It needs a clock source that runs on its own (TSC or HPET) and a device that can interrupt once. Without them, or with the boot option highres=off,
// ticks stay periodic, and timers are late by up to a tick. So they do where the PIT is the CPU's device, unless highres=on asks for it: programming it is slow,
// and line 0 would no longer count the time (IRQ-12: its count divided by HZ is the uptime).
// A tick is due one period after the last one was due, however late that was served: ticks do not drift. Ticks that were missed are made up for where
// jiffies are counted; the account of the running task does not get them twice. Linux makes the tick a timer like any other; here it is a
// time beside the tree (NextTick), because it is every interrupt's business and the tree's steps would cost more than the tick itself.

using CSharpOS.Init;

namespace CSharpOS.Time;

public static unsafe partial class Hrtimers
{
    private static int s_highResolutionCpus;
    private static bool s_evenWithPit;

    /// <summary>How many CPUs are in high-resolution mode.</summary>
    public static int HighResolutionCpus => Shared.ReadOnce(ref s_highResolutionCpus);

    /// <summary>Nanoseconds by which timers may be late, other delays apart: 1 in high-resolution mode, else a tick.</summary>
    /// <linux>hrtimer_get_res</linux>
    public static long HrtimerGetRes() => HighResolutionCpus != 0 ? 1 : TickNanoseconds;

    private static void InitTick()
    {
        s_highResolutionCpus = 0;
        s_evenWithPit = false;
        ClockEvents.Init();
    }

    /// <summary>Switches every CPU over, if the machine can and the command line lets it. Process context, once, at boot.</summary>
    /// <linux>hrtimer_switch_to_hres</linux>
    internal static void SwitchToHighResolution()
    {
        bool chosen = CommandLine.TryGetValue("highres"u8, out ReadOnlySpan<byte> value);
        s_evenWithPit = chosen && value.SequenceEqual("on"u8);
        if (chosen && value.SequenceEqual("off"u8))
        {
            Printk(LogLevel.Info, $"High resolution mode is switched off\n");
            return;
        }

        if (!ClockSources.Current->Continuous)
        {
            Printk(LogLevel.Info, $"No high resolution mode: the clock source {ClockSources.Current->Name} is not continuous\n");
            return;
        }

        Smp.OnEachCpu(&SwitchThisCpu, null, true);
        Printk(LogLevel.Info, $"Switched to high resolution mode on {HighResolutionCpus} of {Smp.CpuCount} CPUs\n");
    }

    // Interrupts off.
    private static void SwitchThisCpu(void* unused)
    {
        if ((ClockEvents.CountsJiffies && !s_evenWithPit) || !ClockEvents.SetOneShot())
        {
            return;
        }

        HrtimerBase* timers = s_bases.This;
        timers->HighResolution = true;
        Shared.AddReturn(ref s_highResolutionCpus, 1);
        long now = KtimeGet();
        timers->NextTick = now + TickNanoseconds;
        timers->Lock.Lock();
        Program(timers, now);
        timers->Lock.Unlock();
    }

    // Tells the CPU's clock when something is due. The base is the CPU's own, and locked.
    private static void Program(HrtimerBase* timers, long now)
    {
        if (timers->HighResolution)
        {
            long next = timers->NextTick;
            next = timers->First != null && timers->First->Expires < next ? timers->First->Expires : next;
            ClockEvents.Program(next - now);
        }
    }

    // How many ticks are due; the next one is not, then.
    private static ulong PassTicks(HrtimerBase* timers, long now)
    {
        if (now < timers->NextTick)
        {
            return 0;
        }

        timers->NextTick += TickNanoseconds;
        if (now < timers->NextTick)
        {
            return 1;
        }

        ulong missed = ((ulong)(now - timers->NextTick) / (ulong)TickNanoseconds) + 1;
        timers->NextTick += (long)missed * TickNanoseconds;
        return missed + 1;
    }

    // Linux: tick_sched_timer.
    private static void Tick(ulong ticks)
    {
        if (ClockEvents.CountsJiffies)
        {
            for (; ticks != 0; ticks--)
            {
                Clock.Tick();
            }
        }

        LocalTick();
    }
}
