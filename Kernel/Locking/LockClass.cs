// LockClass: locks that play the same part, as the validator and the statistics see them.
//
// Linux: struct lock_class and lock_class_key (include/linux/lockdep.h). Rules are about classes, not about single locks: what has been seen
// of one run-queue lock holds for all of them. Which class a lock is in:
//   1. a lock with an Init is in the class of the place where Init is called (file and line), and named by what was initialised there;
//   2. a static lock without one is a class of its own, by its address;
//   3. a zeroed lock inside an object, without an Init, is in the class of the place that first takes it: right, but coarse in a report.
// A subclass (LockNested) is a class beside its base. Equal places in two object files are one class: the text counts, not its address.
// Any context, interrupts off; the table grows under the validator's own raw lock and is read without one: an entry is complete before its
// number can be found. Nothing is ever removed. Only in builds with DEBUG_CHECKS.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Locking;

/// <summary>How a lock is taken, as far as others must wait for it.</summary>
public enum LockKind : byte
{
    /// <summary>Alone: spin locks, mutexes, writers.</summary>
    Exclusive = 0,

    /// <summary>With other readers; a second time behind a waiting writer would be a deadlock (rw_semaphore).</summary>
    Read = 1,

    /// <summary>With other readers, and again by the same context (rwlock_t).</summary>
    RecursiveRead = 2,
}

#if DEBUG_CHECKS
/// <summary>In which contexts a class has been taken, or held.</summary>
[Flags]
internal enum LockUsage
{
    None = 0,
    InHardirq = 1,
    InHardirqRead = 2,
    HardirqsOn = 4,
    HardirqsOnRead = 8,
    InSoftirq = 16,
    InSoftirqRead = 32,
    SoftirqsOn = 64,
    SoftirqsOnRead = 128,
    Used = 256,
}

/// <summary>What a lock carries for the validator: the number of its class once that is known.</summary>
/// <linux>lockdep_map</linux>
public struct LockMap
{
    internal ushort Class;
    internal byte Epoch;

    // 1 + the CPU that took the lock last.
    internal byte LastCpu;

    // 1 + the interrupt line whose handlers take the lock, and the one whose handlers do so with interrupts on; SeveralLines if more than one does.
    internal int HandlerLine, OpenLine;

    internal const int SeveralLines = int.MaxValue;
}

/// <summary>One class.</summary>
/// <linux>lock_class</linux>
internal unsafe struct LockClass
{
    internal const int UsageBits = 9;
    internal const int Subclasses = 8;

    /// <summary>Text of a string literal; see <see cref="LockText"/>. Empty: the class is named by its place.</summary>
    internal char* Name;
    internal char* File;
    internal int Line;
    internal int Usage;
    internal ushort Index;
    internal ushort Base;
    internal int Subclass;

    /// <summary>Heads of the lists of orders seen: locks taken while this was held, and locks held when this was taken.</summary>
    internal int After, Before;

    /// <summary>For each bit of <see cref="Usage"/> the call trace of its first time.</summary>
    internal fixed int Traces[UsageBits];
    internal fixed ushort SubclassNumbers[Subclasses];
    internal LockStatistics Exclusive, Readers;
    internal ContentionPoints Points;
}

/// <summary>The table of classes. Number 0 is no class.</summary>
internal static unsafe class LockClasses
{
    internal const int Max = 640;
    private const int KeySlots = 2048;

    private static Table s_classes;
    private static Keys s_keys;
    private static int s_count;
    private static byte s_epoch;

    /// <summary>How many there are; their numbers are 1 to this.</summary>
    internal static int Count => Shared.ReadOnce(ref s_count);

    internal static void Init()
    {
        s_classes = default;
        s_keys = default;
        s_count = 0;
        LockText.Init();
        s_epoch++;
        s_epoch += (byte)(s_epoch == 0 ? 1 : 0);
    }

    internal static LockClass* Of(int number) => (LockClass*)Unsafe.AsPointer(ref s_classes) + number;

    /// <summary>Puts a lock into the class of the place that initialises it.</summary>
    internal static void Assign(LockMap* map, string name, string file, int line)
    {
        int number = OfPlace(LockText.Address(file), line, LockText.Address(name));
        map->LastCpu = 0;
        map->Epoch = s_epoch;
        map->Class = (ushort)number;
    }

    /// <summary>The number of a lock's class; 0 if there is no room for a new one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static int Lookup(LockMap* map, void* address, int subclass, char* file, int line)
    {
        int number = map->Class;
        if (number == 0 || map->Epoch != s_epoch)
        {
            number = IsStatic(address) ? OfAddress(address, file, line) : OfPlace(file, line, null);
            map->HandlerLine = map->OpenLine = 0;
            map->Epoch = s_epoch;
            map->Class = (ushort)number;
        }

        return subclass == 0 || number == 0 ? number : OfSubclass(number, subclass);
    }

    // Statics of the image lie at the start of the top 2 GB; what is allocated does not. Those of modules are in the class of the place that takes them: another
    // module may have the address later.
    private static bool IsStatic(void* address) => (ulong)address >= AsmOffsets.KERNEL_BASE && !LockText.IsOfModule((char*)address);

    private static int OfAddress(void* address, char* file, int line)
    {
        ulong key = ~(ulong)address;
        int number = Find(key);
        return number != 0 ? number : Add(key, null, file, line, byPlace: false);
    }

