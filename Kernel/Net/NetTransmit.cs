// NetTransmit: packets on their way out.
//
// Linux: dev_queue_xmit, qdisc_run, netif_stop_queue, netif_wake_queue (net/core/dev.c, net/sched/sch_generic.c). DevQueueXmit: process context or softirq, does not
// sleep. The functions for drivers: any context but an NMI. Lock: NetDevice.XmitLock (bottom halves off), around the queue and the driver's HardStartXmit.
// Invariant: while the driver's queue is not stopped nothing waits, except for whoever has the lock just now. A driver stops its queue when the packet it has just taken was
// the last it has room for, and wakes it when there is room again: under a lock of its own, or it would go to sleep on a ring that has just become empty.

namespace CSharpOS.Net;

/// <summary>Sending.</summary>
/// <rows>DRV-01</rows>
public static unsafe class NetTransmit
{
    /// <summary>Sends a packet, whole with its frame's header, by the interface that it names. It is not the caller's any more. Process context or softirq.</summary>
    /// <returns>0: sent or waiting; -ENETDOWN: the interface is down or has no cable; -ENOBUFS: too many wait. The packet is freed then, and counted.</returns>
    /// <linux>dev_queue_xmit</linux>
    public static int DevQueueXmit(SkBuff* skb)
    {
        NetDevice* dev = skb->Dev;
        int error = 0;
        dev->XmitLock.LockBh();
        if (!dev->IsRunning || !dev->HasCarrier)
        {
            error = -ENETDOWN;
        }
        else if (dev->Queue.Length >= dev->TxQueueLength)
        {
            error = -ENOBUFS;
        }
        else
        {
            SkBuffHead.Enqueue(&dev->Queue, skb);
            RunLocked(dev);
        }

        dev->XmitLock.UnlockBh();
        if (error != 0)
        {
            NetDeviceStats.Count(ref dev->Stats.TxDropped);
            SkBuff.Free(skb);
        }

        return error;
    }

    /// <summary>The driver has no room for another packet.</summary>
    /// <linux>netif_stop_queue</linux>
    public static void NetifStopQueue(NetDevice* dev) => Shared.SetBit((int)NetState.XOff, ref dev->State);

    /// <summary>The driver has room again: what waits is sent in NET_TX_SOFTIRQ.</summary>
    /// <linux>netif_wake_queue</linux>
    public static void NetifWakeQueue(NetDevice* dev)
    {
        if (Shared.TestAndClearBit((int)NetState.XOff, ref dev->State))
        {
            Softnet.NetifSchedule(dev);
        }
    }

    /// <summary>The cable is plugged in, or not. Any context but an NMI.</summary>
    /// <returns>Whether it was.</returns>
    /// <linux>netif_carrier_on, netif_carrier_off</linux>
    public static bool NetifCarrier(NetDevice* dev, bool present)
    {
        bool was = dev->HasCarrier;
        if (present)
        {
            Shared.ClearBit((int)NetState.NoCarrier, ref dev->State);
        }
        else
        {
            Shared.SetBit((int)NetState.NoCarrier, ref dev->State);
        }

        return was;
    }

    /// <summary>Sends what waits. Softirq.</summary>
    /// <linux>qdisc_run</linux>
    internal static void Run(NetDevice* dev)
    {
        dev->XmitLock.Lock();
        RunLocked(dev);
        dev->XmitLock.Unlock();
    }

    private static void RunLocked(NetDevice* dev)
    {
        SkBuff* skb;
        while (dev->IsRunning && !dev->IsQueueStopped && (skb = SkBuffHead.Dequeue(&dev->Queue)) != null)
        {
            if (dev->HardStartXmit(skb, dev) == NetdevTx.Busy)
            {
                SkBuffHead.Requeue(&dev->Queue, skb);
                break;
            }
        }
    }
}
