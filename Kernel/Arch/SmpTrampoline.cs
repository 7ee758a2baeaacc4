// SmpTrampoline: what Boot/trampoline.asm and C# tell each other. The page below 1 MB that it runs in is prepared by Smp.Boot.cs.
// Boot only: one CPU is started at a time, so the parameters need no lock.

using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>Where the parts of the trampoline lie in the image.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct TrampolineTable
{
    /// <summary>The code to be copied, and behind its end.</summary>
    public byte* Start, End;

    /// <summary>The parameters, between the two.</summary>
    public byte* Parameters;

    /// <summary>The hot words of CPU 1, followed by those of the others.</summary>
    public PerCpuHot* Hot;
}

/// <summary>What a starting CPU is told.</summary>
[StructLayout(LayoutKind.Explicit, Size = AsmOffsets.TRAMPOLINE_SIZE)]
internal unsafe struct TrampolineParameters
{
    /// <summary>Page tables that show the trampoline at its physical address, and the kernel. Below 4 GB.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_ROOT)] public ulong Root;

    /// <summary>CR0 of the boot CPU.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_CR0)] public ulong Cr0;

    /// <summary>CR4 of the boot CPU.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_CR4)] public ulong Cr4;

    /// <summary>EFER of the boot CPU.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_EFER)] public ulong Efer;

    /// <summary>The kernel's page tables.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_KERNEL_ROOT)] public ulong KernelRoot;

    /// <summary>The CPU's hot words: its gs base.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_HOT)] public PerCpuHot* Hot;

    /// <summary>The top of its first stack.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_STACK)] public byte* Stack;

    /// <summary>Its number.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_CPU)] public ulong Cpu;

    /// <summary>The C# that it calls with its number; does not return.</summary>
    [FieldOffset(AsmOffsets.TRAMPOLINE_ENTRY)] public delegate*<int, void> Entry;
}
