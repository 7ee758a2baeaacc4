// RCU on simulated CPUs: ticks strike where the test says, so it is known to the step when a grace period is over.

using CSharpOS.Arch;
using CSharpOS.Hosted.Sched;
using CSharpOS.ReadCopyUpdate;
using CSharpOS.Sched;
using Xunit;
using Cpus = CSharpOS.Arch.Smp;

namespace CSharpOS.Hosted.Softirqs;

public sealed unsafe class RcuTests : IDisposable
{
    private static readonly List<int> s_called = [];

    private readonly SoftirqMachine _softirqs = new();
    private readonly SchedMachine _machine = new(2);
    private readonly Item* _items = (Item*)System.Runtime.InteropServices.NativeMemory.AllocZeroed(100 * (nuint)sizeof(Item));

    public RcuTests()
    {
        s_called.Clear();
        Rcu.Init();
        for (int i = 0; i < 100; i++)
        {
            _items[i].Number = i;
        }

        for (int cpu = 0; cpu < 2; cpu++)
        {
            On(cpu, () => Simulation.InterruptsEnabled = true);
        }
    }

    public void Dispose()
    {
        _machine.Dispose();
        System.Runtime.InteropServices.NativeMemory.Free(_items);
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void ACallbackIsCalledAfterEachCpuHasBeenQuiet()
    {
        Queue(0, 1);
        Tick(0);
        Tick(0);
        Tick(0);
        Assert.Empty(s_called);
        Assert.Equal(0, RcuBatchesCompleted);
        Tick(1);
        Assert.Equal(1, RcuBatchesCompleted);
        Tick(0);
        Assert.Equal([1], s_called);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [Trait("Row", "SYNC-03")]
    public void AReaderHoldsTheGracePeriodUp(int cpu)
    {
        Queue(0, 1);
        On(cpu, () => RcuReadLock());
        for (int i = 0; i < 10; i++)
        {
            Tick(0);
            Tick(1);
        }

        Assert.Empty(s_called);
        On(cpu, RcuReadUnlock);
        Tick(1);
        Tick(0);
        Tick(1);
        Tick(0);
        Assert.Equal([1], s_called);
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void WhatWasQueuedDuringAGracePeriodWaitsForTheNext()
    {
        Queue(0, 1);
        Tick(0);
        Queue(0, 2);
        Tick(1);
        Tick(0);
        Assert.Equal([1], s_called);
        Assert.Equal(1, RcuBatchesCompleted);
        Tick(1);
        Tick(0);
        Assert.Equal([1, 2], s_called);
        Assert.Equal(2, RcuBatchesCompleted);
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void ACallOfScheduleIsAQuiescentState()
    {
        Queue(0, 1);
        Tick(0);
        Tick(0);

        // Each of its ticks finds CPU 1 in a reader; but between two of them it has switched.
        On(1, () => RcuReadLock());
        Tick(1);
        Assert.Equal(0, RcuBatchesCompleted);
        On(1, () =>
        {
            RcuReadUnlock();
            Scheduler.Schedule();
            RcuReadLock();
        });
        Tick(1);
        Assert.Equal(1, RcuBatchesCompleted);
        On(1, RcuReadUnlock);
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void ManyCallbacksInOrderAndInPortions()
    {
        for (int i = 0; i < 25; i++)
        {
            Queue(0, i);
        }

        Tick(0);
        Tick(1);
        Tick(0);
        Assert.Equal(Enumerable(25), s_called);
        Assert.Equal(25ul, RcuCallbacksInvoked(0));
        Assert.Equal(0, RcuCallbacksWaiting(0));
    }

    [Fact]
    [Trait("Row", "SYNC-03")]
    public void NobodyIsAskedWithoutCallbacks()
    {
        for (int i = 0; i < 5; i++)
        {
            Tick(0);
            Tick(1);
        }

        Assert.Equal(0, RcuBatchesCompleted);
    }

    private static IEnumerable<int> Enumerable(int count) => System.Linq.Enumerable.Range(0, count);

    private static void On(int cpu, Action action)
    {
        Simulation.SwitchTo(cpu);
        action();
        Simulation.SwitchTo(0);
    }

    private static void Tick(int cpu) => On(cpu, () => SoftirqMachine.Interrupt(Rcu.CheckCallbacks));

    private void Queue(int cpu, int number) => On(cpu, () => CallRcu(&_items[number].Head, &Called));

    private static void Called(RcuHead* head) => s_called.Add(((Item*)head)->Number);

    private struct Item
    {
        public RcuHead Head;
        public int Number;
    }
}
