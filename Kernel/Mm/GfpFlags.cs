// GfpFlags: what a caller tells the allocators about itself. The values are Linux 2.6's.
//
// Linux: include/linux/gfp.h. The one that matters: Wait says that the caller may sleep, so memory may be reclaimed for it; whoever
// passes it in an interrupt, with a spin lock held or with interrupts off is reported.

namespace CSharpOS.Mm;

/// <summary>"Get free pages": the context of an allocation and where the memory must lie.</summary>
/// <linux>gfp_t</linux>
/// <rows>MM-01</rows>
[Flags]
public enum GfpFlags : uint
{
    /// <summary>Never sleeps, leaves the reserve alone.</summary>
    /// <linux>GFP_NOWAIT</linux>
    NoWait = 0,

    /// <summary>Memory below 16 MB, for ISA DMA.</summary>
    /// <linux>GFP_DMA</linux>
    Dma = 0x01,

    /// <summary>Memory below 4 GB, for devices with 32-bit addresses.</summary>
    /// <linux>GFP_DMA32</linux>
    Dma32 = 0x04,

    /// <summary>May sleep.</summary>
    /// <linux>__GFP_WAIT</linux>
    Wait = 0x10,

    /// <summary>May use the reserve.</summary>
    /// <linux>__GFP_HIGH</linux>
    High = 0x20,

    /// <summary>May start input and output to free memory.</summary>
    /// <linux>__GFP_IO</linux>
    Io = 0x40,

    /// <summary>May call into a file system to free memory.</summary>
    /// <linux>__GFP_FS</linux>
    Fs = 0x80,

    /// <summary>Failure is expected: do not print a warning.</summary>
    /// <linux>__GFP_NOWARN</linux>
    NoWarn = 0x200,

    /// <summary>Give up at once rather than free memory elsewhere.</summary>
    /// <linux>__GFP_NORETRY</linux>
    NoRetry = 0x1000,

    /// <summary>Fill the memory with zeros.</summary>
    /// <linux>__GFP_ZERO</linux>
    Zero = 0x8000,

    /// <summary>For interrupt handlers, bottom halves and code under a spin lock: never sleeps, may use the reserve, null when
    /// that is gone too.</summary>
    /// <linux>GFP_ATOMIC</linux>
    Atomic = High,

    /// <summary>For code that may sleep.</summary>
    /// <linux>GFP_KERNEL</linux>
    Kernel = Wait | Io | Fs,
}
