// Spin locks: exclusion and fairness of the real ticket lock, with every access to its word a scheduling point; and what interrupts do to locks.

using System.Runtime.CompilerServices;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class LockScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("ticket lock", 2, null)]
    [InlineData("ticket lock", 3, null)]
    [InlineData("test, then set", 2, "two CPUs are inside")]
    [InlineData("no lock", 2, "two CPUs are inside")]
    public void Exclusion(string variant, int cpus, string? fault) => Explore(() => new ExclusionScenario(variant, cpus), fault);

    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("ticket lock", null)]
    [InlineData("test and set", "overtaken")]
    public void Fairness(string variant, string? fault) => Explore(() => new FairnessScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("interrupts off", null)]
    [InlineData("interrupts on", "nobody can run")]
    [InlineData("turning them off left out", "nobody can run")]
    public void LockAgainstAHandlerOfTheSameCpu(string variant, string? fault) => Explore(() => new HandlerScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("same order", null)]
    [InlineData("opposite orders", "nobody can run")]
    public void OrderOfTwoLocks(string variant, string? fault) => Explore(() => new OrderScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-02")]
    [InlineData("lock", null)]
    [InlineData("lock left out", "a lock is missing")]
    public void AListUnderALock(string variant, string? fault) => Explore(() => new ListScenario(variant), fault);

    private sealed class ExclusionScenario(string variant, int cpus) : Scenario
    {
        private AnyLock* _lock;
        private Atomic* _inside;
        private int _entered;

        public override int Cpus => cpus;

        public override void Setup()
        {
            _lock = Machine.Allocate<AnyLock>();
            _inside = Machine.Allocate<Atomic>();
            for (int cpu = 0; cpu < cpus; cpu++)
            {
                Thread(cpu, $"taker {cpu}", Take);
            }
        }

        public override void End() => Check(_entered == cpus);

        private void Take()
        {
            _lock->Take(variant);
            if (_inside->IncReturn() != 1)
            {
                throw Machine.Fail("two CPUs are inside");
            }

            _inside->Dec();
            _entered++;
            _lock->GiveBack(variant);
        }
    }

    // CPU 0 holds the lock until CPU 1 waits for it, gives it back and takes it again: CPU 1 must have had it in between.
    private sealed class FairnessScenario(string variant) : Scenario
    {
        private AnyLock* _lock;
        private bool _waiterWasIn;

        public override void Setup()
        {
            _lock = Machine.Allocate<AnyLock>();
            Thread(0, "holder", () =>
            {
                _lock->Take(variant);
                while (!_lock->SomebodyWaits(variant))
                {
                    CpuRelax();
                }

                _lock->GiveBack(variant);
                _lock->Take(variant);
                if (!_waiterWasIn)
                {
                    throw Machine.Fail("a waiter was overtaken");
                }

                _lock->GiveBack(variant);
            });
            Thread(1, "waiter", () =>
            {
                while (!_lock->IsTaken(variant))
                {
                    CpuRelax();
                }

                _lock->Take(variant);
                _waiterWasIn = true;
                _lock->GiveBack(variant);
            });
        }
    }

    private sealed class HandlerScenario(string variant) : Scenario
    {
        private SpinLock* _lock;
        private int _count;

        public override int Cpus => 1;

        public override void Setup()
        {
            _lock = Machine.Allocate<SpinLock>();
            Faults.InterruptsStayOn = variant == "turning them off left out";
            Thread(0, "thread", () =>
            {
                if (variant == "interrupts on")
                {
                    _lock->Lock();
                    _count++;
                    _lock->Unlock();
                    return;
                }

                ulong flags = _lock->LockIrqSave();
                _count++;
                _lock->UnlockIrqRestore(flags);
            });
            Interrupt(0, "device", () =>
            {
                _lock->Lock();
                _count++;
                _lock->Unlock();
            });
        }

        public override void End() => Check(_count == 2);
    }

    private sealed class OrderScenario(string variant) : Scenario
    {
        private SpinLock* _a;
        private SpinLock* _b;

        public override void Setup()
        {
            _a = Machine.Allocate<SpinLock>();
            _b = Machine.Allocate<SpinLock>();
            Thread(0, "cat", () => Both(_a, _b));
            Thread(1, "dog", () => Both(variant == "same order" ? _a : _b, variant == "same order" ? _b : _a));
        }

        private static void Both(SpinLock* first, SpinLock* second)
        {
            first->Lock();
            second->Lock();
            second->Unlock();
            first->Unlock();
        }
    }

    private sealed class ListScenario(string variant) : Scenario
    {
        private SpinLock* _lock;
        private ListHead* _head;

        public override void Setup()
        {
            _lock = Machine.Allocate<SpinLock>();
            _head = Machine.Allocate<ListHead>();
            ListHead.Init(_head);
            if (variant == "lock left out")
            {
                Faults.DropLock(_lock);
            }

            Thread(0, "adder", AddOne);
            Thread(1, "adder too", AddOne);
        }

        public override void End()
        {
            int length = 0;
            for (ListHead* node = _head->Next; node != _head; node = node->Next)
            {
                length++;
            }

            Check(length == 2);
        }

        private void AddOne()
        {
            ListHead* node = Machine.Allocate<ListHead>();
            _lock->Lock();
            ListHead.AddTail(node, _head);
            _lock->Unlock();
        }
    }

    // The real lock, and what one might write instead.
    private struct AnyLock
    {
        private Real.TicketLock _ticket;
        private int _word;
        private int _waits;

        public void Take(string variant)
        {
            switch (variant)
            {
                case "ticket lock":
                    _ticket.Acquire();
                    break;
                case "test and set":
                    while (Shared.Exchange(ref _word, 1) != 0)
                    {
                        Shared.WriteOnce(ref _waits, 1);
                        CpuRelax();
                    }

                    break;
                case "test, then set":
                    while (Shared.ReadOnce(ref _word) != 0)
                    {
                        CpuRelax();
                    }

                    Shared.WriteOnce(ref _word, 1);
                    break;
                default:
                    Mb();
                    break;
            }
        }

        public void GiveBack(string variant)
        {
            if (variant == "ticket lock")
            {
                _ticket.Release();
            }
            else
            {
                Shared.WriteOnce(ref _word, 0);
            }
        }

        public bool IsTaken(string variant) => variant == "ticket lock" ? _ticket.IsLocked : Shared.ReadOnce(ref _word) != 0;

        // Two tickets out: the holder's and a waiter's.
        public bool SomebodyWaits(string variant)
        {
            if (variant != "ticket lock")
            {
                return Shared.ReadOnce(ref _waits) != 0;
            }

            int tickets = Shared.ReadOnce(ref Unsafe.As<Real.TicketLock, int>(ref _ticket));
            return (ushort)(tickets >> 16) - (ushort)tickets == 2;
        }
    }
}
