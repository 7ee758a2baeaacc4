// Unix: the system calls as functions. Each gives -1 and sets errno when the kernel refuses. Names as in C, in C#'s case.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

/// <summary>System calls and what belongs to them: files.</summary>
public static unsafe partial class Unix
{
    /// <summary>Opens a file; the new descriptor.</summary>
    [SkipLocalsInit]
    public static int Open(string path, int flags, int mode = 0)
    {
        Unsafe.SkipInit(out PathBytes bytes);
        return _syscall3(__NR_open, bytes.Set(path), flags, mode);
    }

    /// <summary>Closes a descriptor.</summary>
    public static int Close(int descriptor) => _syscall1(__NR_close, descriptor);

    /// <summary>Reads at most as much as the buffer takes; 0 at the end.</summary>
    public static int Read(int descriptor, Span<byte> buffer)
    {
        fixed (byte* bytes = buffer)
        {
            return _syscall3(__NR_read, descriptor, bytes, buffer.Length);
        }
    }

    /// <summary>Writes bytes; how many went.</summary>
    public static int Write(int descriptor, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return _syscall3(__NR_write, descriptor, start, bytes.Length);
        }
    }

    /// <summary>Moves the program break; where it is then. Null only asks.</summary>
    public static byte* Brk(byte* wanted) => (byte*)(nuint)Raw(__NR_brk, (nint)wanted, 0, 0, 0, 0, 0);

    /// <summary>True if the descriptor is a terminal.</summary>
    public static bool Isatty(int descriptor)
    {
        byte* settings = stackalloc byte[64];
        return _syscall3(__NR_ioctl, descriptor, 0x5401, settings) == 0;
    }

    /// <summary>Ends the program, after writing out standard output.</summary>
    [DoesNotReturn]
    public static void Exit(int status)
    {
        Console.Out.Flush();
        while (true)
        {
            _syscall1(__NR_exit_group, status);
        }
    }

    /// <summary>Ends the program as SIGABRT does, without writing anything out.</summary>
    [DoesNotReturn]
    public static void Abort()
    {
        while (true)
        {
            _syscall2(__NR_kill, _syscall0(__NR_getpid), 6);
            _syscall1(__NR_exit_group, 134);
        }
    }

    // A path as the kernel wants it. A longer one stays without its zero, and the kernel answers ENAMETOOLONG.
    [InlineArray(4096)]
    private struct PathBytes
    {
        private byte _first;

        [UnscopedRef]
        internal byte* Set(string path)
        {
            Span<byte> bytes = this;
            int length = Utf8.Encode(path.AsSpan(), bytes);
            if (length < bytes.Length)
            {
                bytes[length] = 0;
            }

            return (byte*)Unsafe.AsPointer(ref this);
        }
    }
}
