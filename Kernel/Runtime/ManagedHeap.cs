// ManagedHeap: the memory behind `new`. It is for boot-time singletons and arrays, and it is never given back.
//
// Contexts: boot and process context. The early arena takes no lock (one atomic add); the kernel's allocator, once set, brings its own
// rules.
// Every block is zero and 16-byte aligned.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Threading;

namespace CSharpOS.Runtime;

/// <summary>The memory of managed objects.</summary>
public static unsafe class ManagedHeap
{
    private const nuint Alignment = 16;

    private static delegate*<nuint, void*> s_allocator;
    private static nuint s_earlyUsed;

    /// <summary>Bytes that the early arena has given out.</summary>
    public static nuint EarlyUsed => s_earlyUsed;

    /// <summary>Takes later memory from <paramref name="allocator"/>: bytes in, a 16-byte aligned block out, or null. Null: back to the
    /// early arena.</summary>
    public static void SetAllocator(delegate*<nuint, void*> allocator) => s_allocator = allocator;

    /// <summary>A zeroed block. Running out is a fatal error.</summary>
    internal static void* Allocate(nuint size)
    {
        size = (size + (Alignment - 1)) & ~(Alignment - 1);
        delegate*<nuint, void*> allocator = s_allocator;
        byte* block = allocator != null ? (byte*)allocator(size) : AllocateEarly(size);
        if (block == null)
        {
            ThrowHelper.OutOfMemory();
        }

        SpanHelpers.Set(block, 0, size);
        return block;
    }

    private static byte* AllocateEarly(nuint size)
    {
        byte* start = StartOfEarlyHeap();
        nuint available = (nuint)(EndOfEarlyHeap() - start);
        if (size > available)
        {
            return null;
        }

        nuint used = (nuint)Interlocked.Add(ref Unsafe.As<nuint, long>(ref s_earlyUsed), (long)size);
        return used <= available ? start + (used - size) : null;
    }

    // Not inlined: the compiler takes the addresses of two functions for constants of its own and would fold arithmetic with them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* StartOfEarlyHeap() => (byte*)(delegate*<void>)&EarlyHeapStart;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* EndOfEarlyHeap() => (byte*)(delegate*<void>)&EarlyHeapEnd;

    [RuntimeImport("*", "__early_heap_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void EarlyHeapStart();

    [RuntimeImport("*", "__early_heap_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void EarlyHeapEnd();
}
