// Scan codes to bytes: every key of the US layout, with and without shift, and the keys that change others.

using System.Globalization;
using System.Linq;
using System.Text;
using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public class KeyboardTests
{
    public KeyboardTests() => _ = new IrqMachine();

    private static string Feed(string codes)
    {
        Keyboard keyboard = default;
        keyboard.Init();
        foreach (string code in codes.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            keyboard.Feed(byte.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        StringBuilder text = new();
        while (ConsoleInput.TryGet(out byte value))
        {
            text.Append((char)value);
        }

        return text.ToString();
    }

    private static string Row(int first, int count) =>
        string.Join(' ', Enumerable.Range(first, count).Select(code => $"{code:x2} {code | 0x80:x2}"));

    [Theory]
    [InlineData(0x02, 12, "1234567890-=", "!@#$%^&*()_+")]
    [InlineData(0x10, 12, "qwertyuiop[]", "QWERTYUIOP{}")]
    [InlineData(0x1e, 12, "asdfghjkl;'`", "ASDFGHJKL:\"~")]
    [InlineData(0x2b, 11, "\\zxcvbnm,./", "|ZXCVBNM<>?")]
    [InlineData(0x56, 1, "\\", "|")]
    public void TheUsLayout(int first, int count, string plain, string shifted)
    {
        Assert.Equal(plain, Feed(Row(first, count)));
        Assert.Equal(shifted, Feed("2a " + Row(first, count)));
        Assert.Equal(shifted, Feed("36 " + Row(first, count)));
        Assert.Equal(plain, Feed("2a 36 aa b6 " + Row(first, count)));
        Assert.Equal(shifted, Feed("2a 36 aa " + Row(first, count)));
    }

    [Theory]
    [InlineData("39 b9", " ")]
    [InlineData("1c 9c", "\r")]
    [InlineData("0e 8e", "\x7f")]
    [InlineData("0f 8f", "\t")]
    [InlineData("01 81", "\x1b")]
    [InlineData("1e 1e 1e 9e", "aaa")]
    [InlineData("3b bb 44 c4 57 58 46", "")]
    [InlineData("38 1e b8", "a")]
    public void OtherKeys(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Theory]
    [InlineData("1d 2e ae 9d 2e", "\x03" + "c")]
    [InlineData("e0 1d 2e e0 9d 2e", "\x03" + "c")]
    [InlineData("1d e0 1d 9d 2e e0 9d 2e", "\x03" + "c")]
    [InlineData("1d 26", "\x0c")]
    [InlineData("1d 2a 26", "\x0c")]
    [InlineData("1d 1a", "\x1b")]
    [InlineData("1d 02 39", "")]
    public void Control(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Theory]
    [InlineData("3a ba 1e 03 33", "A2,")]
    [InlineData("3a ba 2a 1e aa 1e", "aA")]
    [InlineData("3a 3a 3a ba 1e", "A")]
    [InlineData("3a ba 3a ba 1e", "a")]
    [InlineData("3a ba 1d 1e", "\x01")]
    public void CapsLock(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Theory]
    [InlineData("e0 48 e0 c8", "\x1b[A")]
    [InlineData("e0 50 e0 d0", "\x1b[B")]
    [InlineData("e0 4d", "\x1b[C")]
    [InlineData("e0 4b", "\x1b[D")]
    [InlineData("e0 47 e0 4f", "\x1b[H\x1b[F")]
    [InlineData("e0 53 e0 52 e0 49 e0 51", "\x1b[3~\x1b[2~\x1b[5~\x1b[6~")]
    [InlineData("e0 2a e0 48 e0 c8 e0 aa 1e", "\x1b[Aa")]
    [InlineData("e0 1c e0 35 2a e0 35", "\r//")]
    [InlineData("e0 5b e0 5d e0 37", "")]
    public void NavigationKeys(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Theory]
    [InlineData("47 48 49 4b 4c 4d 4f 50 51 52 53", "78945612" + "30.")]
    [InlineData("4a 4e 37", "-+*")]
    [InlineData("2a 48 aa 48", "\x1b[A8")]
    [InlineData("45 c5 48 4c 53", "\x1b[A\x1b[3~")]
    [InlineData("45 c5 2a 48", "8")]
    public void Keypad(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Theory]
    [Trait("Row", "DRV-06")]
    [InlineData("1d 38 e0 53", true)]
    [InlineData("38 1d e0 53", true)]
    [InlineData("e0 1d e0 38 e0 53", true)]
    [InlineData("1d e0 38 53", true)]
    [InlineData("e0 1d 38 53", true)]
    [InlineData("1d e0 1d 9d 38 e0 38 b8 e0 53", true)]
    [InlineData("e0 2a 1d 38 e0 53 e0 aa", true)]
    [InlineData("e0 53", false)]
    [InlineData("1d e0 53", false)]
    [InlineData("38 e0 53", false)]
    [InlineData("1d 38 9d e0 53", false)]
    [InlineData("1d e0 38 e0 b8 e0 53", false)]
    [InlineData("1d 38 e0 d3", false)]
    [InlineData("1d 38 e0 52", false)]
    [InlineData("e1 1d 45 e1 9d c5 38 e0 53", false)]
    public void CtrlAltDel(string codes, bool pressed)
    {
        Keyboard keyboard = default;
        keyboard.Init();
        foreach (string code in codes.Split(' '))
        {
            keyboard.Feed(byte.Parse(code, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        }

        Assert.Equal(pressed, keyboard.CtrlAltDel);
        bool escape = ConsoleInput.TryGet(out byte value) && value == 0x1b;
        Assert.False(pressed && escape, "it is no key for programs");
    }

    [Theory]
    [InlineData("e1 1d 45 e1 9d c5 1e 48", "a8")]
    [InlineData("00 fa fe ff 1e", "a")]
    [InlineData("e0 fa 1e", "a")]
    [InlineData("9e ae 7f 60 70", "")]
    public void OddBytesDoNoHarm(string codes, string expected) => Assert.Equal(expected, Feed(codes));

    [Fact]
    public void NoSequenceOfBytesBreaksIt()
    {
        Random random = new(7);
        Keyboard keyboard = default;
        keyboard.Init();
        for (int i = 0; i < 100_000; i++)
        {
            keyboard.Feed((byte)random.Next(256));
            while (ConsoleInput.TryGet(out byte value))
            {
                Assert.InRange(value, (byte)1, (byte)0x7f);
            }
        }
    }
}
