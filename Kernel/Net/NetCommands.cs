// NetCommands: the monitor's commands ifconfig and ping, and the boot option ip=.
//
// Linux: ifconfig and ping are programs; ip= is net/ipv4/ipconfig.c. Process context, sleeps. Lock: the interfaces', while an interface is looked at or changed; ping holds a
// reference instead, since it waits.
//     ip=10.0.2.15/24                                the first interface
//     ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0     Linux's fields: address, server (not used), gateway, netmask, name (not used), interface

namespace CSharpOS.Net;

/// <summary>Setting interfaces up.</summary>
/// <rows>DRV-01</rows>
internal static unsafe class NetCommands
{
    private const ulong MostPings = 1000;
    private const int PingBytes = 56;

    internal static void Register()
    {
        Monitor.Register("ifconfig"u8, "[INTERFACE [ADDRESS[/LENGTH] | up | down]]"u8, "show the network interfaces, or set one up"u8, &Ifconfig);
        Monitor.Register("ping"u8, "ADDRESS [COUNT]"u8, "ask a station for an echo"u8, &Ping);
    }

    /// <summary>The boot option. When all cards are there.</summary>
    /// <returns>0; -EINVAL and a message: it makes no sense; or the error of the interface.</returns>
    /// <linux>ip_auto_config</linux>
    [ModuleInit(InitLevel.Late)]
    public static int BootOption() => CommandLine.TryGetValue("ip"u8, out ReadOnlySpan<byte> option) ? Configure(option) : 0;

    /// <summary>Does what the boot option says.</summary>
    internal static int Configure(ReadOnlySpan<byte> option)
    {
        ReadOnlySpan<byte> rest = option, name = "eth0"u8;
        uint ip = 0, netmask = 0, gateway = 0;
        bool good = true;
        for (int field = 0; rest.Length != 0; field++)
        {
            int colon = rest.IndexOf((byte)':');
            ReadOnlySpan<byte> word = colon < 0 ? rest : rest[..colon];
            rest = colon < 0 ? default : rest[(colon + 1)..];
            switch (field)
            {
                case 0:
                    good &= Ipv4.TryParseNetwork(word, out ip, out netmask);
                    break;
                case 2 when word.Length != 0:
                    good &= Ipv4.TryParse(word, out gateway);
                    break;
                case 3 when word.Length != 0:
                    // Ones, then zeros.
                    good &= Ipv4.TryParse(word, out netmask) && netmask != 0 && (~netmask & (~netmask + 1)) == 0;
                    break;
                case 5 when word.Length != 0:
                    name = word;
                    break;
            }
        }

        if (!good || !Ipv4.IsStation(ip) || (gateway != 0 && ((gateway ^ ip) & netmask) != 0))
        {
            Printk(LogLevel.Error, $"ip={option}: not ADDRESS[/LENGTH][::GATEWAY[:NETMASK[::INTERFACE]]] with the gateway on the same network\n");
            return -EINVAL;
        }

        using (NetDevices.RtnlGuard())
        {
            NetDevice* dev = NetDevices.FindLocked(name);
            if (dev == null)
            {
                Printk(LogLevel.Error, $"ip={option}: there is no interface {name}\n");
                return -ENODEV;
            }

            return SetAddressLocked(dev, ip, netmask, gateway);
        }
    }

    /// <summary>Gives an interface an address and opens it. The caller has the lock.</summary>
    /// <linux>devinet_ioctl SIOCSIFADDR</linux>
    internal static int SetAddressLocked(NetDevice* dev, uint ip, uint netmask, uint gateway)
    {
        // What the stations of the old network are called is nothing to the new one.
        Arp.Flush(dev);
        Shared.WriteOnce(ref dev->Netmask, netmask);
        Shared.WriteOnce(ref dev->Gateway, gateway);
        Shared.WriteOnce(ref dev->Ip, ip);
        int error = NetDevices.OpenLocked(dev);
        if (error == 0)
        {
            Span<byte> storage = stackalloc byte[Ipv4.TextLength];
            Printk(LogLevel.Info, $"{NetDevice.Name(dev)}: address {Ipv4.Text(ip, storage)}/{System.Numerics.BitOperations.PopCount(netmask)}\n");
        }

        return error;
    }

