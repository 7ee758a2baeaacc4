// IEnumerable and IEnumerator: the C# compiler wants the names when it compiles foreach. Nothing implements them.
//
// foreach over arrays, spans and inline arrays compiles to index loops and needs none of this at run time.

namespace System.Collections
{
    /// <summary>Only a name for the compiler.</summary>
    public interface IEnumerator
    {
        object? Current { get; }

        bool MoveNext();

        void Reset();
    }

    /// <summary>Only a name for the compiler.</summary>
    public interface IEnumerable
    {
        IEnumerator GetEnumerator();
    }
}

namespace System.Collections.Generic
{
    /// <summary>Only a name for the compiler.</summary>
    public interface IEnumerator<out T> : IEnumerator, IDisposable
        where T : allows ref struct
    {
        new T Current { get; }
    }

    /// <summary>Only a name for the compiler.</summary>
    public interface IEnumerable<out T> : IEnumerable
        where T : allows ref struct
    {
        new IEnumerator<T> GetEnumerator();
    }
}
