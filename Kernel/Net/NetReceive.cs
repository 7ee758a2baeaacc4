// NetReceive: who gets which packets.
//
// Linux: netif_receive_skb, dev_add_pack, dev_remove_pack (net/core/dev.c). Receiving: softirq. Adding and removing: process context; removing sleeps. A protocol's entry is
// written whole before its function, and read without a lock inside an RCU read section: after DevRemovePack nobody is in its function.

using System.Runtime.CompilerServices;

namespace CSharpOS.Net;

/// <summary>The protocols.</summary>
/// <rows>DRV-01</rows>
public static unsafe class NetReceive
{
    private const int MaxProtocols = 8;

    private static Protocols s_protocols;
    private static SpinLock s_lock;

    internal static void Init()
    {
        s_lock.Init();
        s_protocols = default;
    }

    /// <summary>Has a function called with each packet of a kind, without its frame's header; the packet is the function's. Softirq. One function for each kind.</summary>
    /// <returns>0; -EEXIST; -ENOSPC.</returns>
    /// <linux>dev_add_pack</linux>
    public static int DevAddPack(ushort protocol, delegate*<SkBuff*, void> receive)
    {
        int error = -ENOSPC;
        s_lock.LockBh();
        Protocol* free = null;
        for (int i = MaxProtocols - 1; i >= 0; i--)
        {
            free = At(i)->Receive == null ? At(i) : free;
        }

        if (Find(protocol) != null)
        {
            error = -EEXIST;
        }
        else if (free != null)
        {
            error = 0;
            free->Number = protocol;
            Shared.WriteOnce((byte**)&free->Receive, (byte*)receive);
        }

        s_lock.UnlockBh();
        return error;
    }

    /// <summary>Undoes <see cref="DevAddPack"/>. Sleeps.</summary>
    /// <linux>dev_remove_pack</linux>
    public static void DevRemovePack(ushort protocol)
    {
        s_lock.LockBh();
        Protocol* entry = Find(protocol);
        if (entry != null)
        {
            Shared.WriteOnce((byte**)&entry->Receive, null);
        }

        s_lock.UnlockBh();
        SynchronizeRcu();
    }

    /// <summary>Hands a packet to its protocol. Softirq.</summary>
    /// <linux>netif_receive_skb</linux>
    public static void NetifReceiveSkb(SkBuff* skb)
    {
        NetDeviceStats.Count(ref skb->Dev->Stats.RxPackets);
        NetDeviceStats.Count(ref skb->Dev->Stats.RxBytes, skb->Len + Ethernet.HeaderLength);
        RcuReadLock();
        Protocol* entry = skb->Dev->IsRunning ? Find(skb->Protocol) : null;
        var receive = (delegate*<SkBuff*, void>)(entry == null ? null : Shared.ReadOnce((byte**)&entry->Receive));
        if (receive != null)
        {
            receive(skb);
        }
        else
        {
            SkBuff.Free(skb);
        }

        RcuReadUnlock();
    }

    private static Protocol* At(int index) => (Protocol*)Unsafe.AsPointer(ref s_protocols) + index;

    private static Protocol* Find(ushort protocol)
    {
        for (int i = 0; i < MaxProtocols; i++)
        {
            if (At(i)->Receive != null && At(i)->Number == protocol)
            {
                return At(i);
            }
        }

        return null;
    }

    private struct Protocol
    {
        internal delegate*<SkBuff*, void> Receive;
        internal ushort Number;
    }

    [InlineArray(MaxProtocols)]
    private struct Protocols
    {
        private Protocol _first;
    }
}
