// The yardsticks of `./csos bench`: what Linux 6.1 and xv6 cost on the same emulator, and the bar that this kernel sets itself.
// Every row of the table stands here, measured or not; the kernel names a row by its key (Kernel/Testing/Bench.cs).
// Unit: executed guest instructions unless the name says otherwise. How the figures were taken: docs/performance.md.

namespace CSharpOS.Tool.Bench;

/// <summary>One operation and what it may cost.</summary>
/// <param name="Key">What stands in the kernel's line <c>bench: KEY MIN MEDIAN UNIT</c>: a word without blanks.</param>
/// <param name="Name">What is shown.</param>
/// <param name="Linux">Linux's median, or null.</param>
/// <param name="Xv6">xv6's median, or null.</param>
/// <param name="Limit">The bar.</param>
/// <param name="AtLeast">The bar is to be reached, not to be kept under.</param>
public sealed record Bar(string Key, string Name, double? Linux, double? Xv6, double Limit, bool AtLeast = false);

/// <summary>All bars.</summary>
public static class Bars
{
    /// <summary>The key of the size of the image, which the host takes itself.</summary>
    public const string ImageSize = "image-size";

    /// <summary>The key of the time from power-on to the first user instruction, which the host reads from the log.</summary>
    public const string Boot = "boot";

    /// <summary>The key of what <c>int 0x80</c> takes beside <c>syscall</c>, in real time.</summary>
    public const string SyscallTime = "int80-by-syscall";

    /// <summary>The key of what <c>int 0x80</c> takes beside the vsyscall page, in real time.</summary>
    public const string VsyscallTime = "int80-by-vsyscall";

    /// <summary>The key of the least memory, which the host finds out.</summary>
    public const string LeastMemory = "least-memory";

    /// <summary>Each of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<Bar> All { get; } =
    [
        new("irq-to-handler", "device interrupt: register write to handler", 247, null, 160),
        new("irq-from-handler", "device interrupt: handler's end to the interrupted code", 304, null, 140),
        new("irq-to-tasklet", "interrupt to tasklet function", 682, null, 350),
        new("irq-to-work", "interrupt to work function", 3768, null, 800),
        new("irq-to-thread", "interrupt to threaded handler", 2822, null, 700),
        new("tick", "clock tick, CPU busy, whole interrupt", 2504, 6338, 800),
        new("local-irq-save", "local_irq_save + restore", 12, null, 6),
        new("spin-lock-irqsave", "spin_lock_irqsave + restore (SMP, fair, preempt_count)", 33, null, 24),
        new("local-bh", "local_bh_disable + enable", 24, null, 18),
        new("kmalloc", "kmalloc(64) + kfree, hot", 273, null, 100),
        new("softirq-call", "raise_softirq: call", 31, null, 30),
        new("softirq-to-handler", "raise_softirq: to the handler", 128, null, 80),
        new("softirq-to-return", "raise_softirq: to return", 190, null, 115),
        new("tasklet-call", "tasklet_schedule: call", 42, null, 45),
        new("tasklet-to-function", "tasklet_schedule: to the function", 212, null, 130),
        new("tasklet-to-return", "tasklet_schedule: to return", 311, null, 180),
        new("tasklet-mean", "tasklet schedule + run, mean of 100,000", 305, null, 170),
        new("tasklet-ksoftirqd", "tasklet through ksoftirqd", 2829, null, 900),
        new("storm-share", "softirq that raises itself: taken from a busy program, percent", null, null, 20),
        new("storm-idle", "softirq that raises itself: lost on an idle machine, percent", null, null, 10),
        new("work-call", "queue_work on an idle worker: call", 1593, null, 300),
        new("work-to-handler", "queue_work on an idle worker: to the handler", 3954, null, 700),
        new("works-enqueue", "100,000 distinct works, each: enqueue", 258, null, 100),
        new("works-drain", "100,000 distinct works, each: drain", 431, null, 150),
        new("work-ping-pong", "work ping-pong, round trip", 7589, null, 1200),
        new("thread-wake-up", "kernel thread round trip, wake_up_process (2 switches)", 6561, null, 900),
        new("thread-wait-event", "kernel thread round trip, wait_event/wake_up", 7561, null, 1100),
        new("timer-add-1", "add_timer, 1 pending", 248, null, 100),
        new("timer-mod-1", "mod_timer, 1 pending", 290, null, 120),
        new("timer-del-1", "del_timer, 1 pending", 127, null, 60),
        new("timer-add-100000", "add_timer, 100,000 pending", 248, null, 100),
        new("timer-mod-100000", "mod_timer, 100,000 pending", 290, null, 120),
        new("timer-del-100000", "del_timer, 100,000 pending", 127, null, 60),
        new("getpid-int80", "getpid through int 0x80, 64-bit program", 352, null, 130),
        new("getpid-int80-32", "getpid through int 0x80, 32-bit program", 352, 1393, 130),
        new("invalid-int80", "invalid number through int 0x80 (entry and exit only)", 253, null, 110),
        new("getpid-syscall", "getpid through syscall, 64-bit", 307, null, 120),
        new("getpid-vsyscall", "getpid through the vsyscall page, 32-bit", 335, null, 135),
        new(SyscallTime, "getpid, real time: int 0x80 takes so many times what syscall takes", null, null, 1, AtLeast: true),
        new(VsyscallTime, "getpid, real time: int 0x80 takes so many times what the vsyscall page takes", null, null, 1, AtLeast: true),
        new("pipe", "pipe round trip, 1 byte, two processes", 12552, 27231, 2200),
        new("fork-exit-wait", "fork + exit + wait, small static program", 92327, 2275704, 30000),
        new("fairness", "shares of two busy threads, nice 0 and 5: off the promised ones by", null, null, 5),
        new("scaling", "two threads on two CPUs, times as fast as on one", null, null, 1.8, AtLeast: true),
        new(Boot, "power-on to the first user instruction", 6060, 74, 40),
        new(ImageSize, "kernel image without tables (symbols, lines, unwinding) and archive", 8.25e6, 46.7e3, 1 << 20),
        new(LeastMemory, "boots to a shell in", 84, 224, 16),
    ];

    /// <summary>The bar of a key, or null.</summary>
    public static Bar? Of(string key) => All.FirstOrDefault(bar => bar.Key == key);
}
