// RuntimeProbe, language: statics, value types, tuples, patterns, disposal, generics, function pointers, enum names.

using System;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Runtime;

namespace CSharpOS.Suites;

public static unsafe partial class RuntimeProbe
{
    private interface IShape<TSelf>
        where TSelf : IShape<TSelf>
    {
        static abstract int Sides { get; }

        static abstract TSelf operator +(TSelf left, TSelf right);

        int Area();
    }

    private static void ProbeStatics(ref Tally tally)
    {
        tally.That(Initialised.Number == 5, "static int with an initialiser"u8);
        tally.That(Initialised.Big == 0x123456789abcdef0, "static ulong with an initialiser"u8);
        tally.That(Initialised.Table.Length == 5 && Initialised.Table[4] == 50, "static readonly int[]"u8);
        tally.That(Initialised.Names[1] == "two", "static string[]"u8);
        tally.That(Initialised.Holder.Value == 77 && Initialised.Holder.Next is null, "static object"u8);
        tally.That(Initialised.Pair.First == 3 && Initialised.Pair.Second == 4, "static struct"u8);
        tally.That(Initialised.Derived == 10, "static from an earlier static of its class"u8);
        tally.That(Initialised.Function(20) == 21, "static function pointer"u8);
        tally.That(Initialised.Text.Length == 7, "static string"u8);
        tally.That(Untouched.Number == 0 && Untouched.Object is null, "static without an initialiser is zero"u8);
        Untouched.Object = Initialised.Holder;
        Untouched.Number++;
        tally.That(Untouched.Number == 1 && ReferenceEquals(Untouched.Object, Initialised.Holder), "static that is written"u8);
        Untouched.Object = null;
        Untouched.Number = 0;
    }

    private static void ProbeLanguage(ref Tally tally)
    {
        int? none = null;
        int? some = 4;
        tally.That(!none.HasValue && some.HasValue, "nullable: HasValue"u8);
        tally.That((none ?? 9) == 9 && (some ?? 9) == 4, "nullable: ??"u8);
        tally.That((some + 1) == 5 && (none + 1) is null, "nullable: lifted operator"u8);
        tally.That(none.GetValueOrDefault(8) == 8 && some!.Value == 4, "nullable: value or default"u8);
        (int low, int high, byte _) = Split(0x1234);
        tally.That(low == 0x34 && high == 0x12, "tuple: deconstruction"u8);
        (low, high) = (high, low);
        tally.That(low == 0x12 && high == 0x34, "tuple: exchange"u8);
        tally.That((low, high) == (0x12, 0x34), "tuple: comparison"u8);
        tally.That(Classify(0) == 1 && Classify(7) == 2 && Classify(500) == 3 && Classify(-1) == 4, "switch expression with ranges"u8);
        tally.That(SumAll(1, 2, 3, 4) == 10 && SumAll() == 0, "params ReadOnlySpan"u8);
        ReadOnlySpan<int> primes = [2, 3, 5, 7, 11];
        tally.That(primes.Length == 5 && primes[3] == 7, "collection expression of constants"u8);
        tally.That(primes[^1] == 11 && primes[^5] == 2, "index from the end"u8);
        tally.That(primes[1..3].Length == 2 && primes[1..3][0] == 3, "range of a span"u8);
        tally.That(primes[..^2].Length == 3 && primes[4..][0] == 11, "open ranges"u8);
        (int offset, int length) = (1..^1).GetOffsetAndLength(10);
        tally.That(offset == 1 && length == 8, "Range.GetOffsetAndLength"u8);
        int closed = 0;
        using (new Closer(ref closed))
        {
            closed = 5;
        }

        tally.That(closed == 6, "using of a ref struct"u8);
        int target = 1;
        RefHolder holder = new(ref target);
        holder.Value += 41;
        tally.That(target == 42, "ref field"u8);
        Eight eight = default;
        for (int i = 0; i < 8; i++)
        {
            eight[i] = i * i;
        }

        tally.That(eight[7] == 49 && SumAll(eight) == 140, "inline array"u8);
        tally.That(SumAll(eight[2..4]) == 13, "inline array: range"u8);
        tally.That(GenericArea(new Square(3), new Square(4)) == 49 + 4, "static abstract members"u8);
        delegate*<int, int> function = &AddOne;
        tally.That(function(1) == 2, "managed function pointer"u8);
        delegate* unmanaged<int, int> fromOutside = &AddTwo;
        tally.That(((delegate*<int, int>)fromOutside)(1) == 3, "UnmanagedCallersOnly"u8);
        tally.That(Expression(closed == 6).Length == 11, "CallerArgumentExpression"u8);
        tally.That(Member() == "ProbeLanguage", "CallerMemberName"u8);
        Wide wide = default;
        wide.Fourth = 9;
        Wide copy = wide;
        copy.First++;
        tally.That(copy.Fourth == 9 && wide.First == 0, "struct with: copies are apart"u8);
        tally.That((wide with { Second = 4 }).Second == 4, "with of a struct"u8);
        Overlay overlay = default;
        overlay.Word = 0x11223344;
        tally.That(overlay.Low == 0x44 && sizeof(Overlay) == 4, "explicit layout"u8);
        tally.That(sizeof(Packed) == 9 && sizeof(Eight) == 32, "packed layout and sizeof"u8);
        tally.That(ModuleHeaderState.NotCompiledCode.Name().SequenceEqual("NotCompiledCode"u8), "enum name"u8);
        tally.That(((ModuleHeaderState)99).Name().IsEmpty, "enum name of a value without one"u8);
        tally.That(Colours.Green.Doubled == Colours.Blue, "extension block"u8);
        tally.That((Colours.Red | Colours.Blue) == (Colours)5 && (Colours.Red | Colours.Blue).HasBlue(), "flags and extensions"u8);
    }

