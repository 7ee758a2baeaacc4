// Console: where the log is shown. A driver fills one in (a static) and registers it.
//
// Linux: struct console, include/linux/console.h. Only the holder of the console lock (ConsoleList) touches Next, Position and Lines.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Log;

/// <summary>A device that shows text.</summary>
/// <linux>console</linux>
/// <rows>LOG-01</rows>
public unsafe struct Console
{
    private byte* _name;
    private int _nameLength;

    /// <summary>Shows the bytes, UTF-8 with '\n' at the end of a line. Called in the context of whoever prints: process, softirq, hard
    /// interrupt, exception; never in an NMI, never twice at once. Must not sleep. In an oops (<see cref="KernelLog.OopsInProgress"/>) it
    /// must not wait for a lock either: the holder may be the code that failed. Use TryLock then, and go on without.</summary>
    public delegate*<Console*, byte*, int, void> Write;

    /// <summary>The same for bytes of a terminal: '\n' only goes down a line, since the terminal sends '\r' where it wants one. Unset: <see cref="Write"/> is
    /// called for them.</summary>
    public delegate*<Console*, byte*, int, void> WriteBytes;

    /// <summary>For the driver.</summary>
    public void* Data;

    /// <summary>Messages below this level are shown; 0: the general console level (<c>loglevel=</c>).</summary>
    public int Level;

    /// <summary>What the console wants.</summary>
    public ConsoleFlags Flags;

    internal Console* Next;
    internal long Position;
    internal LogLines Lines;

    /// <summary>The name, such as ttyS0; set it from a UTF-8 literal, which lives for ever.</summary>
    public ReadOnlySpan<byte> Name
    {
        readonly get => new(_name, _nameLength);
        set
        {
            _name = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(value));
            _nameLength = value.Length;
        }
    }
}

/// <summary>Properties of a <see cref="Console"/>.</summary>
[Flags]
public enum ConsoleFlags
{
    None = 0,

    /// <summary>Show only what comes after the registration, not what the ring holds.</summary>
    /// <linux>CON_PRINTBUFFER</linux>
    NoReplay = 1,

    /// <summary>Registered. Set by the kernel.</summary>
    /// <linux>CON_ENABLED</linux>
    Registered = 2,
}
