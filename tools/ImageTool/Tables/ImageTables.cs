// Collects from a linked image what goes into the tables for call traces: functions, lines, unwind rows, each sorted by address.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Tables;

/// <summary>A function. <see cref="Assembly"/> is an index into the list of assemblies.</summary>
public readonly record struct TableSymbol(ulong Address, uint Size, int Assembly, string Name);

/// <summary>How the tables are made.</summary>
/// <param name="TextBase">What addresses are counted from.</param>
/// <param name="Root">The directory that file names are made relative to; null leaves them as they are.</param>
/// <param name="Assemblies">The assemblies in the image, the kernel's first.</param>
public sealed record TableOptions(ulong TextBase, string? Root, IReadOnlyList<string> Assemblies);

/// <summary>The contents of the tables of one image.</summary>
public sealed class ImageTables
{
    private const ulong FunctionAlignment = 16;
    private const string EntryTextStart = "__entry_text_start";
    private const string EntryTextEnd = "__entry_text_end";

    private ImageTables(TableOptions options)
    {
        Options = options;
    }

    /// <summary>How they were made.</summary>
    public TableOptions Options { get; }

    /// <summary>The code lies in [TextLow, TextHigh).</summary>
    public ulong TextLow { get; private set; } = ulong.MaxValue;

    /// <summary>The end of the code.</summary>
    public ulong TextHigh { get; private set; }

    /// <summary>Functions; one name per address.</summary>
    public List<TableSymbol> Symbols { get; private set; } = [];

    /// <summary>Lines; a row without a file says that none is known from there on.</summary>
    public List<LineRow> Lines { get; } = [];

    /// <summary>Unwind rows; <see cref="FrameRule.None"/> where nothing is known.</summary>
    public List<FrameRow> Frames { get; } = [];

    /// <summary>Reads an image.</summary>
    /// <exception cref="ImageFormatException">Not a linked image, or damaged.</exception>
    public static ImageTables Read(ElfFile elf, TableOptions options)
    {
        if (elf.FileType is not (ElfConstants.ET_EXEC or ElfConstants.ET_DYN))
        {
            throw new ImageFormatException("not a linked image: the tables are made after linking");
        }

        ImageTables tables = new(options);
        List<ElfSection> text = [];
        foreach (ElfSection section in elf.Sections)
        {
            ulong address = section.Address;
            bool inRange = address >= options.TextBase && address - options.TextBase + (ulong)section.Size <= uint.MaxValue;
            if (section.IsExecutable && section.Size != 0 && inRange)
            {
                text.Add(section);
                tables.TextLow = Math.Min(tables.TextLow, address);
                tables.TextHigh = Math.Max(tables.TextHigh, address + (ulong)section.Size);
            }
        }

        if (text.Count == 0)
        {
            throw new ImageFormatException($"no code at or above the text base 0x{options.TextBase:x}");
        }

        tables.Symbols = FunctionSymbols.Read(elf, text, new ManagedNames(DebugNames.Read(elf), options.Assemblies));
        tables.ReadLines(elf);
        tables.ReadFrames(elf, text);
        return tables;
    }

    /// <summary>A path as the tables hold it: without the root, or without what a deterministic build puts in its place.</summary>
    public static string RelativePath(string path, string? root)
    {
        path = path.Replace('\\', '/');
        string prefix = root is null ? "" : root.Replace('\\', '/').TrimEnd('/') + "/";
        foreach (string start in (ReadOnlySpan<string>)[prefix, "./", "/_/"])
        {
            if (start.Length != 0 && path.Length > start.Length && path.StartsWith(start, StringComparison.Ordinal))
            {
                return path[start.Length..];
            }
        }

        return path;
    }

    private void ReadLines(ElfFile elf)
    {
        List<LineRow> rows = LineProgram.Read(elf);
        for (int i = 0; i < rows.Count; i++)
        {
            // Functions that the linker dropped have their lines at 0. The padding between two functions needs no row of its own.
            LineRow row = rows[i];
            bool padding = row.File is null && i + 1 < rows.Count && rows[i + 1].Address - row.Address < FunctionAlignment;
            if (row.Address >= TextLow && row.Address < TextHigh && !padding)
            {
                Lines.Add(row with { File = row.File is null ? null : RelativePath(row.File, Options.Root) });
            }
        }
    }

    private void ReadFrames(ElfFile elf, List<ElfSection> text)
    {
        (ulong entryStart, ulong entryEnd) = EntryText(elf);
        SortedDictionary<ulong, (ulong End, List<FrameRow> Rows)> functions = [];
        foreach (FrameFunction function in FrameRows.Read(elf))
        {
            if (function.Start >= TextLow && function.End <= TextHigh)
            {
                functions[function.Start] = (function.End, StackEffects.Complete(function, Code(elf, text, function.Start, function.End)));
            }
        }

        foreach (TableSymbol symbol in Symbols)
        {
            bool isEntry = symbol.Address >= entryStart && symbol.Address < entryEnd;
            ulong end = symbol.Address + symbol.Size;
            if (!isEntry && symbol.Size != 0 && !functions.ContainsKey(symbol.Address))
            {
                functions[symbol.Address] = (end, StackEffects.OfAssembly(symbol.Address, Code(elf, text, symbol.Address, end)));
            }
        }

        ulong covered = TextLow;
        foreach ((ulong start, (ulong end, List<FrameRow> rows)) in functions)
        {
            if (start > covered)
            {
                AddFrame(new FrameRow(covered, FrameRule.None));
            }

            rows.ForEach(AddFrame);
            covered = end;
        }

        if (covered < TextHigh)
        {
            AddFrame(new FrameRow(covered, FrameRule.None));
        }
    }

    private void AddFrame(FrameRow row)
    {
        if (Frames.Count != 0 && Frames[^1].Address >= row.Address)
        {
            throw new ImageFormatException($"functions overlap at 0x{row.Address:x} in .eh_frame");
        }

        if (Frames.Count == 0 || Frames[^1].Rule != row.Rule)
        {
            Frames.Add(row);
        }
    }

    private static (ulong Start, ulong End) EntryText(ElfFile elf)
    {
        ulong start = 0;
        ulong end = 0;
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            start = symbol.Name == EntryTextStart ? symbol.Value : start;
            end = symbol.Name == EntryTextEnd ? symbol.Value : end;
        }

        return (start, end);
    }

    private static ReadOnlySpan<byte> Code(ElfFile elf, List<ElfSection> text, ulong start, ulong end)
    {
        foreach (ElfSection section in text)
        {
            if (start >= section.Address && end <= section.Address + (ulong)section.Size)
            {
                return elf.Bytes(section).Slice((int)(start - section.Address), (int)(end - start));
            }
        }

        throw new ImageFormatException($"function at 0x{start:x} lies outside of the code sections");
    }
}
