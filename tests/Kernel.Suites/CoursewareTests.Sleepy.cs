// CoursewareTests.Sleepy: the device whose readers sleep.

using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe partial class CoursewareTests
{
    private const int Readers = 3;
    private const uint Period = 7 * HZ;

    private static void SleepyWakes()
    {
        Check.Equal(0, LoadSleepy());
        Check.Equal(0, ProcHelp.Read("/proc/devices\0"u8));
        int major = Major();
        Check.Between(234, 254, major);
        LoggedOf("sleepy: "u8, "sleepy: major # = "u8, major, ""u8);
        Check.Logged("slpy_init_module:"u8);
        Check.Logged(" : Loaded ok."u8);

        // A reader says that it goes to sleep, and from then on each write of 1024 bytes is meant for it.
        StartReaders(Readers);
        Check.True(AwaitLogged(" (rd_tst) going to sleep"u8, Readers));
        Check.Logged("sleepy_read:"u8);
        Check.Equal(0, UserHelp.Run("/bin/wr_tst\0"u8, "/dev/sleepy\0"u8, "1023\0"u8));
        Check.Logged(" (wr_tst) wrote 1023 bytes"u8);
        Check.NotLogged("Scheduling deferred work"u8);
        Check.NotLogged("awakening"u8);
        Check.Equal(Readers, Users());

        Check.Equal(0, UserHelp.Run("/bin/wr_tst\0"u8, "/dev/sleepy\0"u8, "1024\0"u8));
        Check.Logged("sleepy_write:"u8);
        Check.Equal(1, Check.CountLogged(" : Scheduling deferred work in the work queue now..."u8));
        Check.Equal(1, Check.CountLogged(" (wr_tst) awakening the readers..."u8));
        Check.True(AwaitLogged(" (rd_tst), data_present=1"u8, Readers));
        Check.True(AwaitLogged(" : We're here doing some deferred work! jiffies="u8, 1));
        Check.True(AwaitLogged(" : Now setting up a timer..."u8, 1));
        Check.Logged("wq_func:"u8);
        Check.True(Unused());

        // The write is over: who reads now sleeps until the next one.
        StartReaders(1);
        Check.True(AwaitLogged(" (rd_tst) going to sleep"u8, Readers + 1));
        TaskStruct* reader = Sleeper("rd_tst"u8);
        Check.Equal(Readers, Check.CountLogged(" : awoken "u8));
        if (reader != null)
        {
            Tasks.Put(reader);
        }

        Check.Equal(0, UserHelp.Run("/bin/wr_tst\0"u8, "/dev/sleepy\0"u8));
        Check.True(AwaitLogged(" : awoken "u8, Readers + 1));
        Check.True(Unused());
        UnloadSleepy();
        Check.Equal(-ENOENT, FsHelp.Walk("/dev/sleepy\0"u8));
        Check.Equal(0, ProcHelp.Read("/proc/devices\0"u8));
        Check.Equal(-1, Major());
        ProcHelp.Free();
    }

    private static void SleepyTimer()
    {
        Check.Equal(0, LoadSleepy());
        Check.True(ArmedTimer() == null);
        uint before = Jiffies;
        Check.Equal(0, UserHelp.Run("/bin/wr_tst\0"u8, "/dev/sleepy\0"u8));
        TimerList* timer = AwaitTimer();
        for (int count = 1; count <= 3 && timer != null; count++)
        {
            // Seven seconds from the moment when it was set, which was between then and now.
            Check.True((int)(AwaitExpiry(timer, before) - before) >= (int)Period);
            Check.True((int)(Shared.ReadOnce(ref timer->Expires) - Jiffies) <= (int)Period);
            before = Jiffies;
            ModTimer(timer, before + 1);
            Check.True(AwaitCount(count));
        }

        if (timer != null)
        {
            AwaitExpiry(timer, before);
        }

        Check.Logged("whee:"u8);
        Check.NotLogged("Call Trace"u8);
        UnloadSleepy();
        LoggedOf("slpy_cleanup_module:"u8, " : Timed out "u8, Check.CountLogged(" : Timed out. count="u8), " times in all."u8);
    }

    private static void SleepyDump()
    {
        Check.Equal(-EINVAL, LoadSleepy("stack_dump=perhaps"u8));
        Check.Logged("sleepy: 'perhaps' invalid for parameter 'stack_dump'"u8);
        Check.Equal(-EINVAL, LoadSleepy("stack_dump="u8));
        Check.False(ModuleHelp.IsLoaded("sleepy"u8));
        Check.Equal(0, Dump("stackdump=1"u8));
        Check.Logged("sleepy: parameter 'stackdump=1' ignored"u8);
        Check.Equal(0, Dump("stack_dump=0"u8));
        Check.Equal(0, Dump("stack_dump=n"u8));
        Check.Equal(1, Dump("stack_dump=1"u8));
        Check.Equal(1, Dump("stack_dump=Y"u8));
    }

    // How many traces the timer's function has made when it was called once.
    private static int Dump(ReadOnlySpan<byte> argument)
    {
        Check.ForgetLog();
        Check.Equal(0, LoadSleepy(argument));
        Check.Equal(0, UserHelp.Run("/bin/wr_tst\0"u8, "/dev/sleepy\0"u8));
        TimerList* timer = AwaitTimer();
        if (timer != null)
        {
            uint before = Jiffies;
            ModTimer(timer, before + 1);
            Check.True(AwaitCount(1));

            // It has set itself again, so it has been through.
            AwaitExpiry(timer, before);
        }

        UnloadSleepy();
        int traces = Check.CountLogged(" Sleepy.Whee+0x"u8);
        Check.Equal(traces, Check.CountLogged(" [sleepy] at Modules/Sleepy/Sleepy.cs:"u8));
        return traces == 0 ? 0 : 1;
    }

    private static void SleepyInUse()
    {
        Check.Equal(0, LoadSleepy());
        StartReaders(1);
        Check.True(AwaitLogged(" (rd_tst) going to sleep"u8, 1));
        TaskStruct* reader = Sleeper("rd_tst"u8);
        Check.Equal(-EAGAIN, KernelModules.Unload("sleepy"u8));
        Check.Equal(1 << 8, UserHelp.Run("/bin/rmmod\0"u8, "sleepy\0"u8));
        Check.Equal(0, Vfs.Open("/dev/sleepy\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK, 0, out File* file));
        byte one = 0;
        Check.Equal(-EAGAIN, Vfs.KernelRead(file, &one, 1, 0));
        Files.Put(file);
        if (reader != null)
        {
            Check.Equal(0, Signals.Send(reader, Signal.SIGTERM));
            Tasks.Put(reader);
        }

        Check.True(Unused());
        Check.NotLogged("awoken"u8);
        UnloadSleepy();
        Check.Equal(1, Check.CountLogged(" : Timed out 0 times in all."u8));
    }

    private static int LoadSleepy(ReadOnlySpan<byte> arguments = default) => Load("/lib/modules/sleepy.ko\0"u8, arguments);

    private static void UnloadSleepy()
    {
        Check.Equal(0, KernelModules.Unload("sleepy"u8));
        Check.Logged(" : Removed."u8);
        Check.NotLogged("left behind"u8);
    }

    private static void StartReaders(int count)
    {
        for (int i = 0; i < count; i++)
        {
            Check.Equal(0, UserHelp.Run("/bin/rd_tst\0"u8, "/dev/sleepy\0"u8, wait: UmhWait.WaitExec));
        }
    }

    // Of the line "254 sleepy" of /proc/devices; -1: there is none.
    private static int Major()
    {
        ReadOnlySpan<byte> text = ProcHelp.Text;
        int at = text.IndexOf(" sleepy\n"u8);
        int start = at;
        while (start > 0 && text[start - 1] is >= (byte)'0' and <= (byte)'9')
        {
            start--;
        }

        return at < 0 ? -1 : (int)ProcHelp.Number(text[start..at], 0);
    }

    private static int Users()
    {
        Check.True(KernelModules.At(0, out ModuleStruct module));
        return module.Users;
    }

    // All files have been closed.
    private static bool Unused()
    {
        uint start = Jiffies;
        while (Users() != 0 && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Users() == 0;
    }

    // At least so many: a host that is away for seven seconds makes one more.
    private static bool AwaitCount(int count)
    {
        uint start = Jiffies;
        while (Check.CountLogged(" : Timed out. count="u8) < count && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Check.CountLogged(" : Timed out. count="u8) >= count;
    }

    // Waits until the timer has been set to what is more than a second after then: by itself.
    private static uint AwaitExpiry(TimerList* timer, uint then)
    {
        uint start = Jiffies;
        while ((!TimerPending(timer) || (int)(Shared.ReadOnce(ref timer->Expires) - then) < (int)HZ) && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Shared.ReadOnce(ref timer->Expires);
    }

    private static TimerList* AwaitTimer()
    {
        uint start = Jiffies;
        TimerList* timer = ArmedTimer();
        while (timer == null && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
            timer = ArmedTimer();
        }

        Check.True(timer != null);
        return timer;
    }

    // The one active timer that lies in the newest module's data; null: there is none.
    private static TimerList* ArmedTimer()
    {
        if (!KernelModules.At(0, out ModuleStruct module))
        {
            return null;
        }

        byte* start = module.Base + module.ReadOnlySize;
        nuint size = module.Size - module.ReadOnlySize;
        while (size > 1)
        {
            // In the lower half, or in the upper one, if there is any.
            nuint half = size / 2;
            bool isLower = HasTimer(start, half);
            start += isLower ? 0 : half;
            size = isLower ? half : size - half;
        }

        return HasTimer(start, 1) ? (TimerList*)start : null;
    }

    private static bool HasTimer(byte* start, nuint size)
    {
        RangeSearch search = new(start, size);
        Timers.Search(&search);
        return search.Count != 0;
    }
}
