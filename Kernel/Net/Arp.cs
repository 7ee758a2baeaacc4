// Arp: which station has which address.
//
// Linux: net/ipv4/arp.c and the neighbour table; RFC 826. Receive: softirq. Output and Flush: process context or softirq; nothing sleeps. Lock: s_lock (bottom halves off) guards the
// table; nothing is sent with it held.
// A table of a few stations, each with at most one packet that waits for the answer. Asked is again when something is to be sent and the last question is a second old;
// what nobody answers gives its place to others, the one least lately used first. Entries are of one interface: each has its network.
// Invariant: a packet in Waiting is in an entry that is not Known.

using System.Runtime.CompilerServices;

namespace CSharpOS.Net;

/// <summary>The address resolution protocol.</summary>
/// <linux>arp_tbl</linux>
/// <rows>DRV-01</rows>
internal static unsafe class Arp
{
    internal const int TableSize = 16;
    internal const int PacketLength = 28;

    private const ushort HardwareEthernet = 1, Request = 1, Reply = 2;
    private const int HardwareType = 0, ProtocolType = 2, HardwareLength = 4, ProtocolLength = 5, Operation = 6;
    private const int SenderHardware = 8, SenderProtocol = 14, TargetHardware = 18, TargetProtocol = 24;
    private const byte IpLength = 4;

    private static SpinLock s_lock;
    private static Table s_table;

    internal static void Init()
    {
        s_lock.Init();
        s_table = default;
    }

    /// <summary>A packet of ARP has come. Softirq.</summary>
    /// <linux>arp_rcv</linux>
    internal static void Receive(SkBuff* skb)
    {
        NetDevice* dev = skb->Dev;
        byte* packet = skb->Data;
        if (skb->Len < PacketLength || Ethernet.Read16(packet + HardwareType) != HardwareEthernet || Ethernet.Read16(packet + ProtocolType) != Ethernet.TypeIp
            || packet[HardwareLength] != Ethernet.AddressLength || packet[ProtocolLength] != IpLength
            || Ethernet.Read16(packet + Operation) is not (Request or Reply) || !Ethernet.IsStation(packet + SenderHardware))
        {
            NetDeviceStats.Count(ref NetCounters.s_arpErrors);
            SkBuff.Free(skb);
            return;
        }

        uint sender = Ethernet.Read32(packet + SenderProtocol);
        bool forUs = dev->Ip != 0 && Ethernet.Read32(packet + TargetProtocol) == dev->Ip;

        // Whoever asks for our address will hear from us, so he is worth remembering; who only tells the others is not. Zero is somebody without an address yet.
        if (sender != 0 && sender != dev->Ip)
        {
            Learn(dev, sender, Ethernet.At(packet + SenderHardware), forUs);
        }

        if (forUs && skb->PacketType != PacketType.OtherHost && Ethernet.Read16(packet + Operation) == Request)
        {
            Send(dev, Reply, Ethernet.At(packet + SenderHardware), Ethernet.At(packet + SenderHardware), sender);
        }

        SkBuff.Free(skb);
    }

    /// <summary>Sends a packet to the station that has <paramref name="ip"/>; if it is not known, the packet waits while the question is asked. It is not the caller's any more.</summary>
    /// <returns>0: sent or waiting; the error of <see cref="NetTransmit.DevQueueXmit"/>.</returns>
    /// <linux>neigh_resolve_output</linux>
    internal static int Output(SkBuff* skb, NetDevice* dev, uint ip)
    {
        Span<byte> to = stackalloc byte[Ethernet.AddressLength];
        bool known, ask = false;
        SkBuff* pushedOut = null;
        using (s_lock.BhGuard())
        {
            Entry* entry = Find(dev, ip);
            if (entry == null)
            {
                entry = Take(dev, ip, &pushedOut);
                ask = true;
            }

            entry->Used = Jiffies;
            known = entry->Known;
            if (known)
            {
                Ethernet.At(entry->Address).CopyTo(to);
            }
            else
            {
                ask |= TimeAfter(Jiffies, entry->Asked + HZ);
                entry->Asked = ask ? Jiffies : entry->Asked;
                pushedOut = entry->Waiting != null ? entry->Waiting : pushedOut;
                skb->Dev = dev;
                entry->Waiting = skb;
            }
        }

        Drop(pushedOut);
        if (known)
        {
            Ethernet.Header(skb, dev, Ethernet.TypeIp, to);
            return NetTransmit.DevQueueXmit(skb);
        }

        if (ask)
        {
            to.Clear();
            Send(dev, Request, Ethernet.Broadcast, to, ip);
        }

        return 0;
    }

    /// <summary>Forgets the stations of an interface, and what waits for them.</summary>
    /// <linux>neigh_ifdown</linux>
    internal static void Flush(NetDevice* dev)
    {
        for (int i = 0; i < TableSize; i++)
        {
            SkBuff* waiting = null;
            using (s_lock.BhGuard())
            {
                if (At(i)->Dev == dev)
                {
                    waiting = At(i)->Waiting;
                    *At(i) = default;
                }
            }

            Drop(waiting);
        }
    }

