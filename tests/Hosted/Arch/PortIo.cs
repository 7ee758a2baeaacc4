// Simulated device registers: a test attaches a device to ports; unattached ports read all ones, as on a real bus.

namespace CSharpOS.Arch;

public static class PortIo
{
    public static byte In8(int port) => (byte)Simulation.PortRead(port, 1);

    public static ushort In16(int port) => (ushort)Simulation.PortRead(port, 2);

    public static uint In32(int port) => Simulation.PortRead(port, 4);

    public static void Out8(int port, byte value) => Simulation.PortWrite(port, value, 1);

    internal static void OutLow8(int port, int value) => Out8(port, (byte)value);

    internal static void AckMaster8259A(int mask, int command)
    {
        OutLow8(0x21, mask);
        OutLow8(0x20, command);
    }

    internal static void AckSlave8259A(int mask, int command)
    {
        OutLow8(0xa1, mask);
        OutLow8(0xa0, command);
        Out8(0x20, 0x62);
    }

    public static void Out16(int port, ushort value) => Simulation.PortWrite(port, value, 2);

    public static void Out32(int port, uint value) => Simulation.PortWrite(port, value, 4);

    public static void IoDelay() => Simulation.ArchCall();
}

public static unsafe class Mmio
{
    public static byte Read8(void* address) =>
        MmioDevices.TryRead(address, 1, out uint value) ? (byte)value : *(byte*)address;

    public static ushort Read16(void* address) =>
        MmioDevices.TryRead(address, 2, out uint value) ? (ushort)value : *(ushort*)address;

    public static uint Read32(void* address) =>
        MmioDevices.TryRead(address, 4, out uint value) ? value : *(uint*)address;

    public static ulong Read64(void* address) => *(ulong*)address;

    public static void Write8(void* address, byte value)
    {
        if (!MmioDevices.TryWrite(address, value, 1))
        {
            *(byte*)address = value;
        }
    }

    public static void Write16(void* address, ushort value)
    {
        if (!MmioDevices.TryWrite(address, value, 2))
        {
            *(ushort*)address = value;
        }
    }

    public static void Write32(void* address, uint value)
    {
        if (!MmioDevices.TryWrite(address, value, 4))
        {
            *(uint*)address = value;
        }
    }

    public static void Write64(void* address, ulong value) => *(ulong*)address = value;
}
