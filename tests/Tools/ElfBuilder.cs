// Makes small ELF files byte by byte, so that the tests need neither a compiler nor a linker.

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.Tools.Tests;

/// <summary>An ELF64 x86-64 file under construction. Section 0 and the tables of names and symbols are made by itself.</summary>
internal sealed class ElfBuilder(ushort fileType)
{
    private readonly List<Section> _sections = [];
    private readonly List<Symbol> _symbols = [];

    public int AddSection(string name, byte[] bytes, ulong flags = 0, ulong address = 0, uint type = 1)
    {
        _sections.Add(new Section(name, type, flags, address, bytes, 0, 0, 0));
        return _sections.Count;
    }

    public int AddCode(string name, byte[] bytes, ulong address = 0)
        => AddSection(name, bytes, ElfConstants.SHF_ALLOC | ElfConstants.SHF_EXECINSTR, address);

    public int AddSymbol(
        string name, ulong value = 0, ulong size = 0, int section = 0, byte type = ElfConstants.STT_NOTYPE, byte binding = 1)
    {
        _symbols.Add(new Symbol(name, value, size, section, type, binding));
        return _symbols.Count;
    }

    public void AddRelocations(int section, params (ulong Offset, uint Type, int Symbol, long Addend)[] relocations)
    {
        MemoryStream bytes = new();
        foreach ((ulong offset, uint type, int symbol, long addend) in relocations)
        {
            U64(bytes, offset);
            U64(bytes, ((ulong)symbol << 32) | type);
            U64(bytes, (ulong)addend);
        }

        _sections.Add(new Section(".rela" + _sections[section - 1].Name, ElfConstants.SHT_RELA, 0, 0, bytes.ToArray(), 0, section, 24));
    }

    public byte[] Build()
    {
        MemoryStream strings = new();
        strings.WriteByte(0);
        MemoryStream symbols = new();
        symbols.Write(new byte[24]);
        foreach (Symbol symbol in _symbols)
        {
            U32(symbols, Name(strings, symbol.Name));
            symbols.WriteByte((byte)((symbol.Binding << 4) | symbol.Type));
            symbols.WriteByte(0);
            symbols.WriteByte((byte)symbol.Section);
            symbols.WriteByte((byte)(symbol.Section >> 8));
            U64(symbols, symbol.Value);
            U64(symbols, symbol.Size);
        }

        List<Section> all = [new Section("", 0, 0, 0, [], 0, 0, 0), .. _sections];
        int symtab = all.Count;
        for (int i = 0; i < all.Count; i++)
        {
            all[i] = all[i].Type == ElfConstants.SHT_RELA ? all[i] with { Link = symtab } : all[i];
        }

        all.Add(new Section(".symtab", ElfConstants.SHT_SYMTAB, 0, 0, symbols.ToArray(), symtab + 1, 1, 24));
        all.Add(new Section(".strtab", 3, 0, 0, strings.ToArray(), 0, 0, 0));
        MemoryStream names = new();
        names.WriteByte(0);
        List<uint> nameOffsets = [];
        all.ForEach(s => nameOffsets.Add(s.Name.Length == 0 ? 0 : Name(names, s.Name)));
        nameOffsets.Add(Name(names, ".shstrtab"));
        all.Add(new Section(".shstrtab", 3, 0, 0, names.ToArray(), 0, 0, 0));
        return Write(all, nameOffsets);
    }

    private byte[] Write(List<Section> sections, List<uint> nameOffsets)
    {
        MemoryStream file = new();
        file.Write(new byte[64]);
        List<long> offsets = [];
        foreach (Section section in sections)
        {
            offsets.Add(file.Position);
            file.Write(section.Bytes);
        }

        long table = file.Position;
        for (int i = 0; i < sections.Count; i++)
        {
            Section section = sections[i];
            U32(file, nameOffsets[i]);
            U32(file, section.Type);
            U64(file, section.Flags);
            U64(file, section.Address);
            U64(file, (ulong)offsets[i]);
            U64(file, (ulong)section.Bytes.Length);
            U32(file, (uint)section.Link);
            U32(file, (uint)section.Info);
            U64(file, 1);
            U64(file, (ulong)section.EntrySize);
        }

        byte[] bytes = file.ToArray();
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(16), fileType);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(18), ElfConstants.EM_X86_64);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(40), (ulong)table);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(58), 64);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(60), (ushort)sections.Count);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(62), (ushort)(sections.Count - 1));
        return bytes;
    }

    private static uint Name(MemoryStream pool, string name)
    {
        uint offset = (uint)pool.Position;
        pool.Write(Encoding.UTF8.GetBytes(name));
        pool.WriteByte(0);
        return offset;
    }

    internal static void U32(Stream stream, uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    internal static void U64(Stream stream, ulong value)
    {
        U32(stream, (uint)value);
        U32(stream, (uint)(value >> 32));
    }

    private sealed record Section(string Name, uint Type, ulong Flags, ulong Address, byte[] Bytes, int Link, int Info, int EntrySize);

    private sealed record Symbol(string Name, ulong Value, ulong Size, int Section, byte Type, byte Binding);
}
