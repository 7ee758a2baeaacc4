// E1000.Rings: opening and closing: the rings, their buffers, and the card's registers for them.
//
// Linux: e1000_open, e1000_up, e1000_down, e1000_configure_rx, e1000_configure_tx. Process context, sleeps; the interfaces' lock is held. No other locks: nobody polls or sends yet, or any more.
// All that the card reads and writes lies below 4 GB.

using CSharpOS.Net;
using CSharpOS.Pci;
using static CSharpOS.Drivers.E1000Registers;

namespace CSharpOS.Drivers;

public static unsafe partial class E1000
{
    private const int RingBytes = E1000Adapter.RingSize * 16;

    // 8000 interrupts a second at most, in units of 256 ns.
    private const uint ThrottlingInterval = 1_000_000_000 / (8000 * 256);

    // Linux: e1000_open.
    private static int Open(NetDevice* dev)
    {
        E1000Adapter* adapter = (E1000Adapter*)dev->Private;
        int error = Reset(adapter);
        error = error != 0 ? error : MakeRings(adapter);
        error = error != 0 ? error : RequestIrq(dev->Irq, &Interrupt, IrqFlags.Shared, "e1000"u8, adapter);
        if (error != 0)
        {
            FreeRings(adapter);
            return error;
        }

        PciBus.SetMaster(adapter->Pci);
        Configure(adapter);
        Softnet.NapiEnable(&adapter->Napi);
        NoteLink(adapter);
        adapter->Write(MaskSet, AllCauses);
        adapter->Flush();
        return 0;
    }

    // Linux: e1000_close. Nobody is in HardStartXmit, and nobody comes.
    private static void Stop(NetDevice* dev)
    {
        E1000Adapter* adapter = (E1000Adapter*)dev->Private;
        adapter->Write(MaskClear, uint.MaxValue);
        adapter->Flush();

        // Polling first: a poll that ends opens the interrupts, and is over then.
        Softnet.NapiDisable(&adapter->Napi);
        Quiet(adapter);

        // What it has begun to write it ends.
        Msleep(ResetMilliseconds);
        FreeIrq(dev->Irq, adapter);

        // From here on it cannot write into memory, whatever state it is in.
        PciBus.ClearMaster(adapter->Pci);
        FreeRings(adapter);
    }

    private static int MakeRings(E1000Adapter* adapter)
    {
        adapter->RxNext = adapter->TxNext = adapter->TxClean = 0;
        adapter->RxRing = (ReceiveDescriptor*)Kzalloc(RingBytes, GfpFlags.Kernel | GfpFlags.Dma32);
        adapter->TxRing = (TransmitDescriptor*)Kzalloc(RingBytes, GfpFlags.Kernel | GfpFlags.Dma32);
        if (adapter->RxRing == null || adapter->TxRing == null)
        {
            return -ENOMEM;
        }

        for (int i = 0; i < E1000Adapter.RingSize; i++)
        {
            SkBuff* skb = AllocReceive(GfpFlags.Kernel);
            if (skb == null)
            {
                return -ENOMEM;
            }

            Give(adapter, i, skb);
        }

        return 0;
    }

    private static void FreeRings(E1000Adapter* adapter)
    {
        for (int i = 0; i < E1000Adapter.RingSize; i++)
        {
            SkBuff.Free((SkBuff*)adapter->RxBuffers[i]);
            SkBuff.Free((SkBuff*)adapter->TxBuffers[i]);
        }

        adapter->RxBuffers = default;
        adapter->TxBuffers = default;
        Kfree(adapter->RxRing);
        Kfree(adapter->TxRing);
        adapter->RxRing = null;
        adapter->TxRing = null;
    }

    private static void Configure(E1000Adapter* adapter)
    {
        uint control = adapter->Read(Control) & ~(ControlLinkReset | ControlInvertLoss | ControlPhyReset);
        adapter->Write(Control, control | ControlAutoSpeed | ControlSetLinkUp);
        byte* mac = adapter->Dev->Address;
        adapter->Write(AddressLow, mac[0] | ((uint)mac[1] << 8) | ((uint)mac[2] << 16) | ((uint)mac[3] << 24));
        adapter->Write(AddressHigh, mac[4] | ((uint)mac[5] << 8) | AddressValid);
        for (int i = 0; i < MulticastWords; i++)
        {
            adapter->Write(MulticastTable + (4 * i), 0);
        }

        adapter->Write(Throttling, ThrottlingInterval);
        ulong ring = DirectMap.VirtToPhys(adapter->RxRing);
        adapter->Write(ReceiveBaseLow, (uint)ring);
        adapter->Write(ReceiveBaseHigh, (uint)(ring >> 32));
        adapter->Write(ReceiveLength, RingBytes);
        adapter->Write(ReceiveHead, 0);
        adapter->Write(ReceiveTail, E1000Adapter.RingSize - 1);
        ring = DirectMap.VirtToPhys(adapter->TxRing);
        adapter->Write(TransmitBaseLow, (uint)ring);
        adapter->Write(TransmitBaseHigh, (uint)(ring >> 32));
        adapter->Write(TransmitLength, RingBytes);
        adapter->Write(TransmitHead, 0);
        adapter->Write(TransmitTail, 0);
        adapter->Write(TransmitGap, TransmitGapCopper);
        adapter->Write(TransmitControl, TransmitEnable | TransmitPad | TransmitCollisions | TransmitDistance);
        adapter->Write(ReceiveControl, ReceiveEnable | ReceiveBroadcast | ReceiveStripChecksum);
    }
}
