// The simulated image: 1 MB to 2 MB of physical memory, with the sections in the order of Boot/link.ld. Only addresses: nothing is there.

namespace CSharpOS.Arch;

public static unsafe class LinkerSymbols
{
    private const ulong Base = AsmOffsets.KERNEL_BASE + 0x100000;
    private const ulong Stacks = Base + 0x81000;

    public static byte* ImageStart => (byte*)Base;
    public static byte* TextStart => (byte*)(Base + 0x1000);
    public static byte* TextEnd => (byte*)(Base + 0x60000);
    public static byte* EntryTextStart => TextStart;
    public static byte* EntryTextEnd => (byte*)(Base + 0x3000);
    public static byte* RodataStart => (byte*)(Base + 0x60000);
    public static byte* RodataEnd => (byte*)(Base + 0x70000);
    public static byte* DataStart => (byte*)(Base + 0x70000);
    public static byte* DataEnd => (byte*)(Base + 0x80123);
    public static byte* BssStart => (byte*)(Base + 0x80123);
    public static byte* BssEnd => (byte*)(Base + 0xe0000);
    public static byte* KsymtabStart => (byte*)(Base + 0xe0000);
    public static byte* KsymtabEnd => (byte*)(Base + 0xffe10);
    public static byte* ImageEnd => (byte*)(Base + 0x100000);

    // No archive: a kernel without programs.
    public static byte* InitramfsStart => RodataEnd;
    public static byte* InitramfsEnd => RodataEnd;

    public static byte* InitStackBottom => (byte*)(Stacks + 0x1000);
    public static byte* InitStackTop => InitStackBottom + AsmOffsets.THREAD_SIZE;
    public static byte* IrqStackBottom => InitStackTop + 0x1000;
    public static byte* IrqStackTop => IrqStackBottom + AsmOffsets.THREAD_SIZE;

    public static byte* ExceptionStackBottom(int index) => IrqStackTop + (index * (AsmOffsets.THREAD_SIZE + 4096)) + 4096;
}
