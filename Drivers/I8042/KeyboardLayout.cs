// KeyboardLayout: what is printed on the keys of a US keyboard, by scan code (set 1). Constant data; any context.

namespace CSharpOS.Drivers;

internal static class KeyboardLayout
{
    private const byte FirstKeypadKey = 0x47, LastKeypadKey = 0x53;
    private const byte KeypadMinus = 0x4a, KeypadPlus = 0x4e;
    private const byte KeyLeftOfZ = 0x56;

    // Sixteen keys a line, from key 0. Zero: no character.
    private static ReadOnlySpan<byte> Plain =>
        "\0\e1234567890-=\x007f\t"u8
        + "qwertyuiop[]\r\0as"u8
        + "dfghjkl;'`\0\\zxcv"u8
        + "bnm,./\0*\0 \0\0\0\0\0\0"u8
        + "\0\0\0\0\0\0\0789-456+1"u8
        + "230."u8;

    private static ReadOnlySpan<byte> Shifted =>
        "\0\e!@#$%^&*()_+\x007f\t"u8
        + "QWERTYUIOP{}\r\0AS"u8
        + "DFGHJKL:\"~\0|ZXCV"u8
        + "BNM<>?\0*\0 \0\0\0\0\0\0"u8
        + "\0\0\0\0\0\0\0789-456+1"u8
        + "230."u8;

    /// <summary>The character of a key; 0 if it has none.</summary>
    public static byte Character(byte key, bool shift)
    {
        if (key == KeyLeftOfZ)
        {
            return shift ? (byte)'|' : (byte)'\\';
        }

        ReadOnlySpan<byte> keys = shift ? Shifted : Plain;
        return key < keys.Length ? keys[key] : (byte)0;
    }

    /// <summary>True for the keys of the keypad that are digits or arrows.</summary>
    public static bool IsKeypadDigit(byte key) => key is >= FirstKeypadKey and <= LastKeypadKey and not (KeypadMinus or KeypadPlus);

    /// <summary>What a key without a character sends: the escape sequence of a terminal. Empty: nothing.</summary>
    public static ReadOnlySpan<byte> Sequence(byte key) => key switch
    {
        0x47 => "\e[H"u8,
        0x48 => "\e[A"u8,
        0x49 => "\e[5~"u8,
        0x4b => "\e[D"u8,
        0x4d => "\e[C"u8,
        0x4f => "\e[F"u8,
        0x50 => "\e[B"u8,
        0x51 => "\e[6~"u8,
        0x52 => "\e[2~"u8,
        0x53 => "\e[3~"u8,
        _ => default,
    };
}
