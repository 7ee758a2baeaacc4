// ProcNet: /proc/net: what the interfaces, the protocols and the CPUs' queues have counted, and the stations that ARP knows.
//
// Linux: dev_seq_show, softnet_seq_show (net/core/dev.c), snmp_seq_show (net/ipv4/proc.c). Process context. Lock: the interfaces', around the walk.

namespace CSharpOS.Net;

/// <summary>The directory /proc/net.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class ProcNet
{
    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    internal static int Init()
    {
        KernfsNode* net = ProcMkdir("net"u8, null);
        bool complete = net != null && Add(net, "dev"u8, &Devices) && Add(net, "arp"u8, &Arp.Show) && Add(net, "snmp"u8, &Protocols)
            && Add(net, "softnet_stat"u8, &Queues);
        return complete ? 0 : -ENOMEM;
    }

    private static bool Add(KernfsNode* net, ReadOnlySpan<byte> name, delegate*<TextArea*, void*, int> show) => CreateProcEntry(name, 0, net, show, null, null) != null;

    private static int Devices(TextArea* text, void* unused)
    {
        text->Append("Inter-|   Receive                                                |  Transmit\n"u8);
        text->Append(" face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"u8);
        using (NetDevices.RtnlGuard())
        {
            for (NetDevice* dev = NetDevices.First; dev != null; dev = dev->Next)
            {
                if (dev->GetStats != null)
                {
                    dev->GetStats(dev);
                }

                ref NetDeviceStats stats = ref dev->Stats;
                text->Append($"{NetDevice.Name(dev),6}: {Read(ref stats.RxBytes),7} {Read(ref stats.RxPackets),7} {Read(ref stats.RxErrors),4} ");
                text->Append($"{Read(ref stats.RxDropped) + Read(ref stats.RxMissed),4} {0,4} {0,5} {0,10} {0,9} ");
                text->Append($"{Read(ref stats.TxBytes),8} {Read(ref stats.TxPackets),7} {Read(ref stats.TxErrors),4} {Read(ref stats.TxDropped),4} {0,4} {0,5} {0,7} {0,10}\n");
            }
        }

        return 0;
    }

    // A line for each CPU; the third figure is how often NET_RX_SOFTIRQ left something over.
    private static int Queues(TextArea* text, void* unused)
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            SoftnetData* softnet = Softnet.On(cpu);
            text->Append($"{Shared.ReadOnce(ref softnet->Total):x8} {Shared.ReadOnce(ref softnet->Dropped):x8} {Shared.ReadOnce(ref softnet->TimeSqueeze):x8}");
            text->Append(" 00000000 00000000 00000000 00000000 00000000 00000000\n"u8);
        }

        return 0;
    }

    // What does not exist here is 0.
    private static int Protocols(TextArea* text, void* unused)
    {
        text->Append("Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes "u8);
        text->Append("ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n"u8);
        long fragments = Read(ref NetCounters.s_ipReassemblyFails);
        text->Append($"Ip: 2 64 {Read(ref NetCounters.s_ipReceives)} {Read(ref NetCounters.s_ipHeaderErrors)} {Read(ref NetCounters.s_ipAddressErrors)} 0 ");
        text->Append($"{Read(ref NetCounters.s_ipUnknownProtocols)} 0 {Read(ref NetCounters.s_ipDelivers)} {Read(ref NetCounters.s_ipRequests)} 0 ");
        text->Append($"{Read(ref NetCounters.s_ipNoRoutes)} 0 {fragments} 0 {fragments} 0 0 0\n");
        text->Append("Icmp: InMsgs InErrors InEchos InEchoReps OutMsgs OutEchos OutEchoReps\n"u8);
        long questions = Read(ref NetCounters.s_icmpOutEchos), answers = Read(ref NetCounters.s_icmpOutEchoReplies);
        text->Append($"Icmp: {Read(ref NetCounters.s_icmpMessages)} {Read(ref NetCounters.s_icmpErrors)} {Read(ref NetCounters.s_icmpEchos)} ");
        text->Append($"{Read(ref NetCounters.s_icmpEchoReplies)} {questions + answers} {questions} {answers}\n");
        return 0;
    }

    private static long Read(ref long counter) => Shared.ReadOnce(ref counter);
}
