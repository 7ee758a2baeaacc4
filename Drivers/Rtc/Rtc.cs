// Rtc: the driver of the PC's real-time clock, the book's example of an interrupt handler.
//
// Linux: drivers/char/rtc.c. Spread over files by aspect: Rtc.cs registration, handler and interrupt sources; Rtc.Clock.cs date and time;
// Rtc.Missed.cs the timer that detects missed interrupts; Rtc.Command.cs the monitor's command; RtcDevice.cs and RtcIoctl.cs /dev/rtc;
// RtcRegisters.cs the chip.
// Init, Exit: process context, may sleep. RtcInterrupt: hard interrupt context, interrupts off (SA_INTERRUPT). The rest: any context, does
// not sleep.
// Locks, never both at once: s_rtcLock (interrupts off) guards the chip, s_irqData and whether the timer is on; s_taskLock (interrupts off) guards
// s_callback and s_opened and is held while the callback runs, so after UnregisterTask it runs nowhere. The timer's own lock nests inside s_rtcLock.
// The chip's interrupts belong to one user at a time: a task or the file /dev/rtc.

using CSharpOS.Init;
using static CSharpOS.Drivers.RtcRegisters;

namespace CSharpOS.Drivers;

/// <summary>A function that is called at every interrupt of the clock.</summary>
/// <linux>rtc_task_t</linux>
public unsafe struct RtcTask
{
    /// <summary>Called in hard interrupt context, interrupts off, with <see cref="PrivateData"/>.</summary>
    public delegate*<void*, void> Function;

    public void* PrivateData;
}

/// <summary>The real-time clock.</summary>
/// <rows>IRQ-15</rows>
public static unsafe partial class Rtc
{
    /// <summary>The line of the clock chip.</summary>
    /// <linux>RTC_IRQ</linux>
    public const int RtcIrq = 8;

    /// <summary>Lowest frequency of the periodic interrupt in Hz.</summary>
    public const int MinFrequency = 2;

    /// <summary>Highest frequency of the periodic interrupt in Hz.</summary>
    public const int MaxFrequency = 8192;

    private const int DefaultFrequency = 1024;
    private const byte AllInterrupts = PeriodicEnable | AlarmEnable | UpdateEnable;

    private static SpinLock s_rtcLock;
    private static SpinLock s_taskLock;

    // The flags of the last interrupt in the low byte (what kind it was), the number of interrupts since the last read above it.
    private static ulong s_irqData;
    private static ulong s_interrupts;
    private static int s_frequency;
    private static RtcTask* s_callback;
    private static bool s_opened;

    /// <summary>Interrupts since Init.</summary>
    public static ulong InterruptCount => Shared.ReadOnce(ref s_interrupts);

    /// <summary>True from a good Init to Exit.</summary>
    internal static bool HasLine { get; private set; }

    /// <summary>True if <see cref="ReadData"/> has something to give. Any context.</summary>
    internal static bool HasData => Shared.ReadOnce(ref s_irqData) != 0;

    /// <summary>Frequency of the periodic interrupt in Hz, whether it is on or not.</summary>
    public static int Frequency => Shared.ReadOnce(ref s_frequency);

    /// <summary>Takes the line, puts the chip into a known state and sets the time of day by it.</summary>
    /// <returns>0; -EIO: the line is not to be had.</returns>
    /// <linux>rtc_init</linux>
    /// <rows>IRQ-15</rows>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_rtcLock.Init();
        s_taskLock.Init();
        s_irqData = 0;
        s_interrupts = 0;
        s_callback = null;
        s_opened = false;
        HasLine = false;
        RtcDevice.InitQueues();
        InitMissed();
        InterruptsOff(AllInterrupts);
        if (RequestIrq(RtcIrq, &RtcInterrupt, IrqFlags.SaInterrupt, "rtc"u8, null) != 0)
        {
            Printk(LogLevel.Error, $"rtc: cannot register IRQ {RtcIrq}\n");
            return -EIO;
        }

