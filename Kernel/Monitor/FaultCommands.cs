// FaultCommands: oops and panic: faults on purpose, to see the report. Process context.
//
// Each kind is one real fault of the processor or of a check that the compiler put in, not a call of the report.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Monitoring;

internal static unsafe class FaultCommands
{
    private static int s_zero;
    private static int s_sink;

    public static void Register()
    {
        s_zero = 0;
        Monitor.Register("oops"u8, "[null|divide|jump|stack|text|data|index]"u8, "make a mistake on purpose (null)"u8, &Oops);
        Monitor.Register("panic"u8, "[TEXT]"u8, "stop the machine with a panic"u8, &Panic);
    }

    private static int Oops(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        delegate*<void> fault = &Null;
        if (words.TryNext(out ReadOnlySpan<byte> kind))
        {
            fault = Find(kind);
        }

        if (fault == null || !words.AtEnd)
        {
            return -EINVAL;
        }

        fault();
        MonitorOutput.Write($"no fault happened\n");
        return -EIO;
    }

    private static delegate*<void> Find(ReadOnlySpan<byte> kind)
    {
        if (kind.SequenceEqual("null"u8))
        {
            return &Null;
        }

        if (kind.SequenceEqual("divide"u8))
        {
            return &Divide;
        }

        if (kind.SequenceEqual("jump"u8))
        {
            return &Jump;
        }

        if (kind.SequenceEqual("stack"u8))
        {
            return &Stack;
        }

        if (kind.SequenceEqual("text"u8))
        {
            return &Text;
        }

        if (kind.SequenceEqual("data"u8))
        {
            return &Data;
        }

        return kind.SequenceEqual("index"u8) ? &Index : null;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Null()
    {
        int* pointer = (int*)Shared.ReadOnce(ref s_zero);
        s_sink = *pointer;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Divide() => s_sink = 1 / Shared.ReadOnce(ref s_zero);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Jump()
    {
        // An address that is mapped nowhere. Bit 1 is clear: in a function pointer it means something else to the compiler.
        var target = (delegate*<void>)(0xffffe00000001000 + (ulong)Shared.ReadOnce(ref s_zero));
        target();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Stack() => s_sink = Recurse(1);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Recurse(int depth)
    {
        // What is done with the result keeps the compiler from making a loop of it.
        int* local = stackalloc int[16];
        local[depth & 15] = depth;
        return Recurse(depth + 1) + local[(depth + Shared.ReadOnce(ref s_zero)) & 15];
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Text()
    {
        delegate*<void> own = &Text;
        *(byte*)own = 0xcc;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Data()
    {
        // A return instruction in memory that may be written: it must not run.
        ulong* code = stackalloc ulong[1];
        *code = 0xc3;
        ((delegate*<void>)code)();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Index()
    {
        ReadOnlySpan<byte> three = "abc"u8;
        s_sink = three[3 + Shared.ReadOnce(ref s_zero)];
    }

    private static int Panic(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length == 0)
        {
            KernelLog.Panic($"as requested\n");
        }

        KernelLog.Panic($"{arguments}\n");
        return 0;
    }
}
