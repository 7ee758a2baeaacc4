// Softnet: each CPU's queues of the network, and the two softirqs.
//
// Linux: struct softnet_data, netif_rx, net_rx_action, net_tx_action, dev_kfree_skb_irq, napi_schedule, napi_complete (net/core/dev.c). The functions for drivers: any
// context but an NMI. NetRxAction and NetTxAction: softirq. No locks: a CPU's queues are its own, touched with interrupts off.
//
// Receiving, the two ways a driver may choose:
//   NetifRx(skb)      the handler takes each packet and puts it into the CPU's backlog, of NetdevMaxBacklog at most; the rest is dropped and counted.
//   NapiSchedule(n)   the handler shuts the card's mouth and has its Poll called, which takes the packets and opens it when there are no more.
// The backlog is polled like a card. NET_RX_SOFTIRQ asks all in turns, for NetdevBudget packets or NetdevBudgetMicroseconds: what is left waits for the next pass, and after ten of
// these for ksoftirqd, where it competes with the programs. So a flood keeps a program from its CPU for ten times that at most, however slow the CPU is.
// Sending: what is through is only put aside by the card's handler (DevKfreeSkbIrq), and freed in NET_TX_SOFTIRQ; there also a queue that was full goes on.
// Invariants: Scheduled (NapiStruct, NetDevice) is set exactly while the thing is in a list of one CPU or its owner works; whoever sets it owns the link.

using System.Runtime.CompilerServices;

namespace CSharpOS.Net;

/// <summary>What <see cref="Softnet.NetifRx"/> says.</summary>
/// <linux>NET_RX_SUCCESS, NET_RX_DROP</linux>
public enum NetRx
{
    /// <summary>In the backlog.</summary>
    Success = 0,

    /// <summary>The backlog is full: the packet is freed and counted.</summary>
    Drop = 1,
}

/// <summary>Somebody who is asked for packets: a card, or a CPU's backlog.</summary>
/// <linux>napi_struct</linux>
public unsafe struct NapiStruct
{
    internal NapiStruct* Next;
    internal int State;

    /// <summary>How many packets <see cref="Poll"/> may take at once.</summary>
    /// <linux>napi_struct.weight</linux>
    public int Weight;

    /// <summary>Takes up to so many packets. Softirq. Gives how many; fewer than it might: there are no more, and it has called <see cref="Softnet.NapiComplete"/>.</summary>
    /// <linux>napi_struct.poll</linux>
    public delegate*<NapiStruct*, int, int> Poll;

    /// <summary>For its owner.</summary>
    public void* Data;
}

/// <summary>The queues of each CPU, and the softirqs NET_RX and NET_TX.</summary>
/// <linux>softnet_data</linux>
/// <rows>DRV-01</rows>
public static unsafe class Softnet
{
    /// <summary>How many packets a card may give before another one has its turn.</summary>
    /// <linux>dev_weight</linux>
    public const int DefaultWeight = 16;

    private const int ScheduledBit = 0, DisabledBit = 1;

    private static PerCpu<SoftnetData> s_softnet;
    private static int s_maxBacklog;
    private static int s_budget;
    private static int s_budgetMicroseconds;

    /// <summary>Packets that may wait in a CPU's backlog.</summary>
    /// <linux>netdev_max_backlog</linux>
    internal static int NetdevMaxBacklog
    {
        get => Shared.ReadOnce(ref s_maxBacklog);
        set => Shared.WriteOnce(ref s_maxBacklog, value);
    }

    /// <summary>Packets that one run of NET_RX_SOFTIRQ takes.</summary>
    /// <linux>netdev_budget</linux>
    internal static int NetdevBudget
    {
        get => Shared.ReadOnce(ref s_budget);
        set => Shared.WriteOnce(ref s_budget, value);
    }

    /// <summary>After how long a run of NET_RX_SOFTIRQ asks nobody any more.</summary>
    /// <linux>netdev_budget_usecs</linux>
    internal static int NetdevBudgetMicroseconds
    {
        get => Shared.ReadOnce(ref s_budgetMicroseconds);
        set => Shared.WriteOnce(ref s_budgetMicroseconds, value);
    }

    internal static SoftnetData* On(int cpu) => s_softnet.On(cpu);

    /// <summary>Empty queues, and the softirqs are open. Once, at boot.</summary>
    /// <linux>net_dev_init</linux>
    internal static void Init()
    {
        s_maxBacklog = 1000;
        s_budget = 300;
        s_budgetMicroseconds = 200;
        s_softnet = PerCpu<SoftnetData>.Allocate();
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            NapiStruct* backlog = &s_softnet.On(cpu)->Backlog;
            backlog->Poll = &ProcessBacklog;
            backlog->Weight = DefaultWeight;
            backlog->Data = s_softnet.On(cpu);
        }

