// E1000Tests: the driver of the network cards with two real ones, which one cable joins: what one sends the other receives. Process context.
//
// The driver is another assembly, and the kernel does not know it: it is watched through its interfaces, the monitor's commands and the cards' registers. The emulator lets a card
// receive one second after it was opened; what was sent to it before waits for that.

using System.Runtime.CompilerServices;
using CSharpOS.Net;
using CSharpOS.Pci;

namespace CSharpOS.Suites;

/// <summary>The suite of the network cards.</summary>
public static unsafe class E1000Tests
{
    internal const int Registers = 0x20000;
    internal const uint FirstIp = 0x0a4e0001, SecondIp = 0x0a4e0002;

    private const int CauseSet = 0xc8, MaskSet = 0xd0, ReceiveControl = 0x100;
    private const uint FewBuffers = 1 << 4;
    private const int Patience = 10 * HZ;

    private static int s_frames;
    private static int s_disorder;

    [TestSuite("e1000")]
    public static void Suite()
    {
        Test.Run("the cards are found, and are what the bus says"u8, "DRV-01"u8, &Found);
        Test.Run("a card that cannot be used is refused, with the reason"u8, "DRV-01"u8, &Refused);
#if DEBUG_CHECKS
        Test.Run("opening without memory, at each step"u8, "DRV-01"u8, &OpenWithoutMemory);
#endif
        Test.Run("one card asks with ARP and ping, the other answers"u8, "DRV-01"u8, &Ping);
        Test.Run("frames arrive in order, all of them, by interrupt and softirq"u8, "DRV-01"u8, &InOrder);
#if DEBUG_CHECKS
        Test.Run("without memory for new buffers frames are dropped, and the ring goes on"u8, "DRV-01"u8, &ReceiveWithoutMemory);
#endif
        Test.Run("the handler does not take the interrupts of others"u8, "DRV-01"u8, &InterruptsOfOthers);
        Test.Run("a card that is closed writes no memory and does not interrupt"u8, "DRV-01"u8, &Closed);
        Test.Run("the driver goes while frames come, and returns"u8, "DRV-01"u8, &DriverGoes);
        Test.Run("under a packet flood a key press is served within 10 ms"u8, "DRV-01"u8, &E1000FloodTests.Key);
    }

    /// <summary>The card number <paramref name="index"/> of the bus, or null.</summary>
    internal static PciDevice* Card(int index)
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            if (device->Vendor == 0x8086 && device->Device is 0x100e or 0x100f && index-- == 0)
            {
                return device;
            }
        }

        return null;
    }

    /// <summary>True with two cards, and otherwise the test is skipped.</summary>
    internal static bool HasCards()
    {
        bool has = Card(1) != null;
        if (!has)
        {
            Test.Skip("not two network cards"u8);
        }

        return has;
    }

    /// <summary>The interface of that name. Interfaces go only with their drivers here.</summary>
    internal static NetDevice* Dev(ReadOnlySpan<byte> name)
    {
        using (NetDevices.RtnlGuard())
        {
            return NetDevices.FindLocked(name);
        }
    }

    private static void Found()
    {
        if (!HasCards())
        {
            return;
        }

        Check.True(Card(0)->Driver != null && Card(0)->Driver->Name.SequenceEqual("e1000"u8));
        Check.True(Card(1)->Driver != null && Card(1)->Driver->Name.SequenceEqual("e1000"u8));
        NetDevice* first = Dev("eth0"u8);
        NetDevice* second = Dev("eth1"u8);
        Check.True(first != null && second != null);
        Check.Equal(Card(0)->Irq, first->Irq);
        Check.Equal(Card(1)->Irq, second->Irq);

        // As the machine was told to make them.
        ReadOnlySpan<byte> address = [0x52, 0x54, 0x00, 0x12, 0x34, 0x56];
        Check.True(Ethernet.At(first->Address).SequenceEqual(address));
        Check.Equal(0x57, second->Address[5]);
        Check.False(first->IsRunning || second->IsRunning);

        // Closed they have no handler.
        Check.True(Action(first->Irq) == null && Action(second->Irq) == null);
    }

    // The driver is offered what is no such card: edu, most of whose registers read as all ones.
    private static void Refused()
    {
        PciDevice* edu = PciBus.First();
        while (edu != null && edu->Vendor != 0x1234 | edu->Device != 0x11e8)
        {
            edu = PciBus.Next(edu);
        }

        if (!HasCards() || edu == null)
        {
            Test.Skip("not two network cards and an edu device"u8);
            return;
        }

        delegate*<PciDevice*, int> probe = Card(0)->Driver->Probe;
        PciDevice copy = *edu;
        copy.Irq = -1;
        Check.Equal(-ENODEV, probe(&copy));
        Check.Logged("cannot be used: it has no interrupt line"u8);
        copy = *edu;
        copy.Resource(0).Length = 0x1000;
        Check.Equal(-ENODEV, probe(&copy));
        Check.Logged("cannot be used: it has no registers in memory"u8);
        copy = *edu;
        copy.Resource(0).Start = 0;
        Check.Equal(-ENODEV, probe(&copy));
        Check.Logged("cannot be used: the firmware gave it no addresses"u8);
        copy = *edu;
        Check.Equal(-EIO, probe(&copy));
        Check.Logged("cannot be used: neither its EEPROM nor its registers hold an address"u8);

        // Further up it is all ones: nobody is there.
        copy = *edu;
        copy.Resource(0).Start += 0x1000;
        Check.Equal(-ENODEV, probe(&copy));
        Check.Logged("cannot be used: it does not answer"u8);
        Check.True(Dev("eth2"u8) == null);
        Check.Equal(0, PciBus.EnableDevice(edu));
    }

