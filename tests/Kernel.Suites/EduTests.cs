// EduTests: two edu devices on one level triggered line, with their driver. Linux: none. Process context.
//
// The driver is another assembly, and the kernel does not know it: so it is watched from outside, through its monitor command,
// and the devices are made to interrupt through their registers.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

/// <summary>The suite of the edu driver.</summary>
public static unsafe class EduTests
{
    private const ushort VendorId = 0x1234, DeviceId = 0x11e8;
    private const int InterruptStatus = 0x24, InterruptRaise = 0x60;
    private const nuint RegistersSize = 0x100;

    [TestSuite("edu")]
    public static void Suite()
    {
        Test.Run("a factorial by interrupt"u8, "DRV-02"u8, &Factorial);
        Test.Run("two devices share one line"u8, "DRV-02"u8, &SharedLine);
        Test.Run("each handler tells its own interrupt"u8, "DRV-02"u8, &TellsItsOwn);
        Test.Run("both at once lose nothing"u8, "DRV-02"u8, &BothAtOnce);
        Test.Run("bad input"u8, "DRV-02"u8, &BadInput);
    }

    private static void Factorial()
    {
        if (Find(0) == null)
        {
            Test.Skip("no edu device"u8);
            return;
        }

        Check.Equal(0, OutputCapture.Execute("edu 0"u8));
        Check.True(OutputCapture.Contains("0! = 1 ("u8));
        Check.Equal(0, OutputCapture.Execute("edu 5"u8));
        Check.True(OutputCapture.Contains("5! = 120 ("u8));
        Check.Equal(0, OutputCapture.Execute("edu 12"u8));
        Check.True(OutputCapture.Contains("12! = 479001600 ("u8));
    }

    private static void SharedLine()
    {
        if (Find(1) == null)
        {
            Test.Skip("not two edu devices"u8);
            return;
        }

        Check.Equal(Find(0)->Irq, Find(1)->Irq);
        Check.Equal(0, OutputCapture.Execute("interrupts"u8));
        Check.True(OutputCapture.Contains("edu, edu"u8));
    }

    private static void TellsItsOwn()
    {
        if (Find(1) == null)
        {
            Test.Skip("not two edu devices"u8);
            return;
        }

        Counts first = Read("edu 1 0"u8);
        Counts second = Read("edu 1 1"u8);

        // Reading the second counted one more innocent interrupt for the first.
        first.Innocent++;
        const int Rounds = 20;
        for (int i = 0; i < Rounds; i++)
        {
            RaiseAndWait(Find(0));
        }

        Counts firstAfter = Read("edu 1 0"u8);
        Counts secondAfter = Read("edu 1 1"u8);
        Check.Equal(first.Handled + Rounds + 1, firstAfter.Handled);
        Check.Equal(first.Innocent, firstAfter.Innocent);
        Check.Equal(second.Handled + 1, secondAfter.Handled);
        Check.Equal(second.Innocent + Rounds + 1, secondAfter.Innocent);
    }

    private static void BothAtOnce()
    {
        if (Find(1) == null)
        {
            Test.Skip("not two edu devices"u8);
            return;
        }

        Counts first = Read("edu 1 0"u8);
        Counts second = Read("edu 1 1"u8);
        byte* registers = Map(Find(0));
        byte* others = Map(Find(1));
        ulong flags = LocalIrqSave();
        Mmio.Write32(registers + InterruptRaise, 0x100);
        Mmio.Write32(others + InterruptRaise, 0x200);
        LocalIrqRestore(flags);
        Check.True(WaitUntilQuiet(registers));
        Check.True(WaitUntilQuiet(others));
        SynchronizeIrq(Find(0)->Irq);
        Vmalloc.Iounmap(registers);
        Vmalloc.Iounmap(others);
        Check.Equal(first.Handled + 2, Read("edu 1 0"u8).Handled);
        Check.Equal(second.Handled + 2, Read("edu 1 1"u8).Handled);
    }

    private static void BadInput()
    {
        Check.Equal(-EINVAL, OutputCapture.Execute("edu"u8));
        Check.True(OutputCapture.Is("usage: edu N [DEVICE]\n"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("edu 13"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("edu x"u8));
        Check.Equal(-ENODEV, OutputCapture.Execute("edu 3 15"u8));
    }

    private static PciDevice* Find(int index)
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            if (device->Vendor == VendorId && device->Device == DeviceId && index-- == 0)
            {
                return device;
            }
        }

        return null;
    }

    private static byte* Map(PciDevice* device) => (byte*)Vmalloc.Ioremap(device->Resource(0).Start, RegistersSize);

    private static void RaiseAndWait(PciDevice* device)
    {
        byte* registers = Map(device);
        Mmio.Write32(registers + InterruptRaise, 0x100);
        Check.True(WaitUntilQuiet(registers));
        Vmalloc.Iounmap(registers);

        // The other device's handler is still to be asked, perhaps on another CPU.
        SynchronizeIrq(device->Irq);
    }

    // The handler has acknowledged when the status is clear.
    private static bool WaitUntilQuiet(byte* registers)
    {
        uint end = Jiffies + HZ;
        while (TimeBefore(Jiffies, end))
        {
            if (Mmio.Read32(registers + InterruptStatus) == 0)
            {
                return true;
            }

            CpuRelax();
        }

        return false;
    }

    // "1! = 1 (edu0, irq 11, 5 interrupts, 3 of others)": the numbers before the last two words groups.
    private static Counts Read(ReadOnlySpan<byte> command)
    {
        Check.Equal(0, OutputCapture.Execute(command));
        int line = OutputCapture.NumberAfter(", irq "u8);
        Span<byte> bytes = stackalloc byte[32];
        TextBuffer label = new(bytes);
        label.Append($", irq {line}, ");
        Counts counts = default;
        counts.Handled = OutputCapture.NumberAfter(label.Written);
        counts.Innocent = OutputCapture.NumberAfter(" interrupts, "u8);
        Check.True(counts.Handled > 0 && counts.Innocent >= 0);
        return counts;
    }

    private struct Counts
    {
        public int Handled;
        public int Innocent;
    }
}
