// The tables in a real kernel image, against the image itself: its symbol table, readelf's reading of .eh_frame, and the stack
// pointer followed through every function by Iced (another way than the one that made the tables). Skipped unless
// CSOS_KERNEL_ELF names an image.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Text.RegularExpressions;
using CSharpOS.Debugging;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Tables;
using Iced.Intel;
using Xunit;

namespace CSharpOS.Tools.Tests;

/// <summary>A test that needs a built kernel image.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelImageFactAttribute : FactAttribute
{
    public KernelImageFactAttribute()
    {
        if (string.IsNullOrEmpty(KernelImageTests.ImagePath))
        {
            Skip = "CSOS_KERNEL_ELF is not set";
        }
    }
}

[Collection(Serial.Name)]
public sealed partial class KernelImageTests
{
    private readonly ElfFile _elf = ElfFile.Load(ImagePath!);

    public static string? ImagePath => Environment.GetEnvironmentVariable("CSOS_KERNEL_ELF");

    [KernelImageFact]
    public void EveryFunctionOfTheSymbolTableIsFound() => WithTables(() =>
    {
        int functions = 0;
        foreach (ElfSymbol symbol in _elf.Symbols)
        {
            if (symbol.Type != ElfConstants.STT_FUNC || symbol.Size == 0 || !SymbolTable.IsText((nuint)symbol.Value))
            {
                continue;
            }

            functions++;
            foreach (ulong offset in (ulong[])[0, symbol.Size / 2, symbol.Size - 1])
            {
                Assert.True(SymbolTable.Lookup((nuint)(symbol.Value + offset), out SymbolInfo info), symbol.Name);
                Assert.Equal((symbol.Value, offset), (info.Start, info.Offset));
                Assert.InRange((ulong)info.Size, symbol.Size, symbol.Size + 16);
            }

            SymbolTable.Lookup((nuint)symbol.Value, out SymbolInfo start);
            Assert.True(SymbolTable.LookupName(start.Name, out nuint address));
            Assert.True(SymbolTable.Lookup(address, out SymbolInfo again));
            Assert.True(again.Name.SequenceEqual(start.Name));
        }

        Assert.InRange(functions, 50, int.MaxValue);
    });

    [KernelImageFact]
    public void TablesAreSmallAndVerified()
    {
        byte[] blob = Blob();
        TablesCommands.Verify(_elf, blob);
        ulong text = 0;
        foreach (ElfSection section in _elf.Sections)
        {
            text += section.IsExecutable ? (ulong)section.Size : 0;
        }

        // 400 KB for 500 KB of code.
        Assert.InRange((ulong)blob.Length, 1ul, (text * 8 / 10) + 4096);
    }

    [KernelImageFact]
    public void EveryMethodHasItsLineFromItsFirstInstructionToItsLast() => WithTables(() =>
    {
        DebugNames names = DebugNames.Read(_elf);
        List<LineRow> rows = LineProgram.Read(_elf);
        int methods = 0;
        foreach (ElfSymbol symbol in _elf.Symbols)
        {
            int row = rows.FindIndex(r => r.Address >= symbol.Value && r.Address < symbol.Value + symbol.Size);
            if (!names.Methods.ContainsKey(symbol.Name) || !SymbolTable.IsText((nuint)symbol.Value) || row < 0)
            {
                continue;
            }

            methods++;
            Assert.True(rows[row].Address == symbol.Value, $"{symbol.Name}: its first line starts at +{rows[row].Address - symbol.Value}");
            Assert.True(LineTable.Lookup((nuint)symbol.Value, out _, out _));
            Assert.True(LineTable.Lookup((nuint)(symbol.Value + symbol.Size - 1), out _, out _), $"{symbol.Name}: no line at its end");
        }

        Assert.InRange(methods, 20, int.MaxValue);
    });

    [KernelImageFact]
    public void UnwindRowsAgreeWithReadelf() => WithTables(() =>
    {
        string? listing = Readelf("--debug-dump=frames-interp", ImagePath!);
        if (listing is null)
        {
            return;
        }

        int compared = 0;
        foreach (string line in listing.Split('\n'))
        {
            Match match = FrameLine().Match(line);
            ulong pc = match.Success ? ulong.Parse(match.Groups["pc"].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture) : 0;
            if (!SymbolTable.IsText((nuint)pc))
            {
                continue;
            }

            Assert.True(UnwinderRows.Lookup((nuint)pc, out UnwinderRule rule), line);
            Assert.Equal(match.Groups["cfa"].Value, $"{(rule.FromRbp ? "rbp" : "rsp")}+{rule.FrameOffset}");
            compared++;
        }

        Assert.InRange(compared, 50, int.MaxValue);
    });

