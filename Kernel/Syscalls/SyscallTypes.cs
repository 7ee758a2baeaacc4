// SyscallTypes: structures of system calls, as programs see them. Linux: include/linux/time.h, resource.h, compat.h. Values; no code but conversions.

using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

/// <summary>timespec of 64-bit callers.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Timespec64
{
    public long Sec, Nsec;

    /// <summary>True if it is a time that one can wait for.</summary>
    internal readonly bool IsValid => Sec >= 0 && (ulong)Nsec < 1_000_000_000;

    /// <summary>In nanoseconds; what does not fit is as long as can be.</summary>
    internal readonly long Nanoseconds => Sec > long.MaxValue / 1_000_000_000 - 1 ? long.MaxValue : (Sec * 1_000_000_000) + Nsec;

    internal static Timespec64 FromNanoseconds(long time) => new() { Sec = time / 1_000_000_000, Nsec = time % 1_000_000_000 };
}

/// <summary>timespec of 32-bit callers.</summary>
/// <linux>compat_timespec</linux>
[StructLayout(LayoutKind.Sequential)]
public struct Timespec32
{
    public int Sec, Nsec;

    internal readonly bool IsValid => Sec >= 0 && (uint)Nsec < 1_000_000_000;

    internal readonly long Nanoseconds => (Sec * 1_000_000_000L) + Nsec;

    internal static Timespec32 FromNanoseconds(long time) => new() { Sec = (int)(time / 1_000_000_000), Nsec = (int)(time % 1_000_000_000) };
}

/// <summary>timeval of 64-bit callers.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct Timeval64
{
    public long Sec, Usec;

    internal readonly bool IsValid => Sec >= 0 && (ulong)Usec < 1_000_000;

    /// <summary>In nanoseconds; what does not fit is as long as can be.</summary>
    internal readonly long Nanoseconds => Sec > long.MaxValue / 1_000_000_000 - 1 ? long.MaxValue : (Sec * 1_000_000_000) + (Usec * 1000);

    internal static Timeval64 FromNanoseconds(long time) => new() { Sec = time / 1_000_000_000, Usec = time % 1_000_000_000 / 1000 };
}

/// <summary>timeval of 32-bit callers.</summary>
/// <linux>compat_timeval</linux>
[StructLayout(LayoutKind.Sequential)]
public struct Timeval32
{
    public int Sec, Usec;

    internal readonly bool IsValid => Sec >= 0 && (uint)Usec < 1_000_000;

    internal readonly long Nanoseconds => (Sec * 1_000_000_000L) + (Usec * 1000L);

    internal static Timeval32 FromNanoseconds(long time) => new() { Sec = (int)(time / 1_000_000_000), Usec = (int)(time % 1_000_000_000 / 1000) };
}

/// <summary>rusage of 64-bit callers; what is not counted is 0.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Rusage64
{
    public Timeval64 UserTime, SystemTime;
    public fixed long Rest[14];
}

/// <summary>rusage of 32-bit callers.</summary>
/// <linux>compat_rusage</linux>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct Rusage32
{
    public Timeval32 UserTime, SystemTime;
    public fixed int Rest[14];
}

/// <summary>How restart_syscall goes on with the call that a signal has interrupted.</summary>
/// <linux>restart_block</linux>
public unsafe struct RestartBlock
{
    internal delegate*<RestartBlock*, long> Function;

    /// <summary>Absolute time, by KtimeGet.</summary>
    internal long End;

    /// <summary>Where what is left goes, and how.</summary>
    internal void* Left;
    internal delegate*<void*, long, int> PutLeft;
}
