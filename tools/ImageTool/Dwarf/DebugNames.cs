// Reads from .debug_info what makes ilc's mangled names readable: for each method its C# name and its type's mangled name, and the set of
// all types. Everything else in .debug_info is only stepped over (DWARF 2 to 5).

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>A method as .debug_info names it: type still mangled, name as in C#.</summary>
public readonly record struct DebugMethod(string Type, string Name);

/// <summary>The names in .debug_info.</summary>
public sealed class DebugNames
{
    private const int TagClass = 0x02;
    private const int TagStructure = 0x13;
    private const int TagEnumeration = 0x04;
    private const int TagSubprogram = 0x2e;
    private const int AttributeName = 0x03;
    private const int AttributeLinkageName = 0x6e;

    private readonly Dictionary<string, DebugMethod> _methods = new(StringComparer.Ordinal);
    private readonly HashSet<string> _types = new(StringComparer.Ordinal);

    /// <summary>Methods by mangled name.</summary>
    public IReadOnlyDictionary<string, DebugMethod> Methods => _methods;

    /// <summary>The mangled names of all types, instantiations with their arguments.</summary>
    public IReadOnlyCollection<string> Types => _types;

    /// <summary>Reads .debug_info; empty when the file has none.</summary>
    public static DebugNames Read(ElfFile elf)
    {
        DebugNames names = new();
        ElfSection? info = elf.Find(".debug_info");
        ElfSection? abbreviations = elf.Find(".debug_abbrev");
        if (info is null || abbreviations is null)
        {
            return names;
        }

        ElfSection? strings = elf.Find(".debug_str");
        ElfSection? lineStrings = elf.Find(".debug_line_str");
        Dictionary<uint, Dictionary<ulong, Abbreviation>> tables = [];
        ByteReader reader = new(elf.Bytes(info), ".debug_info");
        while (!reader.AtEnd)
        {
            Unit unit = new() { End = reader.UnitEnd(), Version = reader.U16() };
            uint tableOffset;
            if (unit.Version is < 2 or > 5)
            {
                throw new ImageFormatException($".debug_info version {unit.Version} is not supported");
            }

            if (unit.Version == 5)
            {
                byte unitType = reader.U8();
                unit.AddressSize = reader.U8();
                tableOffset = reader.U32();
                reader.Skip(unitType is 4 or 5 ? 8u : unitType is 2 or 6 ? 12u : 0u);
            }
            else
            {
                tableOffset = reader.U32();
                unit.AddressSize = reader.U8();
            }

            if (!tables.TryGetValue(tableOffset, out Dictionary<ulong, Abbreviation>? table))
            {
                table = ReadAbbreviations(elf.Bytes(abbreviations), tableOffset);
                tables.Add(tableOffset, table);
            }

            unit.Strings = strings is null ? default : elf.Bytes(strings);
            unit.LineStrings = lineStrings is null ? default : elf.Bytes(lineStrings);
            names.ReadUnit(ref reader, unit, table);
            reader.Position = unit.End;
        }

        return names;
    }

    private void ReadUnit(ref ByteReader reader, Unit unit, Dictionary<ulong, Abbreviation> table)
    {
        Stack<string?> enclosing = new();
        string? type = null;
        while (reader.Position < unit.End)
        {
            ulong code = reader.Uleb();
            if (code == 0)
            {
                type = enclosing.Count != 0 ? enclosing.Pop() : null;
                continue;
            }

            if (!table.TryGetValue(code, out Abbreviation? abbreviation))
            {
                throw new ImageFormatException($"unknown abbreviation {code} in .debug_info");
            }

            bool isType = abbreviation.Tag is TagClass or TagStructure or TagEnumeration;
            bool wanted = isType || abbreviation.Tag == TagSubprogram;
            string? name = null;
            string? linkageName = null;
            foreach ((int attribute, int form, _) in abbreviation.Attributes)
            {
                if (wanted && attribute == AttributeName)
                {
                    name = ReadString(ref reader, form, unit);
                }
                else if (wanted && attribute == AttributeLinkageName)
                {
                    linkageName = ReadString(ref reader, form, unit);
                }
                else
                {
                    SkipForm(ref reader, form, unit);
                }
            }

            if (isType && name is not null)
            {
                _types.Add(name);
            }
            else if (name is not null && linkageName is not null && type is not null)
            {
                _methods.TryAdd(linkageName, new DebugMethod(type, name));
            }

            if (abbreviation.HasChildren)
            {
                enclosing.Push(type);
                type = isType ? name : null;
            }
        }
    }

