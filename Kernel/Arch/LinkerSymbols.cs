// LinkerSymbols: the addresses that only the linker knows. Boot/helpers.asm holds them in one table, in this order.
// Any context, no locks: constants.

namespace CSharpOS.Arch;

/// <summary>Section borders of the kernel image.</summary>
public static unsafe class LinkerSymbols
{
    public static byte* TextStart => Get(0);
    public static byte* TextEnd => Get(1);
    public static byte* EntryTextStart => Get(2);
    public static byte* EntryTextEnd => Get(3);
    public static byte* RodataStart => Get(4);
    public static byte* RodataEnd => Get(5);
    public static byte* DataStart => Get(6);
    public static byte* DataEnd => Get(7);
    public static byte* BssStart => Get(8);
    public static byte* BssEnd => Get(9);
    public static byte* KsymtabStart => Get(10);
    public static byte* KsymtabEnd => Get(11);
    public static byte* ImageStart => Get(12);
    public static byte* ImageEnd => Get(13);
    public static byte* InitcallsStart => Get(14);
    public static byte* InitcallsEnd => Get(15);

    /// <summary>Lowest byte of the boot task's stack. Below it lies its guard page.</summary>
    public static byte* InitStackBottom => Get(16);
    public static byte* InitStackTop => Get(17);
    public static byte* IrqStackBottom => Get(18);
    public static byte* IrqStackTop => Get(19);

    /// <summary>Four exception stacks (double fault, NMI, debug, machine check), each of THREAD_SIZE with a guard page below.</summary>
    public static byte* ExceptionStackBottom(int index) => Get(20) + (index * (AsmOffsets.THREAD_SIZE + 4096)) + 4096;

    public static byte* TestSuitesStart => Get(21);
    public static byte* TestSuitesEnd => Get(22);
    public static byte* BuildIdentifier => Get(23);

    /// <summary>The boot CPU's area of per-CPU variables, <see cref="PerCpuArea.Size"/> bytes of zeros.</summary>
    public static byte* BootPerCpuArea => Get(24);

    public static byte* ExceptionTableStart => Get(25);
    public static byte* ExceptionTableEnd => Get(26);
    public static byte* SmapSitesStart => Get(27);
    public static byte* SmapSitesEnd => Get(28);

    /// <summary>The archive of the first file system (cpio, newc), read-only: what User/Initramfs packed.</summary>
    public static byte* InitramfsStart => Get(29);
    public static byte* InitramfsEnd => Get(30);

    /// <summary>The names that a loadable module may refer to.</summary>
    public static byte* ExportsStart => Get(31);
    public static byte* ExportsEnd => Get(32);

    private static byte* Get(int index) => (byte*)AsmImports.LinkerSymbolTable()[index];
}
