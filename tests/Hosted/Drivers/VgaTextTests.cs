// The VGA text driver: what stands in the screen memory after text, and where the cursor is.

using CSharpOS.Drivers;
using CSharpOS.Hosted.Irq;
using CSharpOS.Init;
using Xunit;

namespace CSharpOS.Hosted.Drivers;

[Trait("Row", "DRV-01")]
public unsafe class VgaTextTests
{
    private readonly byte[] _registers = new byte[256];
    private byte _index;

    public VgaTextTests()
    {
        _ = new IrqMachine();
        Screen.Clear();
    }

    private static Span<ushort> Screen => new(DirectMap.PhysToVirt(0xb8000), 80 * 25);

    private int CursorPosition => (_registers[0x0e] << 8) | _registers[0x0f];

    private static string Line(int row)
    {
        string line = "";
        foreach (ushort cell in Screen.Slice(row * 80, 80))
        {
            line += (char)(cell & 0xff);
        }

        return line.TrimEnd();
    }

    private void AttachVga() => Simulation.AttachPorts(
        0x3d4,
        2,
        (port, _) => port == 0x3d4 ? _index : _registers[_index],
        (port, value, _) =>
        {
            if (port == 0x3d4)
            {
                _index = (byte)value;
            }
            else
            {
                _registers[_index] = (byte)value;
            }
        });

    [Fact]
    public void WithoutAnAdapterNothingIsTouched()
    {
        Screen[5] = 0x1234;
        Assert.Equal(-ENODEV, VgaText.Init());
        Assert.Equal(0x1234, Screen[5]);
    }

    [Fact]
    public void WithAFramebufferItStaysAway()
    {
        AttachVga();
        BootInfo.Framebuffer.Present = true;
        Assert.Equal(-ENODEV, VgaText.Init());
        BootInfo.Framebuffer.Present = false;
    }

    [Fact]
    public void ProbingPutsTheCursorBack()
    {
        _registers[0x0f] = 0x77;
        bool sawProbe = false;
        AttachVga();
        Simulation.OnArchCall = () => sawProbe |= _registers[0x0f] == 0xa5;
        BootInfo.Framebuffer.Present = false;
        Assert.Equal(0, VgaText.Init());
        Assert.True(sawProbe);
        VgaText.Exit();
    }

    [Fact]
    public void TheLogAndOutputStandInScreenMemory()
    {
        AttachVga();
        Printk(LogLevel.Info, "before the driver\n");
        Assert.Equal(0, VgaText.Init());
        int row = CursorPosition / 80;
        Assert.EndsWith("before the driver", Line(row - 1), StringComparison.Ordinal);
        KernelLog.WriteToConsoles("now\tx"u8);
        Assert.Equal("now     x", Line(row));
        Assert.Equal(0x0700 | 'n', Screen[row * 80]);
        Assert.Equal((row * 80) + 9, CursorPosition);
        for (int i = 0; i < 30; i++)
        {
            KernelLog.WriteToConsoles("\nline"u8);
        }

        Assert.Equal("line", Line(24));
        Assert.Equal("line", Line(0));
        Assert.Equal((24 * 80) + 4, CursorPosition);
        VgaText.Exit();
        KernelLog.WriteToConsoles("\ngone"u8);
        Assert.Equal("line", Line(24));
    }
}
