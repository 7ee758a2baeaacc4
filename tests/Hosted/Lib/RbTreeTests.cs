// The red-black tree against a sorted set: order and balance after every insertion and removal.

using System.Runtime.InteropServices;
using CSharpOS.Lib;
using Xunit;

namespace CSharpOS.Hosted.Lib;

public sealed unsafe class RbTreeTests : IDisposable
{
    private const int Most = 300;

    private readonly Item* _items = (Item*)NativeMemory.AllocZeroed(Most, (nuint)sizeof(Item));
    private readonly RbTree* _tree = (RbTree*)NativeMemory.AllocZeroed((nuint)sizeof(RbTree));
    private readonly SortedSet<(int Key, int Index)> _model = [];

    public void Dispose()
    {
        NativeMemory.Free(_items);
        NativeMemory.Free(_tree);
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 20)]
    [InlineData(3, Most)]
    [Trait("Row", "TIME-06")]
    public void StaysOrderedAndBalanced(int seed, int count)
    {
        Random random = new(seed);
        for (int step = 0; step < 6000; step++)
        {
            int index = random.Next(count);
            if (_items[index].Inserted)
            {
                RbTree.Erase(_tree, &_items[index].Node);
                _items[index].Inserted = false;
                Assert.True(_model.Remove((_items[index].Key, index)));
            }
            else
            {
                Insert(index, random.Next(count));
            }

            if (step % 7 == 0 || count < 30)
            {
                CheckAll();
            }
        }

        while (_model.Count > 0)
        {
            RbNode* first = RbTree.First(_tree);
            Assert.Equal(_model.Min.Key, ((Item*)first)->Key);
            RbTree.Erase(_tree, first);
            Assert.True(_model.Remove((((Item*)first)->Key, (int)((Item*)first - _items))));
        }

        Assert.True(RbTree.First(_tree) == null);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void EqualKeysStayInTheOrderInWhichTheyCame()
    {
        for (int i = 0; i < 50; i++)
        {
            Insert(i, i % 2);
        }

        List<int> order = [];
        for (RbNode* node = RbTree.First(_tree); node != null; node = RbTree.Next(node))
        {
            order.Add((int)((Item*)node - _items));
        }

        List<int> expected = [];
        for (int i = 0; i < 50; i++)
        {
            expected.Add(i < 25 ? 2 * i : (2 * (i - 25)) + 1);
        }

        Assert.Equal(expected, order);
    }

    private void Insert(int index, int key)
    {
        _items[index].Key = key;
        _items[index].Inserted = true;
        RbNode* parent = null;
        bool left = false;
        for (RbNode* node = _tree->Root; node != null; node = left ? node->Left : node->Right)
        {
            parent = node;
            left = key < ((Item*)node)->Key;
        }

        RbTree.Insert(_tree, &_items[index].Node, parent, left);
        Assert.True(_model.Add((key, index)));
    }

    private void CheckAll()
    {
        Assert.False(_tree->Root != null && _tree->Root->Red);
        Blacks(_tree->Root, null);
        int seen = 0;
        int last = int.MinValue;
        for (RbNode* node = RbTree.First(_tree); node != null; node = RbTree.Next(node))
        {
            Assert.True(((Item*)node)->Key >= last);
            last = ((Item*)node)->Key;
            Assert.Contains((last, (int)((Item*)node - _items)), _model);
            seen++;
        }

        Assert.Equal(_model.Count, seen);
    }

    // Black nodes on the way down, the same on every way.
    private static int Blacks(RbNode* node, RbNode* parent)
    {
        if (node == null)
        {
            return 0;
        }

        Assert.True(node->Parent == parent);
        Assert.False(node->Red && parent != null && parent->Red);
        int left = Blacks(node->Left, node);
        Assert.Equal(left, Blacks(node->Right, node));
        return left + (node->Red ? 0 : 1);
    }

    private struct Item
    {
        public RbNode Node;
        public int Key;
        public bool Inserted;
    }
}
