// ValidatorTests: the lock validator's graph against a slow and simple judge, and what in-kernel tests cannot do: readers, long circles, full
// tables.

using System.Runtime.InteropServices;
using CSharpOS.Hosted.Log;
using CSharpOS.Locking;
using Xunit;

namespace CSharpOS.Hosted.Locking;

[Trait("Row", "SYNC-04")]
public sealed unsafe class ValidatorTests : LogFixture, IDisposable
{
    private const int LockCount = 256;

    private readonly Entry* _locks = (Entry*)NativeMemory.AllocZeroed((nuint)(sizeof(Entry) * LockCount));

    public ValidatorTests()
    {
        LockValidator.Init();
        for (int i = 0; i < LockCount; i++)
        {
            LockValidator.InitMap(&_locks[i].Map, "lock", "test", 1000 + i);
        }
    }

    public void Dispose()
    {
        LockValidator.Exit();
        *Current = default;
        NativeMemory.Free(_locks);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(64)]
    [InlineData(250)]
    public void CircleOfAnyLength(int length)
    {
        for (int i = 0; i + 1 < length; i++)
        {
            Order(i, i + 1);
        }

        Assert.Equal(0, LockValidator.TakeReports());
        Order(length - 1, 0);
        Assert.Equal(1, LockValidator.TakeReports());
        string log = Dmesg();
        Assert.Contains("[ INFO: possible circular locking dependency detected ]", log);
        Assert.Contains($"-> #{length - 1} (test.lock)", log);
    }

    [Fact]
    public void EveryPrefixOfAnOrderIsRight()
    {
        for (int from = 0; from < 20; from++)
        {
            for (int i = from; i < 20; i++)
            {
                Assert.True(Take(i));
            }

            for (int i = from; i < 20; i++)
            {
                // Given back in the order in which they were taken, which is no order.
                Assert.Equal(LockRelease.Release, Give(i));
            }
        }

        Assert.Equal(0, LockValidator.TakeReports());
    }

    // The judge: all ways through all orders, each step taken as it was seen. What the validator refuses is not learned by either.
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    [InlineData(5, true)]
    public void RandomOrdersAgreeWithTheJudge(int seed, bool readers)
    {
        const int Locks = 7;
        Random random = new(seed);
        List<(int From, int To, bool Shared, bool Recursive)> seen = [];
        int reports = 0;
        for (int round = 0; round < 1500; round++)
        {
            int first = random.Next(Locks);
            int second = (first + 1 + random.Next(Locks - 1)) % Locks;
            LockKind one = readers ? (LockKind)random.Next(3) : LockKind.Exclusive;
            LockKind two = readers ? (LockKind)random.Next(3) : LockKind.Exclusive;
            (int From, int To, bool Shared, bool Recursive) order = (first, second, one != LockKind.Exclusive, two == LockKind.RecursiveRead);
            bool deadlock = Reaches(seen, order, second, order.Recursive, []);
            Order(first, second, one, two);
            Assert.Equal(deadlock ? 1 : 0, LockValidator.TakeReports());
            reports += deadlock ? 1 : 0;
            if (!deadlock)
            {
                seen.Add(order);
            }

            if (reports != 0 && round % 100 == 99)
            {
                // A graph that holds all it can has nothing more to say: begin again.
                LockValidator.Init();
                seen.Clear();
                for (int i = 0; i < Locks; i++)
                {
                    LockValidator.InitMap(&_locks[i].Map, "lock", "test", 1000 + i);
                }
            }
        }

        Assert.InRange(reports, 50, 1450);
    }

    [Fact]
    public void ReadersThatRecurseDoNotWaitForReaders()
    {
        // Two tasks that hold each other's lock for reading: nobody waits.
        Order(0, 1, LockKind.RecursiveRead, LockKind.RecursiveRead);
        Order(1, 0, LockKind.RecursiveRead, LockKind.RecursiveRead);
        Assert.Equal(0, LockValidator.TakeReports());

        // With writers: the first holds 2 for reading and wants 3, the other holds 3 and wants to write 2.
        Order(2, 3, LockKind.RecursiveRead, LockKind.Exclusive);
        Order(3, 2, LockKind.Exclusive, LockKind.Exclusive);
        Assert.Equal(1, LockValidator.TakeReports());
    }

