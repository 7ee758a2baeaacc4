// Ipv4: packets of the internet protocol, in and out.
//
// Linux: net/ipv4/ip_input.c, ip_output.c, utils.c; RFC 791, RFC 1122. Receive: softirq. Send: process context or softirq, does not sleep. No locks: what is shared are counters and
// the words of an interface's addresses.
// An end station on one network for each interface, with a gateway or without: it forwards nothing, puts no fragments together and sends no options.

namespace CSharpOS.Net;

/// <summary>The internet protocol, version 4. Addresses are numbers: 10.0.2.15 is 0x0a00020f.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class Ipv4
{
    internal const int HeaderLength = 20;

    /// <summary>Bytes of the longest address as text, with a length behind it.</summary>
    internal const int TextLength = 20;

    internal const byte ProtocolIcmp = 1;

    private const byte VersionAndLength = 0x45;
    private const byte TimeToLive = 64;
    private const int DontFragment = 0x4000, FragmentMask = 0x3fff;
    private const uint AllOnes = uint.MaxValue;

    private static int s_identification;

    /// <summary>Room that a packet needs before its data, for the headers.</summary>
    internal const int Headroom = Ethernet.IpAlign + Ethernet.HeaderLength + HeaderLength;

    /// <summary>A packet of IP has come. What is broken, or not for us, is counted and dropped. Softirq.</summary>
    /// <linux>ip_rcv</linux>
    internal static void Receive(SkBuff* skb)
    {
        NetDeviceStats.Count(ref NetCounters.s_ipReceives);
        if (skb->PacketType == PacketType.OtherHost)
        {
            // Only a card that hears everything gives those.
            SkBuff.Free(skb);
            return;
        }

        byte* header = skb->Data;
        int length = skb->Len < HeaderLength ? 0 : (header[0] & 15) * 4;
        int total = length < HeaderLength ? 0 : Ethernet.Read16(header + 2);
        if (length < HeaderLength || header[0] >> 4 != 4 || total < length || total > skb->Len || Checksum(header, length) != 0)
        {
            NetDeviceStats.Count(ref NetCounters.s_ipHeaderErrors);
            SkBuff.Free(skb);
            return;
        }

        NetDevice* dev = skb->Dev;
        uint from = Ethernet.Read32(header + 12), to = Ethernet.Read32(header + 16), mask = dev->Netmask;
        bool broadcast = to == AllOnes || (to | mask) == AllOnes;
        if (dev->Ip == 0 || (to != dev->Ip && !broadcast) || !IsStation(from) || (from | mask) == AllOnes)
        {
            NetDeviceStats.Count(ref NetCounters.s_ipAddressErrors);
            SkBuff.Free(skb);
            return;
        }

        if ((Ethernet.Read16(header + 6) & FragmentMask) != 0)
        {
            NetDeviceStats.Count(ref NetCounters.s_ipReassemblyFails);
            SkBuff.Free(skb);
            return;
        }

        // Short frames are filled up to sixty bytes.
        SkBuff.Trim(skb, total);
        SkBuff.Pull(skb, length);
        if (header[9] != ProtocolIcmp)
        {
            NetDeviceStats.Count(ref NetCounters.s_ipUnknownProtocols);
            SkBuff.Free(skb);
            return;
        }

        NetDeviceStats.Count(ref NetCounters.s_ipDelivers);
        Icmp.Receive(skb, from, broadcast || skb->PacketType != PacketType.Host);
    }

    /// <summary>Sends what is in a packet, which has <see cref="Headroom"/>, from an interface to an address. It is not the caller's any more.</summary>
    /// <returns>0: on its way; -ENETDOWN: the interface is down; -ENETUNREACH: the address is on another network, and there is no gateway; the error of
    /// <see cref="NetTransmit.DevQueueXmit"/>.</returns>
    /// <linux>ip_queue_xmit</linux>
    internal static int Send(SkBuff* skb, NetDevice* dev, uint to, byte protocol)
    {
        uint ip = dev->Ip, mask = dev->Netmask;
        uint next = ((to ^ ip) & mask) == 0 ? to : dev->Gateway;
        if (ip == 0 || next == 0 || !dev->IsRunning)
        {
            NetDeviceStats.Count(ref NetCounters.s_ipNoRoutes);
            SkBuff.Free(skb);
            return dev->IsRunning ? -ENETUNREACH : -ENETDOWN;
        }

        byte* header = SkBuff.Push(skb, HeaderLength);
        new Span<byte>(header, HeaderLength).Clear();
        header[0] = VersionAndLength;
        Ethernet.Write16(header + 2, skb->Len);
        Ethernet.Write16(header + 4, Shared.AddReturn(ref s_identification, 1) & 0xffff);
        Ethernet.Write16(header + 6, DontFragment);
        header[8] = TimeToLive;
        header[9] = protocol;
        Ethernet.Write32(header + 12, ip);
        Ethernet.Write32(header + 16, to);
        Ethernet.Write16(header + 10, Checksum(header, HeaderLength));
        NetDeviceStats.Count(ref NetCounters.s_ipRequests);
        return Arp.Output(skb, dev, next);
    }

    /// <summary>The complement of the sum, in ones' complement, of the 16-bit numbers; 0 over a block that holds its own checksum. RFC 1071.</summary>
    /// <linux>ip_compute_csum</linux>
    internal static ushort Checksum(byte* block, int length)
    {
        uint sum = 0;
        for (int i = 0; i + 1 < length; i += 2)
        {
            sum += Ethernet.Read16(block + i);
        }

        sum += (length & 1) != 0 ? (uint)block[length - 1] << 8 : 0;
        sum = (sum & 0xffff) + (sum >> 16);
        return (ushort)~((sum & 0xffff) + (sum >> 16));
    }

    /// <summary>Can it be the address of one station? Not 0.x, not 127.x, and no group.</summary>
    /// <linux>ipv4_is_multicast, ipv4_is_zeronet</linux>
    internal static bool IsStation(uint ip) => ip >> 24 is not (0 or 127) && ip >> 24 < 224;

    /// <summary>The text of an address, in <paramref name="storage"/> of <see cref="TextLength"/> bytes.</summary>
    internal static ReadOnlySpan<byte> Text(uint ip, Span<byte> storage)
    {
        TextBuffer text = new(storage);
        text.Append($"{ip >> 24}.{(ip >> 16) & 255}.{(ip >> 8) & 255}.{ip & 255}");
        return text.Written;
    }

    /// <summary>Reads an address: four numbers up to 255 and three points.</summary>
    /// <linux>in4_pton</linux>
    internal static bool TryParse(ReadOnlySpan<byte> text, out uint ip)
    {
        ip = 0;
        for (int i = 0; i < 4; i++)
        {
            int point = text.IndexOf((byte)'.');
            ReadOnlySpan<byte> word = i == 3 ? text : point < 0 ? default : text[..point];
            if (word.Length is 0 or > 3 || !CommandArguments.TryParse(word, out ulong value) || value > 255)
            {
                return false;
            }

            ip = (ip << 8) | (uint)value;
            text = i == 3 ? default : text[(point + 1)..];
        }

        return true;
    }

    /// <summary>Reads an address with the length of its network behind it, 10.0.2.15/24. Without one the class of the address says it: 8, 16 or 24.</summary>
    internal static bool TryParseNetwork(ReadOnlySpan<byte> text, out uint ip, out uint netmask)
    {
        int slash = text.IndexOf((byte)'/');
        netmask = 0;
        if (!TryParse(slash < 0 ? text : text[..slash], out ip))
        {
            return false;
        }

        ulong bits = ip >> 31 == 0 ? 8u : ip >> 30 == 2 ? 16u : 24u;
        if (slash >= 0 && (!CommandArguments.TryParse(text[(slash + 1)..], out bits) || bits is 0 or > 32))
        {
            return false;
        }

        netmask = AllOnes << (int)(32 - bits);
        return true;
    }
}
