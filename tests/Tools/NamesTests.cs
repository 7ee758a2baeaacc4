// Mangled names as ilc 10 writes them, and what they become. The pairs come from a compiled sample.

using System.Collections.Generic;
using System.Linq;
using CSharpOS.ImageTool.Dwarf;
using CSharpOS.ImageTool.Elf;
using CSharpOS.ImageTool.Tables;
using Xunit;

namespace CSharpOS.Tools.Tests;

public sealed class NamesTests
{
    private const string TwoArguments =
        "Kernel_CSharpOS_Irq_Interrupts__Gen2<Kernel_CSharpOS_Irq_Interrupts_K__Kernel_CSharpOS_Irq_PerCpu_1<Int32>>";

    private const string InnerArguments = "Kernel_CSharpOS_Irq_PerCpu_1<Kernel_CSharpOS_Irq_PerCpu_1_Enumerator<Int32>>__Get";
    private const string Startup = "Internal_CompilerGenerated__Module___NativeLibraryStartup";

    // Type, method's true name, symbol.
    private static readonly (string Type, string Name, string Symbol)[] s_known =
    [
        ("Kernel_CSharpOS_Irq_Interrupts", "RequestIrq", "Kernel_CSharpOS_Irq_Interrupts__RequestIrq"),
        ("Kernel_CSharpOS_Irq_Interrupts", "RequestIrq", "Kernel_CSharpOS_Irq_Interrupts__RequestIrq_0"),
        ("Kernel_CSharpOS_Irq_Interrupts", "RequestIrq_1", "Kernel_CSharpOS_Irq_Interrupts__RequestIrq_1"),
        ("Kernel_CSharpOS_Irq_Interrupts", "get_P", "Kernel_CSharpOS_Irq_Interrupts__get_P"),
        ("Kernel_CSharpOS_Irq_Interrupts", "<All>b__3_0", "Kernel_CSharpOS_Irq_Interrupts___All_b__3_0"),
        ("Kernel_CSharpOS_Irq_Interrupts", "<__Weird__Name>g__L2|7_0", "Kernel_CSharpOS_Irq_Interrupts_____Weird__Name_g__L2_7_0"),
        ("Kernel_CSharpOS_Irq_Interrupts", "Gen2", TwoArguments),
        ("Kernel_CSharpOS_Irq_Interrupts", "<Gen2>g__Local|6_0", "Kernel_CSharpOS_Irq_Interrupts___Gen2_g__Local_6_0<Int32__UInt8>"),
        ("Kernel_CSharpOS_Irq_Interrupts_Desc_T", "Init_X", "Kernel_CSharpOS_Irq_Interrupts_Desc_T__Init_X"),
        ("Kernel_CSharpOS_Irq_Interrupts_Desc_T_Deep", "Go", "Kernel_CSharpOS_Irq_Interrupts_Desc_T_Deep__Go"),
        ("Kernel_CSharpOS_Irq_PerCpu", "Find", "Kernel_CSharpOS_Irq_PerCpu__Find"),
        ("Kernel_CSharpOS_Irq_PerCpu_1<UIntPtr>", "set_Item", "Kernel_CSharpOS_Irq_PerCpu_1<UIntPtr>__set_Item"),
        ("Kernel_CSharpOS_Irq_PerCpu_1_Enumerator<Int32>", "MoveNext", "Kernel_CSharpOS_Irq_PerCpu_1_Enumerator<Int32>__MoveNext"),
        ("Kernel_CSharpOS_Irq_PerCpu_1<Kernel_CSharpOS_Irq_PerCpu_1_Enumerator<Int32>>", "Get", InnerArguments),
        ("Kernel_CSharpOS_Irq_C", ".ctor", "Kernel_CSharpOS_Irq_C___ctor"),
        ("Kernel_CSharpOS_Irq_C", "System.IDisposable.Dispose", "Kernel_CSharpOS_Irq_C__System_IDisposable_Dispose"),
        ("Kernel_CSharpOS_Irq_G_1<System___Canon>", "M", "Kernel_CSharpOS_Irq_G_1<System___Canon>__M"),
        ("Kernel_System_ValueTuple_2<Int32____Array<UInt8>>", ".ctor", "Kernel_System_ValueTuple_2<Int32____Array<UInt8>>___ctor"),
        ("Kernel_TopLevel", "Start", "Kernel_TopLevel__Start"),
        ("Object", ".ctor", "Object___ctor"),
        ("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver", "Probe", "CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Probe"),
        ("Kernel_Suites_CSharpOS_Tests_IrqSuite", "Run", "Kernel_Suites_CSharpOS_Tests_IrqSuite__Run"),
    ];

    private static readonly string[] s_assemblies = ["Kernel", "CSharpOS.Drivers.Rtc", "Kernel.Suites"];

