// E1000.Receive: the receive ring.
//
// Linux: e1000_clean, e1000_clean_rx_irq, e1000_alloc_rx_buffers. Poll: NET_RX_SOFTIRQ, one at a time. No locks: see E1000Adapter.cs.
// A buffer that has been filled goes up as it is, and a new one takes its place. Without memory for that one, the packet is dropped and its buffer used again: the ring never gets smaller.

using CSharpOS.Net;
using static CSharpOS.Drivers.E1000Registers;

namespace CSharpOS.Drivers;

public static unsafe partial class E1000
{
    // Linux: e1000_clean.
    private static int Poll(NapiStruct* napi, int quota)
    {
        E1000Adapter* adapter = (E1000Adapter*)napi->Data;
        int taken = 0;
        while (taken < quota && IsFilled(adapter))
        {
            Take(adapter);
            taken++;
        }

        if (taken != 0)
        {
            // All but one of the buffers are the card's again, up to the one before the next it fills.
            adapter->Write(ReceiveTail, (uint)((adapter->RxNext + E1000Adapter.RingSize - 1) % E1000Adapter.RingSize));
        }

        if (taken < quota)
        {
            Softnet.NapiComplete(napi);
            adapter->Write(MaskSet, ReceiveCauses);

            // A frame that came after the last look has set its cause, but another device of the line may have had the handler read and clear it before it was opened.
            if (IsFilled(adapter) && Softnet.NapiSchedulePrep(napi))
            {
                adapter->Write(MaskClear, ReceiveCauses);
                Softnet.__NapiSchedule(napi);
            }
        }

        return taken;
    }

    private static bool IsFilled(E1000Adapter* adapter) => (Shared.ReadOnce(ref adapter->RxRing[adapter->RxNext].StatusAndErrors) & DescriptorDone) != 0;

    private static void Take(E1000Adapter* adapter)
    {
        NetDevice* dev = adapter->Dev;
        int index = adapter->RxNext;
        uint status = adapter->RxRing[index].StatusAndErrors;
        int length = (int)(adapter->RxRing[index].LengthAndChecksum & 0xffff);
        adapter->RxNext = (index + 1) % E1000Adapter.RingSize;
        SkBuff* skb = (SkBuff*)adapter->RxBuffers[index];
        SkBuff* fresh = null;

        // A frame that needs several buffers is longer than any station may send.
        if ((status & DescriptorEnd) == 0 || (byte)(status >> 8) != 0 || length is < Ethernet.HeaderLength or > BufferSize)
        {
            NetDeviceStats.Count(ref dev->Stats.RxErrors);
        }
        else if ((fresh = AllocReceive(GfpFlags.Atomic)) == null)
        {
            NetDeviceStats.Count(ref dev->Stats.RxDropped);
        }

        Give(adapter, index, fresh == null ? skb : fresh);
        if (fresh != null)
        {
            SkBuff.Put(skb, length);
            Ethernet.EthTypeTrans(skb, dev);
            NetReceive.NetifReceiveSkb(skb);
        }
    }

    private static SkBuff* AllocReceive(GfpFlags gfp)
    {
        SkBuff* skb = SkBuff.Alloc(BufferSize + Ethernet.IpAlign, gfp);
        if (skb != null)
        {
            SkBuff.Reserve(skb, Ethernet.IpAlign);
        }

        return skb;
    }

    // The descriptor is the card's as soon as the tail has passed it.
    private static void Give(E1000Adapter* adapter, int index, SkBuff* skb)
    {
        adapter->RxBuffers[index] = (nint)skb;
        adapter->RxRing[index].Address = DirectMap.VirtToPhys(skb->Data);
        Shared.WriteOnce(ref adapter->RxRing[index].StatusAndErrors, 0);
    }
}
