// PortIo, Mmio: device registers. Linux: asm/io.h. Any context; nothing sleeps. The hosted kernel puts simulated devices behind them.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>x86 I/O ports.</summary>
public static class PortIo
{
    /// <linux>inb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte In8(int port) => (byte)AsmImports.In8(port);

    /// <linux>inw</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ushort In16(int port) => (ushort)AsmImports.In16(port);

    /// <linux>inl</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint In32(int port) => AsmImports.In32(port);

    /// <linux>outb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Out8(int port, byte value) => AsmImports.Out8(port, value);

    /// <summary>Writes the lowest byte of <paramref name="value"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void OutLow8(int port, int value) => AsmImports.Out8(port, (uint)value);

    /// <summary>Writes the mask register of the master 8259A and then its command register: the lowest bytes of both.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AckMaster8259A(int mask, int command) => AsmImports.AckMaster8259A(mask, command);

    /// <summary>The same for the slave, and then the master's end of interrupt for line 2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void AckSlave8259A(int mask, int command) => AsmImports.AckSlave8259A(mask, command);

    /// <linux>outw</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Out16(int port, ushort value) => AsmImports.Out16(port, value);

    /// <linux>outl</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Out32(int port, uint value) => AsmImports.Out32(port, value);

    /// <summary>Gives a slow ISA device about a microsecond: a write to the unused POST port.</summary>
    /// <linux>io_delay</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void IoDelay() => AsmImports.Out8(0x80, 0);
}

/// <summary>Memory-mapped device registers, by the address that <see cref="Mm.Vmalloc.Ioremap"/> gives. Not reordered or merged.</summary>
/// <remarks>Reads are never inlined: next to a mask or a comparison the compiler would read only the bytes that matter, and devices
/// answer to an access of the wrong size with rubbish.</remarks>
public static unsafe class Mmio
{
    /// <linux>readb</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte Read8(void* address) => System.Threading.Volatile.Read(ref *(byte*)address);

    /// <linux>readw</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ushort Read16(void* address) => System.Threading.Volatile.Read(ref *(ushort*)address);

    /// <linux>readl</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static uint Read32(void* address) => System.Threading.Volatile.Read(ref *(uint*)address);

    /// <linux>readq</linux>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Read64(void* address) => System.Threading.Volatile.Read(ref *(ulong*)address);

    /// <linux>writeb</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write8(void* address, byte value) => System.Threading.Volatile.Write(ref *(byte*)address, value);

    /// <linux>writew</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write16(void* address, ushort value) => System.Threading.Volatile.Write(ref *(ushort*)address, value);

    /// <linux>writel</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write32(void* address, uint value) => System.Threading.Volatile.Write(ref *(uint*)address, value);

    /// <linux>writeq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write64(void* address, ulong value) => System.Threading.Volatile.Write(ref *(ulong*)address, value);
}
