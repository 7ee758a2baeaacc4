// A reader of ELF64 little-endian x86-64 files: relocatable objects from ilc and NASM, and the linked kernel.
// Everything is checked against the file's length, so a truncated file ends in ImageFormatException and never in an index error.
// The bytes are kept whole in Data; a caller that patches does so in place at the offsets given here.

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Text;

namespace CSharpOS.ImageTool.Elf;

/// <summary>The values of the ELF format that this tool uses.</summary>
public static class ElfConstants
{
    public const ushort ET_REL = 1;
    public const ushort ET_EXEC = 2;
    public const ushort ET_DYN = 3;
    public const ushort EM_X86_64 = 62;
    public const uint SHT_SYMTAB = 2;
    public const uint SHT_RELA = 4;
    public const uint SHT_NOBITS = 8;
    public const uint SHT_SYMTAB_SHNDX = 18;
    public const ulong SHF_ALLOC = 2;
    public const ulong SHF_EXECINSTR = 4;
    public const ushort SHN_UNDEF = 0;
    public const ushort SHN_LORESERVE = 0xff00;
    public const ushort SHN_XINDEX = 0xffff;
    public const byte STT_NOTYPE = 0;
    public const byte STT_FUNC = 2;
    public const byte STB_LOCAL = 0;
    public const uint R_X86_64_NONE = 0;
    public const uint R_X86_64_PC32 = 2;
    public const uint R_X86_64_PLT32 = 4;
}

/// <summary>One section header.</summary>
public sealed record ElfSection(
    int Index, string Name, uint Type, ulong Flags, ulong Address, int Offset, int Size, int Link, int Info, int EntrySize)
{
    /// <summary>The section holds instructions.</summary>
    public bool IsExecutable => (Flags & ElfConstants.SHF_EXECINSTR) != 0;
}

/// <summary>One entry of the symbol table. <see cref="Section"/> is 0 for an undefined symbol.</summary>
public readonly record struct ElfSymbol(string Name, ulong Value, ulong Size, byte Type, byte Binding, int Section);

/// <summary>One RELA entry, with the place in the file where it stands, for patching.</summary>
public readonly record struct ElfRelocation(int FileOffset, ulong Offset, uint Type, int Symbol, long Addend);

/// <summary>An ELF64 x86-64 file in memory.</summary>
public sealed class ElfFile
{
    private const int HeaderSize = 64;
    private const int SectionHeaderSize = 64;
    private const int SymbolSize = 24;
    private const int RelaSize = 24;

    private readonly List<ElfSection> _sections = [];
    private ElfSymbol[]? _symbols;

    /// <summary>Reads the headers. Symbols and relocations are read when asked for.</summary>
    /// <exception cref="ImageFormatException">Not an ELF64 x86-64 file, or truncated.</exception>
    public ElfFile(byte[] data)
    {
        Data = data;
        if (data.Length < 4 || !data.AsSpan(0, 4).SequenceEqual("\u007fELF"u8))
        {
            throw new ImageFormatException("not an ELF file");
        }

        Require(0, HeaderSize, "ELF header");
        if (data[4] != 2 || data[5] != 1)
        {
            throw new ImageFormatException("not a 64-bit little-endian ELF file");
        }

        FileType = U16(16);
        if (U16(18) != ElfConstants.EM_X86_64)
        {
            throw new ImageFormatException($"not an x86-64 ELF file (machine {U16(18)})");
        }

        ReadSections();
    }

    /// <summary>The whole file.</summary>
    public byte[] Data { get; }

    /// <summary>ET_REL, ET_EXEC or ET_DYN.</summary>
    public ushort FileType { get; }

    /// <summary>All sections; the index is the section number.</summary>
    public IReadOnlyList<ElfSection> Sections => _sections;

    /// <summary>The symbol table (.symtab); empty when the file has none.</summary>
    public ElfSymbol[] Symbols => _symbols ??= ReadSymbols();

    /// <summary>Reads a file from disk.</summary>
    public static ElfFile Load(string path) => new(System.IO.File.ReadAllBytes(path));

    /// <summary>The first section of that name, or null.</summary>
    public ElfSection? Find(string name) => _sections.Find(s => s.Name == name);

    /// <summary>A section's bytes; empty for one without file contents.</summary>
    public ReadOnlySpan<byte> Bytes(ElfSection section)
        => section.Type == ElfConstants.SHT_NOBITS ? default : Data.AsSpan(section.Offset, section.Size);

    /// <summary>The entries of a RELA section.</summary>
    public IEnumerable<ElfRelocation> Relocations(ElfSection rela)
    {
        if (rela.EntrySize != RelaSize || rela.Size % RelaSize != 0)
        {
            throw new ImageFormatException($"section {rela.Name}: bad relocation entry size");
        }

        for (int at = rela.Offset; at < rela.Offset + rela.Size; at += RelaSize)
        {
            ulong info = U64(at + 8);
            int symbol = checked((int)(info >> 32));
            if (symbol >= Symbols.Length)
            {
                throw new ImageFormatException($"section {rela.Name}: relocation against symbol {symbol} of {Symbols.Length}");
            }

            yield return new ElfRelocation(at, U64(at), (uint)info, symbol, (long)U64(at + 16));
        }
    }

