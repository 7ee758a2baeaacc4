// ValidatorTests: the lock validator in the running kernel: each mistake is made once, harmlessly, and must be reported.
//
// Process context. The mistakes are orders that could deadlock, made by one task after the other, so nothing does. Reports are taken
// (LockValidator.TakeReports), or the test would fail. The parts: ValidatorIrqTests interrupts, ValidatorContextTests sleeping and endings,
// LockStatTests figures.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the lock validator.</summary>
public static unsafe class ValidatorTests
{
    private static SpinLock s_cat, s_dog, s_fox, s_own, s_first, s_second;
    private static Siblings s_siblings;

    [TestSuite("validator")]
    public static void Suite()
    {
        Test.Run("ABBA is reported at the first BA"u8, "SYNC-04"u8, &Abba);
        Test.Run("a circle of cat, dog and fox"u8, "SYNC-04"u8, &Circle);
        Test.Run("taking a lock twice is reported and does not hang"u8, "SYNC-04 SYNC-02"u8, &SelfDeadlock);
        Test.Run("two locks of one class need an order"u8, "SYNC-04"u8, &SameClass);
        Test.Run("part of an order, other unlock orders: no report"u8, "SYNC-04"u8, &RightOrders);
        Test.Run("a lock got by trylock closes no circle"u8, "SYNC-04"u8, &TryLocks);
        Test.Run("unlock of a lock not held"u8, "SYNC-04 SYNC-02"u8, &NotHeld);
        Test.Run("a lock that a handler takes"u8, "SYNC-04"u8, &ValidatorIrqTests.InHandler);
        Test.Run("a lock that a softirq takes"u8, "SYNC-04"u8, &ValidatorIrqTests.InSoftirq);
        Test.Run("interrupts turned on under a handler's lock"u8, "SYNC-04"u8, &ValidatorIrqTests.TurnedOn);
        Test.Run("an unsafe lock under a safe one"u8, "SYNC-04"u8, &ValidatorIrqTests.SafeToUnsafe);
        Test.Run("a lock becomes unsafe that is taken under a safe one"u8, "SYNC-04"u8, &ValidatorIrqTests.Inversion);
        Test.Run("a lock that handlers of two lines share"u8, "SYNC-04"u8, &ValidatorIrqTests.TwoLines);
        Test.Run("a handler that keeps a lock"u8, "SYNC-04"u8, &ValidatorIrqTests.KeptByHandler);
        Test.Run("a thread that ends with a lock"u8, "SYNC-04"u8, &ValidatorContextTests.KeptAtExit);
        Test.Run("a thread that writes over the end of its stack"u8, "SIRQ-09"u8, &ValidatorContextTests.StackEndDamaged);
        Test.Run("sleeping under a spin lock"u8, "SIRQ-09"u8, &ValidatorContextTests.UnderLock);
        Test.Run("sleeping with interrupts off"u8, "SIRQ-09"u8, &ValidatorContextTests.IrqsOff);
        Test.Run("sleeping in a hard interrupt"u8, "SIRQ-09"u8, &ValidatorContextTests.InHardirq);
        Test.Run("sleeping in a tasklet"u8, "SIRQ-09"u8, &ValidatorContextTests.InTasklet);
        Test.Run("sleeping in a timer"u8, "SIRQ-09"u8, &ValidatorContextTests.InTimer);
        Test.Run("schedule() under a spin lock"u8, "SIRQ-09"u8, &ValidatorContextTests.ScheduleUnderLock);
        Test.Run("readers, writers, mutexes, rw-semaphores"u8, "SYNC-04"u8, &ValidatorTypeTests.EveryType);
        Test.Run("a mutex and a spin lock in both orders"u8, "SYNC-04"u8, &ValidatorTypeTests.SleepingInversion);
        Test.Run("acquisitions and holding times"u8, "SYNC-07"u8, &LockStatTests.Acquisitions);
        Test.Run("contention between CPUs"u8, "SYNC-07"u8, &LockStatTests.Contention);
        Test.Run("locks: the table, contended or all, cleared, and what is held"u8, "SYNC-07"u8, &LockStatTests.Command);
        Test.Run("release builds contain nothing of it"u8, "SYNC-04 SYNC-07 SIRQ-09"u8, &LockCodeTests.ChecksAreFree);
    }

    /// <summary>True if the build has a validator.</summary>
#if DEBUG_CHECKS
    internal static bool Present => true;
#else
    internal static bool Present => false;
#endif

    /// <summary>Where the build has no validator the running test is skipped; false.</summary>
    internal static bool HasValidator()
    {
#if DEBUG_CHECKS
        return true;
#else
        Test.Skip("no lock validator in this build"u8);
        return false;
#endif
    }

    /// <summary>How many reports there were; they are taken.</summary>
    internal static void Reported(int count, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        Check.Equal(count, LockValidator.TakeReports(), file, line);
#endif
    }

    /// <summary>Takes both, in this order, and gives them back.</summary>
    internal static void Nest(ref SpinLock outer, ref SpinLock inner)
    {
        outer.Lock();
        inner.Lock();
        inner.Unlock();
        outer.Unlock();
    }

