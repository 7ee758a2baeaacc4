// UnwinderStack: which stacks a walk may read, and how it can end. The walk itself: Unwinder.cs.
//
// Any context, no locks: plain values on the caller's stack.

namespace CSharpOS.Debugging;

/// <summary>A stack that the unwinder may read: [<see cref="Low"/>, <see cref="High"/>).</summary>
public struct StackRange
{
    public nuint Low;
    public nuint High;

    // The unwinder's note: where it left this stack.
    internal nuint LeftAt;

    /// <summary>Names a stack.</summary>
    public StackRange(nuint low, nuint high)
    {
        Low = low;
        High = high;
        LeftAt = 0;
    }
}

/// <summary>Why a walk ended.</summary>
public enum UnwinderEnd
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>The outermost frame was reached: top of a stack or a zero return address.</summary>
    Complete,

    /// <summary>The interrupted code is in user mode.</summary>
    UserMode,

    /// <summary>The stack pointer, or what should be read, lies in none of the given stacks.</summary>
    OutsideStacks,

    /// <summary>What should be a return address is not an address of code.</summary>
    NotText,

    /// <summary>The next frame is not above this one: the stack is damaged.</summary>
    NoProgress,

    /// <summary>The code was interrupted inside an entry stub, where the stack has no fixed form.</summary>
    InEntryStub,

    /// <summary>More than <see cref="Unwinder.MaxFrames"/> frames.</summary>
    TooDeep,
}
