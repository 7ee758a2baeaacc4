// List<T>: an array that grows. Names and meaning as in .NET.

namespace System.Collections.Generic;

/// <summary>An array that grows.</summary>
public sealed class List<T>
{
    private T[] _items = new T[8];
    private int _count;

    public int Count => _count;

    public T this[int index]
    {
        get => _items.AsSpan(0, _count)[index];
        set => _items.AsSpan(0, _count)[index] = value;
    }

    public void Add(T item)
    {
        if (_count == _items.Length)
        {
            T[] larger = new T[_count * 2];
            _items.AsSpan().CopyTo(larger);
            _items = larger;
        }

        _items[_count++] = item;
    }

    public void AddRange(List<T> items)
    {
        for (int i = 0; i < items.Count; i++)
        {
            Add(items[i]);
        }
    }

    public void Insert(int index, T item)
    {
        Add(item);
        Span<T> tail = _items.AsSpan(index, _count - index);
        tail.Slice(0, tail.Length - 1).CopyTo(tail.Slice(1));
        tail[0] = item;
    }

    public void RemoveAt(int index)
    {
        Span<T> tail = _items.AsSpan(index, _count - index);
        tail.Slice(1).CopyTo(tail);
        _count--;
    }

    public void Clear() => _count = 0;

    public T[] ToArray()
    {
        T[] result = new T[_count];
        _items.AsSpan(0, _count).CopyTo(result);
        return result;
    }

    public Enumerator GetEnumerator() => new(this);

    /// <summary>For <c>foreach</c>.</summary>
    public struct Enumerator
    {
        private readonly List<T> _list;
        private int _index;

        internal Enumerator(List<T> list)
        {
            _list = list;
            _index = -1;
        }

        public readonly T Current => _list[_index];

        public bool MoveNext() => ++_index < _list.Count;
    }
}
