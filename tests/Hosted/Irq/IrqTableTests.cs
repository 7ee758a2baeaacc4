// The text of /proc/interrupts.

using System.Linq;
using System.Text;
using Xunit;

namespace CSharpOS.Hosted.Irq;

public sealed unsafe class IrqTableTests
{
    private static readonly StringBuilder s_text = new();
    private readonly IrqMachine _machine = new();

    public IrqTableTests() => Handlers.Reset();

    private static string Table(int cpus)
    {
        s_text.Clear();
        IrqTable.Write(&Sink, cpus);
        return s_text.ToString();
    }

    private static void Sink(ReadOnlySpan<byte> text) => s_text.Append(Encoding.UTF8.GetString(text));

    [Fact]
    [Trait("Row", "IRQ-12")]
    public void FormatIsLinux()
    {
        RequestIrq(0, Handlers.Get(0), IrqFlags.SaInterrupt, "timer"u8, null);
        RequestIrq(1, Handlers.Get(0), IrqFlags.None, "i8042"u8, null);
        RequestIrq(4, Handlers.Get(0), IrqFlags.Shared, "uhci-hcd"u8, (void*)1);
        RequestIrq(4, Handlers.Get(1), IrqFlags.Shared, "eth0"u8, (void*)2);
        RequestIrq(15, Handlers.Get(0), IrqFlags.None, "aic7xxx"u8, null);
        for (int i = 0; i < 12; i++)
        {
            _machine.Pulse(0);
        }

        _machine.Pulse(4);
        IrqStatistics.CountNmi();
        IrqStatistics.CountLocalTimer();
        IrqStatistics.CountLocalTimer();
        _machine.Take(7);
        Assert.Equal(
            """
                       CPU0       
              0:         12          XT-PIC  timer
              1:          0          XT-PIC  i8042
              2:          0          XT-PIC  cascade
              4:          1          XT-PIC  uhci-hcd, eth0
             15:          0          XT-PIC  aic7xxx
            NMI:          1 
            LOC:          2 
            RES:          0 
            CAL:          0 
            TLB:          0 
            ERR:          1

            """,
            Table(1));
    }

    [Fact]
    [Trait("Row", "IRQ-12")]
    public void EveryCpuHasAColumnOfItsOwn()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        _machine.Pulse(5);
        Simulation.SwitchTo(1);
        Simulation.InterruptsEnabled = true;
        _machine.Pulse(5);
        _machine.Pulse(5);
        Simulation.SwitchTo(0);
        Assert.Equal(
            """
                       CPU0       CPU1       
              2:          0          0          XT-PIC  cascade
              5:          1          2          XT-PIC  device
            NMI:          0          0 
            LOC:          0          0 
            RES:          0          0 
            CAL:          0          0 
            TLB:          0          0 
            ERR:          0

            """,
            Table(2));
    }

    [Fact]
    [Trait("Row", "IRQ-12")]
    public void FreedLinesAreNotShown()
    {
        RequestIrq(5, Handlers.Get(0), IrqFlags.None, "device"u8, null);
        Assert.Contains("  5: ", Table(1));
        FreeIrq(5, null);
        Assert.DoesNotContain("  5: ", Table(1));
    }

    [Fact]
    [Trait("Row", "IRQ-12")]
    public void SixteenCpusAndLongNamesFit()
    {
        for (int i = 0; i < 5; i++)
        {
            RequestIrq(5, Handlers.Get(i), IrqFlags.Shared, "a_device_with_a_name_of_forty_characters_"u8, (void*)(i + 1));
        }

        string[] rows = Table(16).Split('\n');
        Assert.Contains("CPU15", rows[0]);
        Assert.EndsWith("a_device_with_a_name_of_forty_characters_", rows[2]);
        Assert.Equal(4, rows[2].Count(c => c == ','));
    }
}
