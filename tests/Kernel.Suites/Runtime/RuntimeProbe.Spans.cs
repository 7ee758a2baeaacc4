// RuntimeProbe, spans: slices, searching, views of other types.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Suites;

public static unsafe partial class RuntimeProbe
{
    private static void ProbeSpans(ref Tally tally)
    {
        Span<int> span = stackalloc int[10];
        tally.That(span.IndexOfAnyExcept(0) < 0, "stackalloc is zero"u8);
        for (int i = 0; i < span.Length; i++)
        {
            span[i] = i;
        }

        tally.That(span.Slice(3).Length == 7 && span.Slice(3)[0] == 3, "Slice(start)"u8);
        tally.That(span.Slice(3, 4).Length == 4 && span.Slice(3, 4)[3] == 6, "Slice(start, length)"u8);
        tally.That(span.Slice(10).IsEmpty && span.Slice(10, 0).IsEmpty && span.Slice(0, 10) == span, "Slice at the borders"u8);
        int sum = 0;
        foreach (ref int element in span)
        {
            element *= 2;
            sum += element;
        }

        tally.That(sum == 90 && span[9] == 18, "foreach by reference"u8);
        Span<int> target = stackalloc int[12];
        span.CopyTo(target[1..]);
        tally.That(target[0] == 0 && target[10] == 18 && target[11] == 0, "CopyTo"u8);
        tally.That(!span.TryCopyTo(target[..9]) && span.TryCopyTo(target[2..]) && target[11] == 18, "TryCopyTo"u8);
        target.Fill(-3);
        tally.That(target.IndexOfAnyExcept(-3) < 0, "Fill"u8);
        target[2..5].Clear();
        tally.That(target[1] == -3 && target[2] == 0 && target[4] == 0 && target[5] == -3, "Clear of a part"u8);
        target[..3].Reverse();
        tally.That(target[0] == 0 && target[1] == -3, "Reverse"u8);
        ReadOnlySpan<int> read = span;
        tally.That(read.Length == 10 && Unsafe.AreSame(in read[4], in span[4]), "conversion to ReadOnlySpan"u8);
        int[] array = { 1, 2, 3 };
        Span<int> over = array;
        over[1] = 20;
        tally.That(array[1] == 20 && array.AsSpan(1, 2)[0] == 20 && array.AsSpan(..^1).Length == 2, "span over an array"u8);
        fixed (int* pointer = over)
        {
            tally.That(pointer[2] == 3 && new Span<int>(pointer, 3) == over, "fixed"u8);
        }

        fixed (int* pointer = Span<int>.Empty)
        {
            tally.That(pointer == null, "fixed of an empty span"u8);
        }

        Span<int> nobody = default(int[]);
        tally.That(nobody.IsEmpty && nobody == default, "span of a null array"u8);
        string?[] texts = { "a", "b" };
        texts.AsSpan().Clear();
        tally.That(texts[0] is null && texts[1] is null, "Clear of references"u8);
    }

