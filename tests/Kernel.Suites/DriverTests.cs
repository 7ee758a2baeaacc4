// DriverTests: the drivers of serial port, screens, keyboard and PCI bus with the emulator's real devices.
//
// Process context. The serial port is tested on itself, in loopback, after its output has left: the log is silent for that moment. The
// keyboard is the controller's command that puts a byte into its output as if a key had sent it.

using CSharpOS.Init;
using CSharpOS.Pci;

namespace CSharpOS.Suites;

/// <summary>The suite of the drivers.</summary>
public static unsafe class DriverTests
{
    private const int SerialPort = 0x3f8;
    private const int SerialLine = 4;
    private const int KeyboardLine = 1;
    private const byte Loopback = 0x10;
    private const uint Patience = HZ;

    private static Completion s_gate;
    private static int s_probed;
    private static int s_removed;

    private static Completion* Gate => (Completion*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref s_gate);

    [TestSuite("drivers")]
    public static void Suite()
    {
        Test.Run("serial: received bytes come by interrupt, in order"u8, "DRV-01"u8, &SerialInput);
        Test.Run("serial: text leaves by interrupt"u8, "DRV-01"u8, &SerialOutput);
        Test.Run("serial: with interrupts off text has left on return"u8, "DRV-01"u8, &SerialPolled);
        Test.Run("keyboard: a key comes by interrupt"u8, "DRV-01"u8, &Key);
        Test.Run("keyboard: arrows are escape sequences"u8, "DRV-01"u8, &Arrow);
        Test.Run("keyboard: Ctrl-Alt-Del schedules a work, which sends init SIGINT"u8, "DRV-06"u8, &CtrlAltDel);
        Test.Run("keyboard: when keys are pressed is what the entropy pool gets"u8, "IRQ-14"u8, &KeysAreRandom);
        Test.Run("vga: text stands in screen memory, the cursor behind it"u8, "DRV-01"u8, &Vga);
        Test.Run("framebuffer: text is drawn"u8, "DRV-01"u8, &Framebuffer);
        Test.Run("pci: the bus is enumerated"u8, "DRV-01"u8, &Enumeration);
        Test.Run("pci: address ranges do not overlap"u8, "DRV-01"u8, &Ranges);
        Test.Run("pci: a driver gets a device and gives it back"u8, "DRV-01"u8, &Binding);
    }

    private static void SerialInput()
    {
        Drain();
        uint before = Interrupts(SerialLine);
        ulong flags = LocalIrqSave();
        KernelLog.WriteToConsoles("# serial loopback\n"u8);
        byte modem = PortIo.In8(SerialPort + 4);
        PortIo.Out8(SerialPort + 4, (byte)(modem | Loopback));
        foreach (byte value in "loop"u8)
        {
            PortIo.Out8(SerialPort, value);
        }

        LocalIrqRestore(flags);
        byte a = Next();
        byte b = Next();
        byte c = Next();
        byte d = Next();
        flags = LocalIrqSave();
        PortIo.Out8(SerialPort + 4, modem);
        LocalIrqRestore(flags);
        Check.Equal('l', a);
        Check.Equal('o', b);
        Check.Equal('o', c);
        Check.Equal('p', d);
        Check.True(Interrupts(SerialLine) > before);
    }

    private static void SerialOutput()
    {
        uint before = Interrupts(SerialLine);
        KernelLog.WriteToConsoles("# longer than the sixteen bytes of the transmitter's buffer: interrupts send most of it\n"u8);
        uint end = Jiffies + Patience;
        while (TimeBefore(Jiffies, end) && Interrupts(SerialLine) == before)
        {
            CpuRelax();
        }

        Check.True(Interrupts(SerialLine) > before);
    }

    private static void SerialPolled()
    {
        ulong flags = LocalIrqSave();
        KernelLog.WriteToConsoles("# this line leaves by polling\n"u8);
        bool transmitterEmpty = (PortIo.In8(SerialPort + 5) & 0x20) != 0;
        bool transmitterInterruptOff = (PortIo.In8(SerialPort + 1) & 0x02) == 0 || transmitterEmpty;
        LocalIrqRestore(flags);
        Check.True(transmitterInterruptOff);
    }

    private static void Key()
    {
        if (!HasKeyboard())
        {
            Test.Skip("no keyboard controller"u8);
            return;
        }

        Drain();
        uint before = Interrupts(KeyboardLine);
        Press(0x1e);
        Check.Equal('a', Next());
        Press(0x9e);
        Press(0x2a);
        Press(0x1e);
        Check.Equal('A', Next());
        Press(0x9e);
        Press(0xaa);
        Check.True(Interrupts(KeyboardLine) >= before + 6);
    }

