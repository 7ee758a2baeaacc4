// NetProtocolTests: ARP, IP and ICMP, with an interface that has no card: what comes is made byte by byte, what goes is looked at byte by byte. Part of the suite net.

using CSharpOS.Net;

namespace CSharpOS.Suites;

internal static unsafe class NetProtocolTests
{
    private const int Ip = Ethernet.HeaderLength, Icmp = Ip + Ipv4.HeaderLength, Data = Icmp + 8;
    private const byte Broken = 1, Right = 0;

    internal static void Run()
    {
        Test.Run("the checksum of RFC 1071"u8, "DRV-01"u8, &Checksum);
        Test.Run("arp: a request for our address is answered"u8, "DRV-01"u8, &ArpAnswer);
        Test.Run("arp: broken packets are counted, those for others are let be"u8, "DRV-01"u8, &ArpBroken);
        Test.Run("arp: a packet waits for the answer, a second takes its place"u8, "DRV-01"u8, &ArpWaits);
        Test.Run("arp: the station least lately used gives its place to another"u8, "DRV-01"u8, &ArpFull);
        Test.Run("icmp: an echo request is answered with its own bytes"u8, "DRV-01"u8, &EchoAnswer);
        Test.Run("icmp: a wrong checksum is counted and not answered"u8, "DRV-01"u8, &EchoBroken);
        Test.Run("ip: broken headers, other addresses and fragments are counted and dropped"u8, "DRV-01"u8, &IpBroken);
        Test.Run("ip: other networks are reached by the gateway, or not at all"u8, "DRV-01"u8, &Gateway);
#if DEBUG_CHECKS
        Test.Run("without memory nothing is answered, and it is counted"u8, "DRV-01"u8, &NoMemory);
#endif
        Test.Run("addresses as text, and the boot option ip="u8, "DRV-01"u8, &Addresses);
    }

    private static void Checksum()
    {
        byte* block = stackalloc byte[8] { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };
        Check.Equal(0x220d, Ipv4.Checksum(block, 8));

        // A carry out of the carry, an odd byte, and nothing.
        byte* ones = stackalloc byte[6] { 0xff, 0xff, 0xff, 0xff, 0x00, 0x01 };
        Check.Equal(0xfffe, Ipv4.Checksum(ones, 6));
        Check.Equal(0, Ipv4.Checksum(ones, 4));
        Check.Equal(0xfeff, Ipv4.Checksum(ones + 5, 1));
        Check.Equal(0xffff, Ipv4.Checksum(ones, 0));
        byte* header = stackalloc byte[20] { 0x45, 0, 0, 0x73, 0, 0, 0x40, 0, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0, 1, 0xc0, 0xa8, 0, 0xc7 };
        Check.Equal(0, Ipv4.Checksum(header, 20));
    }

    private static void ArpAnswer()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.ArriveAndRun(Arp(1, NetHelp.OurIp, broadcast: true));
        Check.Equal(1, NetHelp.Sent);
        if (NetHelp.Sent == 1)
        {
            byte* frame = NetHelp.SentAt(0)->Data;
            Check.Equal(42, NetHelp.SentAt(0)->Len);
            Check.True(Ethernet.At(frame).SequenceEqual(NetHelp.TheirMac));
            Check.True(Ethernet.At(frame + 6).SequenceEqual(NetHelp.OurMac));
            ReadOnlySpan<byte> expected =
            [
                0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, 2, 0x02, 0, 0, 0, 0, 1, 10, 77, 0, 1, 0x02, 0, 0, 0, 0, 2, 10, 77, 0, 2,
            ];
            Check.True(new ReadOnlySpan<byte>(frame + 12, expected.Length).SequenceEqual(expected));
        }

        // Who asked is known now.
        Check.Equal(0, ProcHelp.Read("/proc/net/arp\0"u8));
        Check.True(ProcHelp.Text.IndexOf("10.77.0.2        0x1         0x2         02:00:00:00:00:02     *        "u8) > 0);
        ProcHelp.Free();

