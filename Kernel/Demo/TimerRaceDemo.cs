// TimerRaceDemo: demo timer-race: the two mistakes with timers that only a second CPU shows. Process context; sleeps.
//
// First: to change an active timer by del_timer, a new time, and add_timer. Between the first and the last another CPU may do the same, and then add_timer
// finds the timer active. Here the number of such collisions is counted (add_timer itself would report each); with mod_timer there are none.
// Second: to free an object after del_timer. That only keeps the function from being called; it may be running at this moment. Nothing is really
// freed here: the object is marked, and the function looks at the mark.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

internal static unsafe class TimerRaceDemo
{
    private const int Changes = 100_000;
    private const int Frees = 20;

    // CPUs that take turns meet only where a turn ends between the two calls.
    private const int Rounds = 100;

    // How often the function looks, every 5 microseconds: until it sees the mark, where nobody waits for it; where somebody does, it has to end by itself.
    private const int LooksUntilFreed = 400_000, LooksWhileWaitedFor = 200;
    private const int Alive = 1, Freed = 2;

    private static TimerList s_timer;
    private static int s_mark;
    private static int s_entered;
    private static int s_usedFreed;
    private static int s_collisions;
    private static int s_ready;

    private static TimerList* Timer => (TimerList*)Unsafe.AsPointer(ref s_timer);

    /// <summary>Both mistakes, and both remedies.</summary>
    /// <returns>0; -ENODEV on one CPU; an error number if a thread cannot be made.</returns>
    /// <rows>TIME-02</rows>
    public static int Run()
    {
        if (Smp.CpuCount < 2)
        {
            MonitorOutput.Write("timer-race: on one CPU neither mistake can be seen\n"u8);
            return -ENODEV;
        }

        int error = Scheduler.SetCpusAllowed(Current, 1);
        error = error == 0 ? ShowChanges() : error;
        if (error == 0)
        {
            ShowFree("del_timer"u8, &DelTimer, LooksUntilFreed);
            ShowFree("del_timer_sync"u8, &DelTimerSync, LooksWhileWaitedFor);
        }

        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
        return error;
    }

    private static int ShowChanges()
    {
        SetupTimer(Timer, &Nothing, 0);
        MonitorOutput.Write($"Two CPUs change one timer {Changes} times each, and again if they have not met:\n");
        int error = 0;
        s_collisions = 0;
        for (int round = 0; round < Rounds && error == 0 && s_collisions == 0; round++)
        {
            error = OnBothCpus(&DeleteSetAdd);
        }

        MonitorOutput.Write($"  del_timer, set, add_timer: {s_collisions} times add_timer would have found it active\n");
        error = error == 0 ? OnBothCpus(&Modify) : error;
        MonitorOutput.Write("  mod_timer:                 it may find it active, that is what it is for\n"u8);
        DelTimerSync(Timer);
        return error;
    }

    private static int OnBothCpus(delegate*<void*, int> function)
    {
        s_ready = 0;
        Completion done;
        Completion.Init(&done);
        TaskStruct* other = Kthread.Create(function, &done, $"timer_race/1", out int error);
        if (other == null)
        {
            return error;
        }

        Kthread.Bind(other, 1);
        Scheduler.WakeUpProcess(other);
        function(null);
        Completion.Wait(&done);
        return 0;
    }

    // Begins when both are there, so that they meet.
    private static void Meet()
    {
        Shared.AddReturn(ref s_ready, 1);
        while (Shared.ReadOnce(ref s_ready) < 2)
        {
            Scheduler.CondResched();
        }
    }

    private static int DeleteSetAdd(void* done)
    {
        Meet();
        int collisions = 0;
        for (int i = 0; i < Changes; i++)
        {
            DelTimer(Timer);

            // mod_timer in place of the assignment and add_timer: it says what that would have found.
            collisions += ModTimer(Timer, Jiffies + HZ + (uint)(i % HZ));
        }

        Shared.AddReturn(ref s_collisions, collisions);
        return Finish(done);
    }

    private static int Modify(void* done)
    {
        Meet();
        for (int i = 0; i < Changes; i++)
        {
            ModTimer(Timer, Jiffies + HZ + (uint)(i % HZ));
        }

        return Finish(done);
    }

    private static int Finish(void* done)
    {
        if (done != null)
        {
            Completion.Complete((Completion*)done);
        }

        return 0;
    }

    private static void ShowFree(ReadOnlySpan<byte> name, delegate*<TimerList*, int> delete, int looks)
    {
        Shared.WriteOnce(ref s_usedFreed, 0);
        for (int i = 0; i < Frees; i++)
        {
            Shared.WriteOnce(ref s_mark, Alive);
            Shared.WriteOnce(ref s_entered, 0);
            SetupTimer(Timer, &UseObject, (ulong)looks);
            Timer->Expires = Jiffies;
            AddTimerOn(Timer, 1);
            while (Shared.ReadOnce(ref s_entered) == 0)
            {
                CpuRelax();
            }

            delete(Timer);
            Shared.WriteOnce(ref s_mark, Freed);
            DelTimerSync(Timer);
        }

        MonitorOutput.Write($"{name} and free, {Frees} times while the function ran: {s_usedFreed} times it used the freed object\n");
    }

    private static void UseObject(ulong looks)
    {
        Shared.WriteOnce(ref s_entered, 1);
        for (ulong i = 0; i < looks; i++)
        {
            if (Shared.ReadOnce(ref s_mark) == Freed)
            {
                Shared.AddReturn(ref s_usedFreed, 1);
                return;
            }

            Udelay(5);
        }
    }

    private static void Nothing(ulong unused)
    {
    }
}
