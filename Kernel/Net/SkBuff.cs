// SkBuff: a packet on its way through the kernel, and queues of packets.
//
// Linux: struct sk_buff, include/linux/skbuff.h, net/core/skbuff.c. Any context but an NMI; nothing sleeps unless gfp says so. No locks: a packet belongs to one
// owner at a time (a ring, a queue, or the function that was given it), and a queue is guarded by whoever has it.
//
//     Head            Data                      Data + Len        End
//      | headroom      | the packet              | tailroom        |
//
// Headers are taken off the front with Pull on the way up and put before it with Push on the way down, so the bytes are never moved.
// Invariants: Head <= Data <= Data + Len <= End; the memory lies below 4 GB, where every card reaches it.

namespace CSharpOS.Net;

/// <summary>To whom a frame was sent.</summary>
/// <linux>skb->pkt_type</linux>
public enum PacketType : byte
{
    /// <summary>To us.</summary>
    /// <linux>PACKET_HOST</linux>
    Host,

    /// <summary>To all.</summary>
    /// <linux>PACKET_BROADCAST</linux>
    Broadcast,

    /// <summary>To a group.</summary>
    /// <linux>PACKET_MULTICAST</linux>
    Multicast,

    /// <summary>To somebody else.</summary>
    /// <linux>PACKET_OTHERHOST</linux>
    OtherHost,
}

/// <summary>A packet.</summary>
/// <linux>sk_buff</linux>
/// <rows>DRV-01</rows>
public unsafe struct SkBuff
{
    /// <summary>For the queue it is in.</summary>
    internal SkBuff* Next;

    /// <summary>The device it came from, or leaves by.</summary>
    /// <linux>skb->dev</linux>
    public NetDevice* Dev;

    /// <summary>The first byte of its memory.</summary>
    /// <linux>skb->head</linux>
    public byte* Head;

    /// <summary>The first byte of the packet.</summary>
    /// <linux>skb->data</linux>
    public byte* Data;

    /// <summary>Behind the last byte of its memory.</summary>
    /// <linux>skb->end</linux>
    public byte* End;

    /// <summary>The frame's header, once <see cref="Ethernet.EthTypeTrans"/> has taken it off.</summary>
    /// <linux>skb->mac</linux>
    public byte* Mac;

    /// <summary>Bytes of the packet.</summary>
    /// <linux>skb->len</linux>
    public int Len;

    /// <summary>What is in it: the number in the frame's header.</summary>
    /// <linux>skb->protocol</linux>
    public ushort Protocol;

    /// <summary>To whom it was sent.</summary>
    /// <linux>skb->pkt_type</linux>
    public PacketType PacketType;

    private static SlabCache* s_cache;

    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    /// <linux>skb_init</linux>
    internal static int Init()
    {
        s_cache = KmemCacheCreate("skbuff_head_cache"u8, (nuint)sizeof(SkBuff));
        return s_cache == null ? -ENOMEM : 0;
    }

    /// <summary>An empty packet with room for <paramref name="size"/> bytes behind Data. Null: no memory.</summary>
    /// <linux>alloc_skb</linux>
    public static SkBuff* Alloc(int size, GfpFlags gfp)
    {
        SkBuff* skb = (SkBuff*)KmemCacheAlloc(s_cache, gfp | GfpFlags.NoWarn);
        if (skb == null)
        {
            return null;
        }

        *skb = default;
        skb->Head = (byte*)Kmalloc((nuint)size, gfp | GfpFlags.Dma32 | GfpFlags.NoWarn);
        if (skb->Head == null)
        {
            KmemCacheFree(s_cache, skb);
            return null;
        }

        skb->Data = skb->Head;
        skb->End = skb->Head + size;
        return skb;
    }

    /// <summary>Frees a packet. Any context but an NMI. Null is fine.</summary>
    /// <linux>kfree_skb</linux>
    public static void Free(SkBuff* skb)
    {
        if (skb != null)
        {
            Kfree(skb->Head);
            KmemCacheFree(s_cache, skb);
        }
    }

    /// <summary>Keeps room for headers, before anything is in the packet.</summary>
    /// <linux>skb_reserve</linux>
    public static void Reserve(SkBuff* skb, int bytes)
    {
        skb->Data += bytes;
        Checked(skb);
    }

    /// <summary>Makes the packet longer at its end, and gives the first new byte.</summary>
    /// <linux>skb_put</linux>
    public static byte* Put(SkBuff* skb, int bytes)
    {
        byte* at = skb->Data + skb->Len;
        skb->Len += bytes;
        Checked(skb);
        return at;
    }

    /// <summary>Makes the packet longer at its front, and gives its new first byte.</summary>
    /// <linux>skb_push</linux>
    public static byte* Push(SkBuff* skb, int bytes)
    {
        skb->Data -= bytes;
        skb->Len += bytes;
        Checked(skb);
        return skb->Data;
    }

    /// <summary>Takes bytes off the front. The packet must have them.</summary>
    /// <linux>skb_pull</linux>
    public static void Pull(SkBuff* skb, int bytes)
    {
        skb->Data += bytes;
        skb->Len -= bytes;
        Checked(skb);
    }

    /// <summary>Cuts the packet off behind <paramref name="length"/> bytes; does nothing if it is shorter.</summary>
    /// <linux>skb_trim</linux>
    public static void Trim(SkBuff* skb, int length)
    {
        if (length < skb->Len)
        {
            skb->Len = length;
        }
    }

    // A header beyond its packet's memory has written into somebody else's: there is no going on.
    private static void Checked(SkBuff* skb)
    {
        if (skb->Len < 0 || skb->Data < skb->Head || skb->Data + skb->Len > skb->End)
        {
            Panic($"skb: {skb->Len} bytes at {skb->Data - skb->Head} of {skb->End - skb->Head}\n");
        }
    }
}

/// <summary>Packets in the order of their arrival. Its owner guards it.</summary>
/// <linux>sk_buff_head</linux>
internal unsafe struct SkBuffHead
{
    private SkBuff* _first;
    private SkBuff* _last;

    /// <summary>Packets in it.</summary>
    /// <linux>skb_queue_len</linux>
    internal int Length;

    /// <linux>__skb_queue_tail</linux>
    internal static void Enqueue(SkBuffHead* queue, SkBuff* skb)
    {
        skb->Next = null;
        if (queue->_last == null)
        {
            queue->_first = skb;
        }
        else
        {
            queue->_last->Next = skb;
        }

        queue->_last = skb;
        queue->Length++;
    }

    /// <summary>The first is to be served first, once more.</summary>
    /// <linux>__skb_queue_head</linux>
    internal static void Requeue(SkBuffHead* queue, SkBuff* skb)
    {
        skb->Next = queue->_first;
        queue->_first = skb;
        queue->_last = queue->_last == null ? skb : queue->_last;
        queue->Length++;
    }

    /// <summary>The oldest, or null.</summary>
    /// <linux>__skb_dequeue</linux>
    internal static SkBuff* Dequeue(SkBuffHead* queue)
    {
        SkBuff* skb = queue->_first;
        if (skb != null)
        {
            queue->_first = skb->Next;
            queue->_last = skb->Next == null ? null : queue->_last;
            queue->Length--;
            skb->Next = null;
        }

        return skb;
    }
}