    /// <summary>/proc/net/arp, in Linux's format.</summary>
    /// <linux>arp_seq_show</linux>
    internal static int Show(TextArea* text, void* unused)
    {
        text->Append("IP address       HW type     Flags       HW address            Mask     Device\n"u8);
        Span<byte> ip = stackalloc byte[Ipv4.TextLength];
        for (int i = 0; i < TableSize; i++)
        {
            Entry entry;
            using (s_lock.BhGuard())
            {
                entry = *At(i);
                if (entry.Dev != null)
                {
                    text->Append($"{Ipv4.Text(entry.Ip, ip),-16} 0x1         0x{(entry.Known ? 2 : 0):x}         ");
                    text->Append($"{entry.Address[0]:x2}:{entry.Address[1]:x2}:{entry.Address[2]:x2}:{entry.Address[3]:x2}:{entry.Address[4]:x2}:{entry.Address[5]:x2}");
                    text->Append($"     *        {NetDevice.Name(entry.Dev)}\n");
                }
            }
        }

        return 0;
    }

    private static void Learn(NetDevice* dev, uint ip, ReadOnlySpan<byte> address, bool add)
    {
        SkBuff* pushedOut = null;
        SkBuff* waiting = null;
        using (s_lock.BhGuard())
        {
            Entry* entry = Find(dev, ip);
            if (entry == null && add)
            {
                entry = Take(dev, ip, &pushedOut);
                entry->Used = Jiffies;
            }

            if (entry != null)
            {
                address.CopyTo(new Span<byte>(entry->Address, Ethernet.AddressLength));
                entry->Known = true;
                waiting = entry->Waiting;
                entry->Waiting = null;
            }
        }

        Drop(pushedOut);
        if (waiting != null)
        {
            Ethernet.Header(waiting, dev, Ethernet.TypeIp, address);
            NetTransmit.DevQueueXmit(waiting);
        }
    }

    // Linux: arp_send.
    private static void Send(NetDevice* dev, ushort operation, ReadOnlySpan<byte> to, ReadOnlySpan<byte> target, uint targetIp)
    {
        SkBuff* skb = SkBuff.Alloc(Ethernet.IpAlign + Ethernet.HeaderLength + PacketLength, GfpFlags.Atomic);
        if (skb == null)
        {
            // The other side asks again.
            NetDeviceStats.Count(ref dev->Stats.TxDropped);
            return;
        }

        SkBuff.Reserve(skb, Ethernet.IpAlign + Ethernet.HeaderLength);
        byte* packet = SkBuff.Put(skb, PacketLength);
        Ethernet.Write16(packet + HardwareType, HardwareEthernet);
        Ethernet.Write16(packet + ProtocolType, Ethernet.TypeIp);
        packet[HardwareLength] = Ethernet.AddressLength;
        packet[ProtocolLength] = IpLength;
        Ethernet.Write16(packet + Operation, operation);
        Ethernet.At(dev->Address).CopyTo(new Span<byte>(packet + SenderHardware, Ethernet.AddressLength));
        Ethernet.Write32(packet + SenderProtocol, dev->Ip);
        target.CopyTo(new Span<byte>(packet + TargetHardware, Ethernet.AddressLength));
        Ethernet.Write32(packet + TargetProtocol, targetIp);
        Ethernet.Header(skb, dev, Ethernet.TypeArp, to);
        NetTransmit.DevQueueXmit(skb);
    }

    private static void Drop(SkBuff* skb)
    {
        if (skb != null)
        {
            NetDeviceStats.Count(ref skb->Dev->Stats.TxDropped);
            SkBuff.Free(skb);
        }
    }

    private static Entry* At(int index) => (Entry*)Unsafe.AsPointer(ref s_table) + index;

    private static Entry* Find(NetDevice* dev, uint ip)
    {
        for (int i = 0; i < TableSize; i++)
        {
            if (At(i)->Dev == dev && At(i)->Ip == ip)
            {
                return At(i);
            }
        }

        return null;
    }

    // A free entry, or that which has not been used for the longest time, and the packet that waited in it.
    private static Entry* Take(NetDevice* dev, uint ip, SkBuff** pushedOut)
    {
        Entry* oldest = At(0);
        for (int i = 1; i < TableSize && oldest->Dev != null; i++)
        {
            oldest = At(i)->Dev == null || TimeBefore(At(i)->Used, oldest->Used) ? At(i) : oldest;
        }

        *pushedOut = oldest->Waiting;
        *oldest = default;
        oldest->Dev = dev;
        oldest->Ip = ip;
        return oldest;
    }

    private struct Entry
    {
        internal NetDevice* Dev;
        internal SkBuff* Waiting;
        internal uint Ip;
        internal uint Used;
        internal uint Asked;
        internal bool Known;
        internal fixed byte Address[Ethernet.AddressLength];
    }

    [InlineArray(TableSize)]
    private struct Table
    {
        private Entry _first;
    }
}
