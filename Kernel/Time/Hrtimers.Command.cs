// Hrtimers.Command: what the monitor's command timers says about high-resolution timers. Process context. Lock: the base's, while a few words are copied.

namespace CSharpOS.Time;

public static unsafe partial class Hrtimers
{
    /// <summary>A line of the monitor's command timers. Process context.</summary>
    internal static void Show(TextSink sink, int cpu)
    {
        HrtimerBase* timers = s_bases.On(cpu);
        ulong flags = timers->Lock.LockIrqSave();
        int count = timers->Count;
        ulong expired = timers->Expired, interrupts = timers->Interrupts;
        long next = timers->First == null ? 0 : timers->First->Expires - KtimeGet();
        bool high = timers->HighResolution;
        timers->Lock.UnlockIrqRestore(flags);
        sink.Write($"  high resolution: {count} active, {expired} functions called, ");
        if (high)
        {
            sink.Write($"{interrupts} interrupts, the next in {next / 1000} us\n");
        }
        else
        {
            sink.Write($"at ticks only\n");
        }
    }
}