    [KernelImageFact]
    public void UnwindRowsFollowTheStackPointerAtEveryInstruction() => WithTables(() =>
    {
        int instructions = 0;
        int checkedInstructions = 0;
        foreach (FrameFunction function in FrameRows.Read(_elf))
        {
            ReadOnlySpan<byte> code = Code(function.Start, (int)(function.End - function.Start));
            if (code.Length != 0)
            {
                FollowStackPointer(function, code.ToArray(), ref instructions, ref checkedInstructions);
            }
        }

        // The rest: frames through rbp, what only a jump table reaches, and the padding within functions.
        Assert.InRange(checkedInstructions, instructions * 7 / 10, instructions);
    });

    // A worklist over the function's instructions: the distance from rsp to the frame address comes from each instruction's own effect.
    private static void FollowStackPointer(FrameFunction function, byte[] code, ref int instructions, ref int checkedInstructions)
    {
        Dictionary<ulong, Instruction> decoded = [];
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code), function.Start);
        while (decoder.IP < function.End)
        {
            ulong ip = decoder.IP;
            decoded.Add(ip, decoder.Decode());
        }

        instructions += decoded.Count;
        Dictionary<ulong, int> depths = [];
        Stack<(ulong Pc, int Depth)> work = new([(function.Start, 8)]);
        while (work.TryPop(out (ulong Pc, int Depth) at))
        {
            if (!decoded.TryGetValue(at.Pc, out Instruction instruction))
            {
                continue;
            }

            // With a frame through rbp, rsp may be anywhere (stackalloc); from where rsp counts again, its rule is what there is to go by.
            Assert.True(UnwinderRows.Lookup((nuint)at.Pc, out UnwinderRule rule), $"no rule at {at.Pc:x}");
            int current = rule.FromRbp ? 0 : at.Depth == 0 ? (int)rule.FrameOffset : at.Depth;
            if (depths.TryGetValue(at.Pc, out int known))
            {
                Assert.Equal(known, current);
                continue;
            }

            depths.Add(at.Pc, current);
            checkedInstructions += at.Depth != 0 && !rule.FromRbp ? 1 : 0;
            Assert.True(rule.FromRbp || rule.FrameOffset == current, $"at {at.Pc:x}: rsp+{rule.FrameOffset}, not +{current}");
            Assert.True(instruction.FlowControl != FlowControl.Return || current == 8, $"at {at.Pc:x}: ret with {current} bytes pushed");

            bool setsRsp = instruction.Op0Kind == OpKind.Register && instruction.Op0Register == Register.RSP &&
                instruction.Mnemonic is Mnemonic.Mov or Mnemonic.Lea or Mnemonic.And;
            int depth = setsRsp || current == 0 ? 0
                : instruction.FlowControl is FlowControl.Call or FlowControl.IndirectCall ? current
                : current - instruction.StackPointerIncrement - Added(instruction);
            if (instruction.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch)
            {
                work.Push((instruction.NearBranchTarget, depth));
            }

            if (instruction.FlowControl
                is FlowControl.Next or FlowControl.ConditionalBranch or FlowControl.Call or FlowControl.IndirectCall)
            {
                work.Push((instruction.NextIP, depth));
            }
        }
    }

    // `add rsp,n` and `sub rsp,n`, which Iced does not count as stack instructions.
    private static int Added(in Instruction instruction)
    {
        bool changes = instruction.Op0Kind == OpKind.Register && instruction.Op0Register == Register.RSP;
        return changes && instruction.Mnemonic == Mnemonic.Add ? (int)instruction.GetImmediate(1)
            : changes && instruction.Mnemonic == Mnemonic.Sub ? -(int)instruction.GetImmediate(1)
            : 0;
    }

    private ReadOnlySpan<byte> Code(ulong start, int length)
    {
        foreach (ElfSection section in _elf.Sections)
        {
            if (section.IsExecutable && start >= section.Address && start + (ulong)length <= section.Address + (ulong)section.Size)
            {
                return _elf.Bytes(section).Slice((int)(start - section.Address), length);
            }
        }

        return default;
    }

    private byte[] Blob()
    {
        ElfSymbol start = Array.Find(_elf.Symbols, s => s.Name == "__ksymtab_start");
        ElfSymbol end = Array.Find(_elf.Symbols, s => s.Name == "__ksymtab_end");
        ElfSection section = _elf.Find(".ksymtab") ?? throw new InvalidDataException("the image has no section .ksymtab");
        return _elf.Bytes(section).Slice((int)(start.Value - section.Address), (int)(end.Value - start.Value)).ToArray();
    }

    private void WithTables(Action action) => TestImage.WithTables(Blob(), action);

    private static string? Readelf(params string[] arguments)
    {
        try
        {
            ProcessStartInfo start = new("readelf") { RedirectStandardOutput = true, RedirectStandardError = true };
            Array.ForEach(arguments, start.ArgumentList.Add);
            start.Environment["LC_ALL"] = "C";
            using Process process = Process.Start(start)!;
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return output;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^(?<pc>[0-9a-f]{16}) (?<cfa>r[sb]p\+\d+)\s")]
    private static partial Regex FrameLine();
}
