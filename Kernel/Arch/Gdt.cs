// Gdt: segment descriptors and the task state segment of each CPU.
//
// Linux: arch/x86/kernel/cpu/common.c. 64-bit mode needs descriptors only for the code privilege and for the exception stacks (IST) of
// the TSS. One table per CPU, because the TSS is. Init: boot CPU, interrupts off, before there is memory to allocate: its stacks are in the image.
// Prepare: process context of the boot CPU, for another one. Load: each CPU at its start, interrupts off. No locks.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>Descriptor tables and exception stacks.</summary>
public static unsafe class Gdt
{
    /// <summary>Exception stacks by number, as the gates of <see cref="Idt"/> name them.</summary>
    public const int DoubleFaultStack = 1, NmiStack = 2, DebugStack = 3, MachineCheckStack = 4;

    /// <summary>How many exception stacks a CPU has.</summary>
    public const int ExceptionStacks = 4;

    /// <summary>The first descriptor for thread-local storage.</summary>
    /// <linux>GDT_ENTRY_TLS_MIN</linux>
    public const int FirstTlsEntry = 12;

    private const int TssSelector = 0x40;
    private const int Entries = 16;
    private const ulong KernelCode = 0x00af9a000000ffff, KernelData = 0x00cf92000000ffff;
    private const ulong User32Code = 0x00cffa000000ffff, UserData = 0x00cff2000000ffff, UserCode = 0x00affa000000ffff;

    private static Cpus s_cpus;

    /// <summary>Fills and loads the table of the boot CPU.</summary>
    public static void Init()
    {
        s_cpus = default;
        s_cpus[0].Tss.Rsp0 = (ulong)LinkerSymbols.InitStackTop;
        for (int i = 0; i < ExceptionStacks; i++)
        {
            s_cpus[0].Tss.InterruptStacks[i] = (ulong)LinkerSymbols.ExceptionStackBottom(i) + AsmOffsets.THREAD_SIZE;
        }

        Fill(0);
        Load(0);
    }

    /// <summary>Fills the table of CPU <paramref name="cpu"/>, with stacks of its own, each above a page that is not mapped. May sleep.</summary>
    /// <returns>False without memory.</returns>
    public static bool Prepare(int cpu)
    {
        for (int i = 0; i < ExceptionStacks; i++)
        {
            byte* stack = (byte*)Vmalloc.Alloc(AsmOffsets.THREAD_SIZE);
            if (stack == null)
            {
                return false;
            }

            s_cpus[cpu].Tss.InterruptStacks[i] = (ulong)stack + AsmOffsets.THREAD_SIZE;
        }

        Fill(cpu);
        return true;
    }

    /// <summary>Puts this CPU, whose number is <paramref name="cpu"/>, onto its table.</summary>
    public static void Load(int cpu)
    {
        DescriptorPointer pointer = new()
        {
            Limit = (Entries * sizeof(ulong)) - 1,
            Base = (ulong)Unsafe.AsPointer(ref s_cpus[cpu].Table),
        };
        AsmImports.LoadGdt(&pointer, TssSelector);
    }

    /// <summary>Lowest byte of exception stack <paramref name="index"/>, from 0, of CPU <paramref name="cpu"/>. Any context.</summary>
    public static byte* ExceptionStackBottom(int cpu, int index) =>
        (byte*)s_cpus[cpu].Tss.InterruptStacks[index] - AsmOffsets.THREAD_SIZE;

    /// <summary>Where CPU <paramref name="cpu"/> finds its stack at an entry from user mode: whoever switches tasks writes the end of the new one's kernel
    /// stack there.</summary>
    /// <linux>load_sp0</linux>
    internal static ulong* EntryStack(int cpu) => (ulong*)Unsafe.AsPointer(ref s_cpus[cpu].Tss.Rsp0);

    /// <summary>Puts a task's descriptors for thread-local storage into the table of CPU <paramref name="cpu"/>, this one. Interrupts off.</summary>
    /// <linux>load_TLS</linux>
    internal static void SetTls(int cpu, ulong* tls)
    {
        for (int i = 0; i < UserContext.TlsEntries; i++)
        {
            s_cpus[cpu].Table[FirstTlsEntry + i] = tls[i];
        }
    }

    private static void Fill(int cpu)
    {
        ref PerCpuTables tables = ref s_cpus[cpu];
        tables.Tss.IoMapBase = (ushort)sizeof(Tss);
        ulong address = (ulong)Unsafe.AsPointer(ref tables.Tss);
        tables.Table[2] = KernelCode;
        tables.Table[3] = KernelData;
        tables.Table[4] = User32Code;
        tables.Table[5] = UserData;
        tables.Table[6] = UserCode;
        tables.Table[8] = (uint)(sizeof(Tss) - 1) | ((address & 0xffffff) << 16) | (0x89UL << 40) | ((address >> 24 & 0xff) << 56);
        tables.Table[9] = address >> 32;
    }

    [InlineArray(Entries)]
    private struct DescriptorTable
    {
        private ulong _first;
    }

    // The table first, so that the TSS begins at a multiple of 8 whatever it holds.
    [StructLayout(LayoutKind.Sequential)]
    private struct PerCpuTables
    {
        public DescriptorTable Table;
        public Tss Tss;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct Tss
    {
        public uint Reserved0;
        public ulong Rsp0, Rsp1, Rsp2, Reserved1;
        public StackPointers InterruptStacks;
        public ulong Reserved2;
        public ushort Reserved3, IoMapBase;
    }

    // IST1 to IST7. Packed like the structure around it.
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct StackPointers
    {
        private fixed ulong _pointers[7];

        public ulong this[int index]
        {
            readonly get => _pointers[index];
            set => _pointers[index] = value;
        }
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Cpus
    {
        private PerCpuTables _first;
    }
}

/// <summary>What lgdt and lidt load.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 2)]
internal struct DescriptorPointer
{
    public ushort Limit;
    public ulong Base;
}
