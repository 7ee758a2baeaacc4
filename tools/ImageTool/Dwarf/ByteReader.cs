// A cursor over a section's bytes: little-endian numbers, LEB128, strings. Every read is checked; the error names the section.

using System;
using System.Buffers.Binary;
using System.Text;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>Reads DWARF's primitive encodings.</summary>
public ref struct ByteReader
{
    private readonly ReadOnlySpan<byte> _data;
    private readonly string _what;

    /// <summary>Starts at <paramref name="position"/> in <paramref name="data"/>; <paramref name="what"/> names it in errors.</summary>
    public ByteReader(ReadOnlySpan<byte> data, string what, int position = 0)
    {
        _data = data;
        _what = what;
        Position = position;
    }

    /// <summary>Where the next read starts.</summary>
    public int Position { get; set; }

    /// <summary>Nothing is left.</summary>
    public readonly bool AtEnd => Position >= _data.Length;

    public byte U8() => Take(1)[0];

    public sbyte I8() => (sbyte)U8();

    public ushort U16() => BinaryPrimitives.ReadUInt16LittleEndian(Take(2));

    public uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    public int I32() => (int)U32();

    public ulong U64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>An unsigned LEB128 number.</summary>
    public ulong Uleb()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = U8();
            if (shift < 64)
            {
                value |= (ulong)(b & 0x7f) << shift;
            }

            if ((b & 0x80) == 0)
            {
                return value;
            }
        }
    }

    /// <summary>A signed LEB128 number.</summary>
    public long Sleb()
    {
        long value = 0;
        int shift = 0;
        byte b;
        do
        {
            b = U8();
            if (shift < 64)
            {
                value |= (long)(b & 0x7f) << shift;
            }

            shift += 7;
        }
        while ((b & 0x80) != 0);

        return shift < 64 && (b & 0x40) != 0 ? value | (-1L << shift) : value;
    }

    /// <summary>A zero-terminated string.</summary>
    public string CString()
    {
        int length = Position < _data.Length ? _data[Position..].IndexOf((byte)0) : -1;
        if (length < 0)
        {
            throw new ImageFormatException($"truncated: string at the end of {_what}");
        }

        string text = Encoding.UTF8.GetString(_data.Slice(Position, length));
        Position += length + 1;
        return text;
    }

    /// <summary>Goes over <paramref name="count"/> bytes.</summary>
    public void Skip(ulong count)
    {
        if (count > (ulong)(_data.Length - Math.Min(Position, _data.Length)))
        {
            throw Truncated();
        }

        Position += (int)count;
    }

    /// <summary>The next unit's end, from its 32-bit length field. 64-bit DWARF is refused.</summary>
    public int UnitEnd()
    {
        uint length = U32();
        if (length >= 0xfffffff0)
        {
            throw new ImageFormatException($"64-bit DWARF in {_what} is not supported");
        }

        long end = (long)Position + length;
        return end <= _data.Length ? (int)end : throw Truncated();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (Position < 0 || Position > _data.Length - count)
        {
            throw Truncated();
        }

        ReadOnlySpan<byte> taken = _data.Slice(Position, count);
        Position += count;
        return taken;
    }

    private readonly ImageFormatException Truncated() => new($"truncated: {_what} ends in the middle of an entry");
}
