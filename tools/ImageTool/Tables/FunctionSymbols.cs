// Chooses from the symbol table the functions that call traces show: every FUNC symbol, and assembly's labels, which have no type
// and no size. Where several names stand for one address (an exported method has its C# and its exported name) one is taken.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Tables;

/// <summary>The functions of an image.</summary>
public static class FunctionSymbols
{
    /// <summary>All functions by ascending address, one per address, not overlapping.</summary>
    public static List<TableSymbol> Read(ElfFile elf, List<ElfSection> text, ManagedNames names)
    {
        Dictionary<int, ElfSection> sections = [];
        text.ForEach(s => sections.Add(s.Index, s));

        SortedDictionary<ulong, Candidate> best = [];
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            if (!sections.TryGetValue(symbol.Section, out ElfSection? section) || !IsFunction(symbol) ||
                symbol.Value < section.Address || symbol.Value >= section.Address + (ulong)section.Size)
            {
                continue;
            }

            Candidate candidate = new(symbol, names.Read(symbol.Name), section.Address + (ulong)section.Size);
            if (!best.TryGetValue(symbol.Value, out Candidate? other) || candidate.IsBetterThan(other))
            {
                best[symbol.Value] = candidate with { Size = Math.Max(candidate.Size, other?.Size ?? 0) };
            }
        }

        List<TableSymbol> result = new(best.Count);
        Candidate? previous = null;
        foreach (Candidate candidate in best.Values)
        {
            AddBefore(result, previous, candidate.Symbol.Value);
            previous = candidate;
        }

        AddBefore(result, previous, ulong.MaxValue);
        return result;
    }

    // A label's function ends where the next one starts, and no function reaches into the next one.
    private static void AddBefore(List<TableSymbol> result, Candidate? candidate, ulong next)
    {
        if (candidate is not null)
        {
            ulong limit = Math.Min(next, candidate.SectionEnd) - candidate.Symbol.Value;
            ulong size = candidate.Size == 0 ? limit : Math.Min(candidate.Size, limit);
            result.Add(new TableSymbol(candidate.Symbol.Value, checked((uint)size), candidate.Name.Assembly, candidate.Name.Name));
        }
    }

    // Labels within an assembly function (name.label, ..@macro), and the linker script's borders, are no functions.
    private static bool IsFunction(in ElfSymbol symbol)
    {
        if (symbol.Type == ElfConstants.STT_FUNC)
        {
            return true;
        }

        bool border = symbol.Name.StartsWith("__", StringComparison.Ordinal) &&
            (symbol.Name.EndsWith("_start", StringComparison.Ordinal) || symbol.Name.EndsWith("_end", StringComparison.Ordinal));
        bool inner = symbol.Name.Contains('.', StringComparison.Ordinal);
        return symbol.Type == ElfConstants.STT_NOTYPE && symbol.Name.Length != 0 && !inner && !border;
    }

    private sealed record Candidate(ElfSymbol Symbol, ReadableName Name, ulong SectionEnd)
    {
        public ulong Size { get; init; } = Symbol.Size;

        // C# before assembly, then a function before a label, then a global name, then the order of the alphabet.
        public bool IsBetterThan(Candidate other)
        {
            int order = Name.IsManaged.CompareTo(other.Name.IsManaged);
            order = order != 0 ? order : (Symbol.Type == ElfConstants.STT_FUNC).CompareTo(other.Symbol.Type == ElfConstants.STT_FUNC);
            order = order != 0 ? order
                : (Symbol.Binding != ElfConstants.STB_LOCAL).CompareTo(other.Symbol.Binding != ElfConstants.STB_LOCAL);
            return order != 0 ? order > 0 : string.CompareOrdinal(Symbol.Name, other.Symbol.Name) < 0;
        }
    }
}
