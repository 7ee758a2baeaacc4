// LockCodeTests: the machine code that a lock leaves in each of the builds, read back from memory. Part of the suite lock.
//
// Three functions that do the same thing under a lock, under preemption control only, and alone are taken apart and compared instruction by
// instruction. In a release build for one CPU the first must be the second; without preemption both must be the third. Jumps within a
// function are compared by where they go in it.

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Suites;

internal static unsafe class LockCodeTests
{
    private const int MostText = 4096;

    private static SpinLock s_lock;
    private static RwLock s_rwLock;
    private static long s_value;
    private static ulong s_bitmap;
    private static int s_word;
    private static bool s_result;
    private static Atomic s_atomic;
    private static Atomic64 s_atomic64;
    private static Buffers s_buffers;

    internal static void SpinLockCode()
    {
        Listing locked = Disassemble(&Locked);
        Check.True(locked.Text.Length > 0);
#if DEBUG_CHECKS
        // The checks are functions of their own.
        Check.True(locked.Count("call "u8) >= 2);
#elif SMP
        // One locked instruction to take it, a plain store to give it back.
        Check.Equal(1, locked.Count("lock "u8));
        Check.Equal(1, locked.Count("lock xadd"u8));
        CheckPreemption(ref locked);
#else
        CheckNothingLeft(&Locked);
#endif
    }

    internal static void RwLockCode()
    {
        Listing read = Disassemble(&Read);
        Check.True(read.Text.Length > 0);
#if DEBUG_CHECKS
        Check.True(read.Count("call "u8) >= 2);
#elif SMP
        Check.Equal(2, read.Count("lock "u8));
        Listing written = Disassemble(&Written, 1);
        Check.Equal(2, written.Count("lock "u8));
#else
        CheckNothingLeft(&Read);
        CheckNothingLeft(&Written);
#endif
    }

    // One word that several CPUs change: a read and a write that are not one locked instruction lose changes, but so seldom that no run shows it for
    // certain. The code does.
    internal static void AtomicCode()
    {
        CheckLocked(&SetBit);
        CheckLocked(&ClearBit);
        CheckLocked(&ChangeBit);
        CheckLocked(&TestAndSetBit);
        CheckLocked(&TestAndClearBit);
        CheckLocked(&TestAndChangeBit);
        CheckLocked(&SetBitOfWord);
        CheckLocked(&ClearBitOfWord);
        CheckLocked(&TestAndSetBitOfWord);
        CheckLocked(&TestAndClearBitOfWord);
        CheckLocked(&Increment);
        CheckLocked(&Decrement);
        CheckLocked(&AddReturn);
        CheckLocked(&Exchange);
        CheckLocked(&CompareExchange);
        CheckLocked(&SetMask);
        CheckLocked(&ClearMask);
        CheckLocked(&Add64);
        CheckLocked(&AddReturn64);
    }

    // The names are those that builds with checks have, or this would say nothing of the others.
    internal static void ChecksAreFree()
    {
        Check.True(SymbolTable.LookupName("LockValidator.Acquire"u8, out _) == ValidatorTests.Present);
        Check.True(SymbolTable.LookupName("LockStat.Clear"u8, out _) == ValidatorTests.Present);
        Check.True(SymbolTable.LookupName("ContextReport.SleepingInInvalidContext"u8, out _) == ValidatorTests.Present);
        Listing sleeping = Disassemble(&Sleeping);
        Check.True(sleeping.Text.Length > 0);
#if DEBUG_CHECKS
        Check.True(sleeping.Count("call "u8) > 0);
#else
        Check.True(sleeping.Text.SequenceEqual(Disassemble(&Alone, 1).Text));
#endif
    }

    private static void CheckLocked(delegate*<void> operation)
    {
        Listing listing = Disassemble(operation);
        if (listing.Count("call "u8) > 0)
        {
            Test.Skip("built without optimisation"u8);
            return;
        }

        Check.True(listing.Count("lock "u8) + listing.Count("xchg "u8) > 0);
    }

#if !DEBUG_CHECKS
#if SMP
    // preempt_count: added to twice with preemption, not touched without.
    private static void CheckPreemption(ref Listing locked)
    {
#if PREEMPT
        Check.True(locked.Count("gs:"u8) > 0);
#else
        Check.Equal(0, locked.Count("gs:"u8));
#endif
    }
#else
    private static void CheckNothingLeft(delegate*<void> probe)
    {
        Listing locked = Disassemble(probe);
        Listing preemption = Disassemble(&PreemptionOnly, 1);
        Listing alone = Disassemble(&Alone, 2);
        Check.Equal(0, locked.Count("lock "u8));
        Check.True(locked.Text.SequenceEqual(preemption.Text));
#if PREEMPT
        Check.False(preemption.Text.SequenceEqual(alone.Text));
        Check.True(preemption.Count("gs:"u8) > 0);
#else
        Check.True(preemption.Text.SequenceEqual(alone.Text));
        Check.Equal(0, alone.Count("gs:"u8));
#endif
    }
#endif
#endif

