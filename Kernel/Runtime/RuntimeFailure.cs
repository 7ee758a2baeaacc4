// RuntimeFailure: where the runtime's checks end when they fail.
//
// Any context; takes no lock itself. A failed check (index out of range, division by zero, no value, ...) is a bug of the kernel: it never
// becomes an exception. Until the kernel sets its handler (panic), the assembly of the boot code prints the text and stops.

using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Runtime;

/// <summary>The end of every failed runtime check.</summary>
public static unsafe class RuntimeFailure
{
    private static delegate*<byte*, int, void> s_handler;

    /// <summary>Sends later failures to <paramref name="handler"/> (text in UTF-8, bytes of it). It must not return. Null: back to the
    /// boot code's.</summary>
    public static void SetHandler(delegate*<byte*, int, void> handler) => s_handler = handler;

    /// <summary>Reports a failed check and stops. Any context.</summary>
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> what)
    {
        // A method without any way out: the compiler sees that and moves the calls out of the hot paths.
        while (true)
        {
            Report(what);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Report(ReadOnlySpan<byte> what)
    {
        fixed (byte* text = what)
        {
            delegate*<byte*, int, void> handler = s_handler;
            if (handler != null)
            {
                handler(text, what.Length);
            }

            // Also when a handler returned, which it must not do.
            EarlyPanic(text, what.Length);
        }
    }

    [RuntimeImport("*", "arch_early_panic")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void EarlyPanic(byte* text, int length);
}
