// Runs the line number programs of .debug_line (DWARF 2 to 4, as ilc and NASM write them) and gives one sorted list of rows.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>From <paramref name="Address"/> on, the code comes from this line. File null: no line known from here on.</summary>
public readonly record struct LineRow(ulong Address, string? File, int Line);

/// <summary>Decoder of .debug_line.</summary>
public static class LineProgram
{
    // Lines from here on are the compiler's marks for hidden code (0xfeefee and the like), not lines of a file.
    private const int FirstHiddenLine = 0xf00000;

    /// <summary>All rows by ascending address. Of several rows at one address the last one counts, as in a debugger.</summary>
    public static List<LineRow> Read(ElfFile elf)
    {
        List<LineRow> rows = [];
        ElfSection? section = elf.Find(".debug_line");
        if (section is null)
        {
            return rows;
        }

        ByteReader reader = new(elf.Bytes(section), ".debug_line");
        while (!reader.AtEnd)
        {
            int end = reader.UnitEnd();
            ReadUnit(ref reader, end, rows);
            reader.Position = end;
        }

        return Sort(rows);
    }

    private static void ReadUnit(ref ByteReader reader, int end, List<LineRow> rows)
    {
        LineHeader header = LineHeader.Read(ref reader);
        List<string> files = header.Files;
        reader.Position = header.Program;
        ulong address = 0;
        int file = 1;
        long line = 1;
        while (reader.Position < end)
        {
            int opcode = reader.U8();
            if (opcode >= header.OpcodeBase)
            {
                address += header.AddressStep(opcode);
                line += header.LineStep(opcode);
                Emit(rows, files, address, file, line);
                continue;
            }

            switch (opcode)
            {
                case 0:
                    ulong length = reader.Uleb();
                    int next = reader.Position + (int)Math.Min(length, int.MaxValue / 2);
                    byte extended = reader.U8();
                    if (extended == 1)
                    {
                        rows.Add(new LineRow(address, null, 0));
                        (address, file, line) = (0, 1, 1);
                    }
                    else if (extended == 2)
                    {
                        address = length == 9 ? reader.U64() : reader.U32();
                    }
                    else if (extended == 3)
                    {
                        files.Add(LineHeader.FileEntry(ref reader, [], reader.CString()));
                    }

                    reader.Position = next;
                    break;
                case 1:
                    Emit(rows, files, address, file, line);
                    break;
                case 2:
                    address += reader.Uleb() * header.MinimumLength;
                    break;
                case 3:
                    line += reader.Sleb();
                    break;
                case 4:
                    file = (int)reader.Uleb();
                    break;
                case 8:
                    address += header.AddressStep(255);
                    break;
                case 9:
                    address += reader.U16();
                    break;
                default:
                    for (int i = 0; i < header.ArgumentCounts[opcode]; i++)
                    {
                        reader.Uleb();
                    }

                    break;
            }
        }
    }

    private static void Emit(List<LineRow> rows, List<string> files, ulong address, int file, long line)
    {
        if (line is > 0 and < FirstHiddenLine && file >= 1 && file <= files.Count)
        {
            rows.Add(new LineRow(address, files[file - 1], (int)line));
        }
    }

    private static List<LineRow> Sort(List<LineRow> rows)
    {
        // Stable: sequences may touch, and then the row that starts one must come after the row that ends the other.
        int[] order = new int[rows.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) =>
        {
            int byAddress = rows[a].Address.CompareTo(rows[b].Address);
            int byEnd = (rows[a].File is null ? 0 : 1).CompareTo(rows[b].File is null ? 0 : 1);
            return byAddress != 0 ? byAddress : byEnd != 0 ? byEnd : a.CompareTo(b);
        });

        List<LineRow> sorted = new(rows.Count);
        foreach (int index in order)
        {
            LineRow row = rows[index];
            if (sorted.Count != 0 && sorted[^1].Address == row.Address)
            {
                sorted.RemoveAt(sorted.Count - 1);
            }

            if (sorted.Count == 0 || sorted[^1].File != row.File || sorted[^1].Line != row.Line)
            {
                sorted.Add(row);
            }
        }

        return sorted;
    }
}
