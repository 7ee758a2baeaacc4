// ValidatorIrqTests: the validator's rules about interrupts, with a real line where the machine has the device. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class ValidatorIrqTests
{
    private const int Line = IrqTests.Line;
    private const int OtherLine = IrqTests.OtherLine;

    private static SpinLock s_handlers, s_plain, s_kept;
    private static bool s_keep;

    internal static void InHandler()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        s_handlers.Init();
        TakeInHandler();
        ulong flags = s_handlers.LockIrqSave();
        s_handlers.UnlockIrqRestore(flags);
        ValidatorTests.Reported(0);
        s_handlers.Lock();
        s_handlers.Unlock();
        Check.Logged("[ INFO: inconsistent lock state ]"u8);
        Check.Logged("inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} usage."u8);
        Check.Logged("ValidatorIrqTests.TakingHandler"u8);
        ValidatorTests.Reported(1);
    }

    internal static void InSoftirq()
    {
#if DEBUG_CHECKS
        s_plain.Init();
        s_plain.Lock();
        s_plain.Unlock();
        RunTasklet(&TakingTasklet);
        Check.Logged("inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage."u8);
        Check.Logged("ValidatorIrqTests.TakingTasklet"u8);
        ValidatorTests.Reported(1);

        // With bottom halves off, and only so, process context may take what a tasklet takes.
        s_plain.Init();
        RunTasklet(&TakingTasklet);
        s_plain.LockBh();
        s_plain.UnlockBh();
        ValidatorTests.Reported(0);
        s_plain.Lock();
        s_plain.Unlock();
        Check.Logged("inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage."u8);
        ValidatorTests.Reported(1);
#else
        ValidatorTests.HasValidator();
#endif
    }

    internal static void TurnedOn()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        s_handlers.Init();
        TakeInHandler();
        ulong flags = s_handlers.LockIrqSave();
        LocalIrqEnable();
        s_handlers.UnlockIrqRestore(flags);
        Check.Logged("inconsistent {IN-HARDIRQ-W} -> {HARDIRQ-ON-W} usage."u8);
        ValidatorTests.Reported(1);
    }

    internal static void SafeToUnsafe()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        s_handlers.Init();
        s_plain.Init();
        TakeInHandler();
        s_plain.Lock();
        s_plain.Unlock();
        ValidatorTests.Reported(0);
        ulong flags = s_handlers.LockIrqSave();
        s_plain.Lock();
        s_plain.Unlock();
        s_handlers.UnlockIrqRestore(flags);
        Check.Logged("[ INFO: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected ]"u8);
        Check.Logged("(ValidatorIrqTests.s_handlers){-...}"u8);
        Check.Logged("(ValidatorIrqTests.s_plain){+.+.}"u8);
        Check.Logged("ValidatorIrqTests.TakingHandler"u8);
        ValidatorTests.Reported(1);
    }

    internal static void Inversion()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        s_handlers.Init();
        s_plain.Init();
        TakeInHandler();
        ulong flags = s_handlers.LockIrqSave();
        s_plain.Lock();
        s_plain.Unlock();
        s_handlers.UnlockIrqRestore(flags);
        ValidatorTests.Reported(0);
        s_plain.Lock();
        s_plain.Unlock();
        Check.Logged("[ INFO: possible irq lock inversion dependency detected ]"u8);
        Check.Logged("(ValidatorIrqTests.s_handlers){-...}"u8);
        ValidatorTests.Reported(1);
    }

    internal static void KeptByHandler()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        s_handlers.Init();
        s_kept.Init();
        s_keep = true;
        TakeInHandler();
        Check.Logged("BUG: lock held on return from the interrupt handler of taker!"u8);
        Check.Logged("(ValidatorIrqTests.s_kept)"u8);
        Check.Logged("handler of taker changed preempt_count"u8);
        ValidatorTests.Reported(0);
    }

    // Each line alone is right: its handler is not interrupted by itself. Two of them are not, if one of them holds the lock with interrupts on.
    internal static void TwoLines()
    {
        if (!ValidatorTests.HasValidator() || !IrqTests.HasTestDevice())
        {
            return;
        }

        // Both with interrupts off: neither is interrupted by the other.
        s_handlers.Init();
        TakeInHandler(Line, IrqFlags.Disabled);
        TakeInHandler(OtherLine, IrqFlags.Disabled);
        ValidatorTests.Reported(0);

        // One line twice, with interrupts on.
        s_handlers.Init();
        TakeInHandler(Line, IrqFlags.None);
        TakeInHandler(Line, IrqFlags.None);
        ValidatorTests.Reported(0);

        // The second line comes while interrupts are off; the first one's handler it could have interrupted.
        TakeInHandler(OtherLine, IrqFlags.Disabled);
        Check.Logged("[ INFO: lock shared by handlers that interrupt each other ]"u8);
        Check.Logged("(ValidatorIrqTests.s_handlers)"u8);
        Check.Logged("with interrupts off in a handler of irq 3. With interrupts on a handler of irq 6 takes it too"u8);
        ValidatorTests.Reported(1);

        // The other way round.
        s_handlers.Init();
        TakeInHandler(OtherLine, IrqFlags.Disabled);
        TakeInHandler(Line, IrqFlags.None);
        Check.Logged("in a handler of irq 6 that runs with interrupts on. A handler of irq 3 takes it too"u8);
        ValidatorTests.Reported(1);
    }

    internal static void TakeInHandler() => TakeInHandler(Line, IrqFlags.Disabled);

    private static void TakeInHandler(int line, IrqFlags flags)
    {
        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(line, &TakingHandler, flags, "taker"u8, null));
        IrqTests.Pulse(line);
        IrqTests.WaitForCalls(1);
        FreeIrq(line, null);
        Check.Equal(1, IrqTests.Calls);
    }

    /// <summary>Runs a function once, as a tasklet on this CPU.</summary>
    internal static void RunTasklet(delegate*<ulong, void> function)
    {
        TaskletStruct tasklet = default;
        Tasklet.TaskletInit(&tasklet, function, 0);
        BottomHalves.LocalBhDisable();
        Tasklet.TaskletSchedule(&tasklet);
        BottomHalves.LocalBhEnable();
        Tasklet.TaskletKill(&tasklet);
    }

    private static void TakingTasklet(ulong unused)
    {
        s_plain.Lock();
        s_plain.Unlock();
    }

    private static IrqReturn TakingHandler(int irq, void* devId, PtRegs* regs)
    {
        s_handlers.Lock();
        s_handlers.Unlock();
        if (s_keep)
        {
            s_keep = false;
            s_kept.Lock();
        }

        return IrqTests.Count(irq, devId, regs);
    }
}