    private static void Arrow()
    {
        if (!HasKeyboard())
        {
            Test.Skip("no keyboard controller"u8);
            return;
        }

        Drain();
        Press(0xe0);
        Press(0x48);
        Press(0xe0);
        Press(0xc8);
        Check.Equal(0x1b, Next());
        Check.Equal('[', Next());
        Check.Equal('A', Next());
        Check.False(ConsoleInput.TryGet(out _));
    }

    // With C_A_D off; that it restarts otherwise is in a scenario. A work that waits stands before it in each queue.
    private static void CtrlAltDel()
    {
        Processes.Process* init = Processes.ProcessTree.Init;
        if (!HasKeyboard())
        {
            Test.Skip("no keyboard controller"u8);
            return;
        }

        var blockers = (WorkStruct*)Kcalloc((nuint)Smp.CpuCount, (nuint)sizeof(WorkStruct), GfpFlags.Kernel);
        Check.True(blockers != null);
        Completion.Init(Gate);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            WorkStruct.Init(blockers + cpu, &WaitAtGate);
            ScheduleWorkOn(cpu, blockers + cpu);
        }

        bool restarts = Power.Reboot.CtrlAltDelRestarts;
        Power.Reboot.CtrlAltDelRestarts = false;
        Drain();
        ulong interrupt = Processes.Signal.Mask(Processes.Signal.SIGINT);
        foreach (byte code in (ReadOnlySpan<byte>)[0x1d, 0xe0, 0x38, 0xe0, 0x53, 0xe0, 0xd3, 0xe0, 0xb8, 0x9d])
        {
            Press(code);
        }

