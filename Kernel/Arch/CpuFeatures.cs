// CpuFeatures: what the processor offers for user mode, and how each CPU is told to use it.
//
// Linux: arch/x86/kernel/cpu/common.c (setup_smep, setup_smap, syscall_init). Detect: boot CPU, before the kernel's text becomes read-only. Enable:
// every CPU at its start, interrupts off. No locks: written once, before other CPUs run.

using System.Runtime.InteropServices;
using CSharpOS.Init;

namespace CSharpOS.Arch;

/// <summary>Processor features that concern user mode.</summary>
public static unsafe class CpuFeatures
{
    private const uint EferRegister = 0xc0000080, StarRegister = 0xc0000081, LongStarRegister = 0xc0000082;
    private const uint CompatStarRegister = 0xc0000083, SyscallMaskRegister = 0xc0000084;
    private const uint SysenterCsRegister = 0x174, SysenterEspRegister = 0x175, SysenterEipRegister = 0x176;
    private const ulong EferSyscall = 1;
    private const ulong Cr4Umip = 1 << 11, Cr4Osxsave = 1 << 18, Cr4Smep = 1 << 20, Cr4Smap = 1 << 21;

    // Interrupts, direction, single step, access to user memory, nested task: off in the kernel.
    private const ulong MaskedFlags = 0x200 | 0x400 | 0x100 | 0x40000 | 0x4000;
    private const uint StateX87 = 1, StateSse = 2, StateAvx = 4;

    /// <summary>True if the kernel cannot run user pages by mistake.</summary>
    public static bool Smep { get; private set; }

    /// <summary>True if the kernel cannot touch user pages by mistake.</summary>
    public static bool Smap { get; private set; }

    /// <summary>True if programs cannot read where the kernel's tables lie.</summary>
    public static bool Umip { get; private set; }

    /// <summary>CPUID 1, edx: what programs are told in AT_HWCAP.</summary>
    /// <linux>ELF_HWCAP</linux>
    public static ulong Capabilities { get; private set; }

    /// <summary>How 32-bit programs enter the kernel fast: by sysenter on Intel's processors, by syscall on AMD's; not at all elsewhere.</summary>
    public static bool HasSysenter { get; private set; }

    /// <summary>See <see cref="HasSysenter"/>.</summary>
    public static bool HasCompatSyscall { get; private set; }

    /// <summary>What xsave keeps; 0 if the processor has only fxsave.</summary>
    public static uint XsaveFeatures { get; private set; }

    /// <summary>True if there are any.</summary>
    public static bool Xsave { get; private set; }

    /// <summary>Bytes of a task's floating-point state.</summary>
    public static uint FpuStateSize { get; private set; }

    /// <summary>Finds out, and puts STAC and CLAC into the entry code if the processor has them. <c>nosmap</c> and <c>nosmep</c> leave them out.</summary>
    public static void Detect()
    {
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(0, 0, registers);
        uint last = registers[0];

        // "GenuineIntel" and "AuthenticAMD", by their middle.
        bool intel = registers[3] == 0x49656e69, amd = registers[3] == 0x69746e65;
        Smep = Smap = Umip = false;
        XsaveFeatures = 0;
        Xsave = false;
        FpuStateSize = 512;
        if (last >= 7)
        {
            AsmImports.Cpuid(7, 0, registers);
            Smep = (registers[1] & (1 << 7)) != 0 && !CommandLine.Has("nosmep"u8);
            Smap = (registers[1] & (1 << 20)) != 0 && !CommandLine.Has("nosmap"u8);
            Umip = (registers[2] & (1 << 2)) != 0;
        }

        AsmImports.Cpuid(1, 0, registers);
        Capabilities = registers[3];
        HasSysenter = intel && (registers[3] & (1 << 11)) != 0;
        HasCompatSyscall = amd;
        if (last >= 13 && (registers[2] & (1 << 26)) != 0)
        {
            AsmImports.Cpuid(13, 0, registers);
            XsaveFeatures = registers[0] & (StateX87 | StateSse | StateAvx);
            Xsave = XsaveFeatures != 0;
        }

        if (Smap)
        {
            PatchSmapSites();
        }
    }

    /// <summary>Puts this CPU's system-call entry in place and switches the protections on.</summary>
    public static void Enable()
    {
        ulong cr4 = AsmImports.ReadCr4();
        cr4 |= (Smep ? Cr4Smep : 0) | (Smap ? Cr4Smap : 0) | (Umip ? Cr4Umip : 0) | (XsaveFeatures != 0 ? Cr4Osxsave : 0);
        AsmImports.WriteCr4(cr4);
        if (XsaveFeatures != 0)
        {
            uint* registers = stackalloc uint[4];
            AsmImports.Xsetbv(0, XsaveFeatures);
            AsmImports.Cpuid(13, 0, registers);
            FpuStateSize = registers[1];
        }

        AsmImports.Wrmsr(EferRegister, AsmImports.Rdmsr(EferRegister) | EferSyscall);
        AsmImports.Wrmsr(StarRegister, ((ulong)AsmOffsets.USER32_CS << 48) | ((ulong)AsmOffsets.KERNEL_CS << 32));
        AsmImports.Wrmsr(LongStarRegister, AsmImports.SystemCall64());
        AsmImports.Wrmsr(CompatStarRegister, AsmImports.SystemCallCompat());
        AsmImports.Wrmsr(SyscallMaskRegister, MaskedFlags);
        if (HasSysenter)
        {
            AsmImports.Wrmsr(SysenterCsRegister, AsmOffsets.KERNEL_CS);
            AsmImports.Wrmsr(SysenterEspRegister, 0);
            AsmImports.Wrmsr(SysenterEipRegister, AsmImports.SystemCallEnter());
        }
    }

    private static void PatchSmapSites()
    {
        var end = (SmapSite*)LinkerSymbols.SmapSitesEnd;
        for (var site = (SmapSite*)LinkerSymbols.SmapSitesStart; site < end; site++)
        {
            site->Address[0] = (byte)site->Instruction;
            site->Address[1] = (byte)(site->Instruction >> 8);
            site->Address[2] = (byte)(site->Instruction >> 16);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SmapSite
    {
        public byte* Address;
        public ulong Instruction;
    }
}
