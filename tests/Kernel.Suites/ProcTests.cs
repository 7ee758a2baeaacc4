// ProcTests: /proc and /sys as programs see them: every figure is read from the file and compared with what the kernel knows.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class ProcTests
{
    private const int Raises = 7;
    private const int Taken = 17;

#if DEBUG_CHECKS
    private static SpinLock s_counted;
#endif

    [TestSuite("proc")]
    private static void Suite()
    {
        Test.Run("/proc/interrupts: a row as on Linux, which counts"u8, "IRQ-12"u8, &ProcIrqTests.Interrupts);
        Test.Run("/proc/interrupts: timer, i8042, cascade; the timer's count is the uptime"u8, "IRQ-12"u8, &ProcIrqTests.FixedLines);
        Test.Run("/proc/irq: an entry for each handler name, gone with the last"u8, "IRQ-13"u8, &ProcIrqTests.Handlers);
        Test.Run("/proc/irq: smp_affinity routes"u8, "IRQ-13"u8, &ProcIrqTests.Affinity);
        Test.Run("a driver's file: read, write, errors"u8, "IRQ-13"u8, &ProcEntryTests.ReadAndWrite);
        Test.Run("a driver's directory, removed with all below it while a file is open"u8, "IRQ-13"u8, &ProcEntryTests.RemoveOpen);
        Test.Run("removal waits for a function that runs"u8, "IRQ-13"u8, &ProcEntryTests.RemoveWaits);
        Test.Run("an attribute under /sys"u8, "SYS-11"u8, &ProcEntryTests.Attribute);
        Test.Run("/proc/softirqs and /proc/stat count softirqs per CPU"u8, "SIRQ-08"u8, &Softirqs);
        Test.Run("/proc/stat: CPUs, interrupts, switches, tasks"u8, "SIRQ-08"u8, &Stat);
        Test.Run("/proc/lock_stat counts"u8, "SYNC-07"u8, &Locks);
        Test.Run("/proc/PID of a kernel thread"u8, "KT-03"u8, &ProcPidTests.KernelThread);
        Test.Run("/proc/PID: listed, found by number, gone with its task"u8, "KT-03"u8, &ProcPidTests.ComesAndGoes);
        Test.Run("/proc/PID while threads come and go"u8, "KT-03"u8, &ProcPidTests.Storm);
        Test.Run("/proc/self and the descriptors behind it"u8, "KT-03"u8, &ProcPidTests.Self);
        Test.Run("/proc/version"u8, "KT-03"u8, &Version);
        Test.Run("memory of another address space"u8, "KT-03"u8, &ProcPidTests.OtherMemory);
        Test.Run("load averages"u8, "KT-03"u8, &Load);
        Test.Run("/proc/cpuinfo"u8, "TIME-04"u8, &CpuFile);
        Test.Run("uptime, meminfo, mounts, filesystems, devices, cmdline, timer_list"u8, "KT-03"u8, &Others);
        Test.Run("/proc/sys/kernel"u8, "KT-03"u8, &Sysctl);
        Test.Run("/proc/slabinfo: the format, and a cache's own figures"u8, "MM-01"u8, &ProcSlabTests.Figures);
        Test.Run("/proc/slabinfo while caches come and go"u8, "MM-01"u8, &ProcSlabTests.Changing);
        Test.Run("/proc/kmsg: messages with their level; a read waits for the next"u8, "LOG-01"u8, &ProcKmsgTests.Kmsg);
        ProcHelp.Free();
    }

    // Nobody but this test raises the softirq for packets to send: the network cards are closed.
    private static void Softirqs()
    {
        const SoftirqNr Nr = SoftirqNr.NetTxSoftirq;
        Check.Equal(0, ProcHelp.Read("/proc/stat\0"u8));
        ReadOnlySpan<byte> line = ProcHelp.Line("softirq "u8);
        Check.Equal(2 + SoftirqNrNames.Count, ProcHelp.WordCount(line));
        long before = ProcHelp.Number(line, 2 + (int)Nr);
        uint* columns = stackalloc uint[MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            columns[cpu] = SoftirqStatistics.Softirqs(Nr, cpu);
        }

        // Held on this CPU, so that it is known which column counts.
        PreemptDisable();
        columns[SmpProcessorId()] += Raises;
        for (int i = 0; i < Raises; i++)
        {
            LocalBhDisable();
            RaiseSoftirq(Nr);
            LocalBhEnable();
        }

        PreemptEnable();
        Check.Equal(0, ProcHelp.Read("/proc/stat\0"u8));
        line = ProcHelp.Line("softirq "u8);
        Check.Equal(before + Raises, ProcHelp.Number(line, 2 + (int)Nr));
        long sum = 0;
        for (int nr = 0; nr < SoftirqNrNames.Count; nr++)
        {
            sum += ProcHelp.Number(line, 2 + nr);
        }

        // The sum is made before the parts, and softirqs go on meanwhile.
        Check.Between(before + Raises, sum, ProcHelp.Number(line, 1));
        Check.Equal(0, ProcHelp.Read("/proc/softirqs\0"u8));
        Check.Equal(1 + SoftirqNrNames.Count, ProcHelp.LineCount());
        Check.Equal(Smp.CpuCount, ProcHelp.WordCount(ProcHelp.Line("                    CPU0"u8)));
        line = ProcHelp.Line("      NET_TX:"u8);
        Check.Equal(1 + Smp.CpuCount, ProcHelp.WordCount(line));
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(columns[cpu], ProcHelp.Number(line, 1 + cpu));
        }
    }

    private static void Stat()
    {
        ulong switches = Scheduler.ContextSwitches();
        long* before = stackalloc long[MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            before[cpu] = IdleHundredths(cpu);
        }

        TaskStruct* thread = Kthread.Run(&ReturnZero, null, $"short", out int error);
        Check.Equal(0, error);
        Check.True(thread != null);
        Scheduler.Yield();
        Check.Equal(0, ProcHelp.Read("/proc/stat\0"u8));
        ReadOnlySpan<byte> all = ProcHelp.Line("cpu "u8);
        Check.Equal(10, ProcHelp.WordCount(all));
        byte* name = stackalloc byte[16];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            TextBuffer text = new(new Span<byte>(name, 16));
            text.Append($"cpu{cpu} ");
            ReadOnlySpan<byte> line = ProcHelp.Line(text.Written);
            Check.Equal(10, ProcHelp.WordCount(line));
            Check.Between(before[cpu], IdleHundredths(cpu), ProcHelp.Number(line, 4));
        }

        Check.Equal(2 + CSharpOS.Irq.Interrupts.NrIrqs, ProcHelp.WordCount(ProcHelp.Line("intr "u8)));
        Check.True(ProcHelp.Number(ProcHelp.Line("intr "u8), 1) > 0);
        Check.Between((long)switches, (long)Scheduler.ContextSwitches(), ProcHelp.Number(ProcHelp.Line("ctxt "u8), 1));
        Check.Between(3, (long)Tasks.Made, ProcHelp.Number(ProcHelp.Line("processes "u8), 1));
        Check.True(ProcHelp.Number(ProcHelp.Line("procs_running "u8), 1) >= 1);
        Check.True(ProcHelp.Number(ProcHelp.Line("procs_blocked "u8), 1) >= 0);
        Check.Between(Xtime.Seconds - (long)(MonotonicMicroseconds() / 1_000_000) - 1, Xtime.Seconds, ProcHelp.Number(ProcHelp.Line("btime "u8), 1));
    }

    private static long IdleHundredths(int cpu) => (long)(Scheduler.TicksOf(cpu).Idle * 100 / HZ);

    private static int ReturnZero(void* unused) => 0;

    private static void Locks()
    {
#if DEBUG_CHECKS
        s_counted.Init();
        for (int i = 0; i < Taken; i++)
        {
            s_counted.Lock();
            s_counted.Unlock();
        }

        Check.Equal(0, ProcHelp.Read("/proc/lock_stat\0"u8));
        Check.True(ProcHelp.Line("lock_stat version"u8).Length != 0);
        ReadOnlySpan<byte> text = ProcHelp.Text;
        Check.True(text.IndexOf("con-bounces    contentions   waittime-min   waittime-max waittime-total    acq-bounces   acquisitions   holdtime-min"u8) > 0);
        int at = text.IndexOf("ProcTests.s_counted:"u8);
        Check.True(at > 0);
        ReadOnlySpan<byte> row = at > 0 ? text[at..] : default;
        Check.Equal(0, ProcHelp.Number(row, 2));
        Check.Equal(Taken, ProcHelp.Number(row, 7));

        Check.Equal(-EINVAL, ProcHelp.Write("/proc/lock_stat\0"u8, "1\n"u8));
        Check.Equal(2, ProcHelp.Write("/proc/lock_stat\0"u8, "0\n"u8));
        Check.Equal(0, ProcHelp.Read("/proc/lock_stat\0"u8));
        Check.Equal(-1, ProcHelp.Text.IndexOf("ProcTests.s_counted:"u8));
#else
        Check.Equal(-ENOENT, ProcHelp.Read("/proc/lock_stat\0"u8));
#endif
    }

    private static void Version()
    {
        Check.Equal(0, ProcHelp.Read("/proc/version\0"u8));
        Check.True(ProcHelp.Text.StartsWith("CSharpOS version 0.1.0 "u8));
        Check.Equal(1, ProcHelp.LineCount());
    }

    // After one sample of one active task the first average is 1 - e^(-5/60) of it; after a minute 1 - 1/e; the figures are those of the fixed point.
    private static void Load()
    {
        uint load = LoadAverage.Next(0, 1884, 1);
        Check.Equal(164, load);
        for (int i = 1; i < 12; i++)
        {
            load = LoadAverage.Next(load, 1884, 1);
        }

        Check.Between(62, 64, LoadAverage.Hundredths(load));
        for (int i = 0; i < 1000; i++)
        {
            load = LoadAverage.Next(load, 1884, 0);
        }

        Check.Equal(0, load);
        uint before = LoadAverage.OneMinute, five = LoadAverage.FiveMinutes;
        LoadAverage.Add(100);
        Check.True(LoadAverage.OneMinute > before && LoadAverage.FiveMinutes > five && LoadAverage.OneMinute - before > LoadAverage.FiveMinutes - five);
        Check.Equal(0, ProcHelp.Read("/proc/loadavg\0"u8));
        ReadOnlySpan<byte> word = ProcHelp.Word(ProcHelp.Text, 0);
        Check.True(word.Length >= 4 && word[^3] == '.');
        Check.Equal(5, ProcHelp.WordCount(ProcHelp.Text));
        Check.True(ProcHelp.Word(ProcHelp.Text, 3).IndexOf((byte)'/') > 0);
        Check.Equal(Tasks.LastPid, ProcHelp.Number(ProcHelp.Text, 4));
    }

    private static void CpuFile()
    {
        Check.Equal(0, ProcHelp.Read("/proc/cpuinfo\0"u8));
        int processors = 0;
        ReadOnlySpan<byte> rest = ProcHelp.Text;
        int at;
        while ((at = rest.IndexOf("processor\t: "u8)) >= 0)
        {
            processors++;
            rest = rest[(at + 1)..];
        }

        Check.Equal(Smp.CpuCount, processors);
        Check.True(ProcHelp.Line("vendor_id\t: "u8).Length > 13);
        Check.True(ProcHelp.Line("flags\t\t: "u8).IndexOf(" sse2"u8) > 0);

        // BogoMIPS are two instructions for each turn of the delay loop.
        ReadOnlySpan<byte> bogomips = ProcHelp.Word(ProcHelp.Line("bogomips"u8), 2);
        Check.True(bogomips.Length > 3 && bogomips[^3] == '.');
        Check.True(CommandArguments.TryParse(bogomips[..^3], out ulong whole));
        Check.Between((long)(LoopsPerJiffy * HZ / 500_000) - 1, (long)(LoopsPerJiffy * HZ / 500_000) + 1, (long)whole);
    }

    private static void Others()
    {
        Check.Equal(0, ProcHelp.Read("/proc/meminfo\0"u8));
        MemInfo info = MemInfo.Get();
        Check.Equal((long)(info.Managed >> 10), ProcHelp.Number(ProcHelp.Line("MemTotal:  "u8), 1));
        Check.True(ProcHelp.Word(ProcHelp.Line("MemTotal:"u8), 2).SequenceEqual("kB"u8));
        Check.Between(1, (long)(info.Managed >> 10), ProcHelp.Number(ProcHelp.Line("MemFree:"u8), 1));

        ulong before = MonotonicMicroseconds() / 1_000_000;
        Check.Equal(0, ProcHelp.Read("/proc/uptime\0"u8));
        ReadOnlySpan<byte> word = ProcHelp.Word(ProcHelp.Text, 0);
        Check.True(word.Length > 3 && word[^3] == '.' && CommandArguments.TryParse(word[..^3], out ulong seconds) && seconds >= before);
        Check.Equal(2, ProcHelp.WordCount(ProcHelp.Text));

        Check.Equal(0, ProcHelp.Read("/proc/mounts\0"u8));
        Check.True(ProcHelp.Line("proc /proc proc rw 0 0"u8).Length != 0);
        Check.True(ProcHelp.Line("sysfs /sys sysfs rw 0 0"u8).Length != 0);
        Check.True(ProcHelp.Line("rootfs / rootfs rw 0 0"u8).Length != 0);
        Check.Equal(0, ProcHelp.Read("/proc/filesystems\0"u8));
        Check.True(ProcHelp.Line("nodev\tproc"u8).Length != 0 && ProcHelp.Line("nodev\ttmpfs"u8).Length != 0);

        FileOperations none = default;
        Check.Equal(0, RegisterChrdev(239, "proc_test"u8, &none));
        Check.Equal(0, ProcHelp.Read("/proc/devices\0"u8));
        Check.True(ProcHelp.Text.StartsWith("Character devices:\n"u8));
        Check.True(ProcHelp.Line("239 proc_test"u8).Length != 0);
        UnregisterChrdev(239);
        Check.Equal(0, ProcHelp.Read("/proc/devices\0"u8));
        Check.True(ProcHelp.Line("239 "u8).Length == 0);

        Check.Equal(0, ProcHelp.Read("/proc/cmdline\0"u8));
        Check.True(ProcHelp.Text[..^1].SequenceEqual(Init.CommandLine.Text));
        Check.Equal(0, ProcHelp.Read("/proc/timer_list\0"u8));
        Check.True(ProcHelp.Line("CPU0: "u8).Length != 0);
        Check.Equal(-ENOENT, FsHelp.Open("/proc/no_such_file\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-EACCES, FsHelp.Open("/proc/no_such_file\0"u8, FsHelp.ReadWrite));
        Check.Equal(-EACCES, FsHelp.Open("/proc/uptime\0"u8, OpenFlags.O_WRONLY));
    }

    private static void Sysctl()
    {
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/hostname\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("csharpos\n"u8));
        Check.Equal(4, ProcHelp.Write("/proc/sys/kernel/hostname\0"u8, "toy\n"u8));
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/hostname\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("toy\n"u8));
        Check.Equal(8, ProcHelp.Write("/proc/sys/kernel/hostname\0"u8, "csharpos"u8));
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/osrelease\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("0.1.0\n"u8));
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/pid_max\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("32768\n"u8));

        int level = KernelLog.ConsoleLevel;
        Check.Equal(1, ProcHelp.Write("/proc/sys/kernel/printk\0"u8, "3"u8));
        Check.Equal(3, KernelLog.ConsoleLevel);
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/printk\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("3\t4\t1\t7\n"u8));
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/sys/kernel/printk\0"u8, "x"u8));
        KernelLog.ConsoleLevel = level;
    }
}
