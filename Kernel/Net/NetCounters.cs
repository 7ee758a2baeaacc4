// NetCounters: what the protocols have counted, of all interfaces together.
//
// Linux: include/net/snmp.h; RFC 1213. Any context: added to atomically, read one by one.

namespace CSharpOS.Net;

/// <summary>Counters of IP, ICMP and ARP.</summary>
/// <linux>ip_statistics, icmp_statistics</linux>
internal static class NetCounters
{
    internal static long s_ipReceives, s_ipHeaderErrors, s_ipAddressErrors, s_ipUnknownProtocols, s_ipReassemblyFails, s_ipDelivers, s_ipRequests, s_ipNoRoutes;
    internal static long s_icmpMessages, s_icmpErrors, s_icmpEchos, s_icmpEchoReplies, s_icmpOutEchos, s_icmpOutEchoReplies;
    internal static long s_arpErrors;
}