        bool early = (Shared.ReadOnce(ref init->Pending.Set) & interrupt) != 0;
        Completion.CompleteAll(Gate);
        Power.Reboot.Flush();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            FlushWork(blockers + cpu);
        }

        ulong flags = init->Lock.LockIrqSave();
        bool sent = (init->Pending.Set & interrupt) != 0;
        Processes.Signals.Forget(init, interrupt);
        init->Lock.UnlockIrqRestore(flags);
        Power.Reboot.CtrlAltDelRestarts = restarts;
        Kfree(blockers);
        Check.False(early);
        Check.True(sent);
        Check.False(ConsoleInput.TryGet(out _));
    }

    // Nobody else feeds the pool here; each interrupt is worth a bit at most.
    private static void KeysAreRandom()
    {
        const int Presses = 40;
        if (!HasKeyboard())
        {
            Test.Skip("no keyboard controller"u8);
            return;
        }

        Drain();
        RandomTests.Empty();
        int before = EntropyPool.EntropyCount;
        for (uint i = 1; i <= Presses; i++)
        {
            Udelay(i * i % 29);
            Press(0x2a);
            Press(0xaa);
        }

        Check.Between(Presses / 2, 2 * Presses, EntropyPool.EntropyCount - before);
        Check.False(ConsoleInput.TryGet(out _));
    }

    private static void WaitAtGate(WorkStruct* work) => Completion.Wait(Gate);

    private static void Vga()
    {
        if (BootInfo.Framebuffer.Present || ReadCrtc(0x0f) == 0xff)
        {
            Test.Skip("no VGA text screen"u8);
            return;
        }

        ulong flags = LocalIrqSave();
        KernelLog.WriteToConsoles("\n# vga mark"u8);
        int position = (ReadCrtc(0x0e) << 8) | ReadCrtc(0x0f);
        ushort* screen = (ushort*)DirectMap.PhysToVirt(0xb8000);
        ReadOnlySpan<byte> mark = "# vga mark"u8;
        bool same = position % 80 == mark.Length;
        for (int i = 0; i < mark.Length && same; i++)
        {
            same = (byte)screen[position - mark.Length + i] == mark[i];
        }

        KernelLog.WriteToConsoles("\n"u8);
        LocalIrqRestore(flags);
        Check.True(same);
    }

    private static void Framebuffer()
    {
        ref FramebufferInfo info = ref BootInfo.Framebuffer;
        if (!info.Present)
        {
            Test.Skip("no framebuffer"u8);
            return;
        }

        byte* pixels = (byte*)Vmalloc.Ioremap(info.Address, (nuint)info.Pitch * info.Height);
        KernelLog.WriteToConsoles("\e[2J\e[H"u8);
        int blank = Lit(pixels, ref info);
        KernelLog.WriteToConsoles("# framebuffer mark"u8);
        int marked = Lit(pixels, ref info);
        KernelLog.WriteToConsoles("\e[2J\e[H"u8);
        int blankAgain = Lit(pixels, ref info);
        Vmalloc.Iounmap(pixels);
        Check.Equal(blank, blankAgain);
        Check.True(marked > blank + 200);
    }

    private static void Enumeration()
    {
        if (PciBus.DeviceCount == 0)
        {
            Test.Skip("no PCI bus"u8);
            return;
        }

        PciDevice* bridge = PciBus.First();
        Check.Equal(0, bridge->Bus | bridge->Slot | bridge->Function);
        Check.Equal(0x06, bridge->Class >> 16);
        int count = 0;
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            count++;
            uint identity = PciConfig.Read32(device->Bus, device->Slot, device->Function, 0);
            Check.Equal(identity, ((uint)device->Device << 16) | device->Vendor);
            Check.True(device->Irq is >= -1 and not 0);
            Check.True(device->Pin == 0 ? device->Irq == -1 : device->Pin <= 4);
        }

        Check.Equal(PciBus.DeviceCount, count);
    }

    private static void Ranges()
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            for (int i = 0; i < PciDevice.MaxResources; i++)
            {
                ref PciResource resource = ref device->Resource(i);
                if (resource.Start == 0)
                {
                    continue;
                }

                // A power of two, and aligned to itself.
                Check.Equal(0ul, resource.Length & (resource.Length - 1));
                Check.Equal(0ul, resource.Start & (resource.Length - 1));
                Check.Equal(1, Overlapping(ref resource));
            }
        }
    }

    private static int Overlapping(ref PciResource one)
    {
        const PciResourceFlags Kinds = PciResourceFlags.Io | PciResourceFlags.Memory;
        int count = 0;
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            for (int i = 0; i < PciDevice.MaxResources; i++)
            {
                ref PciResource other = ref device->Resource(i);
                bool sameSpace = (other.Flags & one.Flags & Kinds) != 0 && other.Start != 0;
                count += sameSpace && other.Start < one.Start + one.Length && one.Start < other.Start + other.Length ? 1 : 0;
            }
        }

        return count;
    }

    private static void Binding()
    {
        PciDevice* bridge = PciBus.First();
        if (bridge == null || bridge->Driver != null)
        {
            Test.Skip("no free PCI device"u8);
            return;
        }

        s_probed = 0;
        s_removed = 0;
        PciDriver driver = new("suite"u8, bridge->Vendor, bridge->Device, &Probe, &Remove);
        Check.Equal(0, PciBus.RegisterDriver(&driver));
        Check.Equal(-EBUSY, PciBus.RegisterDriver(&driver));
        Check.Equal(1, s_probed);
        Check.True(bridge->Driver == &driver);
        PciBus.UnregisterDriver(&driver);
        Check.Equal(1, s_removed);
        Check.True(bridge->Driver == null);
    }

    private static int Probe(PciDevice* device)
    {
        s_probed++;
        return 0;
    }

    private static void Remove(PciDevice* device) => s_removed++;

    private static uint Interrupts(int line)
    {
        uint sum = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            sum += IrqStatistics.Irqs(line, cpu);
        }

        return sum;
    }

    private static void Drain()
    {
        while (ConsoleInput.TryGet(out _))
        {
        }
    }

    private static byte Next()
    {
        uint end = Jiffies + Patience;
        while (TimeBefore(Jiffies, end))
        {
            if (ConsoleInput.TryGet(out byte value))
            {
                return value;
            }

            CpuRelax();
        }

        return 0;
    }

    private static bool HasKeyboard() => IrqToDescriptor(KeyboardLine)->Action != null;

    // One byte at a time: the controller holds one, and the handler must have fetched the one before.
    private static void Press(byte code)
    {
        uint before = Interrupts(KeyboardLine);
        PortIo.Out8(0x64, 0xd2);
        PortIo.Out8(0x60, code);
        uint end = Jiffies + Patience;
        while (TimeBefore(Jiffies, end) && Interrupts(KeyboardLine) == before)
        {
            CpuRelax();
        }

        SynchronizeIrq(KeyboardLine);
    }

    private static byte ReadCrtc(byte index)
    {
        PortIo.Out8(0x3d4, index);
        return PortIo.In8(0x3d5);
    }

    private static int Lit(byte* pixels, ref FramebufferInfo info)
    {
        int lit = 0;
        int bytes = info.BitsPerPixel / 8;
        for (uint y = 0; y < 16; y++)
        {
            for (uint x = 0; x < info.Width; x++)
            {
                byte* pixel = pixels + (y * info.Pitch) + (x * (uint)bytes);
                lit += (pixel[0] | pixel[1] | pixel[2]) != 0 ? 1 : 0;
            }
        }

        return lit;
    }
}