    private static void Abba()
    {
        if (!HasValidator())
        {
            return;
        }

        s_first.Init();
        s_second.Init();
        Nest(ref s_first, ref s_second);
        Check.NotLogged("INFO: possible"u8);
        BackwardsByName();
        Check.Logged("[ INFO: possible circular locking dependency detected ]"u8);
        Check.Logged("(ValidatorTests.s_first){+.+.}"u8);
        Check.Logged("-> #1 (ValidatorTests.s_second)"u8);
        Check.Logged("-> #0 (ValidatorTests.s_first)"u8);

        // Both traces: of the order that was seen, and of the one that is about to be made.
        Check.Logged("ValidatorTests.Nest"u8);
        Check.Logged("ValidatorTests.BackwardsByName"u8);
        Check.Logged("1 lock held by init/1:"u8);
        Reported(1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void BackwardsByName()
    {
        s_second.Lock();
        s_first.Lock();
        s_first.Unlock();
        s_second.Unlock();
    }

    private static void Circle()
    {
        if (!HasValidator())
        {
            return;
        }

        s_cat.Init();
        s_dog.Init();
        s_fox.Init();
        CatDog();
        DogFox();
        Check.NotLogged("INFO: possible"u8);
        FoxCat();
        Check.Logged("INFO: possible circular locking dependency detected"u8);
        Check.Logged("-> #2 (ValidatorTests.s_fox)"u8);
        Check.Logged("-> #1 (ValidatorTests.s_dog)"u8);
        Check.Logged("-> #0 (ValidatorTests.s_cat)"u8);
        Check.Logged("ValidatorTests.CatDog"u8);
        Check.Logged("ValidatorTests.DogFox"u8);
        Check.Logged("ValidatorTests.FoxCat"u8);
        Reported(1);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CatDog()
    {
        s_cat.Lock();
        s_dog.Lock();
        s_dog.Unlock();
        s_cat.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void DogFox()
    {
        s_dog.Lock();
        s_fox.Lock();
        s_fox.Unlock();
        s_dog.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FoxCat()
    {
        s_fox.Lock();
        s_cat.Lock();
        s_cat.Unlock();
        s_fox.Unlock();
    }

    private static void SelfDeadlock()
    {
        if (!HasValidator())
        {
            return;
        }

        s_own.Init();
        s_own.Lock();
        s_own.Lock();
        Check.Logged("INFO: possible recursive locking detected"u8);
        Check.Logged("the same lock: it would wait for itself"u8);
        Reported(1);
        s_own.Unlock();
        Check.True(s_own.IsLocked());
        s_own.Unlock();
        Check.False(s_own.IsLocked());
        Check.Equal(0, PreemptCount());
    }

    private static void SameClass()
    {
        if (!HasValidator())
        {
            return;
        }

        for (int i = 0; i < 2; i++)
        {
            s_siblings[i].Init();
        }

        s_siblings[0].Lock();
        s_siblings[1].LockNested(1);
        s_siblings[1].Unlock();
        s_siblings[0].Unlock();
        s_siblings[1].Lock();
        s_siblings[0].LockNested(1);
        s_siblings[0].Unlock();
        s_siblings[1].Unlock();
        Reported(0);
        s_siblings[0].Lock();
        s_siblings[1].Lock();
        Check.Logged("INFO: possible recursive locking detected"u8);
        Check.Logged("another lock of the same class"u8);
        Reported(1);
        s_siblings[1].Unlock();
        s_siblings[0].Unlock();
    }

    private static void RightOrders()
    {
        if (!HasValidator())
        {
            return;
        }

        s_cat.Init();
        s_dog.Init();
        s_fox.Init();
        s_cat.Lock();
        s_dog.Lock();
        s_fox.Lock();
        s_cat.Unlock();
        s_dog.Unlock();
        s_fox.Unlock();
        Nest(ref s_cat, ref s_fox);
        Nest(ref s_dog, ref s_fox);
        s_cat.Lock();
        s_dog.Lock();
        s_cat.Unlock();

        // Only the dog is held now: no order of cat and fox comes of it.
        s_fox.Lock();
        s_dog.Unlock();
        s_fox.Unlock();
        s_fox.Lock();
        s_fox.Unlock();
        Check.NotLogged("INFO: possible"u8);
        Reported(0);
    }

    private static void TryLocks()
    {
        if (!HasValidator())
        {
            return;
        }

        s_cat.Init();
        s_dog.Init();
        Nest(ref s_cat, ref s_dog);
        s_dog.Lock();
        Check.True(s_cat.TryLock());
        s_cat.Unlock();
        s_dog.Unlock();
        Reported(0);

        // As the outer one it does: whoever holds it then waits.
        Check.True(s_dog.TryLock());
        s_cat.Lock();
        s_cat.Unlock();
        s_dog.Unlock();
        Reported(1);
    }

    private static void NotHeld()
    {
        if (!HasValidator())
        {
            return;
        }

        s_own.Init();
        s_own.Unlock();
        Check.Logged("BUG: bad unlock balance detected!"u8);
        Check.Logged("init/1 is trying to release a lock at tests/Kernel.Suites/ValidatorTests.cs"u8);
        Check.False(s_own.IsLocked());
        Check.Equal(0, PreemptCount());
        s_own.Lock();
        s_own.Unlock();
        Reported(0);
    }

    [InlineArray(2)]
    private struct Siblings
    {
        private SpinLock _first;
    }
}
