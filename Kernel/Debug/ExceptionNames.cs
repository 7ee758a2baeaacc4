// ExceptionNames: what the processor's exceptions are called. Linux: the strings of arch/x86/kernel/traps.c. Constants, any context.

namespace CSharpOS.Debugging;

/// <summary>The exception vectors, 0 to 31.</summary>
public static class ExceptionNames
{
    public const int DivideError = 0, Debug = 1, Nmi = 2, Breakpoint = 3, Overflow = 4, Bounds = 5, InvalidOpcode = 6;
    public const int DeviceNotAvailable = 7, DoubleFault = 8, InvalidTss = 10, SegmentNotPresent = 11, StackSegment = 12;
    public const int GeneralProtection = 13, PageFault = 14, FloatingPoint = 16, AlignmentCheck = 17, MachineCheck = 18, SimdException = 19;

    /// <summary>Vectors that the processor keeps for exceptions.</summary>
    public const int Count = 32;

    /// <summary>The name as an oops shows it.</summary>
    public static ReadOnlySpan<byte> Get(int vector) => vector switch
    {
        DivideError => "divide error"u8,
        Debug => "debug"u8,
        Nmi => "nmi"u8,
        Breakpoint => "int3"u8,
        Overflow => "overflow"u8,
        Bounds => "bounds"u8,
        InvalidOpcode => "invalid opcode"u8,
        DeviceNotAvailable => "device not available"u8,
        DoubleFault => "double fault"u8,
        9 => "coprocessor segment overrun"u8,
        InvalidTss => "invalid TSS"u8,
        SegmentNotPresent => "segment not present"u8,
        StackSegment => "stack segment"u8,
        GeneralProtection => "general protection fault"u8,
        PageFault => "page fault"u8,
        FloatingPoint => "floating point exception"u8,
        AlignmentCheck => "alignment check"u8,
        MachineCheck => "machine check"u8,
        SimdException => "simd exception"u8,
        20 => "virtualization exception"u8,
        21 => "control protection"u8,
        28 => "hypervisor injection"u8,
        29 => "VMM communication"u8,
        30 => "security exception"u8,
        _ => "reserved exception"u8,
    };
}
