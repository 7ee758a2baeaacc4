// TtyHelp: a terminal for tests, whose screen is a buffer, and files on terminals.

using System.Runtime.CompilerServices;
using CSharpOS.Tty;

namespace CSharpOS.Suites;

internal static unsafe class TtyHelp
{
    private const int ScreenSize = 65536;

    private static TtyStruct s_tty;
    private static TtyOperations s_operations;
    private static Screen s_screen;
    private static int s_length;

    internal static TtyStruct* Tty => (TtyStruct*)Unsafe.AsPointer(ref s_tty);

    /// <summary>What was shown since <see cref="Begin"/>.</summary>
    internal static ReadOnlySpan<byte> Shown => new(Unsafe.AsPointer(ref s_screen), s_length);

    /// <summary>A new terminal, /dev/ttyT0.</summary>
    internal static void Begin()
    {
        s_length = 0;
        s_operations = new TtyOperations { Write = &Show };
        TtyStruct.Init(Tty, (TtyOperations*)Unsafe.AsPointer(ref s_operations));
        Check.Equal(0, TtyDevices.Register(Tty, "ttyT0"u8, DeviceNumber.Make(4, 200)));
    }

    internal static void End()
    {
        Check.Equal(0, Tty->Opens);
        TtyDevices.Unregister("ttyT0"u8, DeviceNumber.Make(4, 200));
    }

    internal static File* Open(ReadOnlySpan<byte> path)
    {
        Check.Equal(0, Vfs.Open(path, OpenFlags.O_RDWR, 0, out File* file));
        return file;
    }

    internal static void Type(ReadOnlySpan<byte> keys) => TtyReceive.Receive(Tty, keys);

    internal static long Read(File* file, byte* to, nuint count)
    {
        IoBuffer buffer = IoBuffer.Kernel(to, count);
        long position = 0;
        return file->Ops->Read(file, &buffer, &position);
    }

    internal static long Write(File* file, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text)
        {
            IoBuffer buffer = IoBuffer.Kernel(bytes, (nuint)text.Length);
            long position = 0;
            return file->Ops->Write(file, &buffer, &position);
        }
    }

    /// <summary>Raw mode, no echo, no flow control.</summary>
    internal static void MakeRaw(TtyStruct* tty, byte least, byte tenths)
    {
        Termios termios = TtyIoctl.GetTermios(tty);
        termios.Local = LocalFlags.None;
        termios.Input = InputFlags.None;
        termios.Special[(int)ControlCharacter.VMIN] = least;
        termios.Special[(int)ControlCharacter.VTIME] = tenths;
        TtyIoctl.SetTermios(tty, termios, flush: true);
    }

    private static void Show(TtyStruct* tty, byte* bytes, int count)
    {
        for (int i = 0; i < count && s_length < ScreenSize; i++)
        {
            s_screen[s_length++] = bytes[i];
        }
    }

    [InlineArray(ScreenSize)]
    private struct Screen
    {
        private byte _first;
    }
}
