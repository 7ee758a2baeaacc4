// EntropyPool: random bytes from the moments at which interrupts come.
//
// Linux: drivers/char/random.c. AddInterruptRandomness: hard interrupt context, interrupts off, no lock: every CPU has a small pool of its
// own, and writes only that. GetRandomBytes: any context, does not sleep. Lock: s_lock (interrupts off), inside no other.
// Construction: a CPU's pool takes time stamps in by bijective steps, so nothing that came in is lost by mixing. Extraction hashes the
// state and all pools into a new state (keyed BLAKE2s), makes the output from it, and steps the state once more, so that who learns the
// state later cannot compute what was given out before.

using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Irq;

/// <summary>The entropy pool.</summary>
/// <rows>IRQ-14</rows>
public static unsafe class EntropyPool
{
    /// <summary>The most bits the pool is credited with: the size of its state.</summary>
    public const int MaxEntropy = 8 * Blake2s.HashSize;

    private const ulong OddMultiplier = 0x9e3779b97f4a7c15;

    private static SpinLock s_lock;
    private static State s_state;
    private static ulong s_extractions;
    private static int s_entropy;
    private static CpuPools s_pools;

    /// <summary>An estimate of the bits of randomness that went in and have not been given out; at most <see cref="MaxEntropy"/>. Any context.
    /// </summary>
    /// <linux>entropy_count</linux>
    public static int EntropyCount
    {
        get
        {
            int count = Shared.ReadOnce(ref s_entropy);
            for (int cpu = 0; cpu < Cpu.MaxCpus && count < MaxEntropy; cpu++)
            {
                count += Shared.ReadOnce(ref Pool(cpu)->Credit);
            }

            return count < MaxEntropy ? count : MaxEntropy;
        }
    }

    internal static void Init()
    {
        s_lock.Init();
        s_state = default;
        s_extractions = 0;
        s_entropy = 0;
        s_pools = default;
    }

    /// <summary>Takes in the time of an interrupt on line <paramref name="irq"/>. Interrupts off.</summary>
    /// <linux>add_interrupt_randomness</linux>
    /// <rows>IRQ-14</rows>
    public static void AddInterruptRandomness(int irq)
    {
        CpuPool* pool = Pool(SmpProcessorId());
        ulong now = ReadTsc();
        pool->Low = (BitOperations.RotateLeft(pool->Low, 7) ^ now ^ ((ulong)(uint)irq << 56)) * OddMultiplier;
        pool->High = BitOperations.RotateLeft(pool->High, 23) + pool->Low;

        // One bit at most, and none for an interrupt that comes as regularly as the two before it.
        ulong interval = now - pool->LastTime;
        ulong change = interval - pool->LastInterval;
        if (change != 0 && change != pool->LastChange && pool->Credit < MaxEntropy)
        {
            pool->Credit++;
        }

        pool->LastTime = now;
        pool->LastInterval = interval;
        pool->LastChange = change;
    }

    /// <summary>Fills <paramref name="buffer"/> with random bytes, as good as what <see cref="EntropyCount"/> says has come in. Any context;
    /// never waits for entropy.</summary>
    /// <linux>get_random_bytes</linux>
    /// <rows>IRQ-14</rows>
    public static void GetRandomBytes(Span<byte> buffer)
    {
        ulong flags = s_lock.LockIrqSave();
        CollectCredit(buffer.Length);
        NextState(Purpose.TakeIn);
        for (int done = 0; done < buffer.Length; done += Blake2s.HashSize)
        {
            int length = buffer.Length - done;
            Output(buffer.Slice(done, length < Blake2s.HashSize ? length : Blake2s.HashSize));
        }

        NextState(Purpose.StepOn);
        s_lock.UnlockIrqRestore(flags);
    }

    private static CpuPool* Pool(int cpu) => (CpuPool*)Unsafe.AsPointer(ref s_pools) + cpu;

    private static Span<byte> StateBytes => MemoryMarshal.CreateSpan(ref Unsafe.As<State, byte>(ref s_state), Blake2s.HashSize);

    // The pools' credits become the state's, and what is given out is taken from it. An increment that another CPU makes at the same
    // moment may be lost: the estimate stays low, never high.
    private static void CollectCredit(int bytes)
    {
        int count = EntropyCount;
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            Shared.WriteOnce(ref Pool(cpu)->Credit, 0);
        }

        int left = bytes < MaxEntropy / 8 ? count - (8 * bytes) : 0;
        Shared.WriteOnce(ref s_entropy, left > 0 ? left : 0);
    }

    private static void NextState(Purpose purpose)
    {
        Blake2s hash = default;
        hash.Start(StateBytes);
        UpdateWord(ref hash, (ulong)purpose);
        if (purpose == Purpose.TakeIn)
        {
            UpdateWord(ref hash, ReadTsc());
            hash.Update(MemoryMarshal.CreateSpan(ref Unsafe.As<CpuPools, byte>(ref s_pools), sizeof(CpuPools)));
        }

        hash.Finish(StateBytes);
    }

    private static void Output(Span<byte> block)
    {
        Blake2s hash = default;
        hash.Start(StateBytes);
        UpdateWord(ref hash, (ulong)Purpose.Output);
        UpdateWord(ref hash, s_extractions++);
        hash.Finish(block);
    }

    private static void UpdateWord(ref Blake2s hash, ulong word) =>
        hash.Update(MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<ulong, byte>(ref word), sizeof(ulong)));

    // Keeps the hashes of different uses apart.
    private enum Purpose
    {
        TakeIn,
        Output,
        StepOn,
    }

    // A cache line per CPU.
    [StructLayout(LayoutKind.Sequential, Size = 64)]
    private struct CpuPool
    {
        public ulong Low;
        public ulong High;
        public ulong LastTime;
        public ulong LastInterval;
        public ulong LastChange;
        public int Credit;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct CpuPools
    {
        private CpuPool _first;
    }

    [InlineArray(Blake2s.HashSize / 8)]
    private struct State
    {
        private ulong _first;
    }
}
