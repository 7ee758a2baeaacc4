// Syscalls: _syscall0 to _syscall6, the way from a program into the kernel. The numbers __NR_name come from Kernel/Syscalls/syscalls.tbl.
//
// In the book's C a program that wants a new call writes one line, _syscall3(int, open, const char *, file, int, flags, int, mode). In C#
// the line is
//     static int Open(byte* path, int flags, int mode) => _syscall3(__NR_open, path, flags, mode);
// The kernel answers with a result or with minus an error number; these functions turn the latter into -1 and errno. The arguments are 32
// bits wide: a program, its heap and its stack lie below 4 GB.

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.User;

/// <summary>System calls by number.</summary>
/// <linux>_syscall0 ... _syscall6 of asm-i386/unistd.h</linux>
/// <rows>SYS-08</rows>
public static unsafe class Syscalls
{
    private const uint SmallestError = unchecked((uint)-4095);

    /// <summary>The error number of the last call that gave -1. A successful call leaves it alone.</summary>
    public static int errno;

    /// <summary>A call without arguments.</summary>
    public static int _syscall0(int number) => Result(Short(number, 0, 0, 0));

    /// <summary>A call with one argument.</summary>
    public static int _syscall1(int number, Argument a) => Result(Short(number, a.Value, 0, 0));

    /// <summary>A call with two arguments.</summary>
    public static int _syscall2(int number, Argument a, Argument b) => Result(Short(number, a.Value, b.Value, 0));

    /// <summary>A call with three arguments.</summary>
    public static int _syscall3(int number, Argument a, Argument b, Argument c) => Result(Short(number, a.Value, b.Value, c.Value));

    /// <summary>A call with four arguments.</summary>
    public static int _syscall4(int number, Argument a, Argument b, Argument c, Argument d) =>
        Result(Raw(number, a.Value, b.Value, c.Value, d.Value, 0, 0));

    /// <summary>A call with five arguments.</summary>
    public static int _syscall5(int number, Argument a, Argument b, Argument c, Argument d, Argument e) =>
        Result(Raw(number, a.Value, b.Value, c.Value, d.Value, e.Value, 0));

    /// <summary>A call with six arguments.</summary>
    public static int _syscall6(int number, Argument a, Argument b, Argument c, Argument d, Argument e, Argument f) =>
        Result(Raw(number, a.Value, b.Value, c.Value, d.Value, e.Value, f.Value));

    /// <summary>The 64-bit entry: the instruction <c>syscall</c> with a number of <see cref="SyscallNumbers64"/>, arguments and structures
    /// of x86-64. The result as the kernel gave it: minus the error number for an error; errno stays.</summary>
    public static long Syscall64(int number, nint a = 0, nint b = 0, nint c = 0, nint d = 0, nint e = 0, nint f = 0) =>
        UserSyscall(number, a, b, c, d, e, f);

    /// <summary>The 32-bit entry: <c>int 0x80</c> with a number of <see cref="SyscallNumbers"/>. The content of eax as the kernel left
    /// it.</summary>
    public static uint Raw(int number, nint a, nint b, nint c, nint d, nint e, nint f) =>
#if LINUX64
        HostSyscalls.Call(number, a, b, c, d, e, f);
#else
        (uint)UserInt80(number, a, b, c, d, e, f);
#endif

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Short(int number, nint a, nint b, nint c) =>
#if LINUX64
        HostSyscalls.Call(number, a, b, c, 0, 0, 0);
#else
        UserInt80Short(number, a, b, c);
#endif

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Result(uint raw) => raw < SmallestError ? (int)raw : Failed(raw);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Failed(uint raw)
    {
        errno = -(int)raw;
        return -1;
    }

    [RuntimeImport("*", "user_int80")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern long UserInt80(long number, nint a, nint b, nint c, nint d, nint e, nint f);

    [RuntimeImport("*", "user_int80_3")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern uint UserInt80Short(long number, nint a, nint b, nint c);

    [RuntimeImport("*", "user_syscall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern long UserSyscall(long number, nint a, nint b, nint c, nint d, nint e, nint f);

    /// <summary>An argument of a system call: a number or a pointer.</summary>
    public readonly struct Argument
    {
        internal readonly nint Value;

        private Argument(nint value) => Value = value;

        public static implicit operator Argument(int value) => new(value);

        public static implicit operator Argument(uint value) => new((nint)value);

        public static implicit operator Argument(nint value) => new(value);

        public static implicit operator Argument(nuint value) => new((nint)value);

        public static implicit operator Argument(void* value) => new((nint)value);
    }
}
