// The header of a line number program (DWARF 2 to 4): the files, and how its special opcodes count.

using System.Collections.Generic;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>What stands before a line number program.</summary>
public sealed class LineHeader
{
    private int _lineBase;
    private int _lineRange;

    /// <summary>The first special opcode.</summary>
    public int OpcodeBase { get; private set; }

    /// <summary>What address steps are multiplied with.</summary>
    public ulong MinimumLength { get; private set; }

    /// <summary>The number of LEB128 arguments of each standard opcode.</summary>
    public byte[] ArgumentCounts { get; } = new byte[256];

    /// <summary>The files' paths; the first one has number 1.</summary>
    public List<string> Files { get; } = [];

    /// <summary>Where the program starts in the section.</summary>
    public int Program { get; private set; }

    /// <summary>By how much a special opcode moves the address on; for 255 this is what const_add_pc does.</summary>
    public ulong AddressStep(int opcode) => (ulong)((opcode - OpcodeBase) / _lineRange) * MinimumLength;

    /// <summary>By how much a special opcode moves the line.</summary>
    public int LineStep(int opcode) => _lineBase + ((opcode - OpcodeBase) % _lineRange);

    /// <summary>Reads a header; the reader stands behind the unit's length.</summary>
    /// <exception cref="ImageFormatException">Another version, or damaged.</exception>
    public static LineHeader Read(ref ByteReader reader)
    {
        int version = reader.U16();
        if (version is < 2 or > 4)
        {
            throw new ImageFormatException($".debug_line version {version} is not supported (2 to 4 are)");
        }

        LineHeader header = new();
        ByteReader behind = reader;
        behind.Skip(behind.U32());
        header.Program = behind.Position;
        reader.U32();
        header.MinimumLength = reader.U8();
        if (version >= 4)
        {
            reader.U8();
        }

        reader.U8();
        header._lineBase = reader.I8();
        header._lineRange = reader.U8();
        header.OpcodeBase = reader.U8();
        if (header._lineRange == 0 || header.OpcodeBase == 0)
        {
            throw new ImageFormatException("bad line table header in .debug_line");
        }

        for (int i = 1; i < header.OpcodeBase; i++)
        {
            header.ArgumentCounts[i] = reader.U8();
        }

        List<string> directories = [];
        for (string name = reader.CString(); name.Length != 0; name = reader.CString())
        {
            directories.Add(name);
        }

        for (string name = reader.CString(); name.Length != 0; name = reader.CString())
        {
            header.Files.Add(FileEntry(ref reader, directories, name));
        }

        return header;
    }

    /// <summary>A file's name is followed by its directory's number, time and length.</summary>
    public static string FileEntry(ref ByteReader reader, List<string> directories, string name)
    {
        ulong directory = reader.Uleb();
        reader.Uleb();
        reader.Uleb();
        bool alone = name.StartsWith('/') || directory == 0 || directory > (ulong)directories.Count;
        return alone ? name : $"{directories[(int)directory - 1].TrimEnd('/')}/{name}";
    }
}
