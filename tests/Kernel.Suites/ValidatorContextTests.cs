// ValidatorContextTests: sleeping where it is forbidden, one test per context, and threads that end with a lock. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class ValidatorContextTests
{
    private const int Line = IrqTests.Line;

    private static SpinLock s_lock;
    private static int s_started;

    internal static void KeptAtExit()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        s_lock.Init();
        TaskStruct* thread = Kthread.Create(&EndWithLock, null, $"keeper", out int error);
        Check.Equal(0, error);
        Tasks.Get(thread);
        Shared.WriteOnce(ref s_started, 0);
        Scheduler.WakeUpProcess(thread);
        while (Shared.ReadOnce(ref s_started) == 0)
        {
            Scheduler.Yield();
        }

        Kthread.Stop(thread);
        Tasks.Put(thread);
        Check.Logged("BUG: lock held at task exit time by keeper!"u8);
        Check.Logged("(ValidatorContextTests.s_lock)"u8);
        Check.Logged("exited with preempt_count 1"u8);
        ValidatorTests.Reported(0);
    }

    internal static void StackEndDamaged()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        TaskStruct* thread = Kthread.Create(&DamageStackEnd, null, $"damager", out int error);
        Check.Equal(0, error);
        Tasks.Get(thread);
        Shared.WriteOnce(ref s_started, 0);
        Scheduler.WakeUpProcess(thread);
        while (Shared.ReadOnce(ref s_started) == 0)
        {
            Scheduler.Yield();
        }

        Kthread.Stop(thread);
        Tasks.Put(thread);

        // It is looked at when the thread leaves the CPU for good, which comes after whoever waited for it may go on.
        while (Check.CountLogged("BUG: corrupted stack end detected inside scheduler: damager/"u8) == 0)
        {
            Scheduler.Yield();
        }

        Check.Equal(1, Check.CountLogged("BUG: corrupted stack end"u8));
    }

    internal static void UnderLock()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        s_lock.Init();
        s_lock.Lock();
        MightSleep();
        s_lock.Unlock();
        Check.Logged("BUG: sleeping function called from invalid context at tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
        Check.Logged("in_atomic(): 1, irqs_disabled(): 0, pid: 1, name: init"u8);
        Check.Logged("1 lock held by init/1:"u8);
        Check.Logged(" #0:  (ValidatorContextTests.s_lock){+.+.}, at: tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
        Check.Logged("preemption disabled at: tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
        ValidatorTests.Reported(0);
    }

    internal static void IrqsOff()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        ulong flags = LocalIrqSave();
        MightSleep();
        LocalIrqRestore(flags);
        Check.Logged("in_atomic(): 0, irqs_disabled(): 1, pid: 1, name: init"u8);
        Check.Logged("no locks held by init/1."u8);
        Check.Logged("interrupts disabled at: tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
    }

    internal static void InHardirq()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &SleepingHandler, IrqFlags.None, "sleeper"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        FreeIrq(Line, null);
        Check.Logged("BUG: sleeping function called from invalid context"u8);
        Check.Logged("ValidatorContextTests.SleepingHandler"u8);
        Check.Logged(" <IRQ>"u8);
    }

    internal static void InTasklet()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        ValidatorIrqTests.RunTasklet(&SleepingTasklet);
        Check.Logged("BUG: sleeping function called from invalid context at tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
        Check.Logged("ValidatorContextTests.SleepingTasklet"u8);
    }

    internal static void InTimer()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        TimerList timer = default;
        Shared.WriteOnce(ref s_started, 0);
        Timers.SetupTimer(&timer, &SleepingTimer, 0);
        Timers.ModTimer(&timer, Jiffies + 1);
        while (Shared.ReadOnce(ref s_started) == 0)
        {
            CpuRelax();
        }

        Timers.DelTimerSync(&timer);
        Check.Logged("BUG: sleeping function called from invalid context at tests/Kernel.Suites/ValidatorContextTests.cs:"u8);
        Check.Logged("ValidatorContextTests.SleepingTimer"u8);
    }

    internal static void ScheduleUnderLock()
    {
        if (!ValidatorTests.HasValidator())
        {
            return;
        }

        s_lock.Init();
        s_lock.Lock();
        Scheduler.Schedule();
        s_lock.Unlock();
        Check.Logged("BUG: scheduling while atomic: init/1/0x00000001"u8);
        Check.Logged(" #0:  (ValidatorContextTests.s_lock)"u8);
        ValidatorTests.Reported(0);
    }

    private static int EndWithLock(void* unused)
    {
        Shared.WriteOnce(ref s_started, 1);
        s_lock.Lock();
        return 0;
    }

    private static void SleepingTasklet(ulong unused)
    {
        MightSleep();
        Shared.WriteOnce(ref s_started, 1);
    }

    private static void SleepingTimer(ulong unused)
    {
        MightSleep();
        Shared.WriteOnce(ref s_started, 1);
    }

    private static int DamageStackEnd(void* unused)
    {
        *(ulong*)Current->Stack = 0;

        // It is looked at whenever the task wants to leave the CPU.
        Scheduler.Yield();
        Shared.WriteOnce(ref s_started, 1);
        return 0;
    }

    private static IrqReturn SleepingHandler(int irq, void* devId, PtRegs* regs)
    {
        MightSleep();
        return IrqTests.Count(irq, devId, regs);
    }
}