    [Theory]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts__RequestIrq", "Interrupts.RequestIrq")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts__RequestIrq_0", "Interrupts.RequestIrq")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts__RequestIrq_1", "Interrupts.RequestIrq_1")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts__get_P", "Interrupts.P.get")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts___All_b__3_0", "Interrupts.All.lambda")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts_____Weird__Name_g__L2_7_0", "Interrupts.__Weird__Name.L2")]
    [InlineData(TwoArguments, "Interrupts.Gen2<Interrupts.K,PerCpu<int>>")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts___Gen2_g__Local_6_0<Int32__UInt8>", "Interrupts.Gen2.Local<int,byte>")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts_Desc_T__Init_X", "Interrupts.Desc_T.Init_X")]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts_Desc_T_Deep__Go", "Interrupts.Desc_T.Deep.Go")]
    [InlineData("Kernel_CSharpOS_Irq_PerCpu__Find", "PerCpu.Find")]
    [InlineData("Kernel_CSharpOS_Irq_PerCpu_1<UIntPtr>__set_Item", "PerCpu<nuint>.Item.set")]
    [InlineData("Kernel_CSharpOS_Irq_PerCpu_1_Enumerator<Int32>__MoveNext", "PerCpu<int>.Enumerator.MoveNext")]
    [InlineData(InnerArguments, "PerCpu<PerCpu<int>.Enumerator>.Get")]
    [InlineData("Kernel_CSharpOS_Irq_C___ctor", "C..ctor")]
    [InlineData("Kernel_CSharpOS_Irq_C__System_IDisposable_Dispose", "C.Dispose")]
    [InlineData("Kernel_CSharpOS_Irq_G_1<System___Canon>__M", "G<__Canon>.M")]
    [InlineData("Kernel_System_ValueTuple_2<Int32____Array<UInt8>>___ctor", "ValueTuple<int,byte[]>..ctor")]
    [InlineData("Kernel_TopLevel__Start", "TopLevel.Start")]
    [InlineData("Object___ctor", "object..ctor")]
    [InlineData("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_RtcDriver__Probe", "RtcDriver.Probe", 1)]
    [InlineData("Kernel_Suites_CSharpOS_Tests_IrqSuite__Run", "IrqSuite.Run", 2)]
    public void MethodsKnownToTheDebugInformation(string symbol, string expected, int assembly = 0)
        => Assert.Equal(new ReadableName(expected, assembly, true), Names(s_known).Read(symbol));

    [Theory]
    [InlineData("Kernel_CSharpOS_Irq_Interrupts__FreeIrq", "Interrupts.FreeIrq", 0, true)]
    [InlineData("Kernel_CSharpOS_Irq_PerCpu_1<UInt8>__get_Item", "PerCpu<byte>.Item.get", 0, true)]
    [InlineData("CSharpOS_Drivers_Rtc_CSharpOS_Drivers_Other___ctor", "Other..ctor", 1, true)]
    [InlineData("String__get_Length", "string.Length.get", 0, true)]
    [InlineData("arch_cli", "arch_cli", 0, false)]
    [InlineData("__managed__Startup", "__managed__Startup", 0, false)]
    [InlineData(Startup, Startup, 0, false)]
    [InlineData("_", "_", 0, false)]
    [InlineData("<<__>>", "<<__>>", 0, false)]
    [InlineData("Kernel_", "Kernel_", 0, false)]
    [InlineData("Kernel___", "Kernel___", 0, false)]
    public void OtherNamesAreTakenApartAsFarAsPossible(string symbol, string expected, int assembly, bool managed)
        => Assert.Equal(new ReadableName(expected, assembly, managed), Names([]).Read(symbol));

    [Fact]
    public void NoTextBreaksIt()
    {
        System.Random random = new(3);
        ManagedNames names = Names(s_known);
        const string Letters = "Kernel_<>_1a__";
        for (int i = 0; i < 100_000; i++)
        {
            char[] text = new char[random.Next(1, 20)];
            for (int j = 0; j < text.Length; j++)
            {
                text[j] = Letters[random.Next(Letters.Length)];
            }

            string symbol = (random.Next(2) == 0 ? "Kernel_" : "") + new string(text);
            Assert.NotEmpty(names.Read(symbol).Name);
        }
    }

    [Fact]
    public void ModulesAreCalledByTheLastPartOfTheirAssembly()
    {
        Assert.Equal(["", "rtc", "suites"], s_assemblies.Select((_, i) => ManagedNames.ModuleName(s_assemblies, i)));
    }

    private static ManagedNames Names((string Type, string Name, string Symbol)[] known)
    {
        List<(string, (string, string)[])> types = [("Kernel_CSharpOS_Irq_Interrupts_K", [])];
        types.AddRange(known.GroupBy(k => k.Type).Select(g => (g.Key, g.Select(k => (k.Name, k.Symbol)).ToArray())));
        (byte[] info, byte[] abbreviations) = DwarfBuilder.Names([.. types]);
        ElfBuilder elf = new(ElfConstants.ET_EXEC);
        if (known.Length != 0)
        {
            elf.AddSection(".debug_info", info);
            elf.AddSection(".debug_abbrev", abbreviations);
        }

        return new ManagedNames(DebugNames.Read(new ElfFile(elf.Build())), s_assemblies);
    }
}
