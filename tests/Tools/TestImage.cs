// A small linked kernel image for the tests, made of assembled instructions: C# functions with every kind of frame, one of them a driver's,
// assembly with and without a frame, and an entry stub. It is never executed.

using System;
using System.Collections.Generic;
using System.IO;
using CSharpOS.Debugging;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Tables;
using Iced.Intel;
using Xunit;
using static Iced.Intel.AssemblerRegisters;

namespace CSharpOS.Tools.Tests;

/// <summary>The image, its tables, and the addresses in it that the tests ask for.</summary>
internal sealed unsafe class TestImage
{
    public static readonly ulong TextBase = 0xffffffff80000000;
    public static readonly ulong Start = TextBase + 0x100000;

    private readonly Dictionary<string, ulong> _places = [];
    private readonly MemoryStream _code = new();

    public TestImage()
    {
        // Kernel: an rsp frame with an early return, rbp saved. As ilc describes it: the prologue only.
        Function("Kernel_CSharpOS_Irq_Interrupts__RequestIrq", a =>
        {
            Place(a, "early");
            a.push(rbp);
            a.push(rbx);
            a.sub(rsp, 0x28);
            Label body = a.CreateLabel();
            a.test(edi, edi);
            a.jne(body);
            Place(a, "early-add");
            a.add(rsp, 0x28);
            Place(a, "early-pop");
            a.pop(rbx);
            Place(a, "early-pop-rbp");
            a.pop(rbp);
            Place(a, "early-ret");
            a.ret();
            a.Label(ref body);
            Place(a, "body");
            a.nop(__dword_ptr[rax]);
            Place(a, "after-call");
            a.add(rsp, 0x28);
            a.pop(rbx);
            a.pop(rbp);
            a.ret();
        });

        // Driver: a frame through rbp, as with stackalloc of variable length.
        Function("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Read", a =>
        {
            a.push(rbp);
            a.push(rbx);
            a.push(rax);
            a.lea(rbp, __qword_ptr[rsp + 0x10]);
            Place(a, "dynamic-body");
            a.sub(rsp, rdi);
            Place(a, "dynamic-after");
            a.lea(rsp, __qword_ptr[rbp - 8]);
            Place(a, "dynamic-pop");
            a.pop(rbx);
            a.pop(rbp);
            Place(a, "dynamic-ret");
            a.ret();
        });

        // Kernel: the inline form of arch_local_irq_save in a leaf.
        Function("Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item", a =>
        {
            a.pushfq();
            Place(a, "pushed");
            a.pop(rax);
            Place(a, "popped");
            a.cli();
            a.ret();
        });

        // Assembly without any description: a frame, a forward branch around an early return.
        Function("arch_recovery_call", a =>
        {
            Label finish = a.CreateLabel();
            a.push(rbx);
            a.push(rbp);
            a.sub(rsp, 0x10);
            Place(a, "asm-body");
            a.test(rdi, rdi);
            a.je(finish);
            a.nop();
            a.Label(ref finish);
            Place(a, "asm-finish");
            a.add(rsp, 0x10);
            a.pop(rbp);
            a.pop(rbx);
            Place(a, "asm-ret");
            a.ret();
            Place(a, "asm-unreached");
            a.nop();
        });
        Function("arch_switch_away", a =>
        {
            a.mov(rsp, __qword_ptr[rdi]);
            Place(a, "asm-unknown");
            a.ret();
        });
        Function("__entry_text_start", a => a.nop());
        Function("irq_stub_0", a =>
        {
            a.push(rdi);
            a.push(rdi);
            Place(a, "stub-after-call");
            a.iretq();
        });
        Function("__entry_text_end", a => a.nop());
        Places["end"] = Start + (ulong)_code.Length;
    }

    public Dictionary<string, ulong> Places => _places;

    public static TableOptions Options { get; } = new(TextBase, "/src/os", ["Kernel", "CSharpOS.Drivers.Rtc"]);

    /// <summary>The image as an ELF file; with tables in it if given.</summary>
    public byte[] Elf(byte[]? tables = null)
    {
        ElfBuilder elf = new(ElfConstants.ET_EXEC);
        int text = elf.AddCode(".text", _code.ToArray(), Start);
        foreach ((string name, ulong address) in _places)
        {
            bool managed = name.Contains("__", StringComparison.Ordinal) && !name.StartsWith("__", StringComparison.Ordinal);
            if (name.Contains('_', StringComparison.Ordinal))
            {
                elf.AddSymbol(name, address, managed ? Size(name) : 0, text, managed ? ElfConstants.STT_FUNC : ElfConstants.STT_NOTYPE);
            }
        }

        elf.AddSymbol("RequestIrqExported", At("Kernel_CSharpOS_Irq_Interrupts__RequestIrq"), 0, text, ElfConstants.STT_FUNC);
        elf.AddSymbol("arch_recovery_call.out", At("asm-finish"), 0, text);
        AddDebug(elf);
        if (tables is not null)
        {
            int section = elf.AddSection(".ksymtab", tables, ElfConstants.SHF_ALLOC, Start + 0x10000);
            elf.AddSymbol("__ksymtab_start", Start + 0x10000, 0, section);
            elf.AddSymbol("__ksymtab_end", Start + 0x10000 + (ulong)tables.Length, 0, section);
        }

        return elf.Build();
    }

