// SymbolTableBlob: the tables for call traces, as tools/ImageTool writes them at the end of the image: symbols, lines, unwind rows.
//
// Linux keeps the same three in scripts/kallsyms.c's tables, in the debug file, and in the ORC tables (arch/x86/kernel/unwind_orc.c).
//
// Layout, little-endian. Addresses are 32-bit offsets from a text base, so the blob does not care where it lies or, with another base,
// where the code lies: a module can bring its own. Numbers marked v are LEB128 (7 bits per byte, lowest first).
//   header      24 words of 32 bits, the constants below
//   modules     names of the assemblies, each a length byte and the name; number 0 is the kernel, with an empty name
//   symbols     blocks of 8: v start - previous start, v size, v module, v length of the name, the name
//   files       32-bit offsets (from the header) of: v length, path
//   lines       blocks of 32, each starting with v file, v line, which hold at the block's first address; every further row is one byte
//               n = 1 .. 254: line += (n - 1) % 11 - 3, address += (n - 1) / 11 + 1; or 0, v address step, v (zigzag line step << 1 | other
//               file), v file if another. File 0: no line known.
//   unwind      blocks of 32: v rule for the block's first address, then per row v address step, v rule
//   rules       8 bytes each: 16 bits flags (1: the frame address is counted from rbp, not rsp), 16 bits distance of the saved rbp below
//               the frame address (0: rbp is still the caller's), 32 bits frame address - register. Rule 0: nothing known.
//   Each of symbols, lines, unwind has an index: per block the 32-bit address of its first row, and the 32-bit offset of its data.
//
// Contexts: any, NMI included. No locks: constant after Init. Every read is checked against the blob's end, so a damaged blob
// gives wrong or no answers, but never a fault.

using System;

namespace CSharpOS.Debugging;

/// <summary>A reader of one blob of tables.</summary>
public unsafe struct SymbolTableBlob
{
    public const uint Magic = 0x544b5343;
    public const uint Version = 1;
    public const uint HeaderSize = 96;
    public const uint SymbolsPerBlock = 8;
    public const uint RowsPerBlock = 32;
    public const uint RuleSize = 8;
    public const int LineSteps = 11;
    public const int LowestLineStep = -3;

    // Words of the header.
    public const int MagicWord = 0;
    public const int VersionWord = 1;
    public const int SizeWord = 2;
    public const int SymbolCountWord = 3;
    public const int TextBaseWord = 4;
    public const int TextLowWord = 6;
    public const int TextHighWord = 7;
    public const int ModulesWord = 8;
    public const int ModuleCountWord = 9;
    public const int SymbolIndexWord = 10;
    public const int SymbolDataWord = 11;
    public const int FilesWord = 12;
    public const int FileCountWord = 13;
    public const int LineIndexWord = 14;
    public const int LineDataWord = 15;
    public const int LineCountWord = 16;
    public const int UnwindIndexWord = 17;
    public const int UnwindDataWord = 18;
    public const int UnwindCountWord = 19;
    public const int RulesWord = 20;
    public const int RuleCountWord = 21;

    private byte* _start;
    private uint _size;
    private nuint _textBase;
    private uint _textLow;
    private uint _textHigh;

    /// <summary>Takes the blob at [start, end), with the text base that it was made for. Any context.</summary>
    /// <returns>False if there is no valid blob; then every look-up finds nothing.</returns>
    public bool Init(byte* start, byte* end)
    {
        this = default;
        if (start == null || end < start || (nuint)(end - start) < HeaderSize || (nuint)(end - start) > int.MaxValue)
        {
            return false;
        }

        uint* header = (uint*)start;
        if (header[MagicWord] != Magic || header[VersionWord] != Version || header[SizeWord] < HeaderSize ||
            header[SizeWord] > (nuint)(end - start) || header[SymbolCountWord] > header[SizeWord])
        {
            return false;
        }

        _start = start;
        _size = header[SizeWord];
        _textBase = (nuint)(header[TextBaseWord] | ((ulong)header[TextBaseWord + 1] << 32));
        _textLow = header[TextLowWord];
        _textHigh = header[TextHighWord];
        return true;
    }

    /// <summary>Takes the blob at [start, end) for code that lies elsewhere: a module's.</summary>
    /// <returns>False if there is no valid blob.</returns>
    public bool Init(byte* start, byte* end, nuint textBase)
    {
        bool valid = Init(start, end);
        _textBase = textBase;
        return valid;
    }

    /// <summary>The tables as they are, for a copy; empty if there are none.</summary>
    internal readonly ReadOnlySpan<byte> Bytes => new(_start, (int)_size);

    /// <summary>There are tables.</summary>
    public readonly bool IsValid => _start != null;

    /// <summary>The address that all offsets count from.</summary>
    public readonly nuint TextBase => _textBase;

    /// <summary>Whether <paramref name="pc"/> lies in the code that these tables describe.</summary>
    public readonly bool Covers(nuint pc)
    {
        nuint offset = pc - _textBase;
        return _start != null && pc >= _textBase && offset >= _textLow && offset < _textHigh;
    }

    /// <summary>A word of the header.</summary>
    public readonly uint Header(int word) => _start == null ? 0 : ((uint*)_start)[word];

    /// <summary>The 32-bit number at <paramref name="offset"/>, 0 outside the blob.</summary>
    public readonly uint Word(uint offset) => offset <= _size && _size - offset >= 4 ? *(uint*)(_start + offset) : 0;

    /// <summary>The byte at <paramref name="offset"/>, 0 outside the blob.</summary>
    public readonly byte Byte(uint offset) => offset < _size ? _start[offset] : (byte)0;

    /// <summary>The LEB128 number at <paramref name="offset"/>, which moves behind it. Ends at the blob's end or after 5 bytes.</summary>
    public readonly uint Number(ref uint offset)
    {
        uint value = 0;
        for (int shift = 0; shift < 35; shift += 7)
        {
            byte b = Byte(offset++);
            value |= (uint)(b & 0x7f) << shift;
            if ((b & 0x80) == 0)
            {
                break;
            }
        }

        return value;
    }

    /// <summary><paramref name="length"/> bytes at <paramref name="offset"/>, cut off at the blob's end.</summary>
    public readonly ReadOnlySpan<byte> Text(uint offset, uint length)
    {
        if (offset >= _size)
        {
            return default;
        }

        uint left = _size - offset;
        return new ReadOnlySpan<byte>(_start + offset, (int)(length < left ? length : left));
    }

    /// <summary>The last block of an index whose first address is not above <paramref name="offset"/>.</summary>
    /// <returns>False if there is none.</returns>
    public readonly bool FindBlock(uint index, uint blocks, uint offset, out uint block)
    {
        uint low = 0;
        uint high = blocks;
        while (low < high)
        {
            uint middle = low + ((high - low) / 2);
            if (Word(index + (middle * 8)) <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        block = low - 1;
        return low != 0;
    }
}
