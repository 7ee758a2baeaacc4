// TextPool: the user-side counterpart of Kernel/Log/TextPool.cs, for the formatter that both sides share. One thread, one buffer.

using System;

namespace CSharpOS.Log;

/// <summary>Where a <see cref="TextHandler"/> without a buffer of its own puts its text.</summary>
internal static unsafe class TextPool
{
    internal const int None = -1;
    internal const int BufferSize = 512;

    private static Block s_block;

    internal static int Claim(nuint stack) => 0;

    internal static Span<byte> Buffer(int slot) => s_block;

    internal static void Free(int slot)
    {
    }

    [System.Runtime.CompilerServices.InlineArray(BufferSize)]
    private struct Block
    {
        private byte _first;
    }
}
