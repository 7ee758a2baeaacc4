// The primitive types: their limits, equality, and the few character classes that text needs.
//
// Any context, no locks. The values themselves are known to the compiler: the structs have no fields.
// They implement IEquatable so that generic searches over spans compile to one comparison; nothing calls it through the interface.

namespace System;

/// <summary>Eight bits, signed.</summary>
public readonly struct SByte : IEquatable<sbyte>, IComparable<sbyte>
{
    public const sbyte MinValue = -128;
    public const sbyte MaxValue = 127;

    public bool Equals(sbyte other) => this == other;

    public int CompareTo(sbyte other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Eight bits, unsigned.</summary>
public readonly struct Byte : IEquatable<byte>, IComparable<byte>
{
    public const byte MinValue = 0;
    public const byte MaxValue = 255;

    public bool Equals(byte other) => this == other;

    public int CompareTo(byte other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Sixteen bits, signed.</summary>
public readonly struct Int16 : IEquatable<short>, IComparable<short>
{
    public const short MinValue = -32768;
    public const short MaxValue = 32767;

    public bool Equals(short other) => this == other;

    public int CompareTo(short other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Sixteen bits, unsigned.</summary>
public readonly struct UInt16 : IEquatable<ushort>, IComparable<ushort>
{
    public const ushort MinValue = 0;
    public const ushort MaxValue = 65535;

    public bool Equals(ushort other) => this == other;

    public int CompareTo(ushort other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Thirty-two bits, signed.</summary>
public readonly struct Int32 : IEquatable<int>, IComparable<int>
{
    public const int MinValue = -2147483648;
    public const int MaxValue = 2147483647;

    public bool Equals(int other) => this == other;

    public int CompareTo(int other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Thirty-two bits, unsigned.</summary>
public readonly struct UInt32 : IEquatable<uint>, IComparable<uint>
{
    public const uint MinValue = 0;
    public const uint MaxValue = 4294967295;

    public bool Equals(uint other) => this == other;

    public int CompareTo(uint other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Sixty-four bits, signed.</summary>
public readonly struct Int64 : IEquatable<long>, IComparable<long>
{
    public const long MinValue = -9223372036854775808;
    public const long MaxValue = 9223372036854775807;

    public bool Equals(long other) => this == other;

    public int CompareTo(long other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>Sixty-four bits, unsigned.</summary>
public readonly struct UInt64 : IEquatable<ulong>, IComparable<ulong>
{
    public const ulong MinValue = 0;
    public const ulong MaxValue = 18446744073709551615;

    public bool Equals(ulong other) => this == other;

    public int CompareTo(ulong other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>A signed word of the machine's pointer size: 64 bits.</summary>
public readonly struct IntPtr : IEquatable<nint>, IComparable<nint>
{
    /// <summary>Null.</summary>
    public const nint Zero = 0;

    public static int Size => 8;

    public static nint MinValue => unchecked((nint)long.MinValue);

    public static nint MaxValue => unchecked((nint)long.MaxValue);

    public bool Equals(nint other) => this == other;

    public int CompareTo(nint other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>An unsigned word of the machine's pointer size: 64 bits.</summary>
public readonly struct UIntPtr : IEquatable<nuint>, IComparable<nuint>
{
    /// <summary>Null.</summary>
    public const nuint Zero = 0;

    public static int Size => 8;

    public static nuint MinValue => 0;

    public static nuint MaxValue => unchecked((nuint)ulong.MaxValue);

    public bool Equals(nuint other) => this == other;

    public int CompareTo(nuint other) => this < other ? -1 : this > other ? 1 : 0;
}

/// <summary>True or false.</summary>
public readonly struct Boolean : IEquatable<bool>
{
    public bool Equals(bool other) => this == other;
}

/// <summary>A UTF-16 code unit.</summary>
public readonly struct Char : IEquatable<char>, IComparable<char>
{
    public const char MinValue = (char)0;
    public const char MaxValue = (char)65535;

    public bool Equals(char other) => this == other;

    public int CompareTo(char other) => this - other;

    public static bool IsAscii(char c) => c < 128;

    public static bool IsBetween(char c, char first, char last) => (uint)(c - first) <= (uint)(last - first);

    public static bool IsAsciiDigit(char c) => IsBetween(c, '0', '9');

    public static bool IsAsciiLetterLower(char c) => IsBetween(c, 'a', 'z');

    public static bool IsAsciiLetterUpper(char c) => IsBetween(c, 'A', 'Z');

    public static bool IsAsciiLetter(char c) => IsBetween((char)(c | 0x20), 'a', 'z');

    public static bool IsAsciiLetterOrDigit(char c) => IsAsciiLetter(c) || IsAsciiDigit(c);

    public static bool IsAsciiHexDigit(char c) => IsAsciiDigit(c) || IsBetween((char)(c | 0x20), 'a', 'f');
}

/// <summary>Thirty-two bits of floating point. It exists because the compiler asks for it; the kernel computes with integers.</summary>
public readonly struct Single
{
}

/// <summary>Sixty-four bits of floating point. See <see cref="Single"/>.</summary>
public readonly struct Double
{
}