    private void ReadSections()
    {
        long table = ToInt(U64(40), "section table offset");
        int count = U16(60);
        int names = U16(62);
        if (table == 0)
        {
            throw new ImageFormatException("no section table");
        }

        if (U16(58) != SectionHeaderSize)
        {
            throw new ImageFormatException("bad section header size");
        }

        Require(table, SectionHeaderSize, "section table");

        // More than 0xff00 sections: the true numbers are in the null section's header.
        if (count == 0)
        {
            count = ToInt(U64((int)table + 32), "section count");
        }

        if (names == ElfConstants.SHN_XINDEX)
        {
            names = ToInt(U32((int)table + 40), "section name index");
        }

        Require(table, (long)count * SectionHeaderSize, "section table");
        if (names >= count)
        {
            throw new ImageFormatException("bad section name index");
        }

        int namesHeader = (int)table + (names * SectionHeaderSize);
        int namesOffset = ToInt(U64(namesHeader + 24), "section names");
        int namesSize = ToInt(U64(namesHeader + 32), "section names");
        Require(namesOffset, namesSize, "section names");

        for (int i = 0; i < count; i++)
        {
            int at = (int)table + (i * SectionHeaderSize);
            string name = CString(namesOffset, namesSize, U32(at));
            uint type = U32(at + 4);
            int offset = ToInt(U64(at + 24), name);
            bool hasBytes = type is not ElfConstants.SHT_NOBITS and not 0;
            int size = hasBytes ? ToInt(U64(at + 32), name) : 0;
            if (hasBytes)
            {
                Require(offset, size, $"section {name}");
            }

            _sections.Add(new ElfSection(
                i, name, type, U64(at + 8), U64(at + 16), offset, size,
                ToInt(U32(at + 40), name), ToInt(U32(at + 44), name), ToInt(U64(at + 56), name)));
        }
    }

    private ElfSymbol[] ReadSymbols()
    {
        ElfSection? table = _sections.Find(s => s.Type == ElfConstants.SHT_SYMTAB);
        if (table is null)
        {
            return [];
        }

        if (table.EntrySize != SymbolSize || table.Size % SymbolSize != 0 || table.Link >= _sections.Count)
        {
            throw new ImageFormatException("bad symbol table header");
        }

        ElfSection strings = _sections[table.Link];
        ElfSection? wide = _sections.Find(s => s.Type == ElfConstants.SHT_SYMTAB_SHNDX && s.Link == table.Index);
        ElfSymbol[] symbols = new ElfSymbol[table.Size / SymbolSize];
        for (int i = 0; i < symbols.Length; i++)
        {
            int at = table.Offset + (i * SymbolSize);
            int section = U16(at + 6);
            if (section == ElfConstants.SHN_XINDEX)
            {
                if (wide is null || wide.Size < (i + 1) * 4)
                {
                    throw new ImageFormatException("symbol with an extended section number but no table of them");
                }

                section = ToInt(U32(wide.Offset + (i * 4)), "section number");
            }

            byte info = Data[at + 4];
            symbols[i] = new ElfSymbol(
                CString(strings.Offset, strings.Size, U32(at)), U64(at + 8), U64(at + 16), (byte)(info & 15), (byte)(info >> 4), section);
        }

        return symbols;
    }

    private string CString(int poolOffset, int poolSize, uint index)
    {
        if (index >= poolSize)
        {
            return index == 0 ? "" : throw new ImageFormatException("name outside its string table");
        }

        ReadOnlySpan<byte> rest = Data.AsSpan(poolOffset + (int)index, poolSize - (int)index);
        int length = rest.IndexOf((byte)0);
        if (length < 0)
        {
            throw new ImageFormatException("string table without a final zero");
        }

        return Encoding.UTF8.GetString(rest[..length]);
    }

    private ushort U16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(Data.AsSpan(at, 2));

    private uint U32(int at) => BinaryPrimitives.ReadUInt32LittleEndian(Data.AsSpan(at, 4));

    private ulong U64(int at) => BinaryPrimitives.ReadUInt64LittleEndian(Data.AsSpan(at, 8));

    private static int ToInt(ulong value, string what)
        => value <= int.MaxValue ? (int)value : throw new ImageFormatException($"{what}: value 0x{value:x} is out of range");

    private void Require(long offset, long size, string what)
    {
        if (offset < 0 || size < 0 || offset + size > Data.Length)
        {
            throw new ImageFormatException($"truncated: {what} reaches to byte {offset + size}, the file has {Data.Length}");
        }
    }
}
