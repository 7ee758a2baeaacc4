// Atomic and Shared of the explored kernel: the members of Kernel/Arch/Atomic.cs, each a scheduling point.
//
// The compiler fills in where a call stands and what it names, so that a schedule can be read. Callers see the same members.

using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Arch;

/// <summary>A 32-bit counter that many CPUs may change at once.</summary>
public struct Atomic
{
    private int _value;

    public Atomic(int value) => _value = value;

    public int Read([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Seam.Read(ref _value, "atomic_read", "", file, line);

    public void Set(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Write(ref _value, value, "atomic_set", "", file, line);

    public void Add(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, value, "atomic_add", "", file, line);

    public void Sub(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, -value, "atomic_sub", "", file, line);

    public void Inc([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Seam.Add(ref _value, 1, "atomic_inc", "", file, line);

    public void Dec([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Seam.Add(ref _value, -1, "atomic_dec", "", file, line);

    public int AddReturn(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, value, "atomic_add_return", "", file, line);

    public int SubReturn(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, -value, "atomic_sub_return", "", file, line);

    public int IncReturn([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, 1, "atomic_inc_return", "", file, line);

    public int DecReturn([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, -1, "atomic_dec_return", "", file, line);

    public bool DecAndTest([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref _value, -1, "atomic_dec_and_test", "", file, line) == 0;

    public int Exchange(int value, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Exchange(ref _value, value, "atomic_xchg", "", file, line);

    public int CompareExchange(int value, int comparand, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.CompareExchange(ref _value, value, comparand, "atomic_cmpxchg", "", file, line);
}

/// <summary>Shared words.</summary>
public static unsafe class Shared
{
    private const string Expression = "location";
    private const string BitExpression = "word";

    public static int ReadOnce(ref int location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Read(ref location, "ReadOnce", what, file, line);

    public static uint ReadOnce(ref uint location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (uint)Seam.Read(ref Unsafe.As<uint, int>(ref location), "ReadOnce", what, file, line);

    public static long ReadOnce(ref long location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Read(ref location, "ReadOnce", what, file, line);

    public static ulong ReadOnce(ref ulong location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (ulong)Seam.Read(ref Unsafe.As<ulong, long>(ref location), "ReadOnce", what, file, line);

    public static T* ReadOnce<T>(T** location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => (T*)Seam.Read(ref *(long*)location, "ReadOnce", what, file, line);

    public static void WriteOnce(ref int location, int value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Write(ref location, value, "WriteOnce", what, file, line);

    public static void WriteOnce(ref uint location, uint value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Write(ref Unsafe.As<uint, int>(ref location), (int)value, "WriteOnce", what, file, line);

    public static void WriteOnce(ref long location, long value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Write(ref location, value, "WriteOnce", what, file, line);

    public static void WriteOnce(ref ulong location, ulong value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Write(ref Unsafe.As<ulong, long>(ref location), (long)value, "WriteOnce", what, file, line);

    public static void WriteOnce<T>(T** location, T* value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => Seam.Write(ref *(long*)location, (long)value, "WriteOnce", what, file, line);

    public static int AddReturn(ref int location, int value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref location, value, "AddReturn", what, file, line);

    public static long AddReturn(ref long location, long value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Add(ref location, value, "AddReturn", what, file, line);

    public static int Exchange(ref int location, int value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Exchange(ref location, value, "Exchange", what, file, line);

    public static long Exchange(ref long location, long value, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Exchange(ref location, value, "Exchange", what, file, line);

    public static int CompareExchange(ref int location, int value, int comparand, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.CompareExchange(ref location, value, comparand, "CompareExchange", what, file, line);

    public static long CompareExchange(ref long location, long value, long comparand, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.CompareExchange(ref location, value, comparand, "CompareExchange", what, file, line);

    public static void SetBit(int bit, ref int word, [CallerArgumentExpression(BitExpression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.Or(ref word, 1 << bit, "SetBit", what, file, line);

    public static void ClearBit(int bit, ref int word, [CallerArgumentExpression(BitExpression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.And(ref word, ~(1 << bit), "ClearBit", what, file, line);

    public static bool TestAndSetBit(int bit, ref int word, [CallerArgumentExpression(BitExpression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (Seam.Or(ref word, 1 << bit, "TestAndSetBit", what, file, line) & (1 << bit)) != 0;

    public static bool TestAndClearBit(int bit, ref int word, [CallerArgumentExpression(BitExpression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (Seam.And(ref word, ~(1 << bit), "TestAndClearBit", what, file, line) & (1 << bit)) != 0;

    public static bool TestBit(int bit, ref int word, [CallerArgumentExpression(BitExpression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        (Seam.Read(ref word, "TestBit", what, file, line) & (1 << bit)) != 0;

    /// <summary>One plain store of the lower half: nobody else writes that, but others change the upper half, so it is taken afresh.</summary>
    public static void IncrementLow16(ref int location, [CallerArgumentExpression(Expression)] string what = "", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Seam.IncrementLow16(ref location, what, file, line);
}