    private static ulong* Bitmap => (ulong*)Unsafe.AsPointer(ref s_bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SetBit() => Bits.SetBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ClearBit() => Bits.ClearBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ChangeBit() => Bits.ChangeBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TestAndSetBit() => s_result = Bits.TestAndSetBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TestAndClearBit() => s_result = Bits.TestAndClearBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TestAndChangeBit() => s_result = Bits.TestAndChangeBit(3, Bitmap);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SetBitOfWord() => Shared.SetBit(3, ref s_word);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ClearBitOfWord() => Shared.ClearBit(3, ref s_word);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TestAndSetBitOfWord() => s_result = Shared.TestAndSetBit(3, ref s_word);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void TestAndClearBitOfWord() => s_result = Shared.TestAndClearBit(3, ref s_word);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Increment() => s_atomic.Inc();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Decrement() => s_atomic.Dec();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddReturn() => s_value = s_atomic.AddReturn(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Exchange() => s_value = s_atomic.Exchange(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void CompareExchange() => s_value = s_atomic.CompareExchange(3, 4);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void SetMask() => s_atomic.SetMask(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void ClearMask() => s_atomic.ClearMask(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Add64() => s_atomic64.Add(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void AddReturn64() => s_value = s_atomic64.AddReturn(3);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Locked()
    {
        s_lock.Lock();
        s_value++;
        s_lock.Unlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Read()
    {
        s_rwLock.ReadLock();
        s_value++;
        s_rwLock.ReadUnlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Written()
    {
        s_rwLock.WriteLock();
        s_value++;
        s_rwLock.WriteUnlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void PreemptionOnly()
    {
        PreemptDisable();
        s_value++;
        PreemptEnable();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Sleeping()
    {
        MightSleep();
        s_value++;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Alone() => s_value++;

    // The instructions of a function, one per line, in a buffer that stays until the same slot is used again.
    private static Listing Disassemble(delegate*<void> function, int slot = 0)
    {
        nuint start = (nuint)function;
        Listing listing = new(new Span<byte>((byte*)Unsafe.AsPointer(ref s_buffers) + (slot * MostText), MostText), start);
        if (!SymbolTable.Lookup(start, out SymbolInfo info) || info.Offset != 0)
        {
            return default;
        }

        Span<byte> text = stackalloc byte[Disassembler.MaxText];
        for (nuint at = start; at < start + info.Size;)
        {
            ReadOnlySpan<byte> code = new((void*)at, (int)(start + info.Size - at));
            int length = Disassembler.Decode(code, at, text, out int written);
            if (length == 0)
            {
                return default;
            }

            listing.Add(text[..written], info.Size);
            at += (nuint)length;
        }

        return listing;
    }

    private ref struct Listing(Span<byte> buffer, nuint start)
    {
        private readonly Span<byte> _buffer = buffer;
        private readonly nuint _start = start;
        private int _length;

        public readonly ReadOnlySpan<byte> Text => _buffer[.._length];

        // How often a word stands in it.
        public readonly int Count(scoped ReadOnlySpan<byte> word)
        {
            int count = 0;
            ReadOnlySpan<byte> rest = Text;
            for (int at = rest.IndexOf(word); at >= 0; at = rest.IndexOf(word))
            {
                count++;
                rest = rest[(at + word.Length)..];
            }

            return count;
        }

        // An address within the function becomes what it is from its start; all others stay.
        public void Add(scoped ReadOnlySpan<byte> line, nuint size)
        {
            int at = line.IndexOf("0xffffffff"u8);
            nuint address = at < 0 ? 0 : Hex(line[(at + 2)..]);
            if (address - _start < size)
            {
                Append(line[..at]);
                Span<byte> offset = stackalloc byte[2];
                offset[0] = (byte)('A' + ((address - _start) >> 4));
                offset[1] = (byte)('a' + ((address - _start) & 15));
                Append(offset);
            }
            else
            {
                Append(line);
            }

            Append("\n"u8);
        }

        private static nuint Hex(scoped ReadOnlySpan<byte> digits)
        {
            nuint value = 0;
            foreach (byte digit in digits)
            {
                int number = digit is >= (byte)'0' and <= (byte)'9' ? digit - '0' : (digit | 0x20) is >= 'a' and <= 'f' ? (digit | 0x20) - 'a' + 10 : -1;
                if (number < 0)
                {
                    break;
                }

                value = (value << 4) | (nuint)number;
            }

            return value;
        }

        private void Append(scoped ReadOnlySpan<byte> text)
        {
            int length = Math.Min(text.Length, _buffer.Length - _length);
            text[..length].CopyTo(_buffer[_length..]);
            _length += length;
        }
    }

    [InlineArray(3 * MostText)]
    private struct Buffers
    {
        private byte _first;
    }
}
