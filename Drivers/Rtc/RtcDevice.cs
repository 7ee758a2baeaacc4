// RtcDevice: /dev/rtc, the clock as a file.
//
// Linux: rtc_open, rtc_read, rtc_poll, rtc_ioctl, rtc_fasync, drivers/char/rtc.c. Process context, may sleep; Notify: any context.
// One file at a time: who has it open has the chip's interrupts, which are off again when it is closed. No lock of its own: Rtc's
// s_taskLock guards who has the chip, s_rtcLock the data, and the queue and the list of asynchronous owners have theirs.
// No wake-up is lost: the data is there before Notify is called, and a reader stands on the queue before it looks.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Drivers;

/// <summary>The device node of the clock.</summary>
/// <rows>IRQ-15</rows>
public static unsafe class RtcDevice
{
    // Linux: MISC_MAJOR, RTC_MINOR.
    private const uint Major = 10, Minor = 135;
    private const uint Mode = FileModes.S_IFCHR | 0x180;

    private static FileOperations s_operations;
    private static WaitQueueHead s_queue;
    private static FasyncQueue s_asynchronous;

    private static WaitQueueHead* Queue => (WaitQueueHead*)Unsafe.AsPointer(ref s_queue);

    private static FasyncQueue* Asynchronous => (FasyncQueue*)Unsafe.AsPointer(ref s_asynchronous);

    /// <summary>Makes the node, if the clock has its line.</summary>
    /// <returns>0; -ENODEV: no clock; the error of the registration.</returns>
    [ModuleInit(InitLevel.Late)]
    public static int Init()
    {
        if (!Rtc.HasLine)
        {
            return -ENODEV;
        }

        s_operations = new FileOperations
        {
            Open = &Open,
            Release = &Release,
            Read = &Read,
            Poll = &Poll,
            Ioctl = &RtcIoctl.Ioctl,
            CompatIoctl = &RtcIoctl.CompatIoctl,
            Fasync = &Fasync,
        };
        int error = RegisterChrdevRegion(Major, Minor, 1, "rtc"u8, (FileOperations*)Unsafe.AsPointer(ref s_operations));
        if (error != 0)
        {
            return error;
        }

        error = DeviceCreate("rtc"u8, Mode, DeviceNumber.Make(Major, Minor));
        if (error != 0)
        {
            UnregisterChrdevRegion(Major, Minor);
        }

        return error;
    }

    /// <summary>Removes the node. No file is open.</summary>
    [ModuleExit]
    public static void Exit()
    {
        if (DeviceDestroy("rtc"u8) == 0)
        {
            UnregisterChrdevRegion(Major, Minor);
        }
    }

    /// <summary>Before the first interrupt.</summary>
    internal static void InitQueues()
    {
        WaitQueue.Init(Queue);
        s_asynchronous = default;
    }

    /// <summary>There is something to read: readers and asynchronous owners are told. Any context.</summary>
    internal static void Notify()
    {
        WaitQueue.WakeUpInterruptible(Queue);
        FasyncHelper.Kill(Asynchronous);
    }

    private static int Open(Inode* inode, File* file)
    {
        int error = Rtc.Take();
        return error != 0 ? error : Files.NonSeekable(file);
    }

    private static int Release(Inode* inode, File* file)
    {
        Rtc.GiveBack();
        return 0;
    }

    // An unsigned long, whose upper half is 0 on the way to a caller whose long has four bytes.
    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        nuint count = buffer->Left;
        if (count is not (sizeof(uint) or sizeof(ulong)))
        {
            return -EINVAL;
        }

        ulong data;
        while ((data = Rtc.ReadData()) == 0)
        {
            if (file->NonBlocking)
            {
                return -EAGAIN;
            }

            int error = WaitQueue.WaitEventInterruptible(Queue, &Ready, null);
            if (error != 0)
            {
                return error;
            }
        }

        return buffer->Put(&data, count) == count ? (long)count : -EFAULT;
    }

    private static bool Ready(void* unused) => Rtc.HasData;

    private static uint Poll(File* file, PollTable* table)
    {
        PollTable.Wait(file, Queue, table);
        return Rtc.HasData ? PollEvents.POLLIN | PollEvents.POLLRDNORM : 0;
    }

    private static int Fasync(int fd, File* file, bool on) => FasyncHelper.Change(file, on, Asynchronous);
}