#if DEBUG_CHECKS
    private static void OpenWithoutMemory()
    {
        if (!HasCards())
        {
            return;
        }

        long live = NetHelp.Live();
        NetDevice* dev = Dev("eth0"u8);
        foreach (byte step in (ReadOnlySpan<byte>)[1, 2, 3, 4, 60, 130])
        {
            AllocationFailure.Clear();

            // Rings and buffers.
            AllocationFailure.OnlySizes(2048, 2050);
            AllocationFailure.FailNth(step);
            Check.Equal(-ENOMEM, OutputCapture.Execute("ifconfig eth0 up"u8));
            AllocationFailure.Clear();
            Check.False(dev->IsRunning);
            Check.True(Action(dev->Irq) == null);
            Check.Equal(live, NetHelp.Live());
        }

        Check.Logged("eth0: cannot be opened: error -12"u8);
    }
#endif

    private static void Ping()
    {
        if (!HasCards())
        {
            return;
        }

        Check.Equal(0, OutputCapture.Execute("ifconfig eth0 10.78.0.1/24"u8));
        Check.Equal(0, OutputCapture.Execute("ifconfig eth1 10.78.0.2/24"u8));
        Check.Logged("eth0: link is up, 1000 Mbps, full duplex"u8);
        NetDevice* first = Dev("eth0"u8);
        NetDevice* second = Dev("eth1"u8);
        uint interrupts = IrqFlowTests.Total(first->Irq), receiving = Runs(NetRxSoftirq), sending = Runs(NetTxSoftirq);
        ReadOnlySpan<short> sizes = [0, 1, 17, 18, 19, 500, 1471, 1472];
        ushort sequence = 0;
        foreach (short size in sizes)
        {
            Check.Equal(0, Icmp.Ping(first, SecondIp, ++sequence, size, Patience, out _));
        }

        // The other way round.
        Check.Equal(0, Icmp.Ping(second, FirstIp, 1, 100, Patience, out _));
        Check.Equal(-EINVAL, Icmp.Ping(first, SecondIp, 1, 1473, Patience, out _));

        // One question of ARP and its answer; the second knows the first from that.
        Check.Equal(sizes.Length + 2, first->Stats.TxPackets);
        Check.Equal(sizes.Length + 2, first->Stats.RxPackets);
        Check.Equal(sizes.Length + 2, second->Stats.TxPackets);
        Check.Equal(sizes.Length + 2, second->Stats.RxPackets);
        Check.Equal(0, first->Stats.RxErrors + first->Stats.RxDropped + first->Stats.TxDropped + first->Stats.TxErrors);

        // At least one for each that was waited for, but for those that came just when one ended.
        Check.True(IrqFlowTests.Total(first->Irq) - interrupts > sizes.Length / 2);
        Check.True(Runs(NetRxSoftirq) - receiving > sizes.Length / 2);
        Check.True(Runs(NetTxSoftirq) - sending > 1);
        Check.Equal(0, OutputCapture.Execute("ping 10.78.0.2 2"u8));
        Check.True(OutputCapture.Contains("64 bytes from 10.78.0.2: icmp_seq=2 time="u8));
        Check.True(OutputCapture.Contains("2 packets transmitted, 2 received\n"u8));
        Check.Equal(0, OutputCapture.Execute("interrupts"u8));
        Check.True(OutputCapture.Contains("e1000"u8));
        Check.Equal(0, OutputCapture.Execute("ifconfig"u8));
        Check.True(OutputCapture.Contains("inet addr:10.78.0.2  Mask:255.255.255.0\n"u8));
        Check.Equal(0, ProcHelp.Read("/proc/net/arp\0"u8));
        Check.True(ProcHelp.Text.IndexOf("10.78.0.2        0x1         0x2         52:54:00:12:34:57     *        eth0\n"u8) > 0);
        ProcHelp.Free();
    }

    private static void InOrder()
    {
        const int Bursts = 8, Burst = 100, Frames = Bursts * Burst;
        if (!HasCards())
        {
            return;
        }

        NetDevice* first = Dev("eth0"u8);
        long live = NetHelp.Live(), received = Shared.ReadOnce(ref first->Stats.RxPackets);
        s_frames = s_disorder = 0;
        Check.Equal(0, NetReceive.DevAddPack(NetHelp.TestProtocol, &Count));
        SendBursts(Bursts, Burst);
        Check.Equal(Frames, s_frames);
        Check.Equal(0, s_disorder);
        Check.Equal(received + Frames, first->Stats.RxPackets);
        NetReceive.DevRemovePack(NetHelp.TestProtocol);
        Settle(live);
    }

