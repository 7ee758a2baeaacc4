// DebugExit: QEMU's isa-debug-exit device; the emulator ends with status (value << 1) | 1. Nothing happens where it is absent.

namespace CSharpOS.Testing;

/// <summary>Ends the emulator with a verdict.</summary>
public static class DebugExit
{
    public const byte Passed = 0x10, Failed = 0x11, Crashed = 0x12;

    private const int Port = 0xf4;

    /// <summary>True once a test or bench run has taken the machine over: then an oops or panic is a verdict.</summary>
    public static bool Armed { get; set; }

    /// <summary>Ends the emulator if this is a test run.</summary>
    public static void Exit(byte value)
    {
        if (Armed)
        {
            PortIo.Out32(Port, value);
        }
    }
}
