// ConsoleTty: the terminal that is the console.
//
// Linux has one terminal for each serial port and each screen, and /dev/console is one of them. Here there is one for all: what is typed on the keyboard or on the
// serial line arrives in it (ConsoleInput), what is written to it appears on every console, as the log does. So a shell on it works over serial and on
// the screen, and console, tty0, tty1 and ttyS0 are its names.
// As long as a program has it open the input is the terminal's; else it is the monitor's. Opened, Take and Write: process context, TtyStruct.Lock held. Arrived:
// any context but an NMI. Write waits while another CPU prints.

using System.Runtime.CompilerServices;

namespace CSharpOS.Tty;

/// <summary>The console as a terminal.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class ConsoleTty
{
    private const uint TtyMajor = 4;
    private const uint FirstSerial = 64;
    private const ushort Rows = 25, Columns = 80;

    private static TtyStruct s_tty;
    private static TtyOperations s_operations;

    /// <summary>It.</summary>
    internal static TtyStruct* Tty => (TtyStruct*)Unsafe.AsPointer(ref s_tty);

    /// <summary>Boot: the terminal and its nodes. 0 or minus errno.</summary>
    /// <linux>console_init</linux>
    internal static int Init()
    {
        s_operations = new TtyOperations { Write = &Write, Take = &Take, Opened = &Opened };
        TtyStruct.Init(Tty, (TtyOperations*)Unsafe.AsPointer(ref s_operations));
        Tty->Window = new WindowSize { Rows = Rows, Columns = Columns };
        int error = TtyDevices.Register(Tty, "console"u8, TtyDevices.Console);
        error = error != 0 ? error : TtyDevices.Register(Tty, "tty0"u8, DeviceNumber.Make(TtyMajor, 0));
        error = error != 0 ? error : TtyDevices.Register(Tty, "tty1"u8, DeviceNumber.Make(TtyMajor, 1));
        return error != 0 ? error : TtyDevices.Register(Tty, "ttyS0"u8, DeviceNumber.Make(TtyMajor, FirstSerial));
    }

    private static void Write(TtyStruct* tty, byte* bytes, int count) => KernelLog.WriteBytesToConsoles(new ReadOnlySpan<byte>(bytes, count));

    private static void Opened(TtyStruct* tty, bool open)
    {
        ConsoleInput.SetListener(open ? &Arrived : null);
        if (open)
        {
            // Something may have been typed before.
            Arrived();
        }
    }

    private static void Arrived() => TtyReceive.Kick(Tty);

    private static int Take(TtyStruct* tty, byte* bytes, int room)
    {
        bool crowded = ConsoleInput.Count >= ConsoleInput.Capacity / 2;
        int taken = ConsoleInput.Take(new Span<byte>(bytes, room));
        if (crowded && taken != 0)
        {
            // A driver that found the ring full has left bytes in its device. It looks for room again whenever it has something to show.
            KernelLog.WriteBytesToConsoles(default);
        }

        return taken;
    }
}