    private static (int Low, int High, byte Last) Split(int value) => (value & 0xff, value >> 8, 1);

    private static int Classify(int value) => value switch
    {
        0 => 1,
        > 0 and < 100 => 2,
        >= 100 => 3,
        _ => 4,
    };

    private static int SumAll(params ReadOnlySpan<int> values)
    {
        int sum = 0;
        foreach (int value in values)
        {
            sum += value;
        }

        return sum;
    }

    private static int GenericArea<T>(T left, T right)
        where T : IShape<T> => (left + right).Area() + T.Sides;

    private static int AddOne(int value) => value + 1;

    [System.Runtime.InteropServices.UnmanagedCallersOnly]
    private static int AddTwo(int value) => value + 2;

    private static string Expression(bool condition, [CallerArgumentExpression(nameof(condition))] string text = "") =>
        condition ? text : "";

    private static string Member([CallerMemberName] string name = "") => name;

    private static bool HasBlue(this Colours colours) => (colours & Colours.Blue) != 0;

    extension(Colours colours)
    {
        private Colours Doubled => (Colours)((int)colours * 2);
    }

    [Flags]
    private enum Colours
    {
        Red = 1,
        Green = 2,
        Blue = 4,
    }

    private static class Initialised
    {
        internal static int Number = 5;
        internal static ulong Big = 0x123456789abcdef0;
        internal static readonly int[] Table = { 10, 20, 30, 40, 50 };
        internal static readonly string[] Names = { "one", "two" };
        internal static readonly Node Holder = new(77);
        internal static Two Pair = new(3, 4);
        internal static int Derived = Number * 2;
        internal static delegate*<int, int> Function = &AddOne;
        internal static string Text = "literal";
    }

    private static class Untouched
    {
        internal static int Number;
        internal static Node? Object;
    }

    private struct Two
    {
        internal int First;
        internal long Second;

        internal Two(int first, long second)
        {
            First = first;
            Second = second;
        }
    }

    private struct Wide
    {
        internal long First;
        internal long Second;
        internal long Third;
        internal long Fourth;
    }

    private readonly struct Square : IShape<Square>
    {
        private readonly int _side;

        internal Square(int side) => _side = side;

        public static int Sides => 4;

        public static Square operator +(Square left, Square right) => new(left._side + right._side);

        public int Area() => _side * _side;
    }

    [InlineArray(8)]
    private struct Eight
    {
        private int _first;
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Explicit)]
    private struct Overlay
    {
        [System.Runtime.InteropServices.FieldOffset(0)]
        internal uint Word;

        [System.Runtime.InteropServices.FieldOffset(0)]
        internal byte Low;
    }

    [System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Sequential, Pack = 1)]
    private struct Packed
    {
        internal byte First;
        internal ulong Second;
    }

    private readonly ref struct RefHolder
    {
        private readonly ref int _value;

        internal RefHolder(ref int value) => _value = ref value;

        internal ref int Value => ref _value;
    }

    private readonly ref struct Closer
    {
        private readonly ref int _value;

        internal Closer(ref int value) => _value = ref value;

        public void Dispose() => _value++;
    }

    private sealed class Node
    {
        internal Node(int value) => Value = value;

        internal int Value { get; set; }

        internal Node? Next { get; set; }
    }
}
