// No devices: the bus reads all ones.

namespace CSharpOS.Arch;

public static class PortIo
{
    public static byte In8(int port) => byte.MaxValue;

    public static ushort In16(int port) => ushort.MaxValue;

    public static uint In32(int port) => uint.MaxValue;

    internal static void OutLow8(int port, int value) => Out8(port, (byte)value);

    public static void Out8(int port, byte value)
    {
    }

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

    public static void Out16(int port, ushort value)
    {
    }

    public static void Out32(int port, uint value)
    {
    }

    public static void IoDelay()
    {
    }
}
