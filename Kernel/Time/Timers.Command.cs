// Timers.Command: the monitor's command timers, and /proc/timer_list: per CPU how many are active, what has run, and the ones that are due next. Process
// context.
//
// Lock: each base's in turn, while a few entries are copied; nothing is printed with it held.

using System.Runtime.CompilerServices;

namespace CSharpOS.Time;

public static unsafe partial class Timers
{
    private const int MostShown = 16;

    internal static void RegisterCommand() => Monitor.Register("timers"u8, ""u8, "active timers of each CPU, the next ones first"u8, &Command);

    private static int Command(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Write(TextSink.To(&MonitorOutput.Write));
        return 0;
    }

    /// <summary>Writes the list. Process context.</summary>
    /// <linux>timer_list_show</linux>
    internal static void Write(TextSink sink)
    {
        sink.Write($"jiffies {Jiffies64}, {HZ} a second; {KtimeGet()} ns by {ClockSources.Current->Name}\n");
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            if (Smp.IsOnline(cpu))
            {
                Show(sink, s_bases.On(cpu));
                Hrtimers.Show(sink, cpu);
            }
        }
    }

    private static void Show(TextSink sink, TimerBase* timers)
    {
        Shown shown = default;
        ulong flags = timers->Lock.LockIrqSave();
        int count = Collect(timers, ref shown);
        int active = timers->Count;
        ulong expired = timers->Expired;
        ulong cascaded = timers->Cascaded;
        timers->Lock.UnlockIrqRestore(flags);
        sink.Write($"CPU{timers->Cpu}: {active} active, {expired} functions called, {cascaded} moved to a finer group\n");
        for (int i = 0; i < count; i++)
        {
            ShowTimer(sink, shown[i]);
        }

        if (count < active)
        {
            sink.Write($"  and {active - count} later ones\n");
        }
    }

    private static void ShowTimer(TextSink sink, in Entry timer)
    {
        int ticks = (int)(timer.Expires - Jiffies);
        if (Debugging.SymbolTable.Lookup((nuint)timer.Function, out Debugging.SymbolInfo symbol))
        {
            sink.Write($"  in {ticks,6} ticks  {symbol.Name}({timer.Data:x})\n");
        }
        else
        {
            sink.Write($"  in {ticks,6} ticks  {timer.Function:x16}({timer.Data:x})\n");
        }
    }

    // The first ones in the order in which the wheel will come to them. Within a slot of a coarse group they may stand in any order.
    private static int Collect(TimerBase* timers, ref Shown shown)
    {
        int count = CollectSlot(&timers->Due, ref shown, 0);
        for (uint i = 0; i < TimerBase.RootSlots && count < MostShown; i++)
        {
            count = CollectSlot(TimerBase.Slot(timers, (int)((timers->Next + i) % TimerBase.RootSlots)), ref shown, count);
        }

        int shift = TimerBase.RootBits;
        for (int group = 0; group < TimerBase.UpperGroups; group++, shift += TimerBase.GroupBits)
        {
            int first = (int)(TimerBase.RootSlots + ((uint)group * TimerBase.GroupSlots));

            // The slot of now has been emptied: what is in it is a whole turn away.
            for (uint i = 1; i <= TimerBase.GroupSlots && count < MostShown; i++)
            {
                uint index = ((timers->Next >> shift) + i) % TimerBase.GroupSlots;
                count = CollectSlot(TimerBase.Slot(timers, first + (int)index), ref shown, count);
            }
        }

        return count;
    }

    private static int CollectSlot(ListHead* slot, ref Shown shown, int count)
    {
        for (ListHead* link = slot->Next; link != slot && count < MostShown; link = link->Next)
        {
            var timer = (TimerList*)link;
            shown[count++] = new Entry { Expires = timer->Expires, Function = (ulong)timer->Function, Data = timer->Data };
        }

        return count;
    }

    private struct Entry
    {
        public uint Expires;
        public ulong Function;
        public ulong Data;
    }

    [InlineArray(MostShown)]
    private struct Shown
    {
        private Entry _first;
    }
}
