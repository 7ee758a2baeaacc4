// RuntimeFailure: where a failed check of a user program ends. The user-side counterpart of Kernel/Runtime/RuntimeFailure.cs.
//
// It writes "NAME: index out of range" and the code addresses on the stack to standard error, then kills the program with SIGABRT, so that
// the shell says "Aborted". The addresses are the words of the stack that point behind a call instruction, innermost first: a call or two
// of the past may be among them. addr2line -fe artifacts/user/NAME ADDRESS gives the line.

using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.Runtime;

/// <summary>The end of every failed runtime check.</summary>
public static unsafe class RuntimeFailure
{
    private const int MostAddresses = 8;
    private const byte CallRelative = 0xe8;

    /// <summary>Reports a failed check and ends the program.</summary>
    [DoesNotReturn]
    public static void Fail(ReadOnlySpan<byte> what)
    {
        while (true)
        {
            Report(what);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Report(ReadOnlySpan<byte> what)
    {
        nuint* bottom = User.ProgramStart.InitialStack();
        Span<byte> space = stackalloc byte[512];
        TextBuffer text = new(space);
        byte* name = bottom[0] != 0 ? (byte*)bottom[1] : null;
        if (name != null)
        {
            text.Append(new ReadOnlySpan<byte>(name, User.Utf8.LengthOf(name)));
            text.Append(": "u8);
        }

        text.Append(what);
        text.Append($", at");
        int left = MostAddresses;
        for (nuint* word = (nuint*)&name; word < bottom && left > 0; word++)
        {
            nuint address = *word;
            if (address > (nuint)TextStart() + 5 && address < (nuint)TextEnd() && *(byte*)(address - 5) == CallRelative)
            {
                text.Append($" 0x{address - 1:x}");
                left--;
            }
        }

        text.AppendByte((byte)'\n');
        User.Unix.Write(2, text.Written);
        User.Unix.Abort();
    }

    // Not inlined: the compiler takes the addresses of two functions for constants of its own and would fold comparisons of them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* TextStart() => (byte*)(delegate*<void>)&TextStartSymbol;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static byte* TextEnd() => (byte*)(delegate*<void>)&TextEndSymbol;

    [RuntimeImport("*", "__text_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void TextStartSymbol();

    [RuntimeImport("*", "__text_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void TextEndSymbol();
}
