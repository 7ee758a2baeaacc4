// KernelVersion: the name and number of this kernel. Linux: linux_banner, init/version.c. Constants.

namespace CSharpOS.Init;

/// <summary>Name and version.</summary>
public static class KernelVersion
{
    /// <summary>The version number.</summary>
    public static ReadOnlySpan<byte> Release => "0.1.0"u8;

#if SMP && PREEMPT
    /// <summary>One line about this build.</summary>
    /// <linux>linux_banner</linux>
    public static ReadOnlySpan<byte> Banner => "CSharpOS 0.1.0 (x86-64, SMP, PREEMPT)"u8;
#elif SMP
    public static ReadOnlySpan<byte> Banner => "CSharpOS 0.1.0 (x86-64, SMP)"u8;
#elif PREEMPT
    public static ReadOnlySpan<byte> Banner => "CSharpOS 0.1.0 (x86-64, UP, PREEMPT)"u8;
#else
    public static ReadOnlySpan<byte> Banner => "CSharpOS 0.1.0 (x86-64, UP)"u8;
#endif
}
