// ValidatorIrqTests: the validator's rules about interrupts, with a real line where the machine has the device. Part of the suite validator.

namespace CSharpOS.Suites;

internal static unsafe class ValidatorIrqTests
{
    private const int Line = IrqTests.Line;

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

    // A softirq as the kernel serves one, in process context.
    internal static void InSoftirq()
    {
#if DEBUG_CHECKS
        s_plain.Init();
        s_plain.Lock();
        s_plain.Unlock();
        LockValidator.SoftirqEnter();
        s_plain.Lock();
        s_plain.Unlock();
        LockValidator.SoftirqExit();
        Check.Logged("inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage."u8);
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

    internal static void TakeInHandler()
    {
        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(Line, &TakingHandler, IrqFlags.Disabled, "taker"u8, null));
        IrqTests.Pulse(Line);
        IrqTests.WaitForCalls(1);
        FreeIrq(Line, null);
        Check.Equal(1, IrqTests.Calls);
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
