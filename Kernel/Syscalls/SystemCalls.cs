// SystemCalls: the system calls about the machine as a whole.
//
// Linux: kernel/sys.c, kernel/info.c, kernel/printk.c. Process context of a program; no locks of its own.

using System.Runtime;
using System.Runtime.InteropServices;
using CSharpOS.Init;
using CSharpOS.Power;

namespace CSharpOS.Syscalls;

/// <summary>uname, sysinfo, syslog, reboot.</summary>
internal static unsafe class SystemCalls
{
    private const uint RebootMagic = 0xfee1dead, RestartCommand = 0x01234567, HaltCommand = 0xcdef0123, PowerOffCommand = 0x4321fedc;
    private const uint CadOnCommand = 0x89abcdef, CadOffCommand = 0;
    private const int ReadAll = 3, ReadClear = 4, Clear = 5, ConsoleOff = 6, ConsoleOn = 7, ConsoleLevel = 8, SizeUnread = 9, SizeBuffer = 10;
    private const int NameLength = 65;
    private const uint LoadOne = 1 << 16;

    [RuntimeExport("sys_uname")]
    private static long SysUname(byte* name)
    {
        byte* image = stackalloc byte[6 * NameLength];
        new Span<byte>(image, 6 * NameLength).Clear();
        UtsName.SysName.CopyTo(new Span<byte>(image, NameLength));
        UtsName.GetNodeName(new Span<byte>(image + NameLength, NameLength));
        KernelVersion.Release.CopyTo(new Span<byte>(image + (2 * NameLength), NameLength));
        UtsName.Version.CopyTo(new Span<byte>(image + (3 * NameLength), NameLength));
        "x86_64"u8.CopyTo(new Span<byte>(image + (4 * NameLength), NameLength));
        "(none)"u8.CopyTo(new Span<byte>(image + (5 * NameLength), NameLength));
        return Uaccess.CopyToUser(name, image, 6 * NameLength) == 0 ? 0 : -EFAULT;
    }

    [RuntimeExport("sys_sethostname")]
    private static long SysSethostname(byte* name, int length)
    {
        if (!Capabilities.Capable(Capability.SysAdmin))
        {
            return -EPERM;
        }

        if (length is < 0 or >= NameLength)
        {
            return -EINVAL;
        }

        byte* copy = stackalloc byte[NameLength];
        return Uaccess.CopyFromUser(copy, name, (nuint)length) != 0 ? -EFAULT : UtsName.SetNodeName(new ReadOnlySpan<byte>(copy, length));
    }

    [RuntimeExport("sys_reboot")]
    private static long SysReboot(uint magic, uint magic2, uint command)
    {
        if (!Capabilities.Capable(Capability.SysBoot))
        {
            return -EPERM;
        }

        if (magic != RebootMagic || magic2 is not (672274793 or 85072278 or 369367448 or 537993216))
        {
            return -EINVAL;
        }

        switch (command)
        {
            case CadOnCommand or CadOffCommand:
                Power.Reboot.CtrlAltDelRestarts = command == CadOnCommand;
                return 0;
            case RestartCommand:
                Machine.Restart();
                return -EIO;
            case HaltCommand:
            case PowerOffCommand:
                Machine.PowerOff();
                return -EIO;
            default:
                return -EINVAL;
        }
    }

    [RuntimeExport("sys_sysinfo")]
    private static long SysSysinfo(SysInfo64* info)
    {
        MemInfo memory = MemInfo.Get();
        SysInfo64 value = default;
        value.Uptime = (long)(MonotonicMicroseconds() / 1_000_000);
        value.Load1 = LoadOf(LoadAverage.OneMinute);
        value.Load5 = LoadOf(LoadAverage.FiveMinutes);
        value.Load15 = LoadOf(LoadAverage.FifteenMinutes);
        value.TotalRam = memory.Managed;
        value.FreeRam = memory.Free;
        value.Processes = (ushort)Tasks.Count;
        value.Unit = 1;
        return Uaccess.PutUser(value, info);
    }

    [RuntimeExport("compat_sys_sysinfo")]
    private static long CompatSysSysinfo(SysInfo32* info)
    {
        MemInfo memory = MemInfo.Get();
        SysInfo32 value = default;
        value.Uptime = (int)(MonotonicMicroseconds() / 1_000_000);
        value.Load1 = LoadOf(LoadAverage.OneMinute);
        value.Load5 = LoadOf(LoadAverage.FiveMinutes);
        value.Load15 = LoadOf(LoadAverage.FifteenMinutes);
        value.TotalRam = (uint)(memory.Managed / DirectMap.PAGE_SIZE);
        value.FreeRam = (uint)(memory.Free / DirectMap.PAGE_SIZE);
        value.Processes = (ushort)Tasks.Count;
        value.Unit = (uint)DirectMap.PAGE_SIZE;
        return Uaccess.PutUser(value, info);
    }

    // sysinfo's fixed point has 16 bits.
    private static uint LoadOf(uint load) => load * (LoadOne / LoadAverage.One);

    [RuntimeExport("sys_syslog")]
    private static long SysSyslog(int action, byte* buffer, int length)
    {
        switch (action)
        {
            case 0 or 1 or ConsoleOff or ConsoleOn or Clear or SizeUnread:
                return 0;
            case SizeBuffer:
                return LogRing.Capacity;
            case ConsoleLevel:
                return length is < 1 or > 8 ? -EINVAL : 0;
            case ReadAll or ReadClear:
                return buffer == null || length < 0 ? -EINVAL : LogCopy.ToUser(buffer, length);
            default:
                return -EINVAL;
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SysInfo64
    {
        public long Uptime;
        public ulong Load1, Load5, Load15, TotalRam, FreeRam, SharedRam, BufferRam, TotalSwap, FreeSwap;
        public ushort Processes, Padding;
        public ulong TotalHigh, FreeHigh;
        public uint Unit;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SysInfo32
    {
        public int Uptime;
        public uint Load1, Load5, Load15, TotalRam, FreeRam, SharedRam, BufferRam, TotalSwap, FreeSwap;
        public ushort Processes, Padding;
        public uint TotalHigh, FreeHigh, Unit;
        public ulong Rest;
    }
}
