// Idt: the 256 gates through which the CPU enters the kernel.
//
// Linux: arch/x86/kernel/traps.c, irqinit. Every gate is an interrupt gate (interrupts off on entry) to the stub of its vector in
// Boot/entry.asm. Vectors 0-31 are exceptions; 0x20-0xff are device lines. Double fault, NMI, debug and machine check have stacks of
// their own. One table for all CPUs, written once at boot and only read afterwards.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CSharpOS.Debugging;

namespace CSharpOS.Arch;

/// <summary>The interrupt descriptor table.</summary>
/// <rows>IRQ-01</rows>
public static unsafe class Idt
{
    /// <summary>Gates in the table.</summary>
    public const int Vectors = 256;

    private const byte InterruptGate = 0x8e, UserGate = 0xee;

    private static Table s_table;

    /// <summary>Fills the table and loads it on the boot CPU.</summary>
    public static void Init()
    {
        ulong* stubs = AsmImports.EntryTable();
        for (int vector = 0; vector < Vectors; vector++)
        {
            SetGate(vector, stubs[vector], vector switch
            {
                8 => Gdt.DoubleFaultStack,
                2 => Gdt.NmiStack,
                1 => Gdt.DebugStack,
                18 => Gdt.MachineCheckStack,
                _ => 0,
            });
        }

        Load();
    }

    /// <summary>Loads the table on this CPU.</summary>
    public static void Load()
    {
        DescriptorPointer pointer = new()
        {
            Limit = (ushort)((Vectors * sizeof(Gate)) - 1),
            Base = (ulong)Unsafe.AsPointer(ref s_table),
        };
        AsmImports.Lidt(&pointer);
    }

    private static void SetGate(int vector, ulong stub, int stack) => s_table[vector] = new Gate
    {
        OffsetLow = (ushort)stub,
        Selector = AsmOffsets.KERNEL_CS,
        Stack = (byte)stack,

        // Programs may reach three of them by an instruction: int3, into, and the system call. Any other int n is a general protection fault.
        Type = vector is AsmOffsets.SYSCALL_VECTOR or ExceptionNames.Breakpoint or ExceptionNames.Overflow ? UserGate : InterruptGate,
        OffsetMiddle = (ushort)(stub >> 16),
        OffsetHigh = (uint)(stub >> 32),
    };

    [StructLayout(LayoutKind.Sequential)]
    private struct Gate
    {
        public ushort OffsetLow, Selector;
        public byte Stack, Type;
        public ushort OffsetMiddle;
        public uint OffsetHigh, Reserved;
    }

    [InlineArray(Vectors)]
    private struct Table
    {
        private Gate _first;
    }
}