        // Somebody without an address asks whether ours is free, as DHCP clients do: answered, not remembered.
        NetHelp.Forget();
        SkBuff* probe = Arp(1, NetHelp.OurIp, broadcast: true);
        new Span<byte>(probe->Data + Ip + 14, 4).Clear();
        NetHelp.ArriveAndRun(probe);
        Check.Equal(1, NetHelp.Sent);
        NetHelp.End();
    }

    private static void ArpBroken()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        // Hardware, protocol, their lengths, the operation: one byte changed in each; the sender's address that of a group; too short.
        ReadOnlySpan<byte> places = [1, 2, 4, 5, 7];
        long errors = Shared.ReadOnce(ref NetCounters.s_arpErrors);
        foreach (byte place in places)
        {
            SkBuff* skb = Arp(1, NetHelp.OurIp, broadcast: true);
            skb->Data[Ip + place] ^= 0x40;
            NetHelp.ArriveAndRun(skb);
        }

        SkBuff* group = Arp(1, NetHelp.OurIp, broadcast: true);
        group->Data[Ip + 8] |= 1;
        NetHelp.ArriveAndRun(group);
        SkBuff* cut = Arp(1, NetHelp.OurIp, broadcast: true);
        SkBuff.Trim(cut, Ip + CSharpOS.Net.Arp.PacketLength - 1);
        NetHelp.ArriveAndRun(cut);
        Check.Equal(errors + places.Length + 2, Shared.ReadOnce(ref NetCounters.s_arpErrors));

        // In order, and not for us; a reply that nobody asked for.
        NetHelp.ArriveAndRun(Arp(1, NetHelp.OurIp + 7, broadcast: true));
        NetHelp.ArriveAndRun(Arp(2, NetHelp.OurIp, broadcast: false));
        Check.Equal(errors + places.Length + 2, Shared.ReadOnce(ref NetCounters.s_arpErrors));
        Check.Equal(0, NetHelp.Sent);
        NetHelp.End();
    }

    private static void ArpWaits()
    {
        long live = NetHelp.Live();
        if (!NetHelp.Begin())
        {
            return;
        }

        // No question while one is young; the packet before is dropped.
        Check.Equal(0, Output(1, NetHelp.TheirIp));
        Check.Equal(1, NetHelp.Sent);
        Check.Equal(0, Output(2, NetHelp.TheirIp));
        Check.Between(1, 2, NetHelp.Sent);
        int questions = NetHelp.Sent;
        Check.Equal(1, NetHelp.Dev->Stats.TxDropped);
        byte* question = NetHelp.SentAt(0)->Data;
        Check.True(Ethernet.At(question).SequenceEqual(Ethernet.Broadcast));
        Check.Equal(1, Ethernet.Read16(question + Ip + 6));
        Check.Equal(NetHelp.OurIp, Ethernet.Read32(question + Ip + 14));
        Check.Equal(NetHelp.TheirIp, Ethernet.Read32(question + Ip + 24));
        NetHelp.ArriveAndRun(Arp(2, NetHelp.OurIp, broadcast: false));
        Check.Equal(questions + 1, NetHelp.Sent);
        byte* frame = NetHelp.SentAt(questions)->Data;
        Check.True(Ethernet.At(frame).SequenceEqual(NetHelp.TheirMac));
        Check.Equal(Ethernet.TypeIp, Ethernet.Read16(frame + 12));
        Check.Equal(2u, Ethernet.Read32(frame + Ip));

        // From now on at once.
        Check.Equal(0, Output(3, NetHelp.TheirIp));
        Check.Equal(questions + 2, NetHelp.Sent);
        Check.Equal(3u, Ethernet.Read32(NetHelp.SentAt(questions + 1)->Data + Ip));
        NetHelp.End();
        Check.Equal(live, NetHelp.Live());
    }

    private static void ArpFull()
    {
        const uint More = 3;
        long live = NetHelp.Live();
        if (!NetHelp.Begin())
        {
            return;
        }

        for (uint i = 0; i < CSharpOS.Net.Arp.TableSize + More; i++)
        {
            Check.Equal(0, Output(i, NetHelp.TheirIp + i));
        }

        // Each was asked for, and those that gave their places have lost their packets.
        Check.Equal(CSharpOS.Net.Arp.TableSize + More, NetHelp.Sent);
        Check.Equal(More, NetHelp.Dev->Stats.TxDropped);
        NetHelp.End();
        Check.Equal(live, NetHelp.Live());
    }

    private static void EchoAnswer()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.ArriveAndRun(Arp(1, NetHelp.OurIp, broadcast: true));
        ReadOnlySpan<short> sizes = [0, 1, 18, 19, 1472];
        foreach (short size in sizes)
        {
            NetHelp.Forget();
            NetHelp.ArriveAndRun(Echo(size, Right));
            Check.Equal(1, NetHelp.Sent);
            if (NetHelp.Sent != 1)
            {
                continue;
            }

            byte* frame = NetHelp.SentAt(0)->Data;
            Check.Equal(Data + size, NetHelp.SentAt(0)->Len);
            Check.True(Ethernet.At(frame).SequenceEqual(NetHelp.TheirMac));
            Check.Equal(0x45, frame[Ip]);
            Check.Equal(28 + size, Ethernet.Read16(frame + Ip + 2));
            Check.Equal(1, frame[Ip + 9]);
            Check.True(frame[Ip + 8] > 1);
            Check.Equal(NetHelp.OurIp, Ethernet.Read32(frame + Ip + 12));
            Check.Equal(NetHelp.TheirIp, Ethernet.Read32(frame + Ip + 16));
            Check.Equal(0, Ipv4.Checksum(frame + Ip, Ipv4.HeaderLength));
            Check.Equal(0, Ethernet.Read16(frame + Icmp));
            Check.Equal(0x12340005u, Ethernet.Read32(frame + Icmp + 4));
            Check.Equal(0, Ipv4.Checksum(frame + Icmp, 8 + size));
            bool same = true;
            for (int i = 0; i < size; i++)
            {
                same &= frame[Data + i] == (byte)(i * 7);
            }

            Check.True(same);
        }

        NetHelp.End();
    }

    private static void EchoBroken()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.ArriveAndRun(Arp(1, NetHelp.OurIp, broadcast: true));
        NetHelp.Forget();
        long errors = Shared.ReadOnce(ref NetCounters.s_icmpErrors), echos = Shared.ReadOnce(ref NetCounters.s_icmpEchos);
        NetHelp.ArriveAndRun(Echo(32, Broken));

        // Seven bytes are no message.
        SkBuff* cut = Echo(0, Right);
        Ethernet.Write16(cut->Data + Ip + 2, 27);
        Sign(cut);
        NetHelp.ArriveAndRun(cut);
        Check.Equal(errors + 2, Shared.ReadOnce(ref NetCounters.s_icmpErrors));
        Check.Equal(echos, Shared.ReadOnce(ref NetCounters.s_icmpEchos));

        // To all: heard, not answered. And a reply nobody asked for.
        SkBuff* all = Echo(8, Right);
        Ethernet.Write32(all->Data + Ip + 16, NetHelp.OurIp | 0xff);
        Ethernet.Broadcast.CopyTo(new Span<byte>(all->Data, 6));
        Sign(all);
        NetHelp.ArriveAndRun(all);
        Check.Equal(echos + 1, Shared.ReadOnce(ref NetCounters.s_icmpEchos));
        SkBuff* reply = Echo(8, Right);
        reply->Data[Icmp] = 0;
        Ethernet.Write16(reply->Data + Icmp + 2, 0);
        Ethernet.Write16(reply->Data + Icmp + 2, Ipv4.Checksum(reply->Data + Icmp, 16));
        NetHelp.ArriveAndRun(reply);
        Check.Equal(errors + 2, Shared.ReadOnce(ref NetCounters.s_icmpErrors));
        Check.Equal(0, NetHelp.Sent);
        Check.Equal(0, ProcHelp.Read("/proc/net/snmp\0"u8));
        Check.True(ProcHelp.Text.IndexOf("Icmp: InMsgs InErrors InEchos"u8) > 0);
        ProcHelp.Free();
        NetHelp.End();
    }

    private static void IpBroken()
    {
        long live = NetHelp.Live();
        if (!NetHelp.Begin())
        {
            return;
        }

        NetHelp.ArriveAndRun(Arp(1, NetHelp.OurIp, broadcast: true));
        NetHelp.Forget();
        long headers = Shared.ReadOnce(ref NetCounters.s_ipHeaderErrors);

        // Version, header length (too short; beyond the packet), total length (shorter than the header; longer than the packet), checksum.
        Change(0, 0x65, sign: true);
        Change(0, 0x44, sign: true);
        Change(0, 0x4f, sign: true);
        Change(3, 19, sign: true);
        Change(3, 200, sign: true);
        Change(10, 0x5a, sign: false);
        SkBuff* cut = Echo(0, Right);
        SkBuff.Trim(cut, Icmp - 1);
        NetHelp.ArriveAndRun(cut);
        SkBuff* empty = Echo(0, Right);
        SkBuff.Trim(empty, Ip);
        NetHelp.ArriveAndRun(empty);
        Check.Equal(headers + 8, Shared.ReadOnce(ref NetCounters.s_ipHeaderErrors));

        // To somebody else; from all; from a group; from nobody.
        long addresses = Shared.ReadOnce(ref NetCounters.s_ipAddressErrors);
        Change(19, 9, sign: true);
        Change(15, 0xff, sign: true);
        Change(12, 0xe1, sign: true);
        Change(12, 0, sign: true);
        Check.Equal(addresses + 4, Shared.ReadOnce(ref NetCounters.s_ipAddressErrors));

        // The first fragment, and a later one; then a protocol that is not here.
        long fragments = Shared.ReadOnce(ref NetCounters.s_ipReassemblyFails), unknown = Shared.ReadOnce(ref NetCounters.s_ipUnknownProtocols);
        Change(6, 0x20, sign: true);
        Change(7, 0x05, sign: true);
        Check.Equal(fragments + 2, Shared.ReadOnce(ref NetCounters.s_ipReassemblyFails));
        Change(9, 17, sign: true);
        Check.Equal(unknown + 1, Shared.ReadOnce(ref NetCounters.s_ipUnknownProtocols));
        Check.Equal(0, NetHelp.Sent);

        // Options are stepped over: the same message behind them is answered.
        SkBuff* options = NetHelp.Frame(Ethernet.TypeIp, 60, toUs: true);
        SkBuff* plain = Echo(12, Right);
        new ReadOnlySpan<byte>(plain->Data + Ip, 20).CopyTo(new Span<byte>(options->Data + Ip, 20));
        new ReadOnlySpan<byte>(plain->Data + Icmp, 20).CopyTo(new Span<byte>(options->Data + Icmp + 4, 20));
        SkBuff.Free(plain);
        options->Data[Ip] = 0x46;
        new Span<byte>(options->Data + Icmp, 4).Fill(1);
        Ethernet.Write16(options->Data + Ip + 2, 44);
        Sign(options);
        NetHelp.ArriveAndRun(options);
        Check.Equal(1, NetHelp.Sent);
        NetHelp.End();
        Check.Equal(live, NetHelp.Live());
    }

    private static void Gateway()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        SkBuff* far = SkBuff.Alloc(Ipv4.Headroom + 8, GfpFlags.Kernel);
        SkBuff.Reserve(far, Ipv4.Headroom);
        SkBuff.Put(far, 8);
        long live = NetHelp.Live();
        Check.Equal(-ENETUNREACH, Ipv4.Send(far, NetHelp.Dev, 0x08080808, 17));
        Check.Equal(live - 1, NetHelp.Live());
        NetHelp.Dev->Gateway = NetHelp.TheirIp;
        far = SkBuff.Alloc(Ipv4.Headroom + 8, GfpFlags.Kernel);
        SkBuff.Reserve(far, Ipv4.Headroom);
        SkBuff.Put(far, 8);
        Check.Equal(0, Ipv4.Send(far, NetHelp.Dev, 0x08080808, 17));
        Check.Equal(1, NetHelp.Sent);
        Check.Equal(NetHelp.TheirIp, Ethernet.Read32(NetHelp.SentAt(0)->Data + Ip + 24));
        NetHelp.End();
    }