    private static int Ifconfig(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        bool all = !words.TryNext(out ReadOnlySpan<byte> name);
        bool show = !words.TryNext(out ReadOnlySpan<byte> what);
        if (!words.AtEnd)
        {
            return -EINVAL;
        }

        using (NetDevices.RtnlGuard())
        {
            NetDevice* dev = all ? NetDevices.First : NetDevices.FindLocked(name);
            if (dev == null)
            {
                MonitorOutput.Write(all ? "no network interfaces\n"u8 : "no such interface\n"u8);
                return all ? 0 : -ENODEV;
            }

            if (!show)
            {
                return Set(dev, what);
            }

            Show(dev);
            while (all && (dev = dev->Next) != null)
            {
                Show(dev);
            }
        }

        return 0;
    }

    private static int Set(NetDevice* dev, ReadOnlySpan<byte> what)
    {
        if (what.SequenceEqual("up"u8))
        {
            return NetDevices.OpenLocked(dev);
        }

        if (what.SequenceEqual("down"u8))
        {
            NetDevices.CloseLocked(dev);
            return 0;
        }

        return Ipv4.TryParseNetwork(what, out uint ip, out uint netmask) && Ipv4.IsStation(ip) ? SetAddressLocked(dev, ip, netmask, 0) : -EINVAL;
    }

    private static void Show(NetDevice* dev)
    {
        if (dev->GetStats != null)
        {
            dev->GetStats(dev);
        }

        Span<byte> storage = stackalloc byte[Ipv4.TextLength];
        byte* mac = dev->Address;
        MonitorOutput.Write($"{NetDevice.Name(dev),-6} HWaddr {mac[0]:x2}:{mac[1]:x2}:{mac[2]:x2}:{mac[3]:x2}:{mac[4]:x2}:{mac[5]:x2}\n");
        if (dev->Ip != 0)
        {
            MonitorOutput.Write($"       inet addr:{Ipv4.Text(dev->Ip, storage)}");
            MonitorOutput.Write($"  Mask:{Ipv4.Text(dev->Netmask, storage)}\n");
        }

        ref NetDeviceStats stats = ref dev->Stats;
        MonitorOutput.Write($"       {(dev->IsRunning ? "UP"u8 : "DOWN"u8)}{(dev->IsRunning && dev->HasCarrier ? " RUNNING"u8 : ""u8)}  MTU:{Ethernet.Mtu}  Interrupt:{dev->Irq}\n");
        MonitorOutput.Write($"       RX packets:{stats.RxPackets} errors:{stats.RxErrors} dropped:{stats.RxDropped + stats.RxMissed} bytes:{stats.RxBytes}\n");
        MonitorOutput.Write($"       TX packets:{stats.TxPackets} errors:{stats.TxErrors} dropped:{stats.TxDropped} bytes:{stats.TxBytes}\n");
    }

    // The interface whose network the address is on, other than its own address, or else the first with a gateway; held. Null: there is none.
    private static NetDevice* Route(uint to)
    {
        using (NetDevices.RtnlGuard())
        {
            NetDevice* found = null;
            for (NetDevice* dev = NetDevices.First; dev != null; dev = dev->Next)
            {
                bool near = dev->Ip != to && ((dev->Ip ^ to) & dev->Netmask) == 0;
                if (dev->IsRunning && dev->Ip != 0 && (near || (found == null && dev->Gateway != 0)))
                {
                    found = dev;
                    if (near)
                    {
                        break;
                    }
                }
            }

            if (found != null)
            {
                NetDevice.Hold(found);
            }

            return found;
        }
    }

    private static int Ping(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!words.TryNext(out ReadOnlySpan<byte> word) || !Ipv4.TryParse(word, out uint to) || !words.TryNextNumber(1, MostPings, 3, out ulong count) || !words.AtEnd)
        {
            return -EINVAL;
        }

        NetDevice* dev = Route(to);
        if (dev == null)
        {
            MonitorOutput.Write($"ping: no interface leads there\n");
            return -ENETUNREACH;
        }

        int error = 0, answers = 0;
        for (int i = 1; i <= (int)count; i++)
        {
            int result = Icmp.Ping(dev, to, (ushort)i, PingBytes, HZ, out uint time);
            error = result != 0 ? result : error;
            answers += result == 0 ? 1 : 0;
            if (result == 0)
            {
                MonitorOutput.Write($"{PingBytes + Icmp.HeaderLength} bytes from {word}: icmp_seq={i} time={time / 1000}.{time % 1000:d3} ms\n");
            }
        }

        NetDevice.Put(dev);
        MonitorOutput.Write($"{count} packets transmitted, {answers} received\n");
        return answers != 0 ? 0 : error;
    }
}
