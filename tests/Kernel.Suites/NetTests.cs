// NetTests: the network's queues and softirqs, with an interface that has no card. Process context; with bottom halves off nothing runs before they are enabled again, and then at once.

using System.Runtime.CompilerServices;
using CSharpOS.Net;

namespace CSharpOS.Suites;

/// <summary>The suite of the network.</summary>
public static unsafe class NetTests
{
    private static TaskletStruct s_tasklet;
    private static NapiStruct s_one, s_two;
    private static Turns s_turns;
    private static int s_turnCount;
    private static int s_seenByTasklet;

    [TestSuite("net")]
    public static void Suite()
    {
        Test.Run("netif_rx: the backlog has a limit, what is more is dropped and counted"u8, "DRV-01"u8, &Backlog);
        Test.Run("NET_TX runs before NET_RX, whichever was raised first"u8, "DRV-01"u8, &TransmitFirst);
        Test.Run("NET_RX takes its budget and leaves the rest for the next pass"u8, "DRV-01"u8, &Budget);
        Test.Run("two cards are polled in turns"u8, "DRV-01"u8, &PolledInTurns);
        Test.Run("a card that is disabled is not polled, and one that is polled is waited for"u8, "DRV-01"u8, &Disabled);
        Test.Run("a stopped queue keeps packets in order, NET_TX sends them when it is woken"u8, "DRV-01"u8, &StopAndWake);
        Test.Run("a packet that the driver has no room for is the first to be sent later"u8, "DRV-01"u8, &BusyDriver);
        Test.Run("what has been sent is freed in NET_TX"u8, "DRV-01"u8, &FreedInTransmit);
        Test.Run("an interface that is down neither sends nor receives"u8, "DRV-01"u8, &Down);
        Test.Run("an interface goes while packets of it wait everywhere"u8, "DRV-01"u8, &GoesWhileBusy);
        Test.Run("names, and what is no interface"u8, "DRV-01"u8, &Names);
        Test.Run("/proc/net: dev and softnet_stat"u8, "DRV-01"u8, &Files);
        NetProtocolTests.Run();
    }

    private static void Backlog()
    {
        const int Limit = 16, Frames = 40;
        long live = NetHelp.Live();
        if (!NetHelp.Begin())
        {
            return;
        }

        int usual = Softnet.NetdevMaxBacklog;
        Softnet.NetdevMaxBacklog = Limit;
        LocalBhDisable();
        SoftnetData* softnet = Softnet.On(SmpProcessorId());
        uint total = softnet->Total, dropped = softnet->Dropped;
        int successes = 0;
        for (uint i = 0; i < Frames; i++)
        {
            bool kept = NetHelp.Arrive(NetHelp.Numbered(i, toUs: true)) == NetRx.Success;
            Check.Equal(i < Limit ? 1 : 0, kept ? 1 : 0);
            successes += kept ? 1 : 0;
        }

        Check.Equal(0, NetHelp.Received);
        Check.Equal(Limit, successes);
        Check.Equal(total + Frames, softnet->Total);
        Check.Equal(dropped + Frames - Limit, softnet->Dropped);
        LocalBhEnable();
        Softnet.NetdevMaxBacklog = usual;
        Check.Equal(Limit, NetHelp.Received);
        for (int i = 0; i < NetHelp.Received; i++)
        {
            Check.Equal(i, NetHelp.NumberIn(NetHelp.ReceivedAt(i), sent: false));
        }

        Check.Equal(Frames - Limit, NetHelp.Dev->Stats.RxDropped);
        Check.Equal(Limit, NetHelp.Dev->Stats.RxPackets);

        // There is room again.
        NetHelp.ArriveAndRun(NetHelp.Numbered(99, toUs: true));
        Check.Equal(Limit + 1, NetHelp.Received);
        NetHelp.End();
        Check.Equal(live, NetHelp.Live());
    }

