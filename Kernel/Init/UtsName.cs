// UtsName: how the system calls itself: for uname and /proc/sys/kernel.
//
// Linux: struct new_utsname, kernel/sys.c (sethostname). The host name: process context; s_lock (plain spin lock) guards it. The rest are constants.

using System.Runtime.CompilerServices;

namespace CSharpOS.Init;

/// <summary>Names of the system.</summary>
/// <linux>utsname</linux>
public static unsafe class UtsName
{
    /// <summary>Bytes of the host name at most.</summary>
    /// <linux>__NEW_UTS_LEN</linux>
    public const int MaxNodeName = 64;

    private static SpinLock s_lock;
    private static int s_length;
    private static Storage s_nodeName;

    /// <summary>Of the kernel.</summary>
    /// <linux>sysname</linux>
    public static ReadOnlySpan<byte> SysName => "CSharpOS"u8;

    /// <summary>Which build.</summary>
    /// <linux>version</linux>
#if SMP && PREEMPT
    public static ReadOnlySpan<byte> Version => "#1 SMP PREEMPT"u8;
#elif SMP
    public static ReadOnlySpan<byte> Version => "#1 SMP"u8;
#elif PREEMPT
    public static ReadOnlySpan<byte> Version => "#1 PREEMPT"u8;
#else
    public static ReadOnlySpan<byte> Version => "#1"u8;
#endif

    /// <summary>The host is called csharpos. Once, at boot.</summary>
    internal static void Init()
    {
        s_lock.Init();
        SetNodeName("csharpos"u8);
    }

    /// <summary>Copies the host name, without a zero byte; its length. <paramref name="name"/> has room for <see cref="MaxNodeName"/> bytes.</summary>
    public static int GetNodeName(Span<byte> name)
    {
        using (s_lock.Guard())
        {
            new ReadOnlySpan<byte>(Unsafe.AsPointer(ref s_nodeName), s_length).CopyTo(name);
            return s_length;
        }
    }

    /// <summary>Names the host. 0; -EINVAL: too long.</summary>
    /// <linux>sethostname</linux>
    public static int SetNodeName(ReadOnlySpan<byte> name)
    {
        if (name.Length > MaxNodeName)
        {
            return -EINVAL;
        }

        using (s_lock.Guard())
        {
            name.CopyTo(new Span<byte>(Unsafe.AsPointer(ref s_nodeName), MaxNodeName));
            s_length = name.Length;
            return 0;
        }
    }

    [InlineArray(MaxNodeName)]
    private struct Storage
    {
        private byte _first;
    }
}
