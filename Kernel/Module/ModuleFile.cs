// ModuleFile: the file of a module, in memory: an ELF64 relocatable object, judged before anything of it is used.
//
// Linux: load_module (kernel/module.c), the part that looks at the headers. Process context; allocates nothing, takes no locks. Nothing of the file is trusted:
// what Open has accepted has every section, name, symbol table and text inside the file. What is wrong is logged in one line, and the result is -ENOEXEC.

using System.Runtime.InteropServices;

namespace CSharpOS.Modules;

/// <summary>A section of the file.</summary>
/// <linux>Elf64_Shdr</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct ModuleSection
{
    public const uint SymbolTable = 2, StringTable = 3, Relocations = 4, NoBits = 8;
    public const ulong Write = 1, Allocated = 2, Executable = 4;

    public uint Name, Type;
    public ulong Flags, Address, Offset, Size;
    public uint Link, Info;
    public ulong Alignment, EntrySize;
}

/// <summary>A symbol of the file.</summary>
/// <linux>Elf64_Sym</linux>
[StructLayout(LayoutKind.Sequential)]
internal struct ModuleSymbol
{
    public const ushort Undefined = 0, FirstReserved = 0xff00, Absolute = 0xfff1;

    public uint Name;
    public byte Info, Other;
    public ushort Section;
    public ulong Value, Size;
}

/// <summary>The file of a module.</summary>
/// <rows>DRV-04</rows>
internal unsafe struct ModuleFile
{
    private const uint ElfMagic = 0x464c457f;
    private const ushort RelocatableType = 1, MachineAmd64 = 62;
    private const ulong LargestAlignment = 4096;
    private const int MaxSections = 4096;

    private byte* _image;
    private nuint _length;
    private ModuleSection* _names;
    private ModuleSection* _information;

    internal ModuleSection* Sections;
    internal int SectionCount;
    internal ModuleSymbol* Symbols;
    internal int SymbolCount;
    private ModuleSection* _symbolNames;

    /// <summary>Judges a file. 0 or -ENOEXEC.</summary>
    internal static int Open(byte* image, nuint length, out ModuleFile file)
    {
        file = default;
        file._image = image;
        file._length = length;
        int error = file.CheckHeader();
        for (int i = 1; i < file.SectionCount && error == 0; i++)
        {
            error = file.CheckSection(i);
        }

        error = error != 0 ? error : file.FindTables();
        return error != 0 ? error : file.CheckSymbols();
    }

    /// <summary>One line about what is wrong with it.</summary>
    internal readonly int Refuse(ReadOnlySpan<byte> problem)
    {
        Printk(LogLevel.Error, $"module {Name}: {problem}\n");
        return -ENOEXEC;
    }

    /// <summary>The module's name, as far as the file tells.</summary>
    internal readonly ReadOnlySpan<byte> Name => Information("name="u8) is { Length: > 0 } name ? name : "(no name)"u8;

    /// <summary>The value of an entry of .modinfo: <c>name=</c> and the like. Empty if it is not there.</summary>
    /// <linux>get_modinfo</linux>
    internal readonly ReadOnlySpan<byte> Information(ReadOnlySpan<byte> key)
    {
        ReadOnlySpan<byte> rest = _information == null ? default : new ReadOnlySpan<byte>(_image + _information->Offset, (int)_information->Size);
        while (rest.Length > 0)
        {
            int end = rest.IndexOf((byte)0);
            ReadOnlySpan<byte> entry = end < 0 ? rest : rest[..end];
            if (entry.StartsWith(key))
            {
                return entry[key.Length..];
            }

            rest = end < 0 ? default : rest[(end + 1)..];
        }

        return default;
    }

    /// <summary>A section's bytes in the file.</summary>
    internal readonly byte* Bytes(ModuleSection* section) => _image + section->Offset;

    internal readonly ReadOnlySpan<byte> SectionName(ModuleSection* section) => Text(_names, section->Name);

    internal readonly ReadOnlySpan<byte> SymbolName(ModuleSymbol* symbol) => Text(_symbolNames, symbol->Name);

    /// <summary>The first section of that name; null if there is none.</summary>
    internal readonly ModuleSection* Find(ReadOnlySpan<byte> name)
    {
        for (int i = 1; i < SectionCount; i++)
        {
            if (SectionName(Sections + i).SequenceEqual(name))
            {
                return Sections + i;
            }
        }

        return null;
    }

