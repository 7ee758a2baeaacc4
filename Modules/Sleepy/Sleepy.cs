// Sleepy: a device whose readers sleep until somebody writes 1024 bytes. The courseware's slpy_wq: a wait queue, a work and a timer, one after the other.
//
//     insmod /lib/modules/sleepy.ko [stack_dump=1]
//     cat /dev/sleepy &                            a reader sleeps, as many as you like
//     wr_tst /dev/sleepy                           1024 bytes: all of them wake, and read 0 bytes
//     dmesg                                        a work has run; every 7 seconds a timer counts
//     rmmod sleepy                                 while a reader sleeps: it is in use. Else the end, and the count
//
// Who runs where: reads and writes in the calling process, the work in events/n, the timer as a softirq.
// No locks: s_writes is only ever counted up, atomically; s_count belongs to the timer's function, and to the exit once that runs no more.

using System.Runtime.CompilerServices;

namespace CSharpOS.Drivers;

using static CSharpOS.Drivers.Convenient;

internal static unsafe class Sleepy
{
    private const uint Period = 7 * HZ;
    private const int WakingSize = 1024;
    private const uint NodeMode = FileModes.S_IFCHR | 0x1b6;

    private static FileOperations s_operations;
    private static WaitQueueHead s_readers;
    private static WorkStruct s_work;
    private static TimerList s_timer;
    private static int s_major;
    private static int s_writes;
    private static int s_count;
    private static bool s_stackDump;

    // Statics of a module stay where they are.
    private static WaitQueueHead* Readers => (WaitQueueHead*)Unsafe.AsPointer(ref s_readers);

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    private static TimerList* Timer => (TimerList*)Unsafe.AsPointer(ref s_timer);

    [ModuleInit(InitLevel.Device)]
    public static int SlpyInitModule()
    {
        int error = ModuleParameters.GetBool("sleepy"u8, "stack_dump"u8, ref s_stackDump);
        if (error != 0)
        {
            return error;
        }

        // Everything is ready before the device is there: the first reader may come at once.
        WaitQueue.Init(Readers);
        WorkStruct.Init(Work, &WqFunc);
        SetupTimer(Timer, &Whee, 0);
        s_operations = new FileOperations { Open = &SleepyOpen, Read = &SleepyRead, Write = &SleepyWrite };
        s_major = RegisterChrdev(0, "sleepy"u8, (FileOperations*)Unsafe.AsPointer(ref s_operations));
        if (s_major < 0)
        {
            Printk(LogLevel.Error, $"sleepy: no major number, error {s_major}\n");
            return s_major;
        }

        Printk(LogLevel.Info, $"sleepy: major # = {s_major}\n");
        error = DeviceCreate("sleepy"u8, NodeMode, DeviceNumber.Make((uint)s_major, 0));
        if (error != 0)
        {
            Printk(LogLevel.Error, $"sleepy: no /dev/sleepy, error {error}\n");
            UnregisterChrdev((uint)s_major);
            return error;
        }

        Message($"Loaded ok.\n");
        return 0;
    }

    [ModuleExit]
    public static void SlpyCleanupModule()
    {
        // In the order in which one starts the next: nobody writes any more, so no work is queued; no work runs, so the timer is not set; then the timer, which sets itself.
        DeviceDestroy("sleepy"u8);
        UnregisterChrdev((uint)s_major);
        CancelWorkSync(Work);
        DelTimerSync(Timer);
        Message($"Timed out {s_count} times in all.\n");
        Message($"Removed.\n");
    }

    private static int SleepyOpen(Inode* inode, File* file)
    {
        Files.NonSeekable(file);
        return 0;
    }

    private static long SleepyRead(File* file, IoBuffer* buffer, long* position)
    {
        if (file->NonBlocking)
        {
            return -EAGAIN;
        }

        // It waits for a write from now on. A flag "data is present" would have to be cleared by somebody: by the first that wakes, and the others would sleep on.
        int seen = Shared.ReadOnce(ref s_writes);
        Message($"process {Current->Pid} ({Current->Name}) going to sleep\n");
        int error = WaitQueue.WaitEventInterruptible(Readers, &IsWritten, &seen);
        if (error != 0)
        {
            return error;
        }

        Message($"awoken {Current->Pid} ({Current->Name}), data_present=1\n");
        return 0;
    }

    // What is written goes nowhere: it wakes.
    private static long SleepyWrite(File* file, IoBuffer* buffer, long* position)
    {
        long size = (long)buffer->Left;
        if (size < WakingSize)
        {
            Message($"process {Current->Pid} ({Current->Name}) wrote {size} bytes, {WakingSize} would awaken the readers\n");
            return size;
        }

        Message($"Scheduling deferred work in the work queue now...\n");
        ScheduleWork(Work);
        Message($"process {Current->Pid} ({Current->Name}) awakening the readers...\n");
        Shared.AddReturn(ref s_writes, 1);
        WaitQueue.WakeUpInterruptibleAll(Readers);
        return size;
    }

    private static bool IsWritten(void* seen) => Shared.ReadOnce(ref s_writes) != *(int*)seen;

    private static void WqFunc(WorkStruct* work)
    {
        Message($"We're here doing some deferred work! jiffies={Jiffies}\n");
        Message($"Now setting up a timer...\n");
        ModTimer(Timer, Jiffies + Period);
    }

    private static void Whee(ulong unused)
    {
        s_count++;
        Message($"Timed out. count={s_count}\n");
        if (s_stackDump)
        {
            DumpStack();
        }

        ModTimer(Timer, Jiffies + Period);
    }
}
