// NetDevices: the interfaces there are; up and down.
//
// Linux: register_netdev, unregister_netdev, dev_open, dev_close, dev_get_by_name (net/core/dev.c). Process context, sleeps. Lock: s_rtnl (sleeping), around
// everything here and around the drivers' Open and Stop; RtnlLock for those who walk the list. Invariant: what is in the list is registered, and a walk sees no interface
// that goes meanwhile.

using System.Runtime.CompilerServices;

namespace CSharpOS.Net;

/// <summary>The list of interfaces.</summary>
/// <rows>DRV-01</rows>
public static unsafe class NetDevices
{
    private const int DefaultQueueLength = 1000;
    private const int MaxDevices = 100;

    private static Mutex s_rtnl;
    private static NetDevice* s_first;

    /// <summary>The first interface; the others follow through Next. The caller has the lock.</summary>
    internal static NetDevice* First => s_first;

    /// <summary>Keeps the list as it is. Process context, sleeps.</summary>
    /// <linux>rtnl_lock</linux>
    internal static Mutex.Holder RtnlGuard() => s_rtnl.Guard();

    /// <summary>The network's start: queues, softirqs, protocols, commands and files. Once, at boot.</summary>
    /// <linux>net_dev_init</linux>
    [ModuleInit(InitLevel.Subsystem)]
    public static int Init()
    {
        s_first = null;
        s_rtnl = default;
        int error = SkBuff.Init();
        if (error == 0)
        {
            NetReceive.Init();
            Softnet.Init();
            Arp.Init();
            Icmp.Init();
            NetReceive.DevAddPack(Ethernet.TypeArp, &Arp.Receive);
            NetReceive.DevAddPack(Ethernet.TypeIp, &Ipv4.Receive);
            NetCommands.Register();
            error = ProcNet.Init();
        }

        if (error != 0)
        {
            Printk(LogLevel.Error, $"net: cannot start: error {error}\n");
        }

        return error;
    }

    /// <summary>A new interface, with <paramref name="privateSize"/> bytes for the driver behind <see cref="NetDevice.Private"/>; zeros. Null: no memory. Process context.</summary>
    /// <linux>alloc_etherdev</linux>
    public static NetDevice* Alloc(nuint privateSize)
    {
        NetDevice* dev = (NetDevice*)Kzalloc((nuint)sizeof(NetDevice) + privateSize, GfpFlags.Kernel);
        if (dev != null)
        {
            dev->Private = dev + 1;
            dev->TxQueueLength = DefaultQueueLength;
            dev->XmitLock.Init();
        }

        return dev;
    }

    /// <summary>Frees an interface that is not registered.</summary>
    /// <linux>free_netdev</linux>
    public static void Free(NetDevice* dev) => Kfree(dev);

    /// <summary>Makes an interface known, under the first free name ethN. It is down. Process context, sleeps.</summary>
    /// <returns>0; -EINVAL without a function to send or an address of one station; -ENFILE: there are a hundred.</returns>
    /// <linux>register_netdev</linux>
    public static int RegisterNetdev(NetDevice* dev)
    {
        if (dev->HardStartXmit == null || dev->Open == null || dev->Stop == null || !Ethernet.IsStation(dev->Address))
        {
            return -EINVAL;
        }

        using (s_rtnl.Guard())
        {
            Span<byte> storage = stackalloc byte[NetDevice.NameSize];
            for (int number = 0; number < MaxDevices; number++)
            {
                TextBuffer name = new(storage);
                name.Append($"eth{number}");
                if (FindLocked(name.Written) == null)
                {
                    name.Written.CopyTo(new Span<byte>(dev->NameBytes, NetDevice.NameSize));
                    Append(dev);
                    return 0;
                }
            }
        }

        return -ENFILE;
    }

    /// <summary>Closes an interface and forgets it; afterwards nothing in the kernel leads to it. Process context, sleeps.</summary>
    /// <linux>unregister_netdev</linux>
    public static void UnregisterNetdev(NetDevice* dev)
    {
        using (s_rtnl.Guard())
        {
            CloseLocked(dev);
            dev->Ip = 0;
            NetDevice** link = FirstLink;
            while (*link != null && *link != dev)
            {
                link = &(*link)->Next;
            }

            if (*link == dev)
            {
                *link = dev->Next;
            }
        }

        // Packets of it in the CPUs' queues: each is looked at soon, and lets go.
        while (dev->References.Read() != 0)
        {
            Msleep(1);
        }

        // What was sent with it as the device may have taken a reference to it in ARP's table meanwhile.
        Arp.Flush(dev);
    }

    /// <summary>Finds an interface by name and makes sure that it stays: the caller has the lock. Null: there is none.</summary>
    /// <linux>__dev_get_by_name</linux>
    internal static NetDevice* FindLocked(ReadOnlySpan<byte> name)
    {
        NetDevice* dev = s_first;
        while (dev != null && !NetDevice.Name(dev).SequenceEqual(name))
        {
            dev = dev->Next;
        }

        return dev;
    }

    /// <summary>Lets an interface receive and send. The caller has the lock.</summary>
    /// <returns>0, also if it is up; or the driver's error.</returns>
    /// <linux>dev_open</linux>
    internal static int OpenLocked(NetDevice* dev)
    {
        if (dev->IsRunning)
        {
            return 0;
        }

        // Before the driver's Open: packets may come while it is still in there.
        Shared.SetBit((int)NetState.Start, ref dev->State);
        Shared.ClearBit((int)NetState.XOff, ref dev->State);
        int error = dev->Open(dev);
        if (error != 0)
        {
            Shared.ClearBit((int)NetState.Start, ref dev->State);
            Printk(LogLevel.Error, $"{NetDevice.Name(dev)}: cannot be opened: error {error}\n");
        }

        return error;
    }

    /// <summary>Undoes <see cref="OpenLocked"/>: packets that wait to be sent are thrown away. The caller has the lock.</summary>
    /// <linux>dev_close</linux>
    internal static void CloseLocked(NetDevice* dev)
    {
        if (!dev->IsRunning)
        {
            return;
        }

        // Whoever sends looks at the bit under the same lock: afterwards nobody is in the driver, and nobody comes.
        using (dev->XmitLock.BhGuard())
        {
            Shared.ClearBit((int)NetState.Start, ref dev->State);
            SkBuff* skb;
            while ((skb = SkBuffHead.Dequeue(&dev->Queue)) != null)
            {
                NetDeviceStats.Count(ref dev->Stats.TxDropped);
                SkBuff.Free(skb);
            }
        }

        dev->Stop(dev);
        Arp.Flush(dev);
    }

    private static void Append(NetDevice* dev)
    {
        NetDevice** link = FirstLink;
        while (*link != null)
        {
            link = &(*link)->Next;
        }

        dev->Next = null;
        *link = dev;
    }

    private static NetDevice** FirstLink
    {
        get
        {
            fixed (NetDevice** first = &s_first)
            {
                return first;
            }
        }
    }
}