    private static void TransmitFirst()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        NetTransmit.NetifStopQueue(NetHelp.Dev);
        Check.Equal(0, NetTransmit.DevQueueXmit(NetHelp.Numbered(1, toUs: false)));
        LocalBhDisable();
        NetHelp.Arrive(NetHelp.Numbered(1, toUs: true));
        NetTransmit.NetifWakeQueue(NetHelp.Dev);
        Check.Equal(0, NetHelp.Order);
        LocalBhEnable();
        Check.Equal(1, NetHelp.OrderOfSending);
        Check.Equal(2, NetHelp.OrderOfReceiving);
        NetHelp.End();
    }

    // A tasklet comes behind NET_RX in each pass: it sees how far that has come.
    private static void Budget()
    {
        const int Small = 8, Frames = 20;
        if (!NetHelp.Begin())
        {
            return;
        }

        int usual = Softnet.NetdevBudget;
        Softnet.NetdevBudget = Small;
        s_seenByTasklet = -1;
        var tasklet = (TaskletStruct*)Unsafe.AsPointer(ref s_tasklet);
        Tasklet.TaskletInit(tasklet, &SeeReceived, 0);
        LocalBhDisable();
        SoftnetData* softnet = Softnet.On(SmpProcessorId());
        uint squeezed = softnet->TimeSqueeze;
        for (uint i = 0; i < Frames; i++)
        {
            NetHelp.Arrive(NetHelp.Numbered(i, toUs: true));
        }

        TaskletSchedule(tasklet);
        LocalBhEnable();

        // Where the host was away for two ticks, less.
        Check.Between(0, Small, s_seenByTasklet);
        Check.True(softnet->TimeSqueeze - squeezed >= 2);
        Softnet.NetdevBudget = usual;
        uint start = Jiffies;
        while (NetHelp.Received < Frames && Jiffies - start < 10 * HZ)
        {
            DoSoftirq();
        }

        Check.Equal(Frames, NetHelp.Received);
        NetHelp.End();
    }

    private static void SeeReceived(ulong unused) => s_seenByTasklet = NetHelp.Received;

    private static void PolledInTurns()
    {
        const int Weight = 5;
        int usual = Softnet.NetdevBudget;
        Softnet.NetdevBudget = 1000;
        s_turnCount = 0;
        Softnet.NapiInit(One, &Poll, Weight, (void*)12);
        Softnet.NapiInit(Two, &Poll, Weight, (void*)7);
        Softnet.NapiEnable(One);
        Softnet.NapiEnable(Two);
        LocalBhDisable();
        Softnet.NapiSchedule(One);
        Softnet.NapiSchedule(Two);

        // Once more changes nothing.
        Softnet.NapiSchedule(One);
        Check.Equal(0, s_turnCount);
        LocalBhEnable();
        Softnet.NapiDisable(One);
        Softnet.NapiDisable(Two);
        Softnet.NetdevBudget = usual;

        // 12 and 7 packets: 5 5, 5 2, 2.
        ReadOnlySpan<byte> expected = "ababa"u8;
        Check.Equal(expected.Length, s_turnCount);
        Check.True(new ReadOnlySpan<byte>(Unsafe.AsPointer(ref s_turns), Math.Min(s_turnCount, expected.Length)).SequenceEqual(expected));
    }

    // Its packets are the number in Data.
    private static int Poll(NapiStruct* napi, int quota)
    {
        if (s_turnCount < 16)
        {
            s_turns[s_turnCount] = (byte)(napi == One ? 'a' : 'b');
        }

        s_turnCount++;

        int left = (int)(nint)napi->Data;
        int taken = Math.Min(left, quota);
        napi->Data = (void*)(left - taken);
        if (taken < quota)
        {
            Softnet.NapiComplete(napi);
        }

        return taken;
    }

    private static void Disabled()
    {
        s_turnCount = 0;
        Softnet.NapiInit(One, &Poll, 5, (void*)1);
        Softnet.NapiSchedule(One);
        DoSoftirq();
        Check.Equal(0, s_turnCount);
        Softnet.NapiEnable(One);

        // More than it will ever have taken: it ends only because it is disabled.
        One->Data = (void*)int.MaxValue;
        Softnet.NapiSchedule(One);
        Softnet.NapiDisable(One);
        int turns = s_turnCount;
        Softnet.NapiSchedule(One);
        DoSoftirq();
        Check.Equal(turns, s_turnCount);
        Check.True(One->Next == null);
    }

    private static void StopAndWake()
    {
        const int Room = 2, Frames = 5;
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.Dev->TxQueueLength = 3;
        NetHelp.SetRoom(Room);
        for (uint i = 0; i < Frames; i++)
        {
            Check.Equal(0, NetTransmit.DevQueueXmit(NetHelp.Numbered(i, toUs: false)));
        }

        Check.Equal(-ENOBUFS, NetTransmit.DevQueueXmit(NetHelp.Numbered(99, toUs: false)));
        Check.Equal(1, NetHelp.Dev->Stats.TxDropped);
        Check.Equal(Room, NetHelp.Sent);
        for (int expected = 2 * Room; expected <= Frames + 1; expected += Room)
        {
            LocalBhDisable();
            NetHelp.SetRoom(Room);
            NetTransmit.NetifWakeQueue(NetHelp.Dev);
            Check.Equal(expected - Room, NetHelp.Sent);
            LocalBhEnable();
            Check.Equal(Math.Min(expected, Frames), NetHelp.Sent);
        }

        for (int i = 0; i < NetHelp.Sent; i++)
        {
            Check.Equal(i, NetHelp.NumberIn(NetHelp.SentAt(i), sent: true));
        }

        NetHelp.End();
    }

    private static void BusyDriver()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        // No room from the start, which the driver says only when it is asked.
        NetHelp.SetRoom(0);
        Check.Equal(0, NetTransmit.DevQueueXmit(NetHelp.Numbered(0, toUs: false)));
        Check.Equal(0, NetTransmit.DevQueueXmit(NetHelp.Numbered(1, toUs: false)));
        Check.Equal(0, NetHelp.Sent);

        // Woken too early: the first of two is given, and comes back.
        LocalBhDisable();
        NetTransmit.NetifWakeQueue(NetHelp.Dev);
        LocalBhEnable();
        Check.Equal(0, NetHelp.Sent);
        LocalBhDisable();
        NetHelp.SetRoom(10);
        NetTransmit.NetifWakeQueue(NetHelp.Dev);
        LocalBhEnable();
        Check.Equal(2, NetHelp.Sent);
        Check.Equal(0, NetHelp.NumberIn(NetHelp.SentAt(0), sent: true));
        Check.Equal(1, NetHelp.NumberIn(NetHelp.SentAt(1), sent: true));
        NetHelp.End();
    }

    private static void FreedInTransmit()
    {
        const int Frames = 3;
        if (!NetHelp.Begin())
        {
            return;
        }

        long live = NetHelp.Live();
        LocalBhDisable();
        SoftnetData* softnet = Softnet.On(SmpProcessorId());
        uint freed = softnet->Freed;
        for (uint i = 0; i < Frames; i++)
        {
            Softnet.DevKfreeSkbIrq(NetHelp.Numbered(i, toUs: false));
        }

        Check.Equal(freed, softnet->Freed);
        Check.Equal(1u << (int)NetTxSoftirq, LocalSoftirqPending() & (1u << (int)NetTxSoftirq));
        LocalBhEnable();
        Check.Equal(freed + Frames, softnet->Freed);
        Check.Equal(live, NetHelp.Live());
        NetHelp.End();
    }

    private static void Down()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        long live = NetHelp.Live();
        NetTransmit.NetifCarrier(NetHelp.Dev, present: false);
        Check.Equal(-ENETDOWN, NetTransmit.DevQueueXmit(NetHelp.Numbered(1, toUs: false)));
        NetTransmit.NetifCarrier(NetHelp.Dev, present: true);
        using (NetDevices.RtnlGuard())
        {
            NetDevices.CloseLocked(NetHelp.Dev);
        }

        Check.Equal(-ENETDOWN, NetTransmit.DevQueueXmit(NetHelp.Numbered(1, toUs: false)));
        Check.Equal(2, NetHelp.Dev->Stats.TxDropped);
        NetHelp.ArriveAndRun(NetHelp.Numbered(1, toUs: true));
        Check.Equal(0, NetHelp.Received);
        Check.Equal(live, NetHelp.Live());
        NetHelp.End();
    }

    private static void GoesWhileBusy()
    {
        const int Frames = 100;
        long live = NetHelp.Live();
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.SetRoom(1);
        for (uint i = 0; i < Frames; i++)
        {
            // In the interface's queue, in a CPU's backlog, in ARP's table, and in a list for NET_TX.
            NetTransmit.DevQueueXmit(NetHelp.Numbered(i, toUs: false));
            NetHelp.Arrive(NetHelp.Numbered(i, toUs: true));
            SkBuff* skb = NetHelp.Frame(Ethernet.TypeIp, 40, toUs: false);
            SkBuff.Pull(skb, Ethernet.HeaderLength);
            Arp.Output(skb, NetHelp.Dev, NetHelp.TheirIp + i);
        }

        // So many, and taken one at a time, that most are still there when the interface wants to go.
        int usual = Softnet.NetdevBudget;
        Softnet.NetdevBudget = 1;
        LocalBhDisable();
        for (uint i = 0; i < 8 * Frames; i++)
        {
            NetHelp.Arrive(NetHelp.Numbered(i, toUs: true));
        }

        LocalBhEnable();
        NetTransmit.NetifWakeQueue(NetHelp.Dev);
        NetHelp.End();
        Softnet.NetdevBudget = usual;
        Check.Equal(live, NetHelp.Live());
    }

    private static void Names()
    {
        NetDevice* dev = NetDevices.Alloc(0);
        Check.Equal(-EINVAL, NetDevices.RegisterNetdev(dev));
        NetDevices.Free(dev);
        Check.Equal(-EEXIST, NetReceive.DevAddPack(Ethernet.TypeIp, null));
        if (!NetHelp.Begin())
        {
            return;
        }

        using (NetDevices.RtnlGuard())
        {
            Check.True(NetDevices.FindLocked(NetDevice.Name(NetHelp.Dev)) == NetHelp.Dev);
            Check.True(NetDevices.FindLocked("eth999"u8) == null);
        }

        NetHelp.End();
        Check.Equal(-ENODEV, OutputCapture.Execute("ifconfig eth999"u8));
        Check.True(OutputCapture.Is("no such interface\n"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("ping"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("ping 1.2.3"u8));
        Check.Equal(-EINVAL, OutputCapture.Execute("ping 1.2.3.4 0"u8));
        Check.Equal(-ENETUNREACH, OutputCapture.Execute("ping 1.2.3.4"u8));
        Check.True(OutputCapture.Is("ping: no interface leads there\n"u8));
    }

    private static void Files()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.ArriveAndRun(NetHelp.Numbered(1, toUs: true));
        NetHelp.ArriveAndRun(NetHelp.Numbered(2, toUs: true));
        NetDeviceStats.Count(ref NetHelp.Dev->Stats.TxPackets, 5);
        NetDeviceStats.Count(ref NetHelp.Dev->Stats.TxBytes, 500);
        Check.Equal(0, ProcHelp.Read("/proc/net/dev\0"u8));
        Span<byte> storage = stackalloc byte[160];
        TextBuffer line = new(storage);
        line.Append($"{NetDevice.Name(NetHelp.Dev),6}:     120       2    0    0    0     0          0         0      500       5    0    0    0     0       0          0\n");
        Check.True(ProcHelp.Text.IndexOf(line.Written) > 0);
        Check.Equal(0, ProcHelp.Read("/proc/net/softnet_stat\0"u8));
        int lines = 0;
        foreach (byte letter in ProcHelp.Text)
        {
            lines += letter == '\n' ? 1 : 0;
        }

        Check.Equal(Smp.CpuCount, lines);
        ProcHelp.Free();
        NetHelp.End();
    }

    private static NapiStruct* One => (NapiStruct*)Unsafe.AsPointer(ref s_one);

    private static NapiStruct* Two => (NapiStruct*)Unsafe.AsPointer(ref s_two);

    [InlineArray(16)]
    private struct Turns
    {
        private byte _first;
    }
}
