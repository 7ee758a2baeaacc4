// The exit statuses of the tool, in one place: scripts rely on them.

namespace CSharpOS.Tool;

/// <summary>Exit statuses of <c>csos</c>, and those by which a guest ends QEMU.</summary>
public static class ExitCodes
{
    /// <summary>All went well.</summary>
    public const int Success = 0;

    /// <summary>A command failed: a test, a build, a missing image or program.</summary>
    public const int Failure = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;

    /// <summary><c>run</c>: the guest panicked.</summary>
    public const int GuestPanicked = 37;

    /// <summary><c>run</c>: the guest reset itself where that ends QEMU (a triple fault, or <c>reboot</c>).</summary>
    public const int GuestReset = 38;

    /// <summary>Ctrl-C, as a shell reports it.</summary>
    public const int Interrupted = 130;

    /// <summary>QEMU's status after the guest said "all tests passed" (0x10) to isa-debug-exit.</summary>
    public const int DebugExitPassed = 0x10 << 1 | 1;

    /// <summary>QEMU's status after the guest said "some tests failed" (0x11).</summary>
    public const int DebugExitFailed = 0x11 << 1 | 1;

    /// <summary>QEMU's status after a panic or a fatal oops (0x12).</summary>
    public const int DebugExitPanic = 0x12 << 1 | 1;
}
