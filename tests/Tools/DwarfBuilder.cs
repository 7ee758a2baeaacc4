// Makes .debug_line, .debug_info with .debug_abbrev, and .eh_frame byte by byte, in the form that ilc writes them.

using System.IO;
using System.Text;

namespace CSharpOS.Tools.Tests;

/// <summary>DWARF sections for the tests.</summary>
internal static class DwarfBuilder
{
    private const int LineBase = -5;
    private const int LineRange = 14;
    private const int OpcodeBase = 13;

    /// <summary>One sequence of a line program; a row with line 0 ends it.</summary>
    public static byte[] Lines(
        string[] directories, (string Name, int Directory)[] files, params (ulong Address, int File, int Line)[] rows)
    {
        MemoryStream header = new();
        header.Write([1, 1, 1, unchecked((byte)LineBase), LineRange, OpcodeBase, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]);
        foreach (string directory in directories)
        {
            Text(header, directory);
        }

        header.WriteByte(0);
        foreach ((string name, int directory) in files)
        {
            Text(header, name);
            header.Write([(byte)directory, 0, 0]);
        }

        header.WriteByte(0);
        MemoryStream program = new();
        (ulong address, int file, int line) = (0, 1, 1);
        foreach ((ulong nextAddress, int nextFile, int nextLine) in rows)
        {
            if (address == 0)
            {
                program.Write([0, 9, 2]);
                ElfBuilder.U64(program, nextAddress);
                address = nextAddress;
            }

            if (nextLine == 0)
            {
                program.WriteByte(2);
                Uleb(program, nextAddress - address);
                program.Write([0, 1, 1]);
                (address, file, line) = (0, 1, 1);
                continue;
            }

            if (nextFile != file)
            {
                program.WriteByte(4);
                Uleb(program, (ulong)nextFile);
            }

            int special = (nextLine - line - LineBase) + (LineRange * (int)(nextAddress - address)) + OpcodeBase;
            if (nextLine - line is >= LineBase and < LineBase + LineRange && special <= 255)
            {
                program.WriteByte((byte)special);
            }
            else
            {
                program.WriteByte(2);
                Uleb(program, nextAddress - address);
                program.WriteByte(3);
                Sleb(program, nextLine - line);
                program.WriteByte(1);
            }

            (address, file, line) = (nextAddress, nextFile, nextLine);
        }

        MemoryStream unit = new();
        unit.Write([4, 0]);
        ElfBuilder.U32(unit, (uint)header.Length);
        header.WriteTo(unit);
        program.WriteTo(unit);
        return Unit(unit);
    }

    /// <summary>.debug_info and .debug_abbrev with classes and their methods.</summary>
    public static (byte[] Info, byte[] Abbreviations) Names(params (string Type, (string Name, string Linkage)[] Methods)[] types)
    {
        // 1: unit with children; 2: class with children (name); 3: subprogram (name, linkage name, a block to step over).
        byte[] abbreviations = [1, 0x11, 1, 0, 0, 2, 0x02, 1, 0x03, 0x08, 0, 0, 3, 0x2e, 0, 0x03, 0x08, 0x6e, 0x08, 0x40, 0x18, 0, 0, 0];
        MemoryStream unit = new();
        unit.Write([4, 0, 0, 0, 0, 0, 8, 1]);
        foreach ((string type, (string Name, string Linkage)[] methods) in types)
        {
            unit.WriteByte(2);
            Text(unit, type);
            foreach ((string name, string linkage) in methods)
            {
                unit.WriteByte(3);
                Text(unit, name);
                Text(unit, linkage);
                unit.Write([1, 0x57]);
            }

            unit.WriteByte(0);
        }

        unit.WriteByte(0);
        return (Unit(unit), abbreviations);
    }

    /// <summary>.eh_frame, at address 0, for functions with the given frame instructions.</summary>
    public static byte[] Frames(params (ulong Start, uint Length, byte[] Instructions)[] functions)
    {
        MemoryStream section = new();
        MemoryStream cie = new();
        ElfBuilder.U32(cie, 0);
        cie.WriteByte(1);
        Text(cie, "zLR");
        cie.Write([1, 0x78, 16, 2, 0x1b, 0x1b, 0x0c, 7, 8, 0x90, 1]);
        section.Write(Unit(cie));
        foreach ((ulong start, uint length, byte[] instructions) in functions)
        {
            MemoryStream fde = new();
            ElfBuilder.U32(fde, (uint)section.Position + 4);
            ElfBuilder.U32(fde, (uint)(start - (ulong)(section.Position + 8)));
            ElfBuilder.U32(fde, length);
            fde.Write([4, 0, 0, 0, 0]);
            fde.Write(instructions);
            section.Write(Unit(fde));
        }

        ElfBuilder.U32(section, 0);
        return section.ToArray();
    }

    /// <summary>Frame instructions: advance the place.</summary>
    public static byte[] Advance(int bytes) => [0x02, (byte)bytes];

    /// <summary>Frame instructions: CFA = register + offset, where the register is as before.</summary>
    public static byte[] CfaOffset(int offset)
    {
        MemoryStream bytes = new();
        bytes.WriteByte(0x0e);
        Uleb(bytes, (ulong)offset);
        return bytes.ToArray();
    }

    /// <summary>Frame instructions: CFA = rbp + offset.</summary>
    public static byte[] CfaFromRbp(int offset) => [0x0c, 6, (byte)offset];

    /// <summary>Frame instructions: rbp is saved at CFA - offset.</summary>
    public static byte[] RbpAt(int offset) => [0x86, (byte)(offset / 8)];

    /// <summary>A line program unit with one file, from bare opcodes.</summary>
    public static byte[] LineUnit(byte[] program)
    {
        MemoryStream header = new();
        header.Write([1, 1, 1, unchecked((byte)LineBase), LineRange, OpcodeBase, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1, 0]);
        Text(header, "a.cs");
        header.Write([0, 0, 0, 0]);
        MemoryStream unit = new();
        unit.Write([4, 0]);
        ElfBuilder.U32(unit, (uint)header.Length);
        header.WriteTo(unit);
        unit.Write(program);
        return Unit(unit);
    }

    /// <summary>The special opcode for a step of address and line.</summary>
    public static byte Special(int address, int line) => (byte)((line - LineBase) + (LineRange * address) + OpcodeBase);

    private static byte[] Unit(MemoryStream contents)
    {
        MemoryStream unit = new();
        ElfBuilder.U32(unit, (uint)contents.Length);
        contents.WriteTo(unit);
        return unit.ToArray();
    }

    private static void Text(MemoryStream stream, string text)
    {
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.WriteByte(0);
    }

    private static void Uleb(MemoryStream stream, ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }

    private static void Sleb(MemoryStream stream, long value)
    {
        while (value is < -64 or > 63)
        {
            stream.WriteByte((byte)(value | 0x80));
            value >>= 7;
        }

        stream.WriteByte((byte)(value & 0x7f));
    }
}