    public byte[] Tables() => BlobWriter.Write(ImageTables.Read(new ElfFile(Elf()), Options));

    /// <summary>Makes the kernel's look-ups use this image's tables while <paramref name="action"/> runs.</summary>
    public void WithTables(Action action) => WithTables(Tables(), action);

    public static void WithTables(byte[] blob, Action action)
    {
        fixed (byte* start = blob)
        {
            Assert.True(SymbolTable.Init(start, start + blob.Length));
            try
            {
                action();
            }
            finally
            {
                SymbolTable.Init(null, null);
            }
        }
    }

    public ulong At(string place) => _places[place];

    private ulong Size(string name)
    {
        ulong start = At(name);
        ulong next = ulong.MaxValue;
        foreach ((string other, ulong address) in _places)
        {
            next = other.Contains('_', StringComparison.Ordinal) && address > start && address < next ? address : next;
        }

        return next - start - Padding(name);
    }

    // Functions start at multiples of 16; the padding belongs to none.
    private ulong Padding(string name) => _paddings[name];

    private readonly Dictionary<string, ulong> _paddings = [];

    private void AddDebug(ElfBuilder elf)
    {
        ulong irq = At("Kernel_CSharpOS_Irq_Interrupts__RequestIrq");
        ulong rtc = At("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Read");
        ulong perCpu = At("Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item");
        elf.AddSection(".debug_line", DwarfBuilder.Lines(
            ["/src/os/Kernel/Irq", "./Drivers/Rtc"], [("Interrupts.cs", 1), ("Rtc.cs", 2), ("/elsewhere/Other.cs", 0)],
            (irq, 1, 40), (At("early-add"), 1, 42), (At("body"), 1, 1000), (At("after-call"), 1, 998),
            (rtc, 2, 7), (At("dynamic-after"), 2, 8),
            (perCpu, 3, 12), (At("popped"), 3, 0xfeefee), (At("arch_recovery_call"), 1, 0)));
        (byte[] info, byte[] abbreviations) = DwarfBuilder.Names(
            ("Kernel_CSharpOS_Irq_Interrupts", [("RequestIrq", "Kernel_CSharpOS_Irq_Interrupts__RequestIrq")]),
            ("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver", [("Read", "CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Read")]),
            ("Kernel_CSharpOS_Irq_PerCpu_1<UInt8>", [("get_Item", "Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item")]));
        elf.AddSection(".debug_info", info);
        elf.AddSection(".debug_abbrev", abbreviations);
        elf.AddSection(".eh_frame", DwarfBuilder.Frames(
            (irq, (uint)Size("Kernel_CSharpOS_Irq_Interrupts__RequestIrq"),
            [
                .. DwarfBuilder.Advance(1), .. DwarfBuilder.CfaOffset(16), .. DwarfBuilder.RbpAt(16), .. DwarfBuilder.Advance(1),
                .. DwarfBuilder.CfaOffset(24), .. DwarfBuilder.Advance(4), .. DwarfBuilder.CfaOffset(0x40),
            ]),
            (rtc, (uint)Size("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Read"),
            [
                .. DwarfBuilder.Advance(1), .. DwarfBuilder.CfaOffset(16), .. DwarfBuilder.RbpAt(16), .. DwarfBuilder.Advance(1),
                .. DwarfBuilder.CfaOffset(24), .. DwarfBuilder.Advance(1), .. DwarfBuilder.CfaOffset(32), .. DwarfBuilder.Advance(5),
                .. DwarfBuilder.CfaFromRbp(16),
            ]),
            (perCpu, (uint)Size("Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item"), [])));
    }

    private void Function(string name, Action<Assembler> body)
    {
        Assembler assembler = new(64);
        _pending.Clear();
        body(assembler);
        ulong start = Start + (ulong)_code.Length;
        MemoryStream bytes = new();
        AssemblerResult result = assembler.Assemble(new StreamCodeWriter(bytes), start, BlockEncoderOptions.ReturnNewInstructionOffsets);
        foreach ((string place, int index) in _pending)
        {
            _places[place] = start + result.Result[0].NewInstructionOffsets[index];
        }

        _places[name] = start;
        bytes.WriteTo(_code);
        ulong length = (ulong)_code.Length;
        while (_code.Length % 16 != 0)
        {
            _code.WriteByte(0x90);
        }

        _paddings[name] = (ulong)_code.Length - length;
    }

    private readonly List<(string Place, int Index)> _pending = [];

    private void Place(Assembler assembler, string name) => _pending.Add((name, assembler.Instructions.Count));
}
