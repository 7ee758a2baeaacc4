// NetCounters: what the protocols have counted, of all interfaces together.
//
// Linux: include/net/snmp.h; RFC 1213. Any context: added to atomically, read one by one.

namespace CSharpOS.Net;

/// <summary>Counters of IP, ICMP and ARP.</summary>
/// <linux>ip_statistics, icmp_statistics</linux>
internal static class NetCounters
{
    internal static long IpReceives, IpHeaderErrors, IpAddressErrors, IpUnknownProtocols, IpReassemblyFails, IpDelivers, IpRequests, IpNoRoutes;
    internal static long IcmpMessages, IcmpErrors, IcmpEchos, IcmpEchoReplies, IcmpOutEchos, IcmpOutEchoReplies;
    internal static long ArpErrors;
}