    [Fact]
    public void ReadingAgainIsForReadersThatRecurse()
    {
        Assert.True(Take(0, LockKind.RecursiveRead));
        Assert.True(Take(0, LockKind.RecursiveRead));
        Assert.Equal(0, LockValidator.TakeReports());
        Give(0);
        Give(0);

        // A writer that came in between would let the second wait, and waits for the first.
        Assert.True(Take(1, LockKind.Read));
        Assert.False(Take(1, LockKind.Read));
        Assert.Equal(1, LockValidator.TakeReports());
        Assert.Equal(LockRelease.Counted, Give(1));
        Assert.Equal(LockRelease.Release, Give(1));

        // From reader to writer.
        Assert.True(Take(2, LockKind.RecursiveRead));
        Assert.False(Take(2));
        Assert.Equal(1, LockValidator.TakeReports());
    }

    [Fact]
    public void AReaderInAHandlerIsSafeWithReaders()
    {
        InHandler(0, LockKind.RecursiveRead);
        Take(0, LockKind.RecursiveRead);
        Give(0);
        Assert.Equal(0, LockValidator.TakeReports());
        Take(0);
        Give(0);
        Assert.Equal(1, LockValidator.TakeReports());
        Assert.Contains("inconsistent lock state", Dmesg());
    }

    [Fact]
    public void HandlersOfAHandlersOwnLockMayRunWithInterruptsOn()
    {
        // A slow handler: interrupts are on in it, and its line does not interrupt it.
        PreemptCountAdd(HardirqOffset);
        Take(0);
        Give(0);
        PreemptCountAdd(-HardirqOffset);
        ulong flags = LocalIrqSave();
        Take(0);
        Give(0);
        LocalIrqRestore(flags);
        Assert.Equal(0, LockValidator.TakeReports());
    }

    [Fact]
    public void OrdersOfAHandlerAreNotThoseOfWhatItInterrupts()
    {
        Take(0);
        InHandler(1, LockKind.Exclusive);
        Give(0);

        // 0 -> 1 was no order: they are held by two that do not know of each other.
        LockValidator.Summary(out int orders, out _);
        Assert.Equal(0, orders);
        Assert.Equal(0, LockValidator.TakeReports());
    }

    [Fact]
    public void ALongWayFromSafeToUnsafeIsFound()
    {
        InHandler(0, LockKind.Exclusive);
        ulong flags = LocalIrqSave();
        Order(0, 1);
        Order(1, 2);
        Order(3, 4);
        LocalIrqRestore(flags);
        Order(4, 5);
        Assert.Equal(0, LockValidator.TakeReports());
        flags = LocalIrqSave();
        Order(2, 3);
        LocalIrqRestore(flags);
        Assert.Equal(1, LockValidator.TakeReports());
        Assert.Contains("HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", Dmesg());
    }

    [Fact]
    public void SoftirqsCountOnlyWhileServed()
    {
        LockValidator.SoftirqEnter();
        Take(0);
        Give(0);
        LockValidator.SoftirqExit();
        PreemptCountAdd(SoftirqOffset);
        Take(0);
        Give(0);
        PreemptCountAdd(-SoftirqOffset);
        Assert.Equal(0, LockValidator.TakeReports());
        Take(0);
        Give(0);
        Assert.Equal(1, LockValidator.TakeReports());
        Assert.Contains("inconsistent {IN-SOFTIRQ-W} -> {SOFTIRQ-ON-W} usage.", Dmesg());
    }

    [Fact]
    public void AfterAReportOrdersAreNotCheckedUntilArmed()
    {
        Order(0, 1);
        Order(1, 0);
        Order(1, 0);
        Order(2, 3);
        Order(3, 2);
        Assert.False(LockValidator.Armed);
        Assert.Equal(1, LockValidator.TakeReports());
        Assert.True(LockValidator.Armed);
        Order(1, 0);
        Assert.Equal(1, LockValidator.TakeReports());
    }

