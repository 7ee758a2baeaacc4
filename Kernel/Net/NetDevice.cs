// NetDevice: a network interface, as its driver describes it and as the core keeps it.
//
// Linux: struct net_device, include/linux/netdevice.h. Made by a driver (NetDevices.Alloc), known from RegisterNetdev to UnregisterNetdev. Locks:
// - NetDevices.s_rtnl (sleeping): the list, up and down, addresses. Addresses are read without it, one word at a time.
// - XmitLock (bottom halves off): Queue and HardStartXmit, so that a driver is asked to send one packet at a time. The driver's own lock comes inside.
// - State: single bits, atomic. What is counted is counted atomically.
// References keeps it from going while a packet of it is in a queue: UnregisterNetdev waits for that.

namespace CSharpOS.Net;

/// <summary>Bits of <see cref="NetDevice.State"/>.</summary>
/// <linux>netdev_state_t</linux>
internal enum NetState
{
    /// <summary>Open.</summary>
    /// <linux>__LINK_STATE_START</linux>
    Start,

    /// <summary>The driver wants no packets.</summary>
    /// <linux>__QUEUE_STATE_XOFF</linux>
    XOff,

    /// <summary>In a list for NET_TX_SOFTIRQ.</summary>
    /// <linux>__QDISC_STATE_SCHED</linux>
    Scheduled,

    /// <summary>No cable.</summary>
    /// <linux>__LINK_STATE_NOCARRIER</linux>
    NoCarrier,
}

/// <summary>What <see cref="NetDevice.HardStartXmit"/> says.</summary>
/// <linux>netdev_tx_t</linux>
public enum NetdevTx
{
    /// <summary>The packet is the driver's now.</summary>
    /// <linux>NETDEV_TX_OK</linux>
    Ok = 0,

    /// <summary>No room: the packet is still the caller's. The driver has stopped its queue.</summary>
    /// <linux>NETDEV_TX_BUSY</linux>
    Busy = 0x10,
}

/// <summary>What an interface has counted.</summary>
/// <linux>net_device_stats</linux>
public struct NetDeviceStats
{
    /// <summary>Packets received.</summary>
    public long RxPackets;

    /// <summary>Their bytes.</summary>
    public long RxBytes;

    /// <summary>Frames that came broken.</summary>
    public long RxErrors;

    /// <summary>Frames for which there was no memory, or no room in the backlog.</summary>
    public long RxDropped;

    /// <summary>Frames that the card had no buffer for.</summary>
    public long RxMissed;

    /// <summary>Packets sent.</summary>
    public long TxPackets;

    /// <summary>Their bytes.</summary>
    public long TxBytes;

    /// <summary>Packets that the card could not send.</summary>
    public long TxErrors;

    /// <summary>Packets for which there was no room in the queue, or no way.</summary>
    public long TxDropped;

    /// <summary>Adds to one of them. Any context.</summary>
    public static void Count(ref long counter, long more = 1) => Shared.AddReturn(ref counter, more);
}

/// <summary>A network interface.</summary>
/// <linux>net_device</linux>
/// <rows>DRV-01</rows>
public unsafe struct NetDevice
{
    /// <summary>Bytes of a name, with the zero behind it.</summary>
    /// <linux>IFNAMSIZ</linux>
    public const int NameSize = 16;

    /// <summary>Next in the list of interfaces.</summary>
    internal NetDevice* Next;

    /// <summary>Next in a CPU's list for NET_TX_SOFTIRQ; belongs to whoever set the bit Scheduled.</summary>
    internal NetDevice* NextScheduled;

    internal fixed byte NameBytes[NameSize];

    /// <summary>Its hardware address.</summary>
    /// <linux>dev_addr</linux>
    public fixed byte Address[Ethernet.AddressLength];

    /// <summary>The driver's: makes the card work. Process context, sleeps. 0 or minus errno.</summary>
    /// <linux>ndo_open</linux>
    public delegate*<NetDevice*, int> Open;

    /// <summary>The driver's: makes the card stop; nothing of it interrupts or writes memory any more. Process context, sleeps.</summary>
    /// <linux>ndo_stop</linux>
    public delegate*<NetDevice*, void> Stop;

    /// <summary>The driver's: sends one packet. Bottom halves off, one call at a time; does not sleep.</summary>
    /// <linux>ndo_start_xmit</linux>
    public delegate*<SkBuff*, NetDevice*, NetdevTx> HardStartXmit;

    /// <summary>The driver's: reads counters out of the card, before they are shown. May be null. Process context.</summary>
    /// <linux>ndo_get_stats</linux>
    public delegate*<NetDevice*, void> GetStats;

    /// <summary>The driver's own structure.</summary>
    /// <linux>netdev_priv</linux>
    public void* Private;

    /// <summary>Its interrupt line.</summary>
    public int Irq;

    /// <summary>What has happened.</summary>
    public NetDeviceStats Stats;

    internal int State;
    internal Atomic References;
    internal SpinLock XmitLock;

    /// <summary>Packets that wait for the driver.</summary>
    /// <linux>qdisc pfifo</linux>
    internal SkBuffHead Queue;

    /// <summary>How many may wait.</summary>
    /// <linux>tx_queue_len</linux>
    internal int TxQueueLength;

    /// <summary>Its IPv4 address, 0 for none; the bits of it that name the network; the way to other networks, or 0.</summary>
    internal uint Ip, Netmask, Gateway;

    /// <summary>True from its opening to its closing.</summary>
    /// <linux>netif_running</linux>
    internal bool IsRunning => Shared.TestBit((int)NetState.Start, ref State);

    /// <summary>True if its driver wants no packets.</summary>
    /// <linux>netif_queue_stopped</linux>
    internal bool IsQueueStopped => Shared.TestBit((int)NetState.XOff, ref State);

    /// <summary>True if there is a cable, as far as the driver knows.</summary>
    /// <linux>netif_carrier_ok</linux>
    internal bool HasCarrier => !Shared.TestBit((int)NetState.NoCarrier, ref State);

    /// <summary>Its name, "eth0".</summary>
    public static ReadOnlySpan<byte> Name(NetDevice* dev)
    {
        int length = 0;
        while (length < NameSize && dev->NameBytes[length] != 0)
        {
            length++;
        }

        return new ReadOnlySpan<byte>(dev->NameBytes, length);
    }

    /// <linux>dev_hold</linux>
    internal static void Hold(NetDevice* dev) => dev->References.Inc();

    /// <linux>dev_put</linux>
    internal static void Put(NetDevice* dev) => dev->References.Dec();
}
