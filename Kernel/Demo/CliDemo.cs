// CliDemo: demo cli-vs-lock: what the global cli() costs beside a spin lock. Process context; sleeps.

using System.Runtime.CompilerServices;
using CSharpOS.Historical;

namespace CSharpOS.Demo;

/// <summary>What a pair of calls costs when nobody is in the way, in counts of the time stamp counter.</summary>
internal struct CliCosts
{
    public ulong Lock;
    public ulong Cli;
}

internal static unsafe class CliDemo
{
    private const ulong Microseconds = 200_000;
    private const int Pairs = 200;

    private static LockArray s_locks;

    private static SpinLock* LockOf(int cpu) => (SpinLock*)Unsafe.AsPointer(ref s_locks) + (cpu * LockArray.Apart);

    /// <summary>A pair alone, and all CPUs at once, each with data of its own.</summary>
    /// <rows>OLD-03</rows>
    public static int Run()
    {
        CliCosts costs = Costs();
        MonitorOutput.Write($"Alone, in counts of the time stamp counter: spin_lock_irqsave and unlock {costs.Lock}, cli and sti {costs.Cli}\n");
        int error = Measure(global: false, out SideBySideResult locks);
        SideBySideResult global = default;
        error = error == 0 ? Measure(global: true, out global) : error;
        if (error == 0)
        {
            MonitorOutput.Write($"{Smp.CpuCount} CPUs, each with data of its own, {SideBySide.BusyMicroseconds} us at a time, {Microseconds / 1000} ms:\n");
            MonitorOutput.Write($"  a lock for each:     {locks.Runs} times, at most {locks.MostInside} at once\n");
            MonitorOutput.Write($"  the global cli():    {global.Runs} times, at most {global.MostInside} at once\n");
        }

        return error;
    }

    /// <summary>The least that each pair took.</summary>
    internal static CliCosts Costs()
    {
        CliCosts least = new() { Lock = ulong.MaxValue, Cli = ulong.MaxValue };
        for (int i = 0; i < Pairs; i++)
        {
            ulong start = ReadTsc();
            ulong flags = LockOf(0)->LockIrqSave();
            LockOf(0)->UnlockIrqRestore(flags);
            ulong middle = ReadTsc();
            GlobalCli.Cli();
            GlobalCli.Sti();
            ulong end = ReadTsc();
            least.Lock = middle - start < least.Lock ? middle - start : least.Lock;
            least.Cli = end - middle < least.Cli ? end - middle : least.Cli;
        }

        return least;
    }

    /// <summary>All CPUs at once.</summary>
    internal static int Measure(bool global, out SideBySideResult result) =>
        SideBySide.Run(Smp.CpuCount, global ? &UnderCli : &UnderOwnLock, Microseconds, out result);

    /// <summary>Each once, waiting inside for the others.</summary>
    internal static int Meet(bool global, out SideBySideResult result) =>
        SideBySide.Meet(Smp.CpuCount, global ? &UnderCli : &UnderOwnLock, global ? 1000u : 0, out result);

    private static void UnderOwnLock(int cpu)
    {
        ulong flags = LockOf(cpu)->LockIrqSave();
        SideBySide.Busy();
        LockOf(cpu)->UnlockIrqRestore(flags);
    }

    private static void UnderCli(int cpu)
    {
        GlobalCli.Cli();
        SideBySide.Busy();
        GlobalCli.Sti();
    }

    // Each on cache lines of its own.
    [InlineArray(Cpu.MaxCpus * Apart)]
    private struct LockArray
    {
        public const int Apart = 16;

        private SpinLock _first;
    }
}
