// ClockSource: a counter that runs by itself, and how its counts become nanoseconds.
//
// Linux: struct clocksource, include/linux/clocksource.h. Read: any context. No lock: a source is filled once, before it is published, and constant from
// then on. Nanoseconds are counts times Mult, shifted right by Shift: 32 bits of precision, and exact to the end of the 64-bit counter, since
// the two halves of a difference are multiplied by themselves.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Time;

/// <summary>A counter to tell the time by.</summary>
/// <linux>clocksource</linux>
public unsafe struct ClockSource
{
    private byte* _name;
    private int _nameLength;
    private delegate*<ulong> _read;
    private ulong _baseCount;
    private long _baseNanoseconds;
    private uint _mult;
    private int _shift;

    /// <summary>What the boot option clocksource calls it.</summary>
    public readonly ReadOnlySpan<byte> Name => new(_name, _nameLength);

    /// <summary>True once it can be read.</summary>
    public readonly bool Present => _read != null;

    /// <summary>True if it runs on whatever the clock interrupt does: a condition for high-resolution timers.</summary>
    /// <linux>CLOCK_SOURCE_VALID_FOR_HRES</linux>
    public bool Continuous { get; private set; }

    /// <summary>Nanoseconds by this source, continuing what was before it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Now() => _baseNanoseconds + (long)Nanoseconds(_read() - _baseCount, _mult, _shift);

    /// <summary>Describes a source whose counts are <paramref name="numerator"/> / <paramref name="denominator"/> nanoseconds long, both below 2^32.</summary>
    /// <param name="source">Where.</param>
    /// <param name="name">A literal.</param>
    /// <param name="read">Reads the counter; any context.</param>
    /// <param name="numerator">Nanoseconds that <paramref name="denominator"/> counts take.</param>
    /// <param name="denominator">See there.</param>
    /// <param name="continuous">See <see cref="Continuous"/>.</param>
    internal static void Describe(
        ClockSource* source, ReadOnlySpan<byte> name, delegate*<ulong> read, ulong numerator, ulong denominator, bool continuous)
    {
        *source = default;
        source->_name = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(name));
        source->_nameLength = name.Length;
        source->_read = read;
        source->Continuous = continuous;

        // As many bits behind the point as leave the factor in 32.
        int shift = 31;
        while (shift > 0 && (numerator << shift) / denominator > uint.MaxValue)
        {
            shift--;
        }

        source->_shift = shift;
        source->_mult = (uint)(((numerator << shift) + (denominator / 2)) / denominator);
    }

    /// <summary>Lets this source go on where another one is. Its own counter is read first: so at no moment it is behind the other.</summary>
    internal static void ContinueFrom(ClockSource* source, ClockSource* other)
    {
        source->_baseCount = source->_read();
        source->_baseNanoseconds = other == null ? 0 : other->Now();
    }

    /// <summary>Counts times mult, shifted right: without losing what does not fit into 64 bits between.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static ulong Nanoseconds(ulong counts, uint mult, int shift) =>
        ((counts >> 32) * mult << (32 - shift)) + (((uint)counts * (ulong)mult) >> shift);
}
