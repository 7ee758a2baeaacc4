// The interfaces that the language and generic constraints name.
//
// They are constraints, not dispatch: an interface call needs a resolver that the kernel leaves out, so it is an error at link time.
// A call through a type parameter bound to a struct is an ordinary call.

namespace System;

/// <summary>Something that <c>using</c> closes.</summary>
public interface IDisposable
{
    void Dispose();
}

/// <summary>A type that compares with <typeparamref name="T"/> for equality.</summary>
public interface IEquatable<T>
    where T : allows ref struct
{
    bool Equals(T other);
}

/// <summary>A type that has an order with <typeparamref name="T"/>.</summary>
public interface IComparable<in T>
    where T : allows ref struct
{
    int CompareTo(T other);
}
