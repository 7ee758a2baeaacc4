// Repairs .debug_line in an object from ilc 10: its line programs lose rows, so that debuggers and call traces show the line of another
// function for the first and the last statement of a method.
//
// ilc writes one sequence per method, and per row: set_file if the file changes, advance_line if the line's distance is too great for
// a special opcode, advance_pc or const_add_pc if the address's is, then a special opcode or copy, which makes the row. Two faults:
//  * With advance_line and no distance in addresses nothing is left to say, and the opcode that makes the row is forgotten. That is the
//    first row of nearly every method. It shows in what follows: another advance_line or set_file, or a special opcode that moves the
//    line again, which an encoder that had just used advance_line does not need; or the sequence's first row lies behind its start.
//    Repair: a copy behind that advance_line.
//  * end_sequence comes at the last row's address, so the last row covers nothing. Repair: advance_pc to the method's end before it.
// A program without these faults is left as it is; repairing twice changes nothing more.

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Patching;

/// <summary>Repair of the line programs of an object file.</summary>
public sealed class LineProgramRepair
{
    private const string SectionName = ".debug_line";
    private const int SectionTablePointer = 40;
    private const int SectionHeaderSize = 64;
    private const byte Extended = 0;
    private const byte Copy = 1;
    private const byte AdvancePc = 2;
    private const byte AdvanceLine = 3;
    private const byte SetFile = 4;
    private const byte ConstAddPc = 8;
    private const byte FixedAdvancePc = 9;
    private const byte EndSequence = 1;
    private const byte SetAddress = 2;

    private readonly ElfFile _elf;
    private readonly Dictionary<int, ElfRelocation> _relocations = [];
    private readonly List<(int FileOffset, ulong Offset)> _moved = [];
    private readonly List<byte> _output = [];

    // The sequence: its address counted from its start, the method's length, whether it has a row, and where in the output stands
    // an advance_line that no row has followed yet (-1: none).
    private ulong _address;
    private ulong _length;
    private bool _hasRow;
    private int _openLine = -1;

    private LineProgramRepair(ElfFile elf)
    {
        _elf = elf;
    }

    /// <summary>The object with its line programs repaired: the same bytes, with another .debug_line behind them if needed.</summary>
    public static byte[] Repair(ElfFile elf)
    {
        ElfSection? section = elf.Find(SectionName);
        return section is null ? elf.Data : new LineProgramRepair(elf).Repair(section);
    }

    private byte[] Repair(ElfSection section)
    {
        foreach (ElfSection rela in _elf.Sections)
        {
            if (rela.Type == ElfConstants.SHT_RELA && rela.Info == section.Index)
            {
                foreach (ElfRelocation relocation in _elf.Relocations(rela))
                {
                    _relocations[(int)Math.Min(relocation.Offset, int.MaxValue)] = relocation;
                }
            }
        }

        ReadOnlySpan<byte> bytes = _elf.Bytes(section);
        ByteReader reader = new(bytes, SectionName);
        while (!reader.AtEnd)
        {
            int outputStart = _output.Count;
            int start = reader.Position;
            int end = reader.UnitEnd();
            LineHeader header = LineHeader.Read(ref reader);
            Append(bytes[start..header.Program]);
            reader.Position = header.Program;
            while (reader.Position < end)
            {
                RepairOpcode(bytes, ref reader, header);
            }

            reader.Position = end;
            BinaryPrimitives.WriteUInt32LittleEndian(
                CollectionsMarshal.AsSpan(_output).Slice(outputStart, 4), (uint)(_output.Count - outputStart - 4));
        }

        return _output.Count == section.Size ? _elf.Data : WithSection(section);
    }

    private byte[] WithSection(ElfSection section)
    {
        byte[] data = [.. _elf.Data, .. _output];
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(data.AsSpan(SectionTablePointer)) + (section.Index * SectionHeaderSize);
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(header + 24), (ulong)_elf.Data.Length);
        BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(header + 32), (ulong)_output.Count);
        foreach ((int fileOffset, ulong offset) in _moved)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(data.AsSpan(fileOffset), offset);
        }

        return data;
    }

    private void RepairOpcode(ReadOnlySpan<byte> bytes, ref ByteReader reader, LineHeader header)
    {
        int start = reader.Position;
        int opcode = reader.U8();
        ulong step = 0;
        bool makesRow = false;
        bool movesLine = false;
        if (opcode >= header.OpcodeBase)
        {
            step = header.AddressStep(opcode);
            movesLine = header.LineStep(opcode) != 0;
            makesRow = true;
        }
        else
        {
            switch (opcode)
            {
                case Extended:
                    RepairExtended(bytes, ref reader, start);
                    return;
                case Copy:
                    makesRow = true;
                    break;
                case AdvancePc:
                    step = reader.Uleb() * header.MinimumLength;
                    break;
                case ConstAddPc:
                    step = header.AddressStep(255);
                    break;
                case FixedAdvancePc:
                    step = reader.U16();
                    break;
                case AdvanceLine or SetFile:
                    reader.Uleb();
                    CloseLine();
                    break;
                default:
                    for (int i = 0; i < header.ArgumentCounts[opcode]; i++)
                    {
                        reader.Uleb();
                    }

                    break;
            }
        }

        _address += step;
        if (makesRow && (movesLine || (!_hasRow && _address != 0)))
        {
            CloseLine();
        }

        Append(bytes[start..reader.Position]);
        if (makesRow)
        {
            _hasRow = true;
            _openLine = -1;
        }
        else if (opcode == AdvanceLine)
        {
            _openLine = _output.Count;
        }
    }

    private void RepairExtended(ReadOnlySpan<byte> bytes, ref ByteReader reader, int start)
    {
        ulong length = reader.Uleb();
        int operands = reader.Position + 1;
        byte opcode = reader.U8();
        reader.Position--;
        reader.Skip(length);
        if (opcode == EndSequence)
        {
            CloseLine();
            if (_hasRow && _length > _address)
            {
                _output.Add(AdvancePc);
                AppendNumber(_length - _address);
            }

            (_address, _length, _hasRow) = (0, 0, false);
        }

        int moved = _output.Count - start;
        Append(bytes[start..reader.Position]);
        if (opcode == SetAddress && _relocations.TryGetValue(operands, out ElfRelocation relocation))
        {
            // The end is known only if the sequence starts where its method does.
            ElfSymbol symbol = _elf.Symbols[relocation.Symbol];
            _length = symbol.Type == ElfConstants.STT_FUNC && relocation.Addend == 0 ? symbol.Size : 0;
            _address = 0;
            _moved.Add((relocation.FileOffset, relocation.Offset + (ulong)moved));
        }
    }

    // Makes the row that an advance_line was written for.
    private void CloseLine()
    {
        if (_openLine >= 0)
        {
            _output.Insert(_openLine, Copy);
            _openLine = -1;
            _hasRow = true;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes) => _output.AddRange(bytes);

    private void AppendNumber(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            _output.Add((byte)(value | 0x80));
        }

        _output.Add((byte)value);
    }
}