    [Fact]
    public void AKnownChainIsNotCheckedAgain()
    {
        Order(0, 1);
        LockValidator.Summary(out int orders, out int chains);
        for (int i = 0; i < 10; i++)
        {
            Order(0, 1);
        }

        LockValidator.Summary(out int ordersAfter, out int chainsAfter);
        Assert.Equal((1, 1), (orders, chains));
        Assert.Equal((1, 1), (ordersAfter, chainsAfter));
    }

    [Fact]
    public void TheSecondOfTwoBecomesTheOnlyOne()
    {
        // A run queue's lock that had to be given up and taken again behind another one's, which is given back; then the other one once more.
        LockValidator.InitMap(&_locks[0].Map, "queue", "test", 5);
        LockValidator.InitMap(&_locks[1].Map, "queue", "test", 5);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(LockValidator.Acquire(&_locks[1], &_locks[1].Map, LockKind.Exclusive, 0, false, "test", 1));
            Assert.True(LockValidator.Acquire(&_locks[0], &_locks[0].Map, LockKind.Exclusive, 1, false, "test", 1));
            Give(1);
            LockValidator.ResetSubclass(&_locks[0]);
            Assert.True(LockValidator.Acquire(&_locks[1], &_locks[1].Map, LockKind.Exclusive, 1, false, "test", 1));
            Give(1);
            Give(0);
        }

        Assert.Equal(0, LockValidator.TakeReports());
    }

    [Fact]
    public void TooManyLocksAtOnceAreSaidOnceAndForgotten()
    {
        for (int i = 0; i < 40; i++)
        {
            Assert.True(Take(i));
        }

        for (int i = 39; i >= 0; i--)
        {
            Assert.Equal(LockRelease.Release, Give(i));
        }

        Assert.Contains("no room for more held locks", Dmesg());
        Assert.Equal(LockRelease.Refuse, Give(0));
        Assert.Contains("bad unlock balance", Dmesg());
    }

    [Fact]
    public void TheSameTextAtAnotherAddressIsTheSamePlace()
    {
        LockValidator.InitMap(&_locks[0].Map, "name", "place", 7);
        string file = new(['p', 'l', 'a', 'c', 'e']);
        string name = new(['n', 'a', 'm', 'e']);
        GCHandle first = GCHandle.Alloc(file, GCHandleType.Pinned);
        GCHandle second = GCHandle.Alloc(name, GCHandleType.Pinned);
        LockValidator.InitMap(&_locks[1].Map, name, file, 7);
        LockValidator.InitMap(&_locks[2].Map, "name", "place", 8);
        Assert.Equal(_locks[0].Map.Class, _locks[1].Map.Class);
        Assert.NotEqual(_locks[0].Map.Class, _locks[2].Map.Class);
        first.Free();
        second.Free();
    }

    private static bool Reaches(
        List<(int From, int To, bool Shared, bool Recursive)> seen,
        (int From, int To, bool Shared, bool Recursive) closing,
        int at,
        bool asReader,
        HashSet<(int, bool)> visited)
    {
        if (at == closing.From && !(asReader && closing.Shared))
        {
            return true;
        }

        if (!visited.Add((at, asReader)))
        {
            return false;
        }

        foreach (var order in seen)
        {
            if (order.From == at && !(asReader && order.Shared) && Reaches(seen, closing, order.To, order.Recursive, visited))
            {
                return true;
            }
        }

        return false;
    }

    private void InHandler(int number, LockKind kind)
    {
        bool enabled = Simulation.InterruptsEnabled;
        Simulation.InterruptsEnabled = false;
        PreemptCountAdd(HardirqOffset);
        LockValidator.HardirqEntered();
        Take(number, kind);
        Give(number);
        PreemptCountAdd(-HardirqOffset);
        Simulation.InterruptsEnabled = enabled;
    }

    private void Order(int first, int second, LockKind one = LockKind.Exclusive, LockKind two = LockKind.Exclusive)
    {
        Take(first, one);
        Take(second, two);
        Give(second);
        Give(first);
    }

    private bool Take(int number, LockKind kind = LockKind.Exclusive) =>
        LockValidator.Acquire(&_locks[number], &_locks[number].Map, kind, 0, false, "test", 1);

    private LockRelease Give(int number) => LockValidator.Release(&_locks[number], &_locks[number].Map, "test", 2);

    private struct Entry
    {
        public long Word;
        public LockMap Map;
    }
}
