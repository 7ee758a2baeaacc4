// NetHelp: an interface without a card, whose wire is a list in memory, and frames made byte by byte. One test at a time.

using System.Runtime.CompilerServices;
using CSharpOS.Net;

namespace CSharpOS.Suites;

internal static unsafe class NetHelp
{
    /// <summary>A number that IEEE has left for experiments.</summary>
    internal const ushort TestProtocol = 0x88b5;

    internal const uint OurIp = 0x0a4d0001, TheirIp = 0x0a4d0002, Netmask = 0xffffff00;
    internal const int MostKept = 256;

    private static NetDevice* s_dev;
    private static Packets s_sent, s_received;
    private static int s_room;
    private static SpinLock s_lock;

    /// <summary>The interface of the test.</summary>
    internal static NetDevice* Dev => s_dev;

    /// <summary>Frames that the driver has been given, and packets that the test protocol has been given.</summary>
    internal static int Sent { get; private set; }

    /// <inheritdoc cref="Sent"/>
    internal static int Received { get; private set; }

    /// <summary>In which order things happened, for those that note it.</summary>
    internal static int Order { get; set; }

    internal static int OrderOfSending { get; private set; }

    internal static int OrderOfReceiving { get; private set; }

    internal static ReadOnlySpan<byte> OurMac => [0x02, 0, 0, 0, 0, 1];

    internal static ReadOnlySpan<byte> TheirMac => [0x02, 0, 0, 0, 0, 2];

    /// <summary>Registers the interface, opens it and gives it <see cref="OurIp"/>.</summary>
    internal static bool Begin()
    {
        Sent = Received = Order = OrderOfSending = OrderOfReceiving = 0;
        s_room = int.MaxValue;
        s_dev = NetDevices.Alloc(0);
        Check.True(s_dev != null);
        if (s_dev == null)
        {
            return false;
        }

        OurMac.CopyTo(new Span<byte>(s_dev->Address, Ethernet.AddressLength));
        s_dev->Open = &Open;
        s_dev->Stop = &Stop;
        s_dev->HardStartXmit = &Send;
        Check.Equal(0, NetDevices.RegisterNetdev(s_dev));
        Check.Equal(0, NetReceive.DevAddPack(TestProtocol, &Receive));
        using (NetDevices.RtnlGuard())
        {
            Check.Equal(0, NetCommands.SetAddressLocked(s_dev, OurIp, Netmask, 0));
        }

        return true;
    }

    /// <summary>Undoes <see cref="Begin"/>, and frees what was kept.</summary>
    internal static void End()
    {
        NetDevices.UnregisterNetdev(s_dev);
        Check.Equal(0, s_dev->References.Read());
        NetReceive.DevRemovePack(TestProtocol);
        Forget();
        NetDevices.Free(s_dev);
    }

    /// <summary>Frees what was kept.</summary>
    internal static void Forget()
    {
        for (int i = 0; i < Sent && i < MostKept; i++)
        {
            SkBuff.Free((SkBuff*)s_sent[i]);
        }

        for (int i = 0; i < Received && i < MostKept; i++)
        {
            SkBuff.Free((SkBuff*)s_received[i]);
        }

        Sent = Received = 0;
    }

    /// <summary>How many frames the driver takes until it stops its queue.</summary>
    internal static void SetRoom(int frames) => s_room = frames;

    /// <summary>The frame number <paramref name="index"/> of those sent.</summary>
    internal static SkBuff* SentAt(int index) => (SkBuff*)s_sent[index];

    internal static SkBuff* ReceivedAt(int index) => (SkBuff*)s_received[index];

    /// <summary>The number that <see cref="Numbered"/> put into a packet, behind its frame's header or, in one that was received, at its front.</summary>
    internal static uint NumberIn(SkBuff* skb, bool sent) => Ethernet.Read32(skb->Data + (sent ? Ethernet.HeaderLength : 0));

    /// <summary>A frame of the test protocol with a number in it, from them to us or the other way round.</summary>
    internal static SkBuff* Numbered(uint number, bool toUs)
    {
        SkBuff* skb = Frame(TestProtocol, Ethernet.ShortestFrame - Ethernet.HeaderLength, toUs);
        Ethernet.Write32(skb->Data + Ethernet.HeaderLength, number);
        return skb;
    }

    /// <summary>A frame with so many bytes of zeros behind its header.</summary>
    internal static SkBuff* Frame(ushort type, int bytes, bool toUs)
    {
        SkBuff* skb = SkBuff.Alloc(Ethernet.IpAlign + Ethernet.HeaderLength + bytes, GfpFlags.Atomic);
        SkBuff.Reserve(skb, Ethernet.IpAlign);
        byte* at = SkBuff.Put(skb, Ethernet.HeaderLength + bytes);
        new Span<byte>(at, Ethernet.HeaderLength + bytes).Clear();
        (toUs ? OurMac : TheirMac).CopyTo(new Span<byte>(at, Ethernet.AddressLength));
        (toUs ? TheirMac : OurMac).CopyTo(new Span<byte>(at + Ethernet.AddressLength, Ethernet.AddressLength));
        Ethernet.Write16(at + (2 * Ethernet.AddressLength), type);
        skb->Dev = s_dev;
        return skb;
    }

    /// <summary>The card has received a frame: as a handler hands it on. Softirqs run when bottom halves are enabled again.</summary>
    internal static NetRx Arrive(SkBuff* skb)
    {
        Ethernet.EthTypeTrans(skb, s_dev);
        return Softnet.NetifRx(skb);
    }

    /// <summary>The same, and what it leads to on this CPU is over on return.</summary>
    internal static void ArriveAndRun(SkBuff* skb)
    {
        LocalBhDisable();
        Arrive(skb);
        LocalBhEnable();
    }

    /// <summary>Packets that somebody has not freed yet.</summary>
    internal static long Live()
    {
        long live = -1;
        Slab.ForEach(&Find, &live);
        return live;
    }

    private static void Find(SlabInfo* cache, void* live)
    {
        if (cache->Name.SequenceEqual("skbuff_head_cache"u8))
        {
            *(long*)live = (long)cache->ActiveObjects;
        }
    }

    private static int Open(NetDevice* dev) => 0;

    private static void Stop(NetDevice* dev)
    {
    }

    private static NetdevTx Send(SkBuff* skb, NetDevice* dev)
    {
        if (s_room == 0)
        {
            NetTransmit.NetifStopQueue(dev);
            return NetdevTx.Busy;
        }

        OrderOfSending = ++Order;
        if (Sent < MostKept)
        {
            s_sent[Sent] = (nint)skb;
        }
        else
        {
            SkBuff.Free(skb);
        }

        Sent++;
        if (--s_room == 0)
        {
            NetTransmit.NetifStopQueue(dev);
        }

        return NetdevTx.Ok;
    }

    // Several CPUs may have packets of it.
    private static void Receive(SkBuff* skb)
    {
        s_lock.Lock();
        OrderOfReceiving = ++Order;
        if (Received < MostKept)
        {
            s_received[Received] = (nint)skb;
        }
        else
        {
            SkBuff.Free(skb);
        }

        Received++;
        s_lock.Unlock();
    }

    [InlineArray(MostKept)]
    private struct Packets
    {
        private nint _first;
    }
}
