// Pit: the programmable interval timer as the source of the tick.
//
// Linux: arch/i386/kernel/timers/timer_pit.c, timer_interrupt in arch/i386/kernel/time.c. Init: boot, interrupts off, one CPU. The handler:
// hard interrupt context, interrupts off (SA_INTERRUPT). No lock: after Init only the boot CPU touches channel 0, interrupts off.
// Channel 0 divides 1,193,182 Hz by Clock.PitLatch and pulses line 0 at every end of its count (mode 2), so the tick
// does not drift however late its handler runs. Where the boot CPU has no local timer, channel 0 is also its clock event device: in
// high-resolution mode it counts down once (mode 4), as told, and pulses at the end.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Drivers;

/// <summary>The clock event of the PC: channel 0 of the 8254, on line 0.</summary>
/// <rows>TIME-01</rows>
public static unsafe class Pit
{
    /// <summary>The line of channel 0.</summary>
    public const int PitIrq = 0;

    private const int Channel0Port = 0x40;
    private const int CommandPort = 0x43;

    // Channel 0, low byte then high byte, mode 2, binary.
    private const byte Channel0RateGenerator = 0x34;

    // The same, mode 4: one count, from the moment when both bytes are written.
    private const byte Channel0OneShot = 0x38;

    private const int MostCounts = 0xffff;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const long LeastNanoseconds = 5000;

    private static IrqAction s_action;
    private static ClockEventDevice s_device;

    /// <summary>Starts the tick. Memory cannot be allocated for a handler this early, so the action is our own.</summary>
    /// <linux>time_init</linux>
    [ModuleInit(InitLevel.Arch)]
    public static int Init()
    {
        PortIo.Out8(CommandPort, Channel0RateGenerator);
        PortIo.Out8(Channel0Port, PitLatch & 0xff);
        PortIo.Out8(Channel0Port, PitLatch >> 8);

        s_device = new ClockEventDevice
        {
            SetOneShot = &SetOneShot,
            SetNextEvent = &SetNextEvent,
            MinDelta = LeastNanoseconds,
            MaxDelta = MostCounts * NanosecondsPerSecond / PitHz,
            CountsJiffies = true,
        };
        ClockEvents.Register((ClockEventDevice*)Unsafe.AsPointer(ref s_device));

        var action = (IrqAction*)Unsafe.AsPointer(ref s_action);
        s_action = new IrqAction { Handler = &TimerInterrupt, Flags = IrqFlags.SaInterrupt, Name = "timer"u8, DevId = action };
        int result = SetupIrq(PitIrq, action);
        if (result != 0)
        {
            Printk(LogLevel.Error, $"timer: cannot register IRQ {PitIrq}\n");
        }

        return result;
    }

    /// <linux>timer_interrupt</linux>
    private static IrqReturn TimerInterrupt(int irq, void* devId, PtRegs* regs)
    {
        if (Smp.BootCpuHasLocalTimer)
        {
            Tick();
        }
        else
        {
            ClockEvents.HandleEvent();
        }

        return IrqReturn.Handled;
    }

    private static void SetOneShot() => PortIo.Out8(CommandPort, Channel0OneShot);

    // Linux: pit_next_event. Rounded up: not early.
    private static void SetNextEvent(long nanoseconds)
    {
        long counts = ((nanoseconds * PitHz) + NanosecondsPerSecond - 1) / NanosecondsPerSecond;
        PortIo.Out8(Channel0Port, (byte)counts);
        PortIo.Out8(Channel0Port, (byte)(counts >> 8));
    }
}