#if DEBUG_CHECKS
    private static void ReceiveWithoutMemory()
    {
        const int Lost = 100, Bursts = 2, Burst = 100;
        if (!HasCards())
        {
            return;
        }

        NetDevice* first = Dev("eth0"u8);
        long live = NetHelp.Live(), dropped = Shared.ReadOnce(ref first->Stats.RxDropped);
        s_frames = s_disorder = 0;
        Check.Equal(0, NetReceive.DevAddPack(NetHelp.TestProtocol, &Count));
        AllocationFailure.Clear();
        AllocationFailure.OnlySizes(2050, 2050);
        AllocationFailure.FailEvery(1);
        for (uint i = 0; i < Lost; i++)
        {
            Send(i);
        }

        uint start = Jiffies;
        while (Shared.ReadOnce(ref first->Stats.RxDropped) - dropped < Lost && Jiffies - start < Patience)
        {
            Msleep(1);
        }

        AllocationFailure.Clear();
        Check.Equal(dropped + Lost, Shared.ReadOnce(ref first->Stats.RxDropped));
        Check.Equal(0, s_frames);

        // Once round the ring, and more.
        SendBursts(Bursts, Burst);
        Check.Equal(0, s_disorder);
        NetReceive.DevRemovePack(NetHelp.TestProtocol);
        Settle(live);
    }
