// Writes the tables in the form that the kernel reads: Kernel/Debug/SymbolTableBlob.cs describes it and has the constants, used here too.

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.Debugging;
using CSharpOS.ImageTool.Dwarf;

namespace CSharpOS.ImageTool.Tables;

/// <summary>The blob of an image's tables.</summary>
public static class BlobWriter
{
    private const uint HighestSpecial = 254;

    /// <summary>The blob's bytes.</summary>
    public static byte[] Write(ImageTables tables)
    {
        uint[] header = new uint[SymbolTableBlob.HeaderSize / 4];
        ulong textBase = tables.Options.TextBase;
        header[SymbolTableBlob.MagicWord] = SymbolTableBlob.Magic;
        header[SymbolTableBlob.VersionWord] = SymbolTableBlob.Version;
        header[SymbolTableBlob.TextBaseWord] = (uint)textBase;
        header[SymbolTableBlob.TextBaseWord + 1] = (uint)(textBase >> 32);
        header[SymbolTableBlob.TextLowWord] = (uint)(tables.TextLow - textBase);
        header[SymbolTableBlob.TextHighWord] = (uint)(tables.TextHigh - textBase);

        MemoryStream blob = new();
        blob.SetLength(SymbolTableBlob.HeaderSize);
        blob.Position = SymbolTableBlob.HeaderSize;
        WriteModules(blob, header, tables.Options.Assemblies);
        WriteSymbols(blob, header, tables);
        WriteLines(blob, header, tables);
        WriteUnwind(blob, header, tables);
        Align(blob);

        header[SymbolTableBlob.SizeWord] = checked((uint)blob.Length);
        byte[] bytes = blob.ToArray();
        for (int i = 0; i < header.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(i * 4), header[i]);
        }

