// Cpu.Barriers: the order in which other CPUs, and devices, see what this CPU reads and writes.
//
// Linux: asm/barrier.h, linux/compiler.h. Any context, never sleeps.
// What x86 promises for ordinary memory, and what it does not:
//   a read is not moved before an earlier read        (so a read barrier between CPUs is no instruction)
//   a write is not moved before an earlier access     (so a write barrier between CPUs is no instruction)
//   a read MAY be moved before an earlier write       (the write waits in the CPU's store buffer: only Mb keeps the two in order)
//   a locked instruction is a full barrier            (Atomic, Shared.Exchange, taking a spin lock)
//   all CPUs see the writes of all CPUs in one order  (a CPU may see its own early)
// The compiler keeps none of these by itself: it may merge, drop and move plain accesses. Shared.ReadOnce and WriteOnce are single accesses
// that it does not move across each other; Barrier() holds it for all memory.
// Mb, Rmb and Wmb (Cpu.cs) are instructions: they are for devices (memory that is not cached, non-temporal stores), and Mb
// between CPUs too. The Smp forms are for memory that CPUs share; in a kernel built for one CPU they only hold the compiler.

using System.Runtime.CompilerServices;
using System.Threading;

namespace CSharpOS.Arch;

public static unsafe partial class Cpu
{
    /// <summary>The compiler moves no access to memory across this. No instruction.</summary>
    /// <linux>barrier</linux>
    /// <rows>SYNC-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Barrier()
    {
        Volatile.ReadBarrier();
        Volatile.WriteBarrier();
    }

    /// <summary>Everything before is seen by every CPU before anything behind: the one barrier that x86 does not give by itself. Needed where
    /// two CPUs each write a word and then read the other's.</summary>
    /// <linux>smp_mb</linux>
    /// <rows>SYNC-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SmpMb()
    {
#if SMP
        Interlocked.MemoryBarrier();
#else
        Barrier();
#endif
    }

    /// <summary>Reads before are done before reads behind. On x86 only the compiler is held.</summary>
    /// <linux>smp_rmb</linux>
    /// <rows>SYNC-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SmpRmb() => Barrier();

    /// <summary>Writes before are seen before writes behind. On x86 only the compiler is held.</summary>
    /// <linux>smp_wmb</linux>
    /// <rows>SYNC-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SmpWmb() => Barrier();

    /// <summary>A read through a pointer comes after the read of the pointer. True on x86 anyhow; says to the reader that it matters.</summary>
    /// <linux>smp_read_barrier_depends</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void SmpReadBarrierDepends() => Barrier();
}
