// The repair of ilc's line programs: the rows that it forgets, on programs written opcode by opcode as ilc writes them.

using System;
using System.Collections.Generic;
using System.Linq;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Patching;
using Xunit;

namespace CSharpOS.Tools.Tests;

public sealed class LineProgramRepairTests
{
    private const byte Copy = 1;
    private const byte AdvancePc = 2;
    private const byte AdvanceLine = 3;
    private const byte SetFile = 4;
    private const byte ConstAddPc = 8;
    private const ulong MethodLength = 100;

    private static readonly byte[] s_setAddress = [0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0];
    private static readonly byte[] s_end = [0, 1, 1];

    public static TheoryData<string, byte[], string> Programs => new()
    {
        {
            "first row forgotten, second within a special opcode",
            [SetFile, 1, AdvanceLine, 40, ConstAddPc, DwarfBuilder.Special(2, 2)], "0:41 19:43 100:end"
        },
        { "first row forgotten, second on the same line", [AdvanceLine, 40, DwarfBuilder.Special(6, 0)], "0:41 100:end" },
        {
            "first row forgotten, second with a line of its own",
            [AdvanceLine, 40, AdvanceLine, 27, AdvancePc, 50, Copy], "0:41 50:68 100:end"
        },
        { "only row forgotten", [SetFile, 1, AdvanceLine, 40], "0:41 100:end" },
        {
            "row in the middle forgotten",
            [AdvanceLine, 40, Copy, AdvancePc, 30, Copy, AdvanceLine, 20, DwarfBuilder.Special(4, 1)], "0:41 30:61 34:62 100:end"
        },
        {
            "great step of line and address is one row",
            [AdvanceLine, 40, Copy, AdvanceLine, 20, DwarfBuilder.Special(4, 0)], "0:41 4:61 100:end"
        },
        { "first row written", [DwarfBuilder.Special(0, 3), DwarfBuilder.Special(4, 1)], "0:4 4:5 100:end" },
        { "end at the method's end", [AdvanceLine, 40, Copy, AdvancePc, 100], "0:41 100:end" },
        { "no rows at all", [], "" },
    };

    [Theory]
    [MemberData(nameof(Programs))]
    public void ForgottenRowsAreMade(string what, byte[] program, string expected)
    {
        byte[] repaired = LineProgramRepair.Repair(new ElfFile(Object([program])));
        Assert.True(Rows(repaired, 0) == expected, $"{what}: {Rows(repaired, 0)}");
        Assert.Equal(repaired, LineProgramRepair.Repair(new ElfFile(repaired)));
    }

    [Fact]
    public void RelocationsMoveWithTheirSequences()
    {
        byte[] broken = [AdvanceLine, 40, DwarfBuilder.Special(6, 1)];
        byte[] repaired = LineProgramRepair.Repair(new ElfFile(Object([broken, broken, broken])));
        ElfFile elf = new(repaired);
        ReadOnlySpan<byte> lines = elf.Bytes(elf.Find(".debug_line")!);
        foreach (ElfRelocation relocation in elf.Relocations(elf.Find(".rela.debug_line")!))
        {
            Assert.Equal(new byte[] { 0, 9, 2 }, lines.Slice((int)relocation.Offset - 3, 3).ToArray());
        }

        Assert.Equal([1, 2, 3], elf.Relocations(elf.Find(".rela.debug_line")!).Select(r => r.Symbol));
        Assert.Equal("0:41 6:42 100:41 106:42 200:41 206:42 300:end", Rows(repaired, 100));
    }

    [Fact]
    public void ObjectWithoutFaultsIsLeftAlone()
    {
        byte[] good = Object([[AdvanceLine, 40, Copy, DwarfBuilder.Special(6, 1), AdvancePc, 94]]);
        Assert.Same(good, LineProgramRepair.Repair(new ElfFile(good)));
        byte[] none = new ElfBuilder(ElfConstants.ET_REL).Build();
        Assert.Same(none, LineProgramRepair.Repair(new ElfFile(none)));
    }

    // One method of MethodLength bytes per program, each in a sequence of its own.
    private static byte[] Object(byte[][] programs)
    {
        ElfBuilder elf = new(ElfConstants.ET_REL);
        List<byte> all = [];
        List<(ulong, uint, int, long)> relocations = [];
        int header = DwarfBuilder.LineUnit([]).Length;
        foreach (byte[] program in programs)
        {
            int symbol = elf.AddSymbol($"f{all.Count}", 0, MethodLength, 1, ElfConstants.STT_FUNC);
            relocations.Add(((ulong)(header + all.Count + 3), 1, symbol, 0));
            all.AddRange([.. s_setAddress, .. program, .. s_end]);
        }

        elf.AddCode("__managedcode", new byte[(int)MethodLength]);
        int section = elf.AddSection(".debug_line", DwarfBuilder.LineUnit([.. all]));
        elf.AddRelocations(section, [.. relocations]);
        return elf.Build();
    }

    // Links by hand: method i is at i * distance.
    private static string Rows(byte[] file, int distance)
    {
        ElfFile elf = new(file);
        ElfSection lines = elf.Find(".debug_line")!;
        int index = 0;
        foreach (ElfRelocation relocation in elf.Relocations(elf.Find(".rela.debug_line")!))
        {
            BitConverter.TryWriteBytes(elf.Data.AsSpan(lines.Offset + (int)relocation.Offset), (ulong)(distance * index++));
        }

        return string.Join(' ', LineProgram.Read(elf).Where(r => r.File is not null || r.Address != 0)
            .Select(r => r.File is null ? $"{r.Address}:end" : $"{r.Address}:{r.Line}"));
    }
}
