// DemoCommands: the command demo, and what it can show.
//
// Process context. Each demonstration is a function that runs, says on the consoles what it saw, and leaves nothing behind. A subsystem adds its own with
// Register, at boot.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CSharpOS.Monitoring;

namespace CSharpOS.Demo;

/// <summary>The demonstrations that a lecturer can type.</summary>
public static unsafe class DemoCommands
{
    /// <summary>How many there can be.</summary>
    public const int MaxDemos = 32;

    private static Table s_demos;
    private static int s_count;

    /// <summary>Only the command and the demonstrations of this folder. Boot, from the monitor's own start.</summary>
    internal static void Register()
    {
        s_count = 0;
        Monitor.Register("demo"u8, "[NAME]"u8, "show how a mechanism behaves, or list what can be shown"u8, &Demo);
        Add("softirq-storm"u8, "a softirq that raises itself for ever, and a program that keeps its share"u8, &SoftirqDemos.Storm);
        Add("policies"u8, "what becomes of softirqs that raise themselves: the two rejected ways and the chosen one"u8, &SoftirqDemos.Policies);
        Add("timer-race"u8, "changing an active timer, and freeing one, the wrong and the right way"u8, &TimerRaceDemo.Run);
        Add("tasklet-smp"u8, "one tasklet scheduled by all CPUs, and one for each CPU"u8, &TaskletDemo.Run);
        Add("bh-vs-tasklet"u8, "a BH for each CPU runs one at a time, a tasklet for each CPU does not"u8, &TaskletDemo.BhVsTasklet);
        Add("cli-vs-lock"u8, "what the global cli() costs beside a spin lock"u8, &CliDemo.Run);
        Add("delayed-work"u8, "works that wait, and one that is called back"u8, &DelayedWorkDemo.Run);
        Add("race"u8, "the book's races, for each cause of concurrency, without a lock and with it"u8, &RaceDemo.Run);
        Add("locks"u8, "a list with one lock beside a lock in each node"u8, &LockDemo.Run);
    }

    /// <summary>Adds a demonstration. Boot or module code, process context.</summary>
    /// <param name="name">A literal: what is typed behind <c>demo</c>.</param>
    /// <param name="help">A literal: one line.</param>
    /// <param name="run">Gives 0 or a negative error number.</param>
    /// <returns>0; -ENOSPC.</returns>
    public static int Add(ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, delegate*<int> run)
    {
        if (s_count == MaxDemos)
        {
            return -ENOSPC;
        }

        s_demos[s_count] = new Entry(name, help, run);
        s_count++;
        return 0;
    }

    private static int Demo(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!words.TryNext(out ReadOnlySpan<byte> name))
        {
            for (int i = 0; i < s_count; i++)
            {
                MonitorOutput.Write($"{s_demos[i].Name,-16}{s_demos[i].Help}\n");
            }

            return 0;
        }

        for (int i = 0; i < s_count; i++)
        {
            if (words.AtEnd && s_demos[i].Name.SequenceEqual(name))
            {
                return s_demos[i].Run();
            }
        }

        return -EINVAL;
    }

    private readonly struct Entry(ReadOnlySpan<byte> name, ReadOnlySpan<byte> help, delegate*<int> run)
    {
        private readonly byte* _name = Pointer(name);
        private readonly byte* _help = Pointer(help);
        private readonly int _nameLength = name.Length;
        private readonly int _helpLength = help.Length;
        private readonly delegate*<int> _run = run;

        public ReadOnlySpan<byte> Name => new(_name, _nameLength);

        public ReadOnlySpan<byte> Help => new(_help, _helpLength);

        public int Run() => _run();

        private static byte* Pointer(ReadOnlySpan<byte> text) => (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text));
    }

    [InlineArray(MaxDemos)]
    private struct Table
    {
        private Entry _first;
    }
}
