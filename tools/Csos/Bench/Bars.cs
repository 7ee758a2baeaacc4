// The yardsticks of `./csos bench`: what Linux 6.1 and xv6 cost on the same emulator, and the bar that this kernel sets itself.
// Unit: executed guest instructions; the time to the prompt is in virtual microseconds (other kernels: to the first user instruction),
// the kernel image in bytes, without symbol, line and unwind tables. How the figures were taken: docs/performance.md.

namespace CSharpOS.Tool.Bench;

/// <summary>One operation and what it may cost.</summary>
/// <param name="Name">The name that the kernel prints in its line <c>bench: NAME MIN MEDIAN UNIT</c>.</param>
/// <param name="Linux">Linux's median, or null.</param>
/// <param name="Xv6">xv6's median, or null.</param>
/// <param name="Limit">The bar.</param>
public sealed record Bar(string Name, double? Linux, double? Xv6, double Limit);

/// <summary>All bars.</summary>
public static class Bars
{
    /// <summary>The name of the measurement that the host takes itself.</summary>
    public const string ImageSize = "kernel image";

    /// <summary>Each of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<Bar> All { get; } =
    [
        new("device interrupt: register write to handler", 247, null, 160),
        new("device interrupt: handler's end to the interrupted code", 304, null, 140),
        new("local_irq_save + restore", 12, null, 6),
        new("spin_lock_irqsave + restore", 33, null, 24),
        new("kmalloc(64) + kfree", 273, null, 100),
        new("clock tick", 2504, 6338, 800),
        new("local_bh_disable + enable", 24, null, 18),
        new("raise_softirq: call", 31, null, 30),
        new("raise_softirq: to the handler", 128, null, 80),
        new("raise_softirq: to return", 190, null, 115),
        new("tasklet_schedule: call", 42, null, 45),
        new("tasklet_schedule: to the function", 212, null, 130),
        new("tasklet_schedule: to return", 311, null, 180),
        new("tasklet schedule + run, mean of 100,000", 305, null, 170),
        new("tasklet through ksoftirqd", 2829, null, 900),
        new("queue_work: call", 1593, null, 300),
        new("queue_work: to the handler", 3954, null, 700),
        new("distinct works: enqueue", 258, null, 100),
        new("distinct works: drain", 431, null, 150),
        new("work ping-pong", 7589, null, 1200),
        new("thread round trip: wake_up_process", 6561, null, 900),
        new("thread round trip: wait_event", 7561, null, 1100),
        new("add_timer", 248, null, 100),
        new("mod_timer", 290, null, 120),
        new("del_timer", 127, null, 60),
        new("interrupt to tasklet function", 682, null, 350),
        new("interrupt to work function", 3768, null, 800),
        new("interrupt to threaded handler", 2822, null, 700),
        new("getpid: int 0x80", 352, 1393, 130),
        new("invalid number: int 0x80", 253, null, 110),
        new("getpid: syscall", 307, null, 120),
        new("getpid: vsyscall page", 335, null, 135),
        new("pipe round trip", 12552, 27231, 2200),
        new("fork + exit + wait", 92327, 2275704, 30000),
        new("power-on to the prompt", 6_060_000, 74_000, 40_000),
        new(ImageSize, 8.25e6, 46.7e3, 1 << 20),
    ];
}
