// Exception: there are none. A name for the compilers, and the end of a throw that got through anyway.
//
// Any context. ilc insists on the type; the C# compiler writes `throw new NotSupportedException()` into the placeholders of extension
// blocks, which are never called. The constructor refuses every use in source code, so no other exception can be made.

namespace System;

/// <summary>The base of exceptions. Nobody can make one.</summary>
public abstract class Exception
{
    private protected Exception()
    {
    }
}

/// <summary>For code that the C# compiler writes by itself.</summary>
public sealed class NotSupportedException : Exception
{
    [Obsolete("kernel code has no exceptions: return an errno, or call Bug or Panic", error: true)]
    public NotSupportedException()
    {
    }
}