    private static void ProbeSearch(ref Tally tally)
    {
        ReadOnlySpan<byte> text = "irq/0-timer"u8;
        tally.That(
            text.SequenceEqual("irq/0-timer"u8) && !text.SequenceEqual("irq/0-timeR"u8) && !text.SequenceEqual("irq"u8),
            "SequenceEqual"u8);
        tally.That(
            text.IndexOf((byte)'r') == 1 && text.LastIndexOf((byte)'r') == 10 && text.IndexOf((byte)'!') == -1,
            "IndexOf an element"u8);
        tally.That(text.IndexOf("timer"u8) == 6 && text.IndexOf("timers"u8) == -1 && text.IndexOf(""u8) == 0, "IndexOf a span"u8);
        tally.That(text.StartsWith("irq/"u8) && !text.StartsWith("irq-"u8) && text.EndsWith("timer"u8), "StartsWith and EndsWith"u8);
        tally.That(text.IndexOfAny((byte)'-', (byte)'/') == 3 && text.IndexOfAny("xyz0"u8) == 4, "IndexOfAny"u8);
        tally.That(text.Contains((byte)'q') && !text.Contains((byte)'Q'), "Contains"u8);
        tally.That("  x "u8.Trim((byte)' ').SequenceEqual("x"u8) && "   "u8.Trim((byte)' ').IsEmpty, "Trim"u8);
        tally.That("abc"u8.SequenceCompareTo("abd"u8) < 0 && "abc"u8.SequenceCompareTo("ab"u8) > 0, "SequenceCompareTo"u8);
        tally.That(text.Count((byte)'i') == 2 && text.Count((byte)'z') == 0, "Count"u8);
        tally.That(text.Overlaps(text[3..]) && !text[..3].Overlaps(text[3..]), "Overlaps"u8);
        Span<long> longs = stackalloc long[] { 1L << 40, -1, 7 };
        tally.That(longs.IndexOf(-1) == 1 && longs.IndexOf(0) == -1, "IndexOf in long"u8);
        bool all = true;
        Span<byte> left = stackalloc byte[70];
        Span<byte> right = stackalloc byte[70];
        for (int length = 0; length <= 70; length++)
        {
            for (int different = 0; different < length; different++)
            {
                right[different] ^= 0x80;
                all &= !left[..length].SequenceEqual(right[..length]) && left[..different].SequenceEqual(right[..different]);
                right[different] ^= 0x80;
            }

            all &= left[..length].SequenceEqual(right[..length]);
        }

        tally.That(all, "SequenceEqual of every length and difference"u8);
    }

    private static void ProbeMarshal(ref Tally tally)
    {
        Span<byte> bytes = stackalloc byte[16];
        MemoryMarshal.Write(bytes[1..], 0x11223344u);
        tally.That(bytes[1] == 0x44 && bytes[4] == 0x11, "MemoryMarshal.Write, unaligned"u8);
        tally.That(MemoryMarshal.Read<uint>(bytes[1..]) == 0x11223344, "MemoryMarshal.Read"u8);
        tally.That(!MemoryMarshal.TryRead(bytes[13..], out uint _) && MemoryMarshal.TryRead(bytes[12..], out uint _), "TryRead"u8);
        Span<uint> words = MemoryMarshal.Cast<byte, uint>(bytes[..15]);
        tally.That(words.Length == 3 && words[0] == 0x22334400, "Cast to a larger type"u8);
        tally.That(MemoryMarshal.Cast<uint, ushort>(words).Length == 6, "Cast to a smaller type"u8);
        tally.That(MemoryMarshal.AsBytes(words).Length == 12, "AsBytes"u8);
        Two pair = new(5, 6);
        Span<byte> raw = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref pair, 1));
        raw[0] = 9;
        tally.That(raw.Length == 16 && pair.First == 9, "CreateSpan over a struct"u8);
        tally.That(MemoryMarshal.AsRef<Two>(raw).Second == 6, "AsRef"u8);
        ref int first = ref Unsafe.As<Two, int>(ref pair);
        tally.That(first == 9 && Unsafe.SizeOf<Two>() == 16, "Unsafe.As and SizeOf"u8);
        int[] array = { 10, 20, 30 };
        ref int start = ref MemoryMarshal.GetReference(array.AsSpan());
        tally.That(Unsafe.Add(ref start, 2) == 30 && Unsafe.ByteOffset(ref start, ref array[2]) == 8, "Unsafe.Add and ByteOffset"u8);
        tally.That(Unsafe.BitCast<uint, int>(0xffffffff) == -1, "Unsafe.BitCast"u8);
        tally.That(Unsafe.IsNullRef(ref Unsafe.NullRef<int>()) && !Unsafe.IsNullRef(ref start), "Unsafe.NullRef"u8);
        fixed (byte* text = "name\0rest"u8)
        {
            tally.That(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).SequenceEqual("name"u8), "null-terminated text"u8);
        }
    }
}
