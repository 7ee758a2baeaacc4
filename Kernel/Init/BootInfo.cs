// BootInfo: what the loader knows, in one form, whoever the loader was.
//
// Linux: struct boot_params. Filled once, on the boot CPU, before memory management (Parse*), and constant from then on: no locks.
// The loader's own structures lie anywhere below 4 GB, in memory that is free later; everything needed is copied.
// The data comes from outside: sizes are checked, what does not fit is counted and left out.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Init;

/// <summary>Memory map, command line, framebuffer and ACPI tables, from PVH or multiboot2.</summary>
public static unsafe partial class BootInfo
{
    /// <summary>Ranges beyond this many are left out.</summary>
    public const int MaxRanges = 128;

    /// <summary>A longer command line is cut.</summary>
    public const int MaxCommandLine = 2048;

    private static RangeArray s_ranges;
    private static CommandLineBuffer s_commandLine;
    private static int s_commandLineLength;
    private static FramebufferInfo s_framebuffer;

    /// <summary>How many ranges the memory map has.</summary>
    public static int RangeCount { get; private set; }

    /// <summary>How many ranges did not fit.</summary>
    public static int RangesLost { get; private set; }

    /// <summary>The name of the loader's protocol.</summary>
    public static bool IsMultiboot { get; private set; }

    /// <summary>Physical address of the ACPI root pointer, 0 if the loader gave none.</summary>
    public static ulong AcpiRsdp { get; private set; }

    /// <summary>Physical borders of the first module (the initramfs); equal if there is none.</summary>
    public static ulong ModuleStart { get; private set; }

    /// <summary>One past the last byte of the first module.</summary>
    public static ulong ModuleEnd { get; private set; }

    /// <summary>The kernel's command line, UTF-8.</summary>
    public static ReadOnlySpan<byte> CommandLine =>
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<CommandLineBuffer, byte>(ref s_commandLine), s_commandLineLength);

    /// <summary>The loader's framebuffer.</summary>
    public static ref FramebufferInfo Framebuffer => ref s_framebuffer;

    /// <summary>One range of the memory map, as the firmware gave it: unsorted, perhaps overlapping.</summary>
    public static ref MemoryRange Range(int index) => ref s_ranges[index];

    /// <summary>Forgets the module: it has been used, or is none.</summary>
    public static void DropModule() => ModuleStart = ModuleEnd = 0;

    /// <summary>Forgets everything.</summary>
    public static void Reset()
    {
        RangeCount = 0;
        RangesLost = 0;
        AcpiRsdp = 0;
        ModuleStart = 0;
        ModuleEnd = 0;
        IsMultiboot = false;
        s_commandLineLength = 0;
        s_framebuffer = default;
    }

    /// <summary>Usable bytes, overlaps counted twice: only for the check that there is enough to start at all.</summary>
    public static ulong UsableBytes()
    {
        ulong sum = 0;
        for (int i = 0; i < RangeCount; i++)
        {
            if (s_ranges[i].Type == MemoryRangeType.Usable)
            {
                sum += s_ranges[i].Length;
            }
        }

        return sum;
    }

    /// <summary>Adds a range; an empty one or one that wraps around is dropped.</summary>
    public static void AddRange(ulong start, ulong length, uint type)
    {
        if (length == 0 || start + length < start)
        {
            return;
        }

        if (RangeCount == MaxRanges)
        {
            RangesLost++;
            return;
        }

        s_ranges[RangeCount] = new MemoryRange
        {
            Base = start,
            Length = length,
            Type = type is >= 1 and <= 5 ? (MemoryRangeType)type : MemoryRangeType.Reserved,
        };
        RangeCount++;
    }

    /// <summary>Takes over the command line up to its zero byte.</summary>
    public static void SetCommandLine(byte* text, int limit)
    {
        int length = 0;
        Span<byte> buffer = MemoryMarshal.CreateSpan(ref Unsafe.As<CommandLineBuffer, byte>(ref s_commandLine), MaxCommandLine);
        while (length < limit && length < MaxCommandLine && text[length] != 0)
        {
            buffer[length] = text[length];
            length++;
        }

        s_commandLineLength = length;
    }

    [InlineArray(MaxRanges)]
    private struct RangeArray
    {
        private MemoryRange _first;
    }

    [InlineArray(MaxCommandLine)]
    private struct CommandLineBuffer
    {
        private byte _first;
    }
}
