// LockTraces: call traces, packed.
//
// Linux: stack_trace and save_trace (kernel/lockdep.c). Interrupts off, the graph locked. A trace is a count and the low halves of code
// addresses, which all lie in the top 2 GB; bit 31, which they all have, is clear for an address that is exact (an interrupted one), else it is a
// return address. When there is no room left, new traces are empty: number 0.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Locking;

#if DEBUG_CHECKS
/// <summary>The store of call traces.</summary>
internal static unsafe class LockTraces
{
    private const int Words = 32768;
    private const int MaxFrames = 24;
    private const uint ReturnAddress = 0x80000000;

    private static Store s_words;
    private static int s_used;

    internal static void Init() => s_used = 1;

    /// <summary>Keeps the caller's trace. Its number.</summary>
    internal static int Here()
    {
        if (s_used + 1 + MaxFrames > Words)
        {
            return 0;
        }

        int number = s_used;
        s_words[number] = 0;
        KernelStacks.Trace(&Keep, LogLevel.Debug);
        s_used = number + 1 + (int)s_words[number];
        return number;
    }

    /// <summary>Logs a trace, without the frames of those that keep it.</summary>
    internal static void Print(int number)
    {
        int count = number == 0 ? 0 : (int)s_words[number];
        if (count == 0)
        {
            Printk(LogLevel.Error, "       (no call trace)\n"u8);
        }

        bool skip = true;
        for (int i = 1; i <= count; i++)
        {
            uint word = s_words[number + i];
            bool exact = (word & ReturnAddress) == 0;
            nuint pc = (nuint)(ulong)(long)(int)(word | ReturnAddress);
            nuint lookup = exact ? pc : pc - 1;
            if (skip && CallTrace.IsReporter(lookup))
            {
                continue;
            }

            skip = false;
            if (exact)
            {
                Printk(LogLevel.Error, "        <EOI>\n"u8);
            }

            CallTrace.PrintFrame(LogLevel.Error, "       "u8, pc, lookup);
        }
    }

    private static void Keep(nuint pc, nuint sp, nuint fp, LogLevel level)
    {
        StackRange* ranges = stackalloc StackRange[KernelStacks.MaxRanges];
        Unwinder unwinder = new(pc, sp, fp, ranges, KernelStacks.Ranges(ranges));
        int number = s_used;
        int count = 0;
        while (count < MaxFrames && unwinder.MoveNext())
        {
            count++;
            s_words[number + count] = (uint)unwinder.Pc & (unwinder.IsInterruptFrame ? ~ReturnAddress : uint.MaxValue);
        }

        s_words[number] = (uint)count;
    }

    [InlineArray(Words)]
    private struct Store
    {
        private uint _first;
    }
}
#endif
