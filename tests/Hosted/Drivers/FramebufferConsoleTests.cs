// The framebuffer console: pixels of letters, both depths, colours in the loader's format, scrolling, the cursor, bad framebuffers.

using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public sealed unsafe class FramebufferConsoleTests : IDisposable
{
    // Beyond the memory of the simulated machine: device addresses.
    private const ulong Address = 0xfd000000;

    public FramebufferConsoleTests() => _ = new IrqMachine();

    public void Dispose() => BootInfo.Reset();

    private static uint Boot(
        int bitsPerPixel = 32, uint width = 320, uint height = 100, uint pitch = 0, int expected = 0, bool blueFirst = false)
    {
        pitch = pitch == 0 ? width * (uint)bitsPerPixel / 8 : pitch;
        BootInfo.Framebuffer = new FramebufferInfo
        {
            Present = true, Address = Address, Width = width, Height = height, Pitch = pitch, BitsPerPixel = (byte)bitsPerPixel,
            RedPosition = (byte)(blueFirst ? 0 : 16), RedSize = 8, GreenPosition = 8, GreenSize = 8,
            BluePosition = (byte)(blueFirst ? 16 : 0), BlueSize = 8,
        };
        new Span<byte>(DirectMap.PhysToVirt(Address), (int)(pitch * height)).Fill(0x55);
        Assert.Equal(expected, FramebufferConsole.Init());
        return pitch;
    }

    private static uint Pixel(uint pitch, int x, int y, int bitsPerPixel = 32)
    {
        byte* pixel = (byte*)DirectMap.PhysToVirt(Address) + (pitch * (uint)y) + (x * bitsPerPixel / 8);
        return bitsPerPixel == 32 ? *(uint*)pixel : (uint)(pixel[0] | (pixel[1] << 8) | (pixel[2] << 16));
    }

    // A cell as the set of its lit pixels, like the font's own bytes.
    private static byte[] Cell(uint pitch, int column, int row, uint foreground = 0xaaaaaa, uint background = 0, int bitsPerPixel = 32)
    {
        byte[] lines = new byte[16];
        for (int y = 0; y < 16; y++)
        {
            for (int x = 0; x < 8; x++)
            {
                uint pixel = Pixel(pitch, (column * 8) + x, (row * 16) + y, bitsPerPixel);
                Assert.True(pixel == foreground || pixel == background, $"pixel {x}, {y} is {pixel:x}");
                lines[y] |= (byte)(pixel == foreground ? 0x80 >> x : 0);
            }
        }

        return lines;
    }

    [Fact]
    public void WithoutAFramebufferThereIsNone()
    {
        BootInfo.Reset();
        Assert.Equal(-ENODEV, FramebufferConsole.Init());
        FramebufferConsole.Exit();
    }

    [Theory]
    [InlineData(16, 320, 100, 640)]
    [InlineData(32, 7, 100, 28)]
    [InlineData(32, 320, 15, 1280)]
    [InlineData(32, 320, 100, 1000)]
    public void AFramebufferThatCannotShowTextIsRefused(int bits, uint width, uint height, uint pitch) =>
        Boot(bits, width, height, pitch, -ENODEV);

    [Theory]
    [InlineData(32, 1280)]
    [InlineData(32, 1500)]
    [InlineData(24, 960)]
    [InlineData(24, 1024)]
    public void LettersAreDrawn(int bitsPerPixel, int wantedPitch)
    {
        uint pitch = Boot(bitsPerPixel, pitch: (uint)wantedPitch);
        KernelLog.WriteToConsoles("\x1b[2J\x1b[HAg~"u8);
        Assert.Equal(Font8x16.Glyph('A').ToArray(), Cell(pitch, 0, 0, bitsPerPixel: bitsPerPixel));
        Assert.Equal(Font8x16.Glyph('g').ToArray(), Cell(pitch, 1, 0, bitsPerPixel: bitsPerPixel));
        Assert.Equal(Font8x16.Glyph('~').ToArray(), Cell(pitch, 2, 0, bitsPerPixel: bitsPerPixel));
        Assert.Equal(Font8x16.Glyph(' ').ToArray(), Cell(pitch, 39, 5, bitsPerPixel: bitsPerPixel));
        FramebufferConsole.Exit();
    }

    [Fact]
    public void TheCursorIsUnderTheNextCharacterAndNowhereElse()
    {
        uint pitch = Boot();
        KernelLog.WriteToConsoles("\x1b[2J\x1b[Hab"u8);
        byte[] cursor = Cell(pitch, 2, 0);
        Assert.Equal(0xff, cursor[13]);
        Assert.Equal(0xff, cursor[14]);
        Assert.Equal(0, cursor[12]);
        KernelLog.WriteToConsoles("\b\b"u8);
        Assert.Equal(Font8x16.Glyph(' ').ToArray(), Cell(pitch, 2, 0));
        Assert.Equal(0xff, Cell(pitch, 0, 0)[13]);
        KernelLog.WriteToConsoles("\n"u8);
        Assert.Equal(Font8x16.Glyph('a').ToArray(), Cell(pitch, 0, 0));
        FramebufferConsole.Exit();
    }

    [Fact]
    public void TextScrolls()
    {
        uint pitch = Boot();
        KernelLog.WriteToConsoles("\x1b[2J\x1b[HA\nB\nC\nD\nE\nF\nG"u8);
        Assert.Equal(Font8x16.Glyph('B').ToArray(), Cell(pitch, 0, 0));
        Assert.Equal(Font8x16.Glyph('G').ToArray(), Cell(pitch, 0, 5));
        FramebufferConsole.Exit();
    }

    [Fact]
    public void ColoursFollowTheLoadersFormat()
    {
        uint pitch = Boot();
        KernelLog.WriteToConsoles("\x1b[2J\x1b[H\x1b[91;44mX"u8);
        Assert.Equal(Font8x16.Glyph('X').ToArray(), Cell(pitch, 0, 0, 0xff5555, 0x0000aa));
        FramebufferConsole.Exit();

        Boot(blueFirst: true);
        KernelLog.WriteToConsoles("\x1b[2J\x1b[H\x1b[91;44mX"u8);
        Assert.Equal(Font8x16.Glyph('X').ToArray(), Cell(pitch, 0, 0, 0x5555ff, 0xaa0000));
        FramebufferConsole.Exit();
    }

    [Fact]
    public void WhatHoldsNoTextIsBlackAndNothingBeyondIsWritten()
    {
        uint pitch = Boot(width: 325, height: 100, pitch: 1400);
        KernelLog.WriteToConsoles("x"u8);
        Assert.Equal(0u, Pixel(pitch, 324, 50));
        Assert.Equal(0u, Pixel(pitch, 10, 98));
        Assert.Equal(0x55555555u, Pixel(pitch, 325, 50));
        FramebufferConsole.Exit();
    }

    [Fact]
    public void EveryCharacterHasAShapeOfItsOwn()
    {
        HashSet<string> shapes = [];
        for (int character = 33; character < 127; character++)
        {
            byte[] glyph = Font8x16.Glyph(character).ToArray();
            Assert.Contains(glyph, line => line != 0);
            Assert.True(shapes.Add(Convert.ToHexString(glyph)), $"'{(char)character}' looks like another character");
        }

        Assert.All(Font8x16.Glyph(' ').ToArray(), line => Assert.Equal(0, line));
        Assert.Equal(Font8x16.Glyph(127).ToArray(), Font8x16.Glyph(31).ToArray());
        Assert.True(shapes.Add(Convert.ToHexString(Font8x16.Glyph(127))));
    }

    [Fact]
    public void ExitGivesTheMemoryBack()
    {
        ulong free = PageAllocator.FreePageCount();
        ulong mapped = Vmalloc.DeviceBytes;
        Boot();
        FramebufferConsole.Exit();
        Boot();
        FramebufferConsole.Exit();
        Assert.Equal(mapped, Vmalloc.DeviceBytes);
        Assert.InRange(PageAllocator.FreePageCount(), free - 16, free);
    }
}
