// ClockSources.Pit: ticks, and between them the count of the PIT's channel 0.
//
// Linux: pit_read, arch/x86/kernel/i8253.c. Reading: any context but an NMI. Lock: s_pitLock, interrupts off; it keeps the reading of latch, low and high
// byte together, and guards the last value.
// The counter may have begun anew while its tick still waits for interrupts to be on: then the sum falls back by a tick. So the last value is kept, and time
// stands still until the tick has been counted. It needs the PIT in its periodic mode.

namespace CSharpOS.Time;

public static unsafe partial class ClockSources
{
    private const int PitCommandPort = 0x43, PitChannel0Port = 0x40;
    private const byte PitLatchChannel0 = 0x00;

    private static SpinLock s_pitLock;
    private static ulong s_pitLast;

    private static void InitPit()
    {
        s_pitLock = default;
        s_pitLast = 0;
    }

    private static ulong ReadPit()
    {
        ulong flags = s_pitLock.LockIrqSave();

        // Ticks first: if one comes between, the sum is too small, which does no harm.
        ulong ticks = Jiffies64 - InitialJiffies;
        PortIo.Out8(PitCommandPort, PitLatchChannel0);
        uint count = PortIo.In8(PitChannel0Port);
        count |= (uint)PortIo.In8(PitChannel0Port) << 8;
        uint passed = count >= PitLatch ? 0 : PitLatch - count;
        ulong now = (ticks * PitLatch) + passed;
        now = now < s_pitLast ? s_pitLast : now;
        s_pitLast = now;
        s_pitLock.UnlockIrqRestore(flags);
        return now;
    }
}