        HasLine = true;
        SetFrequency(DefaultFrequency);
        SetSystemTime();
        RegisterCommand();
        return 0;
    }

    /// <summary>Silences the chip and gives the line back.</summary>
    /// <linux>rtc_exit</linux>
    [ModuleExit]
    public static void Exit()
    {
        HasLine = false;
        UnregisterCommand();
        InterruptsOff(AllInterrupts);
        FreeIrq(RtcIrq, null);
        DelTimerSync(MissedTimer);
    }

    /// <summary>What has happened since the last call: the flags of the last interrupt in bits 4 to 7, the number of interrupts from bit 8 on.
    /// 0: nothing. Any context.</summary>
    /// <linux>rtc_read</linux>
    /// <rows>IRQ-15</rows>
    public static ulong ReadData()
    {
        ulong flags = s_rtcLock.LockIrqSave();
        ulong data = s_irqData;
        s_irqData = 0;
        s_rtcLock.UnlockIrqRestore(flags);
        return data;
    }

    /// <summary>Sets the frequency of the periodic interrupt. Any context.</summary>
    /// <returns>0; -EINVAL: not a power of two from 2 to 8192.</returns>
    /// <linux>RTC_IRQP_SET</linux>
    /// <rows>IRQ-15</rows>
    public static int SetFrequency(int hertz)
    {
        if (hertz < MinFrequency || hertz > MaxFrequency || (hertz & (hertz - 1)) != 0)
        {
            return -EINVAL;
        }

        // The chip divides 65536 Hz by 2 to the power of the rate.
        byte rate = 16;
        for (int rest = hertz; rest > 1; rest >>= 1)
        {
            rate--;
        }

        ulong flags = s_rtcLock.LockIrqSave();
        CmosWrite(FrequencySelect, (byte)((CmosRead(FrequencySelect) & ~(UpdateInProgress | RateMask)) | rate));
        Shared.WriteOnce(ref s_frequency, hertz);
        s_rtcLock.UnlockIrqRestore(flags);
        return 0;
    }

    /// <summary>Turns the periodic interrupt on or off. Any context.</summary>
    /// <linux>RTC_PIE_ON</linux>
    /// <rows>IRQ-15</rows>
    public static void PeriodicInterrupt(bool on) => Switch(PeriodicEnable, on);

    /// <summary>Turns the alarm interrupt on or off. Any context.</summary>
    /// <linux>RTC_AIE_ON</linux>
    /// <rows>IRQ-15</rows>
    public static void AlarmInterrupt(bool on) => Switch(AlarmEnable, on);

    /// <summary>Turns the interrupt after each update of the clock, one per second, on or off. Any context.</summary>
    /// <linux>RTC_UIE_ON</linux>
    /// <rows>IRQ-15</rows>
    public static void UpdateInterrupt(bool on) => Switch(UpdateEnable, on);

    /// <summary>Has <paramref name="task"/> called at every interrupt. Any context.</summary>
    /// <returns>0; -EINVAL: no function; -EBUSY: there is a task already, or /dev/rtc is open.</returns>
    /// <linux>rtc_register</linux>
    /// <rows>IRQ-15</rows>
    public static int RegisterTask(RtcTask* task)
    {
        if (task == null || task->Function == null)
        {
            return -EINVAL;
        }

        ulong flags = s_taskLock.LockIrqSave();
        int result = s_callback == null && !s_opened ? 0 : -EBUSY;
        if (result == 0)
        {
            s_callback = task;
        }

        s_taskLock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>Undoes <see cref="RegisterTask"/> and turns all interrupts of the chip off. On return the function runs nowhere. Any context
    /// but the function itself.</summary>
    /// <returns>0; -ENXIO: this task is not registered.</returns>
    /// <linux>rtc_unregister</linux>
    /// <rows>IRQ-15</rows>
    public static int UnregisterTask(RtcTask* task)
    {
        ulong flags = s_taskLock.LockIrqSave();
        bool found = task != null && s_callback == task;
        if (found)
        {
            s_callback = null;
        }

        s_taskLock.UnlockIrqRestore(flags);
        if (!found)
        {
            return -ENXIO;
        }

        InterruptsOff(AllInterrupts);
        return 0;
    }

    /// <summary>The interrupts are for a file from now on. Any context.</summary>
    /// <returns>0; -EBUSY: they are somebody's.</returns>
    /// <linux>rtc_open</linux>
    internal static int Take()
    {
        ulong flags = s_taskLock.LockIrqSave();
        int result = s_callback == null && !s_opened ? 0 : -EBUSY;
        s_opened |= result == 0;
        s_taskLock.UnlockIrqRestore(flags);
        if (result == 0)
        {
            ReadData();
        }

        return result;
    }

    /// <summary>Undoes <see cref="Take"/>: all interrupts off. Any context.</summary>
    /// <linux>rtc_release</linux>
    internal static void GiveBack()
    {
        InterruptsOff(AllInterrupts);
        ulong flags = s_taskLock.LockIrqSave();
        s_opened = false;
        s_taskLock.UnlockIrqRestore(flags);
    }

    // A very small handler. SA_INTERRUPT keeps other interrupts of this CPU away, the locks keep other CPUs away. The chip cannot say that
    // an interrupt was not its own, and does not share its line: always handled.
    private static IrqReturn RtcInterrupt(int irq, void* devId, PtRegs* regs)
    {
        s_rtcLock.Lock();
        Shared.WriteOnce(ref s_interrupts, s_interrupts + 1);
        s_irqData += 0x100;
        s_irqData &= ~0xfful;

        // Reading the flags also lets the chip interrupt again.
        s_irqData |= (uint)(CmosRead(InterruptFlags) & 0xf0);
        NoteInterrupt();
        s_rtcLock.Unlock();

        s_taskLock.Lock();
        if (s_callback != null)
        {
            s_callback->Function(s_callback->PrivateData);
        }

        s_taskLock.Unlock();
        RtcDevice.Notify();
        return IrqReturn.Handled;
    }

    private static void Switch(byte bit, bool on)
    {
        if (on)
        {
            InterruptsOn(bit);
        }
        else
        {
            InterruptsOff(bit);
        }
    }

    // Linux: set_rtc_irq_bit.
    private static void InterruptsOn(byte bits)
    {
        ulong flags = s_rtcLock.LockIrqSave();
        CmosWrite(Control, (byte)(CmosRead(Control) | bits));
        CmosRead(InterruptFlags);
        s_irqData = 0;
        if ((bits & PeriodicEnable) != 0)
        {
            WatchPeriodic(true);
        }

        s_rtcLock.UnlockIrqRestore(flags);
    }

    // Linux: mask_rtc_irq_bit.
    private static void InterruptsOff(byte bits)
    {
        ulong flags = s_rtcLock.LockIrqSave();
        CmosWrite(Control, (byte)(CmosRead(Control) & ~bits));
        CmosRead(InterruptFlags);
        s_irqData = 0;
        if ((bits & PeriodicEnable) != 0)
        {
            WatchPeriodic(false);
        }

        s_rtcLock.UnlockIrqRestore(flags);
    }
}