#if DEBUG_CHECKS
    private static void NoMemory()
    {
        if (!NetHelp.Begin())
        {
            return;
        }

        SkBuff* question = Arp(1, NetHelp.OurIp, broadcast: true);
        SkBuff* echo = Echo(16, Right);
        LocalBhDisable();
        AllocationFailure.Clear();
        AllocationFailure.FailEvery(1);
        NetHelp.Arrive(question);
        NetHelp.Arrive(echo);
        LocalBhEnable();
        AllocationFailure.Clear();
        Check.Equal(0, NetHelp.Sent);
        Check.Equal(2, NetHelp.Dev->Stats.TxDropped);
        NetHelp.ArriveAndRun(Echo(16, Right));
        Check.Equal(1, NetHelp.Sent);
        NetHelp.End();
    }
#endif

    private static void Addresses()
    {
        Check.True(Ipv4.TryParse("10.0.2.15"u8, out uint ip));
        Check.Equal(0x0a00020fu, ip);
        Check.False(Ipv4.TryParse("10.0.2"u8, out _));
        Check.False(Ipv4.TryParse("10.0.2.256"u8, out _));
        Check.False(Ipv4.TryParse("10.0.2.15.1"u8, out _));
        Check.False(Ipv4.TryParse("10..2.15"u8, out _));
        Check.False(Ipv4.TryParse("10.0.2.x"u8, out _));
        Check.False(Ipv4.TryParse(""u8, out _));
        Check.True(Ipv4.TryParseNetwork("10.0.2.15/24"u8, out _, out uint mask));
        Check.Equal(0xffffff00u, mask);
        Check.True(Ipv4.TryParseNetwork("10.0.2.15"u8, out _, out mask));
        Check.Equal(0xff000000u, mask);
        Check.True(Ipv4.TryParseNetwork("192.168.1.1"u8, out _, out mask));
        Check.Equal(0xffffff00u, mask);
        Check.True(Ipv4.TryParseNetwork("10.0.2.15/32"u8, out _, out mask));
        Check.Equal(0xffffffffu, mask);
        Check.False(Ipv4.TryParseNetwork("10.0.2.15/0"u8, out _, out _));
        Check.False(Ipv4.TryParseNetwork("10.0.2.15/33"u8, out _, out _));
        Check.False(Ipv4.TryParseNetwork("10.0.2.15/"u8, out _, out _));
        if (!NetHelp.Begin())
        {
            return;
        }

        Span<byte> storage = stackalloc byte[80];
        TextBuffer option = new(storage);
        option.Append($"172.16.5.9::172.16.1.1:255.255.0.0::{NetDevice.Name(NetHelp.Dev)}:off");
        Check.Equal(0, NetCommands.Configure(option.Written));
        Check.Equal(0xac100509u, NetHelp.Dev->Ip);
        Check.Equal(0xffff0000u, NetHelp.Dev->Netmask);
        Check.Equal(0xac100101u, NetHelp.Dev->Gateway);
        Check.Equal(-EINVAL, NetCommands.Configure("dhcp"u8));
        Check.Equal(-EINVAL, NetCommands.Configure("255.255.255.255/24"u8));
        Check.Equal(-EINVAL, NetCommands.Configure("10.0.2.15::10.9.2.2:255.255.255.0"u8));
        Check.Equal(-EINVAL, NetCommands.Configure("10.0.2.15:::255.0.255.0"u8));
        Check.Logged("ip=dhcp: not ADDRESS[/LENGTH]"u8);
        Check.Equal(-ENODEV, NetCommands.Configure("10.0.2.15:::::eth98"u8));
        Check.Logged("there is no interface eth98"u8);
        NetHelp.End();
    }

    // A packet of ARP from them.
    private static SkBuff* Arp(int operation, uint target, bool broadcast)
    {
        SkBuff* skb = NetHelp.Frame(Ethernet.TypeArp, 46, toUs: true);
        byte* packet = skb->Data + Ip;
        if (broadcast)
        {
            Ethernet.Broadcast.CopyTo(new Span<byte>(skb->Data, 6));
        }

        Ethernet.Write16(packet, 1);
        Ethernet.Write16(packet + 2, 0x0800);
        packet[4] = 6;
        packet[5] = 4;
        Ethernet.Write16(packet + 6, operation);
        NetHelp.TheirMac.CopyTo(new Span<byte>(packet + 8, 6));
        Ethernet.Write32(packet + 14, NetHelp.TheirIp);
        Ethernet.Write32(packet + 24, target);
        return skb;
    }

    // An echo request from them, the frame filled up to sixty bytes with what is no part of it.
    private static SkBuff* Echo(int size, byte error)
    {
        SkBuff* skb = NetHelp.Frame(Ethernet.TypeIp, Math.Max(28 + size, 46), toUs: true);
        byte* frame = skb->Data;
        new Span<byte>(frame + Data + size, skb->Len - Data - size).Fill(0xee);
        Fill(skb, size, NetHelp.TheirIp, NetHelp.OurIp);
        frame[Icmp + 3] ^= error;
        return skb;
    }

    /// <summary>Makes an empty packet a frame of sixty bytes with an echo request. Gives its length.</summary>
    internal static int MakeEcho(SkBuff* skb, ReadOnlySpan<byte> to, uint from, uint toIp)
    {
        const int Size = 18;
        byte* frame = SkBuff.Put(skb, Data + Size);
        new Span<byte>(frame, Data + Size).Clear();
        to.CopyTo(new Span<byte>(frame, Ethernet.AddressLength));
        NetHelp.TheirMac.CopyTo(new Span<byte>(frame + Ethernet.AddressLength, Ethernet.AddressLength));
        Ethernet.Write16(frame + (2 * Ethernet.AddressLength), Ethernet.TypeIp);
        Fill(skb, Size, from, toIp);
        return skb->Len;
    }

    private static void Fill(SkBuff* skb, int size, uint from, uint to)
    {
        byte* frame = skb->Data;
        frame[Ip] = 0x45;
        Ethernet.Write16(frame + Ip + 2, 28 + size);
        frame[Ip + 8] = 64;
        frame[Ip + 9] = 1;
        Ethernet.Write32(frame + Ip + 12, from);
        Ethernet.Write32(frame + Ip + 16, to);
        Sign(skb);
        frame[Icmp] = 8;
        Ethernet.Write32(frame + Icmp + 4, 0x12340005);
        for (int i = 0; i < size; i++)
        {
            frame[Data + i] = (byte)(i * 7);
        }

        Ethernet.Write16(frame + Icmp + 2, Ipv4.Checksum(frame + Icmp, 8 + size));
    }

    // The right checksum of the IP header, over as many bytes as it says it has.
    private static void Sign(SkBuff* skb)
    {
        byte* header = skb->Data + Ip;
        Ethernet.Write16(header + 10, 0);
        Ethernet.Write16(header + 10, Ipv4.Checksum(header, Math.Min(Math.Max((header[0] & 15) * 4, 20), skb->Len - Ip)));
    }

    // An echo request with one byte of its IP header changed.
    private static void Change(int place, byte value, bool sign)
    {
        SkBuff* skb = Echo(0, Right);
        skb->Data[Ip + place] = value;
        if (sign)
        {
            Sign(skb);
        }

        NetHelp.ArriveAndRun(skb);
    }

    private static int Output(uint number, uint to)
    {
        SkBuff* skb = SkBuff.Alloc(Ipv4.Headroom + 46, GfpFlags.Atomic);
        SkBuff.Reserve(skb, Ipv4.Headroom);
        Ethernet.Write32(SkBuff.Put(skb, 46), number);
        return CSharpOS.Net.Arp.Output(skb, NetHelp.Dev, to);
    }
}
