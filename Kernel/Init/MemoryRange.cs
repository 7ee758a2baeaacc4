// MemoryRange: one line of the firmware's memory map.

namespace CSharpOS.Init;

/// <summary>What a range of physical memory is, with the numbers of the firmware's map.</summary>
public enum MemoryRangeType : uint
{
    Usable = 1,
    Reserved = 2,
    AcpiReclaimable = 3,
    AcpiNvs = 4,
    Bad = 5,
}

/// <summary>A range of physical addresses.</summary>
/// <linux>e820_entry</linux>
public struct MemoryRange
{
    public ulong Base;
    public ulong Length;
    public MemoryRangeType Type;
}

/// <summary>The picture that the loader left on the screen, if any.</summary>
public struct FramebufferInfo
{
    public bool Present;
    public ulong Address;
    public uint Pitch, Width, Height;
    public byte BitsPerPixel, RedPosition, RedSize, GreenPosition, GreenSize, BluePosition, BlueSize;
}
