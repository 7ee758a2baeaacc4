// LockAtomicTests: atomic_t, atomic64_t, bit operations and barriers. Part of the suite lock.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class LockAtomicTests
{
    private const int Limit = 100_000;

    private static Atomic s_atomic;
    private static Atomic64 s_atomic64;
    private static int s_word;
    private static long s_taken;
    private static ulong s_bitmap;
    private static int s_turns;
    private static int s_failed;
    private static int s_plain;
    private static int s_x, s_y, s_seenX, s_seenY, s_round, s_answer;

    internal static void Results()
    {
        Atomic a = new(5);
        a.Add(3);
        a.Sub(2);
        a.Inc();
        a.Dec();
        Check.Equal(6, a.Read());
        Check.Equal(10, a.AddReturn(4));
        Check.Equal(7, a.SubReturn(3));
        Check.Equal(8, a.IncReturn());
        Check.Equal(7, a.DecReturn());
        Check.Equal(7, a.Exchange(1));
        Check.True(a.DecAndTest());
        Check.False(a.DecAndTest());
        Check.True(a.IncAndTest());
        Check.False(a.IncAndTest());
        Check.True(a.SubAndTest(1));
        Check.False(a.SubAndTest(1));
        Check.False(a.AddNegative(1));
        Check.True(a.AddNegative(-1));
        Check.Equal(-1, a.CompareExchange(3, 4));
        Check.Equal(-1, a.CompareExchange(3, -1));
        Check.False(a.AddUnless(10, 3));
        Check.True(a.AddUnless(10, 4));
        Check.Equal(13, a.Read());
        Check.True(a.IncNotZero());
        a.Set(0);
        Check.False(a.IncNotZero());
        a.SetMask(0x0f);
        a.ClearMask(0x05);
        Check.Equal(0x0a, a.Read());

        const long Big = 1L << 40;
        Atomic64 b = new(Big);
        b.Add(3);
        b.Sub(2);
        b.Inc();
        b.Dec();
        Check.Equal(Big + 1, b.Read());
        Check.Equal(Big + 5, b.AddReturn(4));
        Check.Equal(Big + 2, b.SubReturn(3));
        Check.Equal(Big + 3, b.IncReturn());
        Check.Equal(Big + 2, b.DecReturn());
        Check.Equal(Big + 2, b.Exchange(1));
        Check.True(b.DecAndTest());
        Check.False(b.DecAndTest());
        Check.True(b.IncAndTest());
        Check.False(b.SubAndTest(Big));
        Check.True(b.AddNegative(0));
        Check.Equal(-Big, b.CompareExchange(Big, -Big));
        Check.False(b.AddUnless(1, Big));
        Check.True(b.IncNotZero());
        Check.Equal(Big + 1, b.Read());
        b.Set(0);
        Check.False(b.IncNotZero());
        Check.True(b.SubAndTest(0));
    }

    internal static void Counting()
    {
        s_turns = LockTests.Turns(300_000);
        s_atomic.Set(0);
        s_atomic64.Set(-1);
        s_word = 0;
        Crew.RunAll(&CountAtomic);
        long total = (long)s_turns * LockTests.CrewSize;
        Check.Equal(total, s_atomic.Read());
        Check.Equal(total - 1, s_atomic64.Read());
        Check.Equal(total, s_word);
    }

    internal static void AddUnless()
    {
        s_atomic.Set(0);
        s_taken = 0;
        Crew.RunAll(&TakeToLimit);
        Check.Equal(Limit, s_atomic.Read());
        Check.Equal(Limit, s_taken);
    }

    internal static void BitsOfAWord()
    {
        s_turns = LockTests.Turns(50_000);
        s_bitmap = 0;
        s_failed = 0;
        Crew.RunAll(&TurnMyBits);
        Check.Equal(0, s_failed);
        Check.Equal((long)((1UL << LockTests.CrewSize) - 1), (long)s_bitmap);
    }

    // Two CPUs each write a word and read the other's. Without a full barrier both may read the old value: the one thing that x86 reorders.
    internal static void Barriers()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.True(BarrierRereads());

        s_turns = LockTests.Turns(1000);
        Shared.WriteOnce(ref s_round, 0);
        Shared.WriteOnce(ref s_answer, 0);
        OnCpu other;
        if (!OnCpu.Start(&other, 1, &StoreThenLoad, null))
        {
            return;
        }

        int both = 0;
        for (int i = 1; i <= s_turns; i++)
        {
            Shared.WriteOnce(ref s_x, 0);
            Shared.WriteOnce(ref s_y, 0);
            Shared.Exchange(ref s_round, i);
            Shared.WriteOnce(ref s_x, 1);
            SmpMb();
            s_seenY = Shared.ReadOnce(ref s_y);
            while (Shared.ReadOnce(ref s_answer) != i)
            {
                CpuRelax();
            }

            both += s_seenY == 0 && Shared.ReadOnce(ref s_seenX) == 0 ? 1 : 0;
        }

        OnCpu.Wait(&other);
        Check.Equal(0, both);
    }

    // A plain field that another CPU changes: without the barrier the compiler would read it once, before the loop.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static bool BarrierRereads()
    {
        OnCpu other;
        s_plain = 0;
        if (!OnCpu.Start(&other, 1, &SetPlain, null))
        {
            return false;
        }

        long looks = 0;
        while (s_plain == 0 && looks < 1_000_000_000)
        {
            Barrier();
            looks++;
        }

        OnCpu.Wait(&other);
        return looks < 1_000_000_000;
    }

    private static void SetPlain(void* unused) => Shared.WriteOnce(ref s_plain, 1);

    private static void StoreThenLoad(void* unused)
    {
        for (int i = 1; i <= s_turns; i++)
        {
            while (Shared.ReadOnce(ref s_round) != i)
            {
                CpuRelax();
            }

            Shared.WriteOnce(ref s_y, 1);
            SmpMb();
            Shared.WriteOnce(ref s_seenX, Shared.ReadOnce(ref s_x));
            Shared.Exchange(ref s_answer, i);
        }
    }

    private static void CountAtomic(int number)
    {
        for (int i = 0; i < s_turns; i++)
        {
            s_atomic.Inc();
            s_atomic64.Add(1);
            Shared.AddReturn(ref s_word, 1);
        }
    }

    private static void TakeToLimit(int number)
    {
        while (s_atomic.AddUnless(1, Limit))
        {
            Shared.AddReturn(ref s_taken, 1);
        }
    }

    // Each thread has one bit of a word that all change: nobody else's change may be lost, nor disturb.
    private static void TurnMyBits(int number)
    {
        fixed (ulong* bitmap = &s_bitmap)
        {
            bool good = true;
            for (int i = 0; i < s_turns; i++)
            {
                good &= !Bits.TestAndSetBit(number, bitmap);
                good &= Bits.TestBit(number, bitmap);
                Bits.ChangeBit(number, bitmap);
                good &= !Bits.TestAndChangeBit(number, bitmap);
                good &= Bits.TestAndClearBit(number, bitmap);
                Bits.SetBit(number, bitmap);
                Bits.ClearBit(number, bitmap);
                good &= !Bits.TestAndClearBit(number, bitmap);
            }

            Bits.SetBit(number, bitmap);
            Shared.AddReturn(ref s_failed, good ? 0 : 1);
        }
    }
}