    // Of a string table, which ends with a zero.
    private readonly ReadOnlySpan<byte> Text(ModuleSection* table, uint offset)
    {
        if (offset >= table->Size)
        {
            return default;
        }

        ReadOnlySpan<byte> rest = new(_image + table->Offset + offset, (int)(table->Size - offset));
        return rest[..rest.IndexOf((byte)0)];
    }

    private int CheckHeader()
    {
        var header = (Header*)_image;
        if (_length < (nuint)sizeof(Header) || header->Magic != ElfMagic)
        {
            return Refuse("not an ELF file"u8);
        }

        if (header->Class != 2 || header->Data != 1 || header->Machine != MachineAmd64 || header->Type != RelocatableType)
        {
            return Refuse("not a relocatable object for x86-64"u8);
        }

        ulong room = header->SectionOffset > _length ? 0 : _length - header->SectionOffset;
        if (header->SectionSize != sizeof(ModuleSection) || header->SectionCount is < 2 or > MaxSections || (header->SectionOffset & 7) != 0 ||
            (ulong)header->SectionCount * (ulong)sizeof(ModuleSection) > room || header->NamesIndex >= header->SectionCount)
        {
            return Refuse("truncated, or its section headers are damaged"u8);
        }

        Sections = (ModuleSection*)(_image + header->SectionOffset);
        SectionCount = header->SectionCount;
        _names = Sections + header->NamesIndex;
        return 0;
    }

    private int CheckSection(int index)
    {
        ModuleSection* section = Sections + index;
        bool inside = section->Type == ModuleSection.NoBits || (section->Offset <= _length && section->Size <= _length - section->Offset);
        if (!inside)
        {
            return Refuse("truncated: a section lies outside of the file"u8);
        }

        ulong alignment = section->Alignment == 0 ? 1 : section->Alignment;
        if (alignment > LargestAlignment || (alignment & (alignment - 1)) != 0 || (section->Offset & ((alignment < 8 ? alignment : 8) - 1)) != 0)
        {
            return Refuse("a section has an alignment that cannot be"u8);
        }

        bool writable = (section->Flags & ModuleSection.Write) != 0;
        return writable && (section->Flags & ModuleSection.Executable) != 0 ? Refuse("a section is writable and executable"u8) : 0;
    }

    private int FindTables()
    {
        if (!IsStringTable(_names))
        {
            return Refuse("its section names are damaged"u8);
        }

        ModuleSection* symbols = null;
        for (int i = 1; i < SectionCount; i++)
        {
            symbols = Sections[i].Type == ModuleSection.SymbolTable ? Sections + i : symbols;
        }

        if (symbols == null || symbols->EntrySize != (ulong)sizeof(ModuleSymbol) || symbols->Link >= (uint)SectionCount ||
            symbols->Size / (ulong)sizeof(ModuleSymbol) > int.MaxValue || !IsStringTable(Sections + symbols->Link))
        {
            return Refuse("no symbol table, or a damaged one"u8);
        }

        Symbols = (ModuleSymbol*)Bytes(symbols);
        SymbolCount = (int)(symbols->Size / (ulong)sizeof(ModuleSymbol));
        _symbolNames = Sections + symbols->Link;
        _information = Find(".modinfo"u8);
        if (_information != null && (_information->Type == ModuleSection.NoBits || _information->Size > int.MaxValue))
        {
            _information = null;
        }

        return _information == null ? Refuse("no section .modinfo: not a module of this kernel"u8) : 0;
    }

    // Every symbol is undefined, a number, or in a section.
    private readonly int CheckSymbols()
    {
        for (int i = 1; i < SymbolCount; i++)
        {
            ModuleSymbol* symbol = Symbols + i;
            bool defined = symbol->Section is not ModuleSymbol.Undefined and not ModuleSymbol.Absolute;
            if (symbol->Name >= _symbolNames->Size || (defined && (symbol->Section >= SectionCount || symbol->Value > Sections[symbol->Section].Size)))
            {
                return Refuse("its symbol table is damaged"u8);
            }
        }

        return 0;
    }

    private readonly bool IsStringTable(ModuleSection* section) =>
        section->Type == ModuleSection.StringTable && section->Size is > 0 and <= int.MaxValue && _image[section->Offset + section->Size - 1] == 0;

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Magic;
        public byte Class, Data, Version, Abi;
        public ulong Padding;
        public ushort Type, Machine;
        public uint FileVersion;
        public ulong Entry, ProgramOffset, SectionOffset;
        public uint Flags;
        public ushort HeaderSize, ProgramSize, ProgramCount, SectionSize, SectionCount, NamesIndex;
    }
}
