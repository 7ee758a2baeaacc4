// The commands `tables` and `verify`. Verify reads the finished image through the kernel's own look-up code (Kernel/Debug, compiled
// in here) and compares every function, line row and unwind row with what the image says.

using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.Debugging;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Tables;

/// <summary>Making and checking the tables for call traces.</summary>
public static unsafe class TablesCommands
{
    private const string TablesStart = "__ksymtab_start";
    private const string TablesEnd = "__ksymtab_end";

    /// <summary>The `tables` command.</summary>
    public static int WriteTables(string image, string output, TableOptions options, bool verbose)
    {
        ImageTables tables = ImageTables.Read(ElfFile.Load(image), options);
        byte[] blob = BlobWriter.Write(tables);
        File.WriteAllBytes(output, blob);
        if (verbose)
        {
            Console.WriteLine(Summary(tables, blob.Length));
        }

        return 0;
    }

    /// <summary>The `verify` command.</summary>
    public static int VerifyImage(string image, bool verbose)
    {
        ElfFile elf = ElfFile.Load(image);
        byte[] blob = FindBlob(elf);
        string summary = Verify(elf, blob);
        if (verbose)
        {
            Console.WriteLine(summary);
        }

        return 0;
    }

    /// <summary>Compares tables with the image that they are to describe.</summary>
    /// <returns>A line that says how much was compared.</returns>
    /// <exception cref="ImageFormatException">They differ.</exception>
    public static string Verify(ElfFile elf, byte[] blob)
    {
        fixed (byte* start = blob)
        {
            if (!SymbolTable.Init(start, start + blob.Length))
            {
                throw new ImageFormatException("no valid tables between __ksymtab_start and __ksymtab_end");
            }

            try
            {
                // The names of the assemblies are not in the tables: names that need them are not compared, but found.
                DebugNames debug = DebugNames.Read(elf);
                ImageTables expected = ImageTables.Read(elf, new TableOptions(SymbolTable.Blob.TextBase, null, []));
                if (!SymbolTable.IsText((nuint)expected.TextLow) || !SymbolTable.IsText((nuint)expected.TextHigh - 1) ||
                    SymbolTable.IsText((nuint)expected.TextLow - 1) || SymbolTable.IsText((nuint)expected.TextHigh))
                {
                    throw new ImageFormatException("the tables do not match the image: they describe other code");
                }

                VerifySymbols(elf, expected, debug);
                VerifyLines(expected);
                VerifyFrames(expected);
                return Summary(expected, blob.Length);
            }
            finally
            {
                SymbolTable.Init(null, null);
            }
        }
    }

    private static string Summary(ImageTables tables, int size)
        => $"{tables.Symbols.Count} functions, {tables.Lines.Count} line rows, {tables.Frames.Count} unwind rows: {size} bytes";

    private static byte[] FindBlob(ElfFile elf)
    {
        ulong start = 0;
        ulong end = 0;
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            start = symbol.Name == TablesStart ? symbol.Value : start;
            end = symbol.Name == TablesEnd ? symbol.Value : end;
        }

        foreach (ElfSection section in elf.Sections)
        {
            ulong sectionEnd = section.Address + (ulong)section.Size;
            bool hasBytes = section.Type != ElfConstants.SHT_NOBITS && section.Size != 0;
            if (start < end && hasBytes && start >= section.Address && end <= sectionEnd)
            {
                return elf.Bytes(section).Slice((int)(start - section.Address), (int)(end - start)).ToArray();
            }
        }

        throw new ImageFormatException("no tables: nothing between __ksymtab_start and __ksymtab_end");
    }

    private static void VerifySymbols(ElfFile elf, ImageTables expected, DebugNames debug)
    {
        Dictionary<ulong, TableSymbol> byAddress = [];
        expected.Symbols.ForEach(s => byAddress.Add(s.Address, s));

        // The symbols at an address: assembly is called by one of them, C# that .debug_info knows by the name made from that.
        Dictionary<ulong, List<string>> symbolsAt = [];
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            bool inText = symbol.Value >= expected.TextLow && symbol.Value < expected.TextHigh &&
                symbol.Section < elf.Sections.Count && elf.Sections[symbol.Section].IsExecutable;
            if (inText && !symbolsAt.TryAdd(symbol.Value, [symbol.Name]))
            {
                symbolsAt[symbol.Value].Add(symbol.Name);
            }

            if (inText && symbol.Type == ElfConstants.STT_FUNC && !byAddress.ContainsKey(symbol.Value))
            {
                throw new ImageFormatException($"function {symbol.Name} is not in the tables");
            }
        }

        foreach (TableSymbol symbol in expected.Symbols)
        {
            List<string> names = symbolsAt[symbol.Address];
            bool described = names.Exists(debug.Methods.ContainsKey);
            bool guessed = !described && names.Exists(n => n.Contains("__", StringComparison.Ordinal));
            string name = CheckSymbol(symbol.Address, symbol);
            CheckSymbol(symbol.Address + symbol.Size - 1, symbol);
            if (name.Length == 0 || (name != symbol.Name && !guessed && (described || !names.Contains(name))))
            {
                throw new ImageFormatException($"the tables do not match the image: {symbol.Name} is called {name}");
            }
        }
    }

    private static string CheckSymbol(ulong pc, TableSymbol expected)
    {
        bool found = SymbolTable.Lookup((nuint)pc, out SymbolInfo info);
        if (!found || info.Start != expected.Address || info.Size != expected.Size || info.Offset != pc - expected.Address)
        {
            throw new ImageFormatException($"the tables do not match the image: function {expected.Name} at 0x{pc:x}");
        }

        return Encoding.UTF8.GetString(info.Name);
    }

    private static void VerifyLines(ImageTables expected)
    {
        for (int i = 0; i < expected.Lines.Count; i++)
        {
            LineRow row = expected.Lines[i];
            ulong end = i + 1 < expected.Lines.Count ? expected.Lines[i + 1].Address : expected.TextHigh;
            foreach (ulong pc in (ReadOnlySpan<ulong>)[row.Address, end - 1])
            {
                bool found = LineTable.Lookup((nuint)pc, out ReadOnlySpan<byte> file, out int line);
                bool same = row.File is null ? !found : found && line == row.Line && IsTail(row.File, Encoding.UTF8.GetString(file));
                if (!same)
                {
                    throw new ImageFormatException($"the tables do not match the image: line of 0x{pc:x} is {row.File}:{row.Line}");
                }
            }
        }
    }

    // The tables have paths below the root, the image may have whole ones.
    private static bool IsTail(string path, string tail)
        => path == tail || (tail.Length != 0 && path.EndsWith("/" + tail, StringComparison.Ordinal));

    private static void VerifyFrames(ImageTables expected)
    {
        for (int i = 0; i < expected.Frames.Count; i++)
        {
            FrameRow row = expected.Frames[i];
            ulong end = i + 1 < expected.Frames.Count ? expected.Frames[i + 1].Address : expected.TextHigh;
            foreach (ulong pc in (ReadOnlySpan<ulong>)[row.Address, end - 1])
            {
                bool found = UnwinderRows.Lookup((nuint)pc, out UnwinderRule rule);
                FrameRule read = found ? new FrameRule(rule.FromRbp, (int)rule.FrameOffset, (int)rule.RbpBelowFrame) : FrameRule.None;
                if (read != row.Rule)
                {
                    throw new ImageFormatException($"the tables do not match the image: unwind rule at 0x{pc:x}");
                }
            }
        }
    }
}
