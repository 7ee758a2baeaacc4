// ProcKernel: the files of /proc that tell about the machine and the kernel as a whole.
//
// Linux: fs/proc/version.c, uptime.c, loadavg.c, meminfo.c, interrupts.c, softirqs.c, cmdline.c, fs/filesystems.c, drivers/base (devices). Process context. Each function
// makes the whole text; the figures are of one moment each, not of the same. What the monitor shows too is made by the same formatter.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Files about the whole.</summary>
internal static unsafe class ProcKernel
{
    private const uint ReadOnly = 0x124;

    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    internal static int Init()
    {
        LogWaiters.Init();
        ProcKmsg.Init();
        bool complete = Add("version"u8, &Version) && Add("uptime"u8, &Uptime) && Add("loadavg"u8, &Load) && Add("meminfo"u8, &Memory) &&
            Add("cmdline"u8, &Line) && Add("interrupts"u8, &InterruptTable) && Add("softirqs"u8, &SoftirqTable) && Add("stat"u8, &ProcStat.Show) &&
            Add("filesystems"u8, &Kinds) && Add("devices"u8, &Devices) && Add("timer_list"u8, &TimerTable) && Add("slabinfo"u8, &ProcSlab.Show) && Add("mounts"u8, &ProcMounts.Show) &&
            ProcFs.ProcCreate("kmsg"u8, 0x100, null, ProcKmsg.Operations) != null;
        KernfsNode* self = ProcFs.ProcSymlink("self"u8, null, ""u8);
#if DEBUG_CHECKS
        complete = complete && ProcFs.CreateProcEntry("lock_stat"u8, 0x180, null, &Locks, &ClearLocks, null) != null;
#endif
        if (!complete || self == null)
        {
            return -ENOMEM;
        }

        ProcPid.MakeSelf(self);
        return 0;
    }

    private static bool Add(ReadOnlySpan<byte> name, delegate*<TextArea*, void*, int> show) =>
        ProcFs.CreateProcEntry(name, ReadOnly, null, show, null, null) != null;

    private static int Version(TextArea* text, void* unused)
    {
        text->Append($"{UtsName.SysName} version {KernelVersion.Release} (x86-64) {UtsName.Version}\n");
        return 0;
    }

    private static int Line(TextArea* text, void* unused)
    {
        text->Append(CommandLine.Text);
        text->Append("\n"u8);
        return 0;
    }

    // Seconds since boot, and seconds that all CPUs together were idle.
    private static int Uptime(TextArea* text, void* unused)
    {
        ulong idle = 0;
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            idle += Scheduler.TicksOf(cpu).Idle;
        }

        ulong up = MonotonicMicroseconds() / 10_000;
        idle = idle * 100 / HZ;
        text->Append($"{up / 100}.{up % 100:d2} {idle / 100}.{idle % 100:d2}\n");
        return 0;
    }

    private static int Load(TextArea* text, void* unused)
    {
        uint one = LoadAverage.Hundredths(LoadAverage.OneMinute);
        uint five = LoadAverage.Hundredths(LoadAverage.FiveMinutes);
        uint fifteen = LoadAverage.Hundredths(LoadAverage.FifteenMinutes);
        text->Append($"{one / 100}.{one % 100:d2} {five / 100}.{five % 100:d2} {fifteen / 100}.{fifteen % 100:d2} "
            + $"{Scheduler.RunningTasks()}/{Tasks.Count} {Tasks.LastPid}\n");
        return 0;
    }

    // Nothing is swapped, and files live in memory for good: what Linux counts as cache does not exist here.
    private static int Memory(TextArea* text, void* unused)
    {
        MemInfo info = MemInfo.Get();
        Kilobytes(text, "MemTotal:"u8, info.Managed);
        Kilobytes(text, "MemFree:"u8, info.Free);
        Kilobytes(text, "Buffers:"u8, 0);
        Kilobytes(text, "Cached:"u8, 0);
        Kilobytes(text, "SwapCached:"u8, 0);
        Kilobytes(text, "Active:"u8, 0);
        Kilobytes(text, "Inactive:"u8, 0);
        Kilobytes(text, "SwapTotal:"u8, 0);
        Kilobytes(text, "SwapFree:"u8, 0);
        Kilobytes(text, "Dirty:"u8, 0);
        Kilobytes(text, "Writeback:"u8, 0);
        Kilobytes(text, "Slab:"u8, info.Slab);
        Kilobytes(text, "VmallocUsed:"u8, info.VmallocUsed);
        return 0;
    }

    private static void Kilobytes(TextArea* text, ReadOnlySpan<byte> name, ulong bytes) => text->Append($"{name,-13} {bytes >> 10,10} kB\n");

    private static int InterruptTable(TextArea* text, void* unused)
    {
        IrqTable.Write(TextSink.To(text), Smp.CpuCount);
        return 0;
    }

    private static int SoftirqTable(TextArea* text, void* unused)
    {
        SoftirqStatistics.Write(TextSink.To(text), Smp.CpuCount);
        return 0;
    }

    private static int TimerTable(TextArea* text, void* unused)
    {
        text->Append("Timer List Version: v0.3\n"u8);
        Timers.Write(TextSink.To(text));
        return 0;
    }

    // Every kind is without a device: there are no block devices.
    private static int Kinds(TextArea* text, void* unused)
    {
        for (FileSystemType* type = FileSystems.First; type != null; type = type->Next)
        {
            text->Append($"nodev\t{FileSystemType.Name(type)}\n");
        }

        return 0;
    }

    private static int Devices(TextArea* text, void* unused)
    {
        Span<byte> name = stackalloc byte[CharRange.NameSize];
        text->Append("Character devices:\n"u8);
        for (int i = 0; CharDevices.At(i, name, out int length, out uint major); i++)
        {
            text->Append($"{major,3} {name[..length]}\n");
        }

        text->Append("\nBlock devices:\n"u8);
        return 0;
    }

#if DEBUG_CHECKS
    private static int Locks(TextArea* text, void* unused)
    {
        LockStat.Write(TextSink.To(text));
        return 0;
    }

    // Writing 0 forgets all counts.
    private static int ClearLocks(ReadOnlySpan<byte> text, void* unused)
    {
        if (!Kernfs.Trim(text).SequenceEqual("0"u8))
        {
            return -EINVAL;
        }

        LockStat.Clear();
        return 0;
    }
#endif
}
