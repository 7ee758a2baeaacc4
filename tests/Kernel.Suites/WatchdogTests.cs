// WatchdogTests: CPUs that hang, for a few ticks instead of ten seconds, and CPUs that only look as if they did.
//
// Process context. Time is counted in ticks of the CPU concerned, so a slow emulator changes nothing.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Suites;

/// <summary>The suite of the lockup detectors.</summary>
public static unsafe class WatchdogTests
{
    private const uint Threshold = 20;
    private const uint Patience = 2000;

    // More than a screen takes to be drawn, with interrupts off, on a host that has other things to do.
    private const uint DeafThreshold = 5 * Threshold;

    private static int s_spinning;
    private static int s_release;

    [TestSuite("watchdog")]
    public static void Suite()
    {
        Test.Run("it waits for ten seconds"u8, "SYNC-04"u8, &TenSeconds);
        Test.Run("a CPU that does not schedule is reported, once"u8, "SYNC-04"u8, &SoftLockup);
        Test.Run("a busy thread that can be preempted is not"u8, "SYNC-04"u8, &BusyIsRight);
        Test.Run("touch_softlockup_watchdog"u8, "SYNC-04"u8, &Touched);
        Test.Run("a CPU with interrupts off is reported by its neighbour"u8, "SYNC-04"u8, &HardLockup);
    }

    // As far as the command line does not say otherwise; the other tests are not as patient. Its threads are there, the most urgent of all.
    private static void TenSeconds()
    {
        Check.Equal(10 * HZ, Watchdog.Threshold);
        Span<byte> bytes = stackalloc byte[32];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TextBuffer name = new(bytes);
            name.Append($"watchdog/{cpu}");
            Check.True(FindThread(name.Written, 1ul << cpu));
        }
    }

    private static bool FindThread(ReadOnlySpan<byte> name, ulong cpus)
    {
        bool found = false;
        TaskStruct* task = Tasks.NextAfter(0);
        while (task != null && !found)
        {
            found = task->Name.SequenceEqual(name) && task->CpusAllowed == cpus && task->Policy == SchedPolicy.Fifo && task->RtPriority == 99;
            int pid = task->Pid;
            Tasks.Put(task);
            task = found ? null : Tasks.NextAfter(pid);
        }

        return found;
    }

    private static void SoftLockup()
    {
        uint usual = Watchdog.Threshold;
        Watchdog.Threshold = Threshold;
        Hang(3 * Threshold, touch: false);
        Watchdog.Threshold = usual;
        Check.Equal(1, Check.CountLogged("BUG: soft lockup - CPU#"u8));
        Check.Logged("s! [init:1]"u8);
        Check.Logged("WatchdogTests.Hang"u8);
    }

    private static void BusyIsRight()
    {
        uint usual = Watchdog.Threshold;
        Watchdog.Threshold = Threshold;
        int cpu = SmpProcessorId();
        uint start = Watchdog.TicksOf(cpu);
        while (Watchdog.TicksOf(cpu) - start < 2 * Threshold)
        {
            // Without preemption in the kernel a loop must give the CPU away itself.
            Scheduler.CondResched();
        }

        Watchdog.Threshold = usual;
        Check.NotLogged("BUG: soft lockup"u8);
    }

    private static void Touched()
    {
        uint usual = Watchdog.Threshold;
        Watchdog.Threshold = Threshold;
        Hang(3 * Threshold, touch: true);
        Watchdog.Threshold = usual;
        Check.NotLogged("BUG: soft lockup"u8);
    }

    private static void HardLockup()
    {
        if (Smp.CpuCount == 1)
        {
            Test.Skip("one CPU: nobody looks"u8);
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        Shared.WriteOnce(ref s_spinning, 0);
        Shared.WriteOnce(ref s_release, 0);
        TaskStruct* thread = Kthread.Create(&SpinDeaf, null, $"deaf", out int error);
        Check.Equal(0, error);
        Kthread.Bind(thread, 1);
        Tasks.Get(thread);
        Scheduler.WakeUpProcess(thread);
        while (Shared.ReadOnce(ref s_spinning) == 0)
        {
            CpuRelax();
        }

        uint usual = Watchdog.Threshold;
        Watchdog.Threshold = DeafThreshold;
        uint start = Watchdog.TicksOf(0);
        while (Check.CountLogged("Watchdog detected hard LOCKUP on cpu 1"u8) == 0 && Watchdog.TicksOf(0) - start < Patience)
        {
            Udelay(100);
        }

        Shared.WriteOnce(ref s_release, 1);
        Kthread.Stop(thread);
        Tasks.Put(thread);
        Watchdog.Threshold = usual;
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        Check.Equal(1, Check.CountLogged("Watchdog detected hard LOCKUP on cpu 1"u8));
        Check.Logged("WatchdogTests.SpinDeaf"u8);
        Check.Logged(" name: deaf"u8);
        Check.NotLogged("hard LOCKUP on cpu 0"u8);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Hang(uint ticks, bool touch)
    {
        PreemptDisable();
        int cpu = SmpProcessorId();
        uint start = Watchdog.TicksOf(cpu);
        while (Watchdog.TicksOf(cpu) - start < ticks)
        {
            if (touch)
            {
                Watchdog.Touch();
            }

            CpuRelax();
        }

        PreemptEnable();
    }

    private static int SpinDeaf(void* unused)
    {
        LocalIrqDisable();
        Shared.WriteOnce(ref s_spinning, 1);
        while (Shared.ReadOnce(ref s_release) == 0)
        {
            CpuRelax();
        }

        LocalIrqEnable();
        return 0;
    }
}