        OpenSoftirq(NetTxSoftirq, &NetTxAction);
        OpenSoftirq(NetRxSoftirq, &NetRxAction);
    }

    /// <summary>A packet has come: it is the kernel's now. Any context but an NMI, most often the card's handler.</summary>
    /// <linux>netif_rx</linux>
    public static NetRx NetifRx(SkBuff* skb)
    {
        ulong flags = LocalIrqSave();
        SoftnetData* softnet = s_softnet.This;
        softnet->Total++;
        if (softnet->Input.Length < NetdevMaxBacklog)
        {
            NetDevice.Hold(skb->Dev);
            SkBuffHead.Enqueue(&softnet->Input, skb);
            NapiSchedule(&softnet->Backlog);
            LocalIrqRestore(flags);
            return NetRx.Success;
        }

        softnet->Dropped++;
        LocalIrqRestore(flags);
        NetDeviceStats.Count(ref skb->Dev->Stats.RxDropped);
        SkBuff.Free(skb);
        return NetRx.Drop;
    }

    /// <summary>Claims a card for polling: true for one caller, until its Poll has completed; that one makes the card quiet and calls <see cref="__NapiSchedule"/>.
    /// Any context.</summary>
    /// <linux>napi_schedule_prep</linux>
    public static bool NapiSchedulePrep(NapiStruct* napi) =>
        !Shared.TestBit(DisabledBit, ref napi->State) && !Shared.TestAndSetBit(ScheduledBit, ref napi->State);

    /// <summary>Has Poll called on this CPU, soon. Only after <see cref="NapiSchedulePrep"/>. Any context but an NMI.</summary>
    /// <linux>__napi_schedule</linux>
    public static void __NapiSchedule(NapiStruct* napi)
    {
        ulong flags = LocalIrqSave();
        Append(s_softnet.This, napi);
        RaiseSoftirqIrqoff(NetRxSoftirq);
        LocalIrqRestore(flags);
    }

    /// <summary>Both, if nobody has claimed it.</summary>
    /// <linux>napi_schedule</linux>
    public static void NapiSchedule(NapiStruct* napi)
    {
        if (NapiSchedulePrep(napi))
        {
            __NapiSchedule(napi);
        }
    }

    /// <summary>There are no more packets: Poll is called no more until the next <see cref="NapiSchedule"/>. From Poll only.</summary>
    /// <linux>napi_complete</linux>
    public static void NapiComplete(NapiStruct* napi)
    {
        ulong flags = LocalIrqSave();
        SoftnetData* softnet = s_softnet.This;
        softnet->FirstPoll = napi->Next;
        softnet->LastPoll = napi->Next == null ? null : softnet->LastPoll;
        napi->Next = null;
        Shared.ClearBit(ScheduledBit, ref napi->State);
        LocalIrqRestore(flags);
    }

    /// <summary>Prepares a card that is not polled yet: <see cref="NapiEnable"/> follows. Any context.</summary>
    /// <linux>netif_napi_add</linux>
    public static void NapiInit(NapiStruct* napi, delegate*<NapiStruct*, int, int> poll, int weight, void* data)
    {
        *napi = default;
        napi->Poll = poll;
        napi->Weight = weight;
        napi->Data = data;
        napi->State = 1 << ScheduledBit;
    }

    /// <summary>Polling may begin: for Open. Any context.</summary>
    /// <linux>napi_enable</linux>
    public static void NapiEnable(NapiStruct* napi) => Shared.ClearBit(ScheduledBit, ref napi->State);

    /// <summary>Poll does not run and is not called any more: for Stop. It is as if somebody had claimed the card for good. Process context, sleeps.</summary>
    /// <linux>napi_disable</linux>
    public static void NapiDisable(NapiStruct* napi)
    {
        MightSleep();
        Shared.SetBit(DisabledBit, ref napi->State);
        while (Shared.TestAndSetBit(ScheduledBit, ref napi->State))
        {
            Msleep(1);
        }

        Shared.ClearBit(DisabledBit, ref napi->State);
    }

    /// <summary>Frees a packet that has been sent, later, in NET_TX_SOFTIRQ: for handlers, which have no time for it. Any context but an NMI.</summary>
    /// <linux>dev_kfree_skb_irq</linux>
    public static void DevKfreeSkbIrq(SkBuff* skb)
    {
        ulong flags = LocalIrqSave();
        SoftnetData* softnet = s_softnet.This;
        skb->Next = softnet->Completion;
        softnet->Completion = skb;
        RaiseSoftirqIrqoff(NetTxSoftirq);
        LocalIrqRestore(flags);
    }

    /// <summary>Has the queue of an interface looked at in NET_TX_SOFTIRQ. Any context but an NMI.</summary>
    /// <linux>__netif_schedule</linux>
    internal static void NetifSchedule(NetDevice* dev)
    {
        if (Shared.TestAndSetBit((int)NetState.Scheduled, ref dev->State))
        {
            return;
        }

        NetDevice.Hold(dev);
        ulong flags = LocalIrqSave();
        SoftnetData* softnet = s_softnet.This;
        dev->NextScheduled = softnet->Output;
        softnet->Output = dev;
        RaiseSoftirqIrqoff(NetTxSoftirq);
        LocalIrqRestore(flags);
    }

    // Interrupts off.
    private static void Append(SoftnetData* softnet, NapiStruct* napi)
    {
        napi->Next = null;
        if (softnet->LastPoll == null)
        {
            softnet->FirstPoll = napi;
        }
        else
        {
            softnet->LastPoll->Next = napi;
        }

        softnet->LastPoll = napi;
    }

    // Linux: net_rx_action.
    private static void NetRxAction(SoftirqAction* entry)
    {
        SoftnetData* softnet = s_softnet.This;
        int budget = NetdevBudget;
        ulong end = MonotonicMicroseconds() + (uint)NetdevBudgetMicroseconds;
        LocalIrqDisable();
        while (softnet->FirstPoll != null)
        {
            // It stays first meanwhile: handlers add at the end.
            NapiStruct* napi = softnet->FirstPoll;
            LocalIrqEnable();
            int quota = Math.Min(napi->Weight, budget);
            int taken = napi->Poll(napi, quota);
            budget -= taken;
            bool enough = budget <= 0 || MonotonicMicroseconds() >= end;
            LocalIrqDisable();
            if (taken >= quota)
            {
                // With fewer it has completed, and may be in the list of another CPU by now.
                Rotate(softnet, napi);
            }

            if (enough && softnet->FirstPoll != null)
            {
                softnet->TimeSqueeze++;
                RaiseSoftirqIrqoff(NetRxSoftirq);
                break;
            }
        }

        LocalIrqEnable();
    }

    // The first has more: it is the last now, or is let go of if somebody waits for that. Interrupts off.
    private static void Rotate(SoftnetData* softnet, NapiStruct* napi)
    {
        softnet->FirstPoll = napi->Next;
        softnet->LastPoll = napi->Next == null ? null : softnet->LastPoll;
        if (Shared.TestBit(DisabledBit, ref napi->State))
        {
            napi->Next = null;
            Shared.ClearBit(ScheduledBit, ref napi->State);
        }
        else
        {
            Append(softnet, napi);
        }
    }

    // The backlog of this CPU, as a card. Linux: process_backlog.
    private static int ProcessBacklog(NapiStruct* napi, int quota)
    {
        SoftnetData* softnet = (SoftnetData*)napi->Data;
        int taken = 0;
        while (taken < quota)
        {
            LocalIrqDisable();
            SkBuff* skb = SkBuffHead.Dequeue(&softnet->Input);
            if (skb == null)
            {
                // With interrupts off since the look: a packet that comes now schedules it again.
                NapiComplete(napi);
                LocalIrqEnable();
                break;
            }

            LocalIrqEnable();
            NetDevice* dev = skb->Dev;
            NetReceive.NetifReceiveSkb(skb);
            NetDevice.Put(dev);
            taken++;
        }

        return taken;
    }

    // Linux: net_tx_action.
    private static void NetTxAction(SoftirqAction* entry)
    {
        SoftnetData* softnet = s_softnet.This;
        LocalIrqDisable();
        SkBuff* done = softnet->Completion;
        NetDevice* dev = softnet->Output;
        softnet->Completion = null;
        softnet->Output = null;
        LocalIrqEnable();
        while (done != null)
        {
            SkBuff* next = done->Next;
            SkBuff.Free(done);
            softnet->Freed++;
            done = next;
        }

        while (dev != null)
        {
            NetDevice* next = dev->NextScheduled;

            // First the bit, then the look: a queue that is woken from here on is scheduled again.
            Shared.TestAndClearBit((int)NetState.Scheduled, ref dev->State);
            NetTransmit.Run(dev);
            NetDevice.Put(dev);
            dev = next;
        }
    }
}

/// <summary>A CPU's queues. Written by it alone, with interrupts off or, Freed, in its softirq.</summary>
/// <linux>softnet_data</linux>
internal unsafe struct SoftnetData
{
    internal NapiStruct Backlog;
    internal NapiStruct* FirstPoll;
    internal NapiStruct* LastPoll;

    /// <linux>input_pkt_queue</linux>
    internal SkBuffHead Input;

    /// <linux>output_queue</linux>
    internal NetDevice* Output;

    /// <linux>completion_queue</linux>
    internal SkBuff* Completion;

    /// <summary>Packets given to NetifRx; those that the backlog had no room for; times that the budget or the time ran out; packets freed in NET_TX_SOFTIRQ.</summary>
    internal uint Total, Dropped, TimeSqueeze, Freed;
}