#endif

    private static void InterruptsOfOthers()
    {
        if (!HasCards())
        {
            return;
        }

        NetDevice* first = Dev("eth0"u8);
        byte* registers = (byte*)Vmalloc.Ioremap(Card(0)->Resource(0).Start, Registers);
        DisableIrq(first->Irq);
        IrqAction* action = Action(first->Irq);
        Check.True(action != null);
        if (action != null)
        {
            // What it has to say itself it says at the first call.
            Mmio.Write32(registers + CauseSet, FewBuffers);
            Check.Equal((int)IrqReturn.Handled, (int)Call(action, first->Irq));
            Check.Equal((int)IrqReturn.None, (int)Call(action, first->Irq));
        }

        EnableIrq(first->Irq);
        Vmalloc.Iounmap(registers);

        // It has shut its receive causes for a poll; afterwards they are open again.
        Check.Equal(0, Icmp.Ping(first, SecondIp, 1, 10, Patience, out _));
    }

    private static void Closed()
    {
        const int Frames = 50;
        if (!HasCards())
        {
            return;
        }

        NetDevice* first = Dev("eth0"u8);
        NetDevice* second = Dev("eth1"u8);
        byte* registers = (byte*)Vmalloc.Ioremap(Card(0)->Resource(0).Start, Registers);
        Check.Equal(0, OutputCapture.Execute("ifconfig eth0 down"u8));
        Check.Equal(0u, Mmio.Read32(registers + MaskSet));
        Check.Equal(0u, Mmio.Read32(registers + ReceiveControl) & 2);
        Check.Equal(0, Card(0)->ReadConfig16(4) & 4);
        long received = first->Stats.RxPackets, live = NetHelp.Live(), sent = second->Stats.TxPackets;
        for (uint i = 0; i < Frames; i++)
        {
            Check.Equal(0, Send(i));
        }

        Check.Equal(-ENETDOWN, Icmp.Ping(first, SecondIp, 1, 10, Patience, out _));
        Settle(live);
        Check.Equal(sent + Frames, second->Stats.TxPackets);
        Check.Equal(received, first->Stats.RxPackets);
        Check.Equal(0, OutputCapture.Execute("ifconfig eth0"u8));
        Check.True(OutputCapture.Contains(" DOWN "u8));
        Check.Equal(0, OutputCapture.Execute("ifconfig eth0 up"u8));
        Check.Equal(0, Icmp.Ping(first, SecondIp, 1, 10, Patience, out _));
        Vmalloc.Iounmap(registers);
    }

    private static void DriverGoes()
    {
        const int Frames = 400;
        if (!HasCards())
        {
            return;
        }

        PciDriver* driver = Card(0)->Driver;
        int irq = Card(0)->Irq;
        for (uint i = 0; i < Frames; i++)
        {
            Send(i);
        }

        PciBus.UnregisterDriver(driver);
        Check.True(Dev("eth0"u8) == null);
        Check.True(Card(0)->Driver == null);
        Check.True(Action(irq) == null || Card(1)->Irq == irq);
        Check.Equal(0, PciBus.RegisterDriver(driver));
        Check.True(Dev("eth0"u8) != null);
        Check.Equal(0, OutputCapture.Execute("ifconfig eth0 10.78.0.1/24"u8));
        Check.Equal(0, Icmp.Ping(Dev("eth0"u8), SecondIp, 1, 10, Patience, out _));
    }

    // No more at once than the card has buffers: the rest would be missed, as on any cable.
    private static void SendBursts(int bursts, int burst)
    {
        for (int i = 0; i < bursts; i++)
        {
            for (int j = 0; j < burst; j++)
            {
                Check.Equal(0, Send((uint)((i * burst) + j)));
            }

            Check.True(SchedThread.Until(ref s_frames, (i + 1) * burst));
        }
    }

    // A numbered frame from the second card to the first.
    private static int Send(uint number)
    {
        SkBuff* skb = NetHelp.Numbered(number, toUs: true);
        Ethernet.At(Dev("eth0"u8)->Address).CopyTo(new Span<byte>(skb->Data, Ethernet.AddressLength));
        skb->Dev = Dev("eth1"u8);
        return NetTransmit.DevQueueXmit(skb);
    }

    // One card's frames are polled on one CPU at a time.
    private static void Count(SkBuff* skb)
    {
        s_disorder += NetHelp.NumberIn(skb, sent: false) == (uint)s_frames ? 0 : 1;
        SkBuff.Free(skb);
        Shared.WriteOnce(ref s_frames, s_frames + 1);
    }

    // Until what was sent has been freed.
    private static void Settle(long live)
    {
        uint start = Jiffies;
        while (NetHelp.Live() != live && Jiffies - start < Patience)
        {
            Msleep(1);
        }

        Check.Equal(live, NetHelp.Live());
    }

    private static uint Runs(SoftirqNr nr)
    {
        uint runs = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            runs += SoftirqStatistics.Softirqs(nr, cpu);
        }

        return runs;
    }

    private static IrqReturn Call(IrqAction* action, int irq)
    {
        ulong flags = LocalIrqSave();
        IrqReturn result = action->Handler(irq, action->DevId, null);
        LocalIrqRestore(flags);
        return result;
    }

    // The driver's first handler of a line, or null.
    private static IrqAction* Action(int irq)
    {
        IrqAction* action = IrqToDescriptor(irq)->Action;
        while (action != null && !action->Name.SequenceEqual("e1000"u8))
        {
            action = action->Next;
        }

        return action;
    }
}
