// E1000.Transmit: the transmit ring.
//
// Linux: e1000_xmit_frame, e1000_clean_tx_irq. HardStartXmit: bottom halves off, one at a time. CleanTransmitRing: the handler. Lock: TxLock (interrupts off); the queue is stopped and
// woken under it, so that the ring cannot become empty between the look and the stop.

using CSharpOS.Net;
using static CSharpOS.Drivers.E1000Registers;

namespace CSharpOS.Drivers;

public static unsafe partial class E1000
{
    // Woken with less, the queue would be stopped again at once.
    private const int WakeAt = E1000Adapter.RingSize / 4;

    // Linux: e1000_xmit_frame.
    private static NetdevTx HardStartXmit(SkBuff* skb, NetDevice* dev)
    {
        E1000Adapter* adapter = (E1000Adapter*)dev->Private;
        if (skb->Len is < Ethernet.HeaderLength or > Ethernet.LongestFrame)
        {
            NetDeviceStats.Count(ref dev->Stats.TxErrors);
            SkBuff.Free(skb);
            return NetdevTx.Ok;
        }

        ulong flags = adapter->TxLock.LockIrqSave();
        if (Free(adapter) == 0)
        {
            NetTransmit.NetifStopQueue(dev);
            adapter->TxLock.UnlockIrqRestore(flags);
            return NetdevTx.Busy;
        }

        int index = adapter->TxNext;
        TransmitDescriptor* descriptor = adapter->TxRing + index;
        adapter->TxBuffers[index] = (nint)skb;
        descriptor->Address = DirectMap.VirtToPhys(skb->Data);
        descriptor->LengthAndCommand = (uint)skb->Len | ((uint)(CommandEnd | CommandChecksum | CommandReport) << 24);
        Shared.WriteOnce(ref descriptor->Status, 0);
        adapter->TxNext = (index + 1) % E1000Adapter.RingSize;
        NetDeviceStats.Count(ref dev->Stats.TxPackets);
        NetDeviceStats.Count(ref dev->Stats.TxBytes, skb->Len);
        if (Free(adapter) == 0)
        {
            NetTransmit.NetifStopQueue(dev);
        }

        adapter->Write(TransmitTail, (uint)adapter->TxNext);
        adapter->TxLock.UnlockIrqRestore(flags);
        return NetdevTx.Ok;
    }

    // Takes what has been sent off the ring. Linux: e1000_clean_tx_irq.
    private static void CleanTransmitRing(E1000Adapter* adapter)
    {
        ulong flags = adapter->TxLock.LockIrqSave();
        while (adapter->TxClean != adapter->TxNext && (Shared.ReadOnce(ref adapter->TxRing[adapter->TxClean].Status) & DescriptorDone) != 0)
        {
            Softnet.DevKfreeSkbIrq((SkBuff*)adapter->TxBuffers[adapter->TxClean]);
            adapter->TxBuffers[adapter->TxClean] = 0;
            adapter->TxClean = (adapter->TxClean + 1) % E1000Adapter.RingSize;
        }

        if (Free(adapter) >= WakeAt)
        {
            NetTransmit.NetifWakeQueue(adapter->Dev);
        }

        adapter->TxLock.UnlockIrqRestore(flags);
    }

    private static int Free(E1000Adapter* adapter) => (adapter->TxClean + E1000Adapter.RingSize - adapter->TxNext - 1) % E1000Adapter.RingSize;
}