    private static Dictionary<ulong, Abbreviation> ReadAbbreviations(ReadOnlySpan<byte> section, uint offset)
    {
        if (offset > section.Length)
        {
            throw new ImageFormatException("bad offset into .debug_abbrev");
        }

        Dictionary<ulong, Abbreviation> table = [];
        ByteReader reader = new(section, ".debug_abbrev", (int)offset);
        for (ulong code = reader.Uleb(); code != 0; code = reader.Uleb())
        {
            Abbreviation abbreviation = new((int)reader.Uleb(), reader.U8() != 0, []);
            while (true)
            {
                int attribute = (int)reader.Uleb();
                int form = (int)reader.Uleb();
                long constant = form == Form.ImplicitConst ? reader.Sleb() : 0;
                if (attribute == 0 && form == 0)
                {
                    break;
                }

                abbreviation.Attributes.Add((attribute, form, constant));
            }

            table[code] = abbreviation;
        }

        return table;
    }

    private static string? ReadString(ref ByteReader reader, int form, Unit unit)
    {
        switch (form)
        {
            case Form.String:
                return reader.CString();
            case Form.Strp:
                return new ByteReader(unit.Strings, ".debug_str", Offset(ref reader)).CString();
            case Form.LineStrp:
                return new ByteReader(unit.LineStrings, ".debug_line_str", Offset(ref reader)).CString();
            default:
                SkipForm(ref reader, form, unit);
                return null;
        }
    }

    // An offset beyond the section is found out by the read there.
    private static int Offset(ref ByteReader reader) => (int)Math.Min(reader.U32(), int.MaxValue);

    private static void SkipForm(ref ByteReader reader, int form, Unit unit)
    {
        switch (form)
        {
            case Form.FlagPresent or Form.ImplicitConst:
                break;
            case Form.Data1 or Form.Flag or Form.Ref1 or Form.Strx1 or Form.Addrx1:
                reader.Skip(1);
                break;
            case Form.Data2 or Form.Ref2 or Form.Strx2 or Form.Addrx2:
                reader.Skip(2);
                break;
            case Form.Strx3 or Form.Addrx3:
                reader.Skip(3);
                break;
            case Form.Data4 or Form.Ref4 or Form.Strp or Form.SecOffset or Form.LineStrp or Form.Strx4 or Form.Addrx4 or Form.RefSup4:
                reader.Skip(4);
                break;
            case Form.Data8 or Form.Ref8 or Form.RefSig8 or Form.RefSup8:
                reader.Skip(8);
                break;
            case Form.Data16:
                reader.Skip(16);
                break;
            case Form.Addr:
                reader.Skip(unit.AddressSize);
                break;
            case Form.RefAddr:
                reader.Skip(unit.Version == 2 ? unit.AddressSize : 4u);
                break;
            case Form.Sdata:
                reader.Sleb();
                break;
            case Form.Udata or Form.RefUdata or Form.Strx or Form.Addrx or Form.Loclistx or Form.Rnglistx:
                reader.Uleb();
                break;
            case Form.String:
                reader.CString();
                break;
            case Form.Block1:
                reader.Skip(reader.U8());
                break;
            case Form.Block2:
                reader.Skip(reader.U16());
                break;
            case Form.Block4:
                reader.Skip(reader.U32());
                break;
            case Form.Block or Form.Exprloc:
                reader.Skip(reader.Uleb());
                break;
            case Form.Indirect:
                SkipForm(ref reader, (int)reader.Uleb(), unit);
                break;
            default:
                throw new ImageFormatException($"unknown attribute form 0x{form:x} in .debug_info");
        }
    }

    private sealed record Abbreviation(int Tag, bool HasChildren, List<(int Attribute, int Form, long Constant)> Attributes);

    private ref struct Unit
    {
        public int End;
        public int Version;
        public uint AddressSize;
        public ReadOnlySpan<byte> Strings;
        public ReadOnlySpan<byte> LineStrings;
    }

    private static class Form
    {
        public const int Addr = 0x01, Block2 = 0x03, Block4 = 0x04, Data2 = 0x05, Data4 = 0x06, Data8 = 0x07, String = 0x08, Block = 0x09;
        public const int Block1 = 0x0a, Data1 = 0x0b, Flag = 0x0c, Sdata = 0x0d, Strp = 0x0e, Udata = 0x0f, RefAddr = 0x10, Ref1 = 0x11;
        public const int Ref2 = 0x12, Ref4 = 0x13, Ref8 = 0x14, RefUdata = 0x15, Indirect = 0x16, SecOffset = 0x17, Exprloc = 0x18;
        public const int FlagPresent = 0x19, Strx = 0x1a, Addrx = 0x1b, RefSup4 = 0x1c, Data16 = 0x1e, LineStrp = 0x1f, RefSig8 = 0x20;
        public const int ImplicitConst = 0x21, Loclistx = 0x22, Rnglistx = 0x23, RefSup8 = 0x24, Strx1 = 0x25, Strx2 = 0x26, Strx3 = 0x27;
        public const int Strx4 = 0x28, Addrx1 = 0x29, Addrx2 = 0x2a, Addrx3 = 0x2b, Addrx4 = 0x2c;
    }
}