        return bytes;
    }

    private static void WriteModules(MemoryStream blob, uint[] header, IReadOnlyList<string> assemblies)
    {
        header[SymbolTableBlob.ModulesWord] = (uint)blob.Position;
        header[SymbolTableBlob.ModuleCountWord] = (uint)assemblies.Count;
        for (int i = 0; i < assemblies.Count; i++)
        {
            byte[] name = Encoding.UTF8.GetBytes(ManagedNames.ModuleName(assemblies, i));
            blob.WriteByte(checked((byte)name.Length));
            blob.Write(name);
        }
    }

    private static void WriteSymbols(MemoryStream blob, uint[] header, ImageTables tables)
    {
        BlockStream stream = new(tables.Options.TextBase);
        ulong previous = 0;
        for (int i = 0; i < tables.Symbols.Count; i++)
        {
            TableSymbol symbol = tables.Symbols[i];
            if (i % SymbolTableBlob.SymbolsPerBlock == 0)
            {
                stream.StartBlock(symbol.Address);
                previous = symbol.Address;
            }

            byte[] name = Encoding.UTF8.GetBytes(symbol.Name);
            stream.Number((uint)(symbol.Address - previous));
            stream.Number(symbol.Size);
            stream.Number((uint)symbol.Assembly);
            stream.Number((uint)name.Length);
            stream.Data.Write(name);
            previous = symbol.Address;
        }

        header[SymbolTableBlob.SymbolCountWord] = (uint)tables.Symbols.Count;
        stream.WriteTo(blob, header, SymbolTableBlob.SymbolIndexWord, SymbolTableBlob.SymbolDataWord);
    }

    private static void WriteLines(MemoryStream blob, uint[] header, ImageTables tables)
    {
        List<string> files = [];
        Dictionary<string, uint> numbers = new(StringComparer.Ordinal);
        BlockStream stream = new(tables.Options.TextBase);
        LineRow previous = default;
        uint previousFile = 0;
        for (int i = 0; i < tables.Lines.Count; i++)
        {
            LineRow row = tables.Lines[i];
            uint file = 0;
            if (row.File is not null && !numbers.TryGetValue(row.File, out file))
            {
                files.Add(row.File);
                file = (uint)files.Count;
                numbers.Add(row.File, file);
            }

            if (i % SymbolTableBlob.RowsPerBlock == 0)
            {
                stream.StartBlock(row.Address);
                stream.Number(file);
                stream.Number((uint)row.Line);
            }
            else
            {
                WriteLineRow(stream, row, previous, file, file != previousFile);
            }

            previous = row;
            previousFile = file;
        }

        header[SymbolTableBlob.LineCountWord] = (uint)tables.Lines.Count;
        stream.WriteTo(blob, header, SymbolTableBlob.LineIndexWord, SymbolTableBlob.LineDataWord);
        WriteFiles(blob, header, files);
    }

    private static void WriteLineRow(BlockStream stream, LineRow row, LineRow previous, uint file, bool otherFile)
    {
        uint addressStep = (uint)(row.Address - previous.Address);
        int lineStep = row.Line - previous.Line;
        long special = 1 + lineStep - SymbolTableBlob.LowestLineStep + ((addressStep - 1L) * SymbolTableBlob.LineSteps);
        bool fits = lineStep >= SymbolTableBlob.LowestLineStep && lineStep < SymbolTableBlob.LowestLineStep + SymbolTableBlob.LineSteps;
        if (!otherFile && fits && special <= HighestSpecial)
        {
            stream.Data.WriteByte((byte)special);
            return;
        }

        uint zigzag = (uint)((lineStep << 1) ^ (lineStep >> 31));
        stream.Data.WriteByte(0);
        stream.Number(addressStep);
        stream.Number((zigzag << 1) | (otherFile ? 1u : 0u));
        if (otherFile)
        {
            stream.Number(file);
        }
    }

    private static void WriteFiles(MemoryStream blob, uint[] header, List<string> files)
    {
        MemoryStream texts = new();
        List<uint> offsets = [];
        foreach (string file in files)
        {
            offsets.Add((uint)texts.Position);
            byte[] path = Encoding.UTF8.GetBytes(file);
            Number(texts, (uint)path.Length);
            texts.Write(path);
        }

        Align(blob);
        header[SymbolTableBlob.FilesWord] = (uint)blob.Position;
        header[SymbolTableBlob.FileCountWord] = (uint)files.Count;
        uint textStart = (uint)blob.Position + (4 * (uint)files.Count);
        offsets.ForEach(offset => Word(blob, textStart + offset));
        texts.WriteTo(blob);
    }

    private static void WriteUnwind(MemoryStream blob, uint[] header, ImageTables tables)
    {
        Dictionary<FrameRule, int> uses = [];
        foreach (FrameRow row in tables.Frames)
        {
            FrameRule rule = Storable(row.Rule);
            uses[rule] = uses.GetValueOrDefault(rule) + 1;
        }

        // The rules used most often get the numbers of one byte.
        uses.Remove(FrameRule.None);
        List<FrameRule> rules = [.. uses.Keys];
        rules.Sort((a, b) => uses[a] != uses[b] ? uses[b].CompareTo(uses[a])
            : a.CfaOffset != b.CfaOffset ? a.CfaOffset.CompareTo(b.CfaOffset)
            : a.RbpBelowCfa != b.RbpBelowCfa ? a.RbpBelowCfa.CompareTo(b.RbpBelowCfa)
            : a.CfaFromRbp.CompareTo(b.CfaFromRbp));
        rules.Insert(0, FrameRule.None);
        Dictionary<FrameRule, uint> numbers = [];
        for (int i = 0; i < rules.Count; i++)
        {
            numbers.Add(rules[i], (uint)i);
        }

        BlockStream stream = new(tables.Options.TextBase);
        ulong previous = 0;
        for (int i = 0; i < tables.Frames.Count; i++)
        {
            FrameRow row = tables.Frames[i];
            if (i % SymbolTableBlob.RowsPerBlock == 0)
            {
                stream.StartBlock(row.Address);
            }
            else
            {
                stream.Number((uint)(row.Address - previous));
            }

            stream.Number(numbers[Storable(row.Rule)]);
            previous = row.Address;
        }

        header[SymbolTableBlob.UnwindCountWord] = (uint)tables.Frames.Count;
        stream.WriteTo(blob, header, SymbolTableBlob.UnwindIndexWord, SymbolTableBlob.UnwindDataWord);
        Align(blob);
        header[SymbolTableBlob.RulesWord] = (uint)blob.Position;
        header[SymbolTableBlob.RuleCountWord] = (uint)rules.Count;
        foreach (FrameRule rule in rules)
        {
            Word(blob, (rule.CfaFromRbp ? 1u : 0u) | ((uint)rule.RbpBelowCfa << 16));
            Word(blob, (uint)rule.CfaOffset);
        }
    }

    // The saved rbp has 16 bits. It is pushed first, so it lies near the frame address; a rule that does not fit says nothing.
    private static FrameRule Storable(FrameRule rule) => rule.RbpBelowCfa is >= 0 and <= ushort.MaxValue ? rule : FrameRule.None;

    private static void Align(MemoryStream stream)
    {
        while (stream.Position % 8 != 0)
        {
            stream.WriteByte(0);
        }
    }

    private static void Word(MemoryStream stream, uint value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        stream.Write(bytes);
    }

    private static void Number(MemoryStream stream, uint value)
    {
        for (; value >= 0x80; value >>= 7)
        {
            stream.WriteByte((byte)(value | 0x80));
        }

        stream.WriteByte((byte)value);
    }

    // Data in blocks, with the index that finds a block by address.
    private sealed class BlockStream(ulong textBase)
    {
        private readonly List<(uint Address, uint Offset)> _blocks = [];

        public MemoryStream Data { get; } = new();

        public void StartBlock(ulong address) => _blocks.Add(((uint)(address - textBase), (uint)Data.Position));

        public void Number(uint value) => BlobWriter.Number(Data, value);

        public void WriteTo(MemoryStream blob, uint[] header, int indexWord, int dataWord)
        {
            Align(blob);
            header[indexWord] = (uint)blob.Position;
            foreach ((uint address, uint offset) in _blocks)
            {
                Word(blob, address);
                Word(blob, offset);
            }

            header[dataWord] = (uint)blob.Position;
            Data.WriteTo(blob);
        }
    }
}
