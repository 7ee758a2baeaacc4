// RtcRegisters: the registers of the MC146818 clock chip, reached through an index port and a data port.
//
// Linux: include/linux/mc146818rtc.h, CMOS_READ and CMOS_WRITE. Any context. Lock: the caller holds Rtc's s_rtcLock with interrupts
// off: index and data are two accesses, and the chip is shared by everybody.

namespace CSharpOS.Drivers;

/// <summary>Register numbers and bits of the clock chip.</summary>
internal static class RtcRegisters
{
    public const byte Seconds = 0x00;
    public const byte SecondsAlarm = 0x01;
    public const byte Minutes = 0x02;
    public const byte MinutesAlarm = 0x03;
    public const byte Hours = 0x04;
    public const byte HoursAlarm = 0x05;
    public const byte DayOfMonth = 0x07;
    public const byte Month = 0x08;
    public const byte Year = 0x09;
    public const byte FrequencySelect = 0x0a;
    public const byte Control = 0x0b;
    public const byte InterruptFlags = 0x0c;

    /// <summary>Not in the chip's own set; where PCs keep the century.</summary>
    public const byte Century = 0x32;

    // FrequencySelect
    public const byte UpdateInProgress = 0x80;
    public const byte RateMask = 0x0f;

    // Control
    public const byte Set = 0x80;
    public const byte PeriodicEnable = 0x40;
    public const byte AlarmEnable = 0x20;
    public const byte UpdateEnable = 0x10;
    public const byte BinaryMode = 0x04;
    public const byte Hours24 = 0x02;

    /// <summary>In the hours of a 12-hour clock.</summary>
    public const byte Afternoon = 0x80;

    /// <summary>In an alarm register: any value matches.</summary>
    public const byte AlarmAny = 0xff;

    private const int IndexPort = 0x70;
    private const int DataPort = 0x71;

    /// <linux>CMOS_READ</linux>
    public static byte CmosRead(byte register)
    {
        PortIo.Out8(IndexPort, register);
        return PortIo.In8(DataPort);
    }

    /// <linux>CMOS_WRITE</linux>
    public static void CmosWrite(byte register, byte value)
    {
        PortIo.Out8(IndexPort, register);
        PortIo.Out8(DataPort, value);
    }
}
