// Ethernet: the header of a frame, and numbers in the order of the network.
//
// Linux: net/ethernet/eth.c, include/linux/etherdevice.h; IEEE 802.3, RFC 894. Any context. No locks.
//
//     0            6            12     14
//      destination | source     | type | ...         numbers: the most significant byte first

namespace CSharpOS.Net;

/// <summary>Frames.</summary>
/// <rows>DRV-01</rows>
public static unsafe class Ethernet
{
    /// <linux>ETH_ALEN</linux>
    public const int AddressLength = 6;

    /// <linux>ETH_HLEN</linux>
    public const int HeaderLength = 14;

    /// <summary>The shortest frame, without its checksum.</summary>
    /// <linux>ETH_ZLEN</linux>
    public const int ShortestFrame = 60;

    /// <summary>The longest, without its checksum.</summary>
    /// <linux>ETH_FRAME_LEN</linux>
    public const int LongestFrame = 1514;

    /// <summary>The most that a frame carries.</summary>
    /// <linux>ETH_DATA_LEN</linux>
    public const int Mtu = 1500;

    /// <linux>ETH_P_IP</linux>
    public const ushort TypeIp = 0x0800;

    /// <linux>ETH_P_ARP</linux>
    public const ushort TypeArp = 0x0806;

    /// <summary>What stands before an IP header for it to begin at a multiple of four.</summary>
    /// <linux>NET_IP_ALIGN</linux>
    public const int IpAlign = 2;

    /// <summary>The address of all.</summary>
    internal static ReadOnlySpan<byte> Broadcast => [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    /// <summary>An address of six bytes.</summary>
    internal static ReadOnlySpan<byte> At(byte* address) => new(address, AddressLength);

    /// <summary>True for the address of one station: not of a group, and not zero.</summary>
    /// <linux>is_valid_ether_addr</linux>
    public static bool IsStation(byte* address)
    {
        int any = 0;
        for (int i = 0; i < AddressLength; i++)
        {
            any |= address[i];
        }

        return any != 0 && (address[0] & 1) == 0;
    }

    /// <summary>Takes the header off a frame, at least <see cref="HeaderLength"/> long, that has come from <paramref name="dev"/>, and notes what it says.</summary>
    /// <linux>eth_type_trans</linux>
    public static void EthTypeTrans(SkBuff* skb, NetDevice* dev)
    {
        skb->Dev = dev;
        skb->Mac = skb->Data;
        SkBuff.Pull(skb, HeaderLength);
        skb->Protocol = Read16(skb->Mac + (2 * AddressLength));
        ReadOnlySpan<byte> to = At(skb->Mac);
        skb->PacketType = to.SequenceEqual(At(dev->Address)) ? PacketType.Host
            : to.SequenceEqual(Broadcast) ? PacketType.Broadcast
            : (to[0] & 1) != 0 ? PacketType.Multicast : PacketType.OtherHost;
    }

    /// <summary>Puts a header before a packet.</summary>
    /// <linux>eth_header</linux>
    internal static void Header(SkBuff* skb, NetDevice* dev, ushort type, ReadOnlySpan<byte> to)
    {
        byte* header = SkBuff.Push(skb, HeaderLength);
        to.CopyTo(new Span<byte>(header, AddressLength));
        At(dev->Address).CopyTo(new Span<byte>(header + AddressLength, AddressLength));
        Write16(header + (2 * AddressLength), type);
        skb->Dev = dev;
        skb->Protocol = type;
    }

    /// <linux>ntohs</linux>
    internal static ushort Read16(byte* at) => (ushort)((at[0] << 8) | at[1]);

    /// <linux>ntohl</linux>
    internal static uint Read32(byte* at) => ((uint)Read16(at) << 16) | Read16(at + 2);

    /// <linux>htons</linux>
    internal static void Write16(byte* at, int value)
    {
        at[0] = (byte)(value >> 8);
        at[1] = (byte)value;
    }

    /// <linux>htonl</linux>
    internal static void Write32(byte* at, uint value)
    {
        Write16(at, (int)(value >> 16));
        Write16(at + 2, (int)(value & 0xffff));
    }
}