    private static int OfPlace(char* file, int line, char* name)
    {
        if (LockText.IsOfModule(file) || LockText.IsOfModule(name))
        {
            // The module may go, its classes stay.
            LockGraph.Enter();
            file = LockText.Keep(file);
            name = LockText.Keep(name);
            LockGraph.Leave();
        }

        ulong key = ((ulong)file * 0x9e3779b97f4a7c15) ^ (uint)line;
        int number = Find(key);
        return number != 0 ? number : Add(key, name, file, line, byPlace: true);
    }

    private static int OfSubclass(int number, int subclass)
    {
        LockClass* parent = Of(number);
        subclass = subclass < LockClass.Subclasses ? subclass : LockClass.Subclasses - 1;
        if (parent->SubclassNumbers[subclass] != 0)
        {
            return parent->SubclassNumbers[subclass];
        }

        LockGraph.Enter();
        int found = parent->SubclassNumbers[subclass];
        if (found == 0)
        {
            found = Make(parent->Name, parent->File, parent->Line, number, subclass);
            parent->SubclassNumbers[subclass] = (ushort)found;
        }

        LockGraph.Leave();
        return found;
    }

    private static int Find(ulong key)
    {
        for (uint slot = Hash(key); ; slot = (slot + 1) % KeySlots)
        {
            Key* entry = KeyAt(slot);
            ulong there = Shared.ReadOnce(ref entry->Value);
            if (there == key)
            {
                return entry->Class;
            }

            if (there == 0)
            {
                return 0;
            }
        }
    }

    private static int Add(ulong key, char* name, char* file, int line, bool byPlace)
    {
        LockGraph.Enter();
        int number = Find(key);
        if (number == 0)
        {
            // The same place compiled into another object file has another address for the same text.
            number = byPlace ? FindByText(name, file, line) : 0;
            number = number != 0 ? number : Make(name, file, line, 0, 0);
            uint slot = Hash(key);
            while (KeyAt(slot)->Value != 0)
            {
                slot = (slot + 1) % KeySlots;
            }

            if (number != 0)
            {
                KeyAt(slot)->Class = number;
                Shared.WriteOnce(ref KeyAt(slot)->Value, key);
            }
        }

        LockGraph.Leave();
        return number;
    }

    private static int FindByText(char* name, char* file, int line)
    {
        for (int number = 1; number <= s_count; number++)
        {
            LockClass* other = Of(number);
            if (other->Line == line && other->Base == 0 && (other->Name == null) == (name == null)
                && LockText.Equal(other->File, file) && LockText.Equal(other->Name, name))
            {
                return number;
            }
        }

        return 0;
    }

    private static int Make(char* name, char* file, int line, int parent, int subclass)
    {
        if (s_count + 1 >= Max)
        {
            LockValidator.OutOfRoom("lock classes"u8);
            return 0;
        }

        int number = s_count + 1;
        *Of(number) = new LockClass
        {
            Name = name,
            File = file,
            Line = line,
            Index = (ushort)number,
            Base = (ushort)parent,
            Subclass = subclass,
        };
        Shared.WriteOnce(ref s_count, number);
        return number;
    }

    private static uint Hash(ulong key) => (uint)((key * 0x9e3779b97f4a7c15) >> 40) % KeySlots;

    private static Key* KeyAt(uint slot) => (Key*)Unsafe.AsPointer(ref s_keys) + slot;

    private struct Key
    {
        public ulong Value;
        public int Class;
    }

    [InlineArray(Max)]
    private struct Table
    {
        private LockClass _first;
    }

    [InlineArray(KeySlots)]
    private struct Keys
    {
        private Key _first;
    }
}

/// <summary>String literals by address: they are frozen data, so a structure may keep the address of the text. The length stands before it.</summary>
internal static unsafe class LockText
{
    private const ulong ModulesStart = AsmOffsets.KERNEL_BASE + 0x20000000;
    private const int KeptCharacters = 8192;
    private const int LengthCharacters = 2;

    private static Kept s_kept;
    private static int s_keptEnd;

    internal static void Init() => s_keptEnd = 0;

    /// <summary>True for a text in a module.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static bool IsOfModule(char* text) => (ulong)text >= ModulesStart;

    /// <summary>The text itself, or, of a module's, a copy that stays: the same one for equal texts. Null if there is no room. The graph is locked.</summary>
    internal static char* Keep(char* text)
    {
        if (!IsOfModule(text))
        {
            return text;
        }

        var kept = (char*)Unsafe.AsPointer(ref s_kept);
        int at = 0;
        while (at < s_keptEnd)
        {
            char* other = kept + at + LengthCharacters;
            if (Equal(other, text))
            {
                return other;
            }

            at += Room(Of(other).Length);
        }

        int length = Of(text).Length;
        if (Room(length) > KeptCharacters - at)
        {
            return null;
        }

        *(int*)(kept + at) = length;
        Of(text).CopyTo(new Span<char>(kept + at + LengthCharacters, length));
        s_keptEnd = at + Room(length);
        return kept + at + LengthCharacters;
    }

    // Lengths stand at multiples of four bytes.
    private static int Room(int length) => LengthCharacters + ((length + 1) & ~1);

    [InlineArray(KeptCharacters)]
    private struct Kept
    {
        private char _first;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static char* Address(string text) => (char*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(text.AsSpan()));

    internal static ReadOnlySpan<char> Of(char* text) => text == null ? default : new ReadOnlySpan<char>(text, *((int*)text - 1));

    internal static bool Equal(char* a, char* b) => a == b || (a != null && b != null && Of(a).SequenceEqual(Of(b)));
}
#endif
