// RCU: a reader that has found an object may use it until it says so, whenever the writer takes it out and the ticks strike.

using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Explorer.Scenarios;

public sealed unsafe class RcuScenarios(ITestOutputHelper output) : ScenarioTests(output)
{
    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("classic RCU", null)]
    [InlineData("the reader's CPU is not waited for", "use after free")]
    [InlineData("no rcu_read_lock", "use after free")]
    [InlineData("freed at once", "use after free")]
    public void CallRcuAgainstAReader(string variant, string? fault) => Explore(() => new ReaderScenario(variant), fault, bound: 0);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("list_del_rcu", null)]
    [InlineData("list_del", "does not hold")]
    public void AReaderOnANodeThatIsTakenOut(string variant, string? fault) => Explore(() => new ListScenario(variant), fault);

    [Theory]
    [Trait("Row", "SYNC-03")]
    [InlineData("list_add_rcu", null)]
    [InlineData("linked in before it is complete", "does not hold")]
    public void AReaderWhileANodeIsPutIn(string variant, string? fault) => Explore(() => new AddScenario(variant), fault);

    // The heads stand first.
    private struct Item
    {
        public RcuHead Head;
        public ListHead Link;
        public int Value;
    }

    private sealed class ReaderScenario(string variant) : Scenario
    {
        private static int s_freed;
        private Item** _shared;

        public override void Setup()
        {
            s_freed = 0;
            _shared = (Item**)Machine.Allocate<nint>();
            *_shared = (Item*)Kmalloc((nuint)sizeof(Item), GfpFlags.Kernel);
            Item* item = *_shared;
            if (variant == "the reader's CPU is not waited for")
            {
                Faults.Overlooked = 2;
            }

            Thread(0, "writer", () =>
            {
                RcuAssignPointer(_shared, null);
                if (variant == "freed at once")
                {
                    Kfree(item);
                    return;
                }

                CallRcu(&item->Head, &Free);
                for (int i = 0; i < 2; i++)
                {
                    LocalIrqDisable();
                    IrqEnter();
                    Rcu.CheckCallbacks();
                    IrqExit();
                    LocalIrqEnable();
                }
            });
            Thread(1, "reader", variant == "no rcu_read_lock" ? ReadCarelessly : Read);
            Interrupt(1, "tick", Rcu.CheckCallbacks);
        }

        public override void End() => Check(variant != "classic RCU" || s_freed <= 1, "freed once at most");

        private void Read()
        {
            RcuReadLock();
            ReadCarelessly();
            RcuReadUnlock();
        }

        private void ReadCarelessly()
        {
            Item* item = Shared.ReadOnce(_shared);
            if (item != null)
            {
                Shared.ReadOnce(ref item->Value);
            }
        }

        private static void Free(RcuHead* head)
        {
            s_freed++;
            Kfree(head);
        }
    }

    private sealed class ListScenario(string variant) : Scenario
    {
        private Item* _items;
        private ListHead* _list;

        public override void Setup()
        {
            _list = Machine.Allocate<ListHead>();
            _items = (Item*)Kmalloc((nuint)(2 * sizeof(Item)), GfpFlags.Kernel);
            ListHead.Init(_list);
            ListHead.AddTailRcu(&_items[0].Link, _list);
            ListHead.AddTailRcu(&_items[1].Link, _list);
            Thread(0, "writer", () =>
            {
                if (variant == "list_del_rcu")
                {
                    ListHead.DelRcu(&_items[0].Link);
                    return;
                }

                ListHead* next = _items[0].Link.Next;
                Shared.WriteOnce(&_list->Next, next);
                Shared.WriteOnce(&_items[0].Link.Next, null);
            });
            Thread(1, "reader", () =>
            {
                int count = 0;
                RcuReadLock();
                for (ListHead* link = ListHead.NextRcu(_list); link != _list; link = ListHead.NextRcu(link))
                {
                    Check(link != null, "a reader comes to the end of the list");
                    count++;
                }

                RcuReadUnlock();
                Check(count is 1 or 2, "the node that stays is found");
            });
        }
    }

    private sealed class AddScenario(string variant) : Scenario
    {
        private Item* _item;
        private ListHead* _list;

        public override void Setup()
        {
            _list = Machine.Allocate<ListHead>();
            _item = (Item*)Kmalloc((nuint)sizeof(Item), GfpFlags.Kernel);
            ListHead.Init(_list);
            Thread(0, "writer", () =>
            {
                if (variant == "list_add_rcu")
                {
                    Shared.WriteOnce(ref _item->Value, 1);
                    ListHead.AddRcu(&_item->Link, _list);
                    return;
                }

                ListHead.AddRcu(&_item->Link, _list);
                Shared.WriteOnce(ref _item->Value, 1);
            });
            Thread(1, "reader", () =>
            {
                RcuReadLock();
                ListHead* link = ListHead.NextRcu(_list);
                if (link != _list)
                {
                    Check(Shared.ReadOnce(ref _item->Value) == 1, "a node that is found is complete");
                }

                RcuReadUnlock();
            });
        }
    }
}
