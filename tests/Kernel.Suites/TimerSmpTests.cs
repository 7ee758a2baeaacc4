// TimerSmpTests: timers and several CPUs. Part of the suite timer; skipped on one CPU.
//
// Every test bounds a thread to each CPU that it uses, so that it is known which one arms, runs and deletes.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class TimerSmpTests
{
    private const int PerCpu = 16;
    private const int ArmingRounds = 50_000, SoakArmingRounds = 1_000_000;
    private const int FreeRounds = 300;
    private const int LeastDeleted = 100;

    private static TimerArray s_timers;
    private static int s_runs;
    private static int s_wrong;
    private static int s_inside;
    private static int s_entered;
    private static int s_go;
    private static int s_armed;
    private static int s_deleted;
    private static int s_stop;

    private static TimerList* Timer(int index) => (TimerList*)Unsafe.AsPointer(ref s_timers) + index;

    private static TimerList* Shared0 => Timer(0);

    private static void Prepare() => s_runs = s_wrong = s_inside = s_entered = s_go = s_armed = s_deleted = s_stop = 0;

    internal static void OnEveryCpu()
    {
        Prepare();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu job;
            if (!OnCpu.Start(&job, cpu, &AddSome, null))
            {
                return;
            }

            OnCpu.Wait(&job);
        }

        Check.True(TimerTests.Await(ref s_runs, PerCpu * Smp.CpuCount));
        Check.Equal(0, s_wrong);
    }

    private static void AddSome(void* unused)
    {
        int cpu = SmpProcessorId();
        for (int i = 0; i < PerCpu; i++)
        {
            TimerList* timer = Timer((cpu * PerCpu) + i);
            SetupTimer(timer, &CheckCpu, (ulong)cpu);
            timer->Expires = Jiffies + 1 + (uint)(i % 5);
            AddTimer(timer);
        }
    }

    private static void CheckCpu(ulong cpu)
    {
        if (SmpProcessorId() != (int)cpu)
        {
            Shared.AddReturn(ref s_wrong, 1);
        }

        Shared.AddReturn(ref s_runs, 1);
    }

    internal static void AddOn()
    {
        Prepare();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TimerList* timer = Timer(cpu);
            SetupTimer(timer, &CheckCpu, (ulong)cpu);
            timer->Expires = Jiffies + 2;
            AddTimerOn(timer, cpu);
        }

        Check.True(TimerTests.Await(ref s_runs, Smp.CpuCount));
        Check.Equal(0, s_wrong);
    }

    internal static void SyncWaits()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        Scheduler.SetCpusAllowed(Current, 1);
        SetupTimer(Shared0, &Slow, 0);
        Shared0->Expires = Jiffies + 1;
        AddTimerOn(Shared0, 1);
        Check.True(SmpTests.Becomes(ref s_entered, 1));
        Check.Equal(0, DelTimer(Shared0));
        Check.Equal(-1, TryToDelTimerSync(Shared0));
        Check.Equal(1, Shared.ReadOnce(ref s_inside));

        // It arms itself again on its way out, for much later; that one is deleted too.
        Shared.WriteOnce(ref s_go, 1);
        Check.Equal(1, DelTimerSync(Shared0));
        Check.Equal(0, Shared.ReadOnce(ref s_inside));
        Check.False(TimerPending(Shared0));
        Msleep(4 * 1000 / HZ);
        Check.Equal(1, s_entered);
        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
    }

    private static void Slow(ulong unused)
    {
        Shared.WriteOnce(ref s_inside, 1);
        Shared.WriteOnce(ref s_entered, s_entered + 1);
        SmpTests.Becomes(ref s_go, 1);
        ModTimer(Shared0, Jiffies + (100 * HZ));
        SmpLine.Delay(200);
        Shared.WriteOnce(ref s_inside, 0);
    }

    // Two CPUs arm one timer for now as fast as they can. It follows whoever was last, but not while it runs.
    internal static void NeverTwice()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        SetupTimer(Shared0, &Alone, 0);
        OnCpu first, second;
        if (!OnCpu.Start(&first, 0, &ArmUntilStopped, null) || !OnCpu.Start(&second, 1, &ArmUntilStopped, null))
        {
            return;
        }

        TimerTests.Await(ref s_stop, 1);
        OnCpu.Wait(&first);
        OnCpu.Wait(&second);
        DelTimerSync(Shared0);
        Check.Equal(0, s_wrong);
        Check.True(s_runs >= 10);
    }

    // The function is on CPU 1 and stays there until it is told. Armed from here meanwhile, the timer must not run here.
    internal static void StaysWhileRunning()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        SetupTimer(Shared0, &HoldInside, 0);
        Shared0->Expires = Jiffies + 1;
        AddTimerOn(Shared0, 1);
        bool inside = SmpTests.Becomes(ref s_inside, 1);
        ModTimer(Shared0, Jiffies);
        uint since = Jiffies;
        while (Jiffies - since < 4)
        {
            Msleep(1);
        }

        Check.True(inside);
        Check.Equal(0, Shared.ReadOnce(ref s_runs));
        Check.Equal(1, Shared.ReadOnce(ref s_inside));
        Shared.WriteOnce(ref s_stop, 1);
        Check.True(TimerTests.Await(ref s_runs, 2));
        DelTimerSync(Shared0);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        Check.Equal(0, s_wrong);
    }

    private static void HoldInside(ulong unused)
    {
        if (Shared.AddReturn(ref s_inside, 1) != 1)
        {
            Shared.AddReturn(ref s_wrong, 1);
        }

        while (Shared.ReadOnce(ref s_stop) == 0 && Shared.ReadOnce(ref s_wrong) == 0)
        {
            CpuRelax();
        }

        Shared.AddReturn(ref s_inside, -1);
        Shared.AddReturn(ref s_runs, 1);
    }

    private static void Alone(ulong unused)
    {
        if (Shared.AddReturn(ref s_inside, 1) != 1)
        {
            Shared.AddReturn(ref s_wrong, 1);
        }

        SmpLine.Delay(50);
        Shared.AddReturn(ref s_inside, -1);
        if (Shared.AddReturn(ref s_runs, 1) == 10)
        {
            Shared.WriteOnce(ref s_stop, 1);
        }
    }

    private static void ArmUntilStopped(void* unused)
    {
        while (Shared.ReadOnce(ref s_stop) == 0)
        {
            ModTimer(Shared0, Jiffies);
            SmpLine.Pause(20);
            Scheduler.CondResched();
        }
    }

    // What was armed was run, deleted, or is still active: nothing else can become of a timer.
    internal static void ArmAgainstDelete()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        for (int i = 0; i < PerCpu; i++)
        {
            SetupTimer(Timer(i), &CountRun, 0);
        }

        OnCpu arming, deleting;
        if (!OnCpu.Start(&deleting, 1, &DeleteThem, null) || !OnCpu.Start(&arming, 0, &ArmThem, null))
        {
            return;
        }

        OnCpu.Wait(&arming);
        OnCpu.Wait(&deleting);
        int active = 0;
        for (int i = 0; i < PerCpu; i++)
        {
            active += DelTimerSync(Timer(i));
        }

        Check.Equal(Shared.ReadOnce(ref s_armed), Shared.ReadOnce(ref s_deleted) + Shared.ReadOnce(ref s_runs) + active);
        Check.NotLogged("BUG"u8);
    }

    private static void CountRun(ulong unused) => Shared.AddReturn(ref s_runs, 1);

    private static void ArmThem(void* unused)
    {
        int rounds = CommandLine.Has("soak"u8) ? SoakArmingRounds : ArmingRounds;
        int armed = 0;

        // Whatever the emulator does with its CPUs, they are to meet.
        for (int i = 0; i < rounds || Shared.ReadOnce(ref s_deleted) < LeastDeleted; i++)
        {
            armed += ModTimer(Timer(i % PerCpu), Jiffies + (uint)(i % 3)) == 0 ? 1 : 0;
            if (i % 64 == 0)
            {
                Scheduler.CondResched();
            }
        }

        Shared.AddReturn(ref s_armed, armed);
        Shared.WriteOnce(ref s_stop, 1);
    }

    // Deletes, and now and then takes one over to this CPU.
    private static void DeleteThem(void* unused)
    {
        int deleted = 0;
        int armed = 0;
        for (int i = 0; Shared.ReadOnce(ref s_stop) == 0; i++)
        {
            if (i % 7 == 0)
            {
                armed += ModTimer(Timer(i * 5 % PerCpu), Jiffies + 1) == 0 ? 1 : 0;
            }
            else
            {
                deleted += i % 2 == 0 ? DelTimer(Timer(i * 5 % PerCpu)) : DelTimerSync(Timer(i * 5 % PerCpu));
                Shared.WriteOnce(ref s_deleted, deleted);
            }

            if (i % 64 == 0)
            {
                Scheduler.CondResched();
            }
        }

        Shared.AddReturn(ref s_armed, armed);
    }

    internal static void FreeAfterSync()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Prepare();
        for (int i = 0; i < SmpTests.Rounds(FreeRounds); i++)
        {
            var device = (Device*)Kmalloc((nuint)sizeof(Device), GfpFlags.Kernel);
            if (device == null)
            {
                Check.True(device != null);
                return;
            }

            device->Signature = Device.Valid;
            SetupTimer(&device->Timer, &UseDevice, (ulong)device);
            device->Timer.Expires = Jiffies;
            AddTimerOn(&device->Timer, 1);
            SmpLine.Delay(i % 64 * 100);
            DelTimerSync(&device->Timer);
            device->Signature = 0;
            Kfree(device);
        }

        Check.Equal(0, s_wrong);
        Check.True(s_runs > 0);
    }

    private static void UseDevice(ulong data)
    {
        var device = (Device*)data;
        for (int i = 0; i < 20; i++)
        {
            if (Shared.ReadOnce(ref device->Signature) != Device.Valid)
            {
                Shared.AddReturn(ref s_wrong, 1);
            }

            SmpLine.Pause(5);
        }

        // Half of them go on for ever.
        if (Shared.AddReturn(ref s_runs, 1) % 2 == 0)
        {
            ModTimer(&device->Timer, Jiffies);
        }
    }

    private struct Device
    {
        public const int Valid = 0x600d;

        public TimerList Timer;
        public int Signature;
    }

    [InlineArray(PerCpu * Cpu.MaxCpus)]
    private struct TimerArray
    {
        private TimerList _first;
    }
}
