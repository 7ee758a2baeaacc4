// Icmp: echo requests are answered, and sent.
//
// Linux: net/ipv4/icmp.c; RFC 792. Receive: softirq. Ping: process context, sleeps. Lock: s_lock (bottom halves off), around the list of those who wait for an answer; the answer
// completes its waiter with the lock held, and a waiter leaves the list under it, so what lies on a waiter's stack is there as long as it is in the list.

namespace CSharpOS.Net;

/// <summary>The internet control message protocol: echo.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class Icmp
{
    internal const int HeaderLength = 8;
    internal const int MaxData = Ethernet.Mtu - Ipv4.HeaderLength - HeaderLength;

    private const byte EchoReply = 0, EchoRequest = 8;

    private static SpinLock s_lock;
    private static Waiter* s_waiters;
    private static int s_identifier;

    internal static void Init()
    {
        s_lock.Init();
        s_waiters = null;
    }

    /// <summary>A packet of ICMP has come, its IP header taken off. Softirq.</summary>
    /// <linux>icmp_rcv</linux>
    internal static void Receive(SkBuff* skb, uint from, bool toMany)
    {
        NetDeviceStats.Count(ref NetCounters.s_icmpMessages);
        if (skb->Len < HeaderLength || Ipv4.Checksum(skb->Data, skb->Len) != 0)
        {
            NetDeviceStats.Count(ref NetCounters.s_icmpErrors);
        }
        else if (skb->Data[0] == EchoRequest)
        {
            NetDeviceStats.Count(ref NetCounters.s_icmpEchos);

            // One request to all would make all stations of a network speak at once.
            if (!toMany)
            {
                Echo(skb->Dev, EchoReply, Ethernet.Read32(skb->Data + 4), new ReadOnlySpan<byte>(skb->Data + HeaderLength, skb->Len - HeaderLength), from, GfpFlags.Atomic);
            }
        }
        else if (skb->Data[0] == EchoReply)
        {
            NetDeviceStats.Count(ref NetCounters.s_icmpEchoReplies);
            Answered(skb, from);
        }

        SkBuff.Free(skb);
    }

    /// <summary>Asks a station for an echo of some bytes and waits for it. Process context, sleeps. The caller makes sure that the interface stays.</summary>
    /// <param name="dev">The way.</param>
    /// <param name="to">The station.</param>
    /// <param name="sequence">The number of the question.</param>
    /// <param name="bytes">How many bytes, up to <see cref="MaxData"/>.</param>
    /// <param name="timeout">Ticks to wait.</param>
    /// <param name="microseconds">How long it took.</param>
    /// <returns>0; -ETIMEDOUT: no answer; -EIO: an answer with other bytes; -EINVAL: too many; -ENOMEM; or the error of sending.</returns>
    internal static int Ping(NetDevice* dev, uint to, ushort sequence, int bytes, int timeout, out uint microseconds)
    {
        MightSleep();
        microseconds = 0;
        byte* data = bytes is < 0 or > MaxData ? null : (byte*)Kmalloc((nuint)bytes + 1, GfpFlags.Kernel);
        if (data == null)
        {
            return bytes is < 0 or > MaxData ? -EINVAL : -ENOMEM;
        }

        for (int i = 0; i < bytes; i++)
        {
            data[i] = (byte)(i + sequence);
        }

        Waiter waiter = default;
        Completion.Init(&waiter.Answered);
        waiter.Station = to;
        waiter.Question = ((uint)Shared.AddReturn(ref s_identifier, 1) << 16) | sequence;
        waiter.Data = data;
        waiter.Bytes = bytes;
        using (s_lock.BhGuard())
        {
            waiter.Next = s_waiters;
            s_waiters = &waiter;
        }

        ulong start = MonotonicMicroseconds();
        int error = Echo(dev, EchoRequest, waiter.Question, new ReadOnlySpan<byte>(data, bytes), to, GfpFlags.Kernel);
        if (error == 0)
        {
            error = Completion.WaitTimeout(&waiter.Answered, timeout) == 0 ? -ETIMEDOUT : 0;
        }

        using (s_lock.BhGuard())
        {
            Waiter** link = FirstLink;
            while (*link != &waiter)
            {
                link = &(*link)->Next;
            }

            *link = waiter.Next;
        }

        Kfree(data);
        microseconds = error == 0 ? (uint)(waiter.At - start) : 0;
        return error != 0 ? error : waiter.Same ? 0 : -EIO;
    }

    private static int Echo(NetDevice* dev, byte type, uint question, ReadOnlySpan<byte> data, uint to, GfpFlags gfp)
    {
        SkBuff* skb = SkBuff.Alloc(Ipv4.Headroom + HeaderLength + data.Length, gfp);
        if (skb == null)
        {
            NetDeviceStats.Count(ref dev->Stats.TxDropped);
            return -ENOMEM;
        }

        SkBuff.Reserve(skb, Ipv4.Headroom);
        byte* message = SkBuff.Put(skb, HeaderLength + data.Length);
        Ethernet.Write32(message, (uint)type << 24);
        Ethernet.Write32(message + 4, question);
        data.CopyTo(new Span<byte>(message + HeaderLength, data.Length));
        Ethernet.Write16(message + 2, Ipv4.Checksum(message, skb->Len));
        NetDeviceStats.Count(ref type == EchoReply ? ref NetCounters.s_icmpOutEchoReplies : ref NetCounters.s_icmpOutEchos);
        return Ipv4.Send(skb, dev, to, Ipv4.ProtocolIcmp);
    }

    private static void Answered(SkBuff* skb, uint from)
    {
        uint question = Ethernet.Read32(skb->Data + 4);
        using (s_lock.BhGuard())
        {
            Waiter* waiter = s_waiters;
            while (waiter != null && (waiter->Question != question || waiter->Station != from || waiter->At != 0))
            {
                waiter = waiter->Next;
            }

            if (waiter != null)
            {
                waiter->At = MonotonicMicroseconds();
                waiter->Same = new ReadOnlySpan<byte>(skb->Data + HeaderLength, skb->Len - HeaderLength).SequenceEqual(new ReadOnlySpan<byte>(waiter->Data, waiter->Bytes));
                Completion.Complete(&waiter->Answered);
            }
        }
    }

    private static Waiter** FirstLink
    {
        get
        {
            fixed (Waiter** first = &s_waiters)
            {
                return first;
            }
        }
    }

    private struct Waiter
    {
        internal Waiter* Next;
        internal Completion Answered;
        internal byte* Data;
        internal ulong At;
        internal uint Station;
        internal uint Question;
        internal int Bytes;
        internal bool Same;
    }
}
