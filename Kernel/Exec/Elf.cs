// Elf: the executable file format, read from a file and judged.
//
// Linux: fs/binfmt_elf.c, include/linux/elf.h. Process context; sleeps (reads). Nothing of the file is trusted: what is found here is in range, in order and
// does not overlap, or the file is refused with -ENOEXEC before anything of the old program is given up.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CSharpOS.Fs;

namespace CSharpOS.Processes;

/// <summary>A piece of a program.</summary>
internal struct ElfSegment
{
    /// <summary>Address, bytes in memory, bytes from the file, and where in it.</summary>
    internal ulong Address, MemorySize, FileSize, Offset;

    /// <summary>Rights.</summary>
    internal VmFlags Flags;
}

/// <summary>What the loader needs to know of a program.</summary>
internal unsafe struct ElfImage
{
    /// <summary>More pieces than this no program has.</summary>
    internal const int MaxSegments = 16;

    private const ushort TypeExecutable = 2, Machine386 = 3, MachineAmd64 = 62;
    private const uint LoadType = 1, InterpreterType = 3;
    private const int MaxHeaders = 64;

    private Segments _segments;

    /// <summary>True for a 64-bit program.</summary>
    internal bool Is64;
    internal int SegmentCount;
    internal ulong Entry;

    /// <summary>The program headers in memory, for the auxiliary vector; 0 if no piece holds them.</summary>
    internal ulong HeadersAddress;
    internal int HeaderSize, HeaderCount;

    [UnscopedRef]
    internal ref ElfSegment this[int index] => ref _segments[index];

    /// <summary>Reads and checks the headers of a file. 0; -ENOEXEC; an error of reading.</summary>
    internal static int Read(File* file, ulong fileSize, out ElfImage image)
    {
        image = default;
        Header64 header;
        long got = Vfs.KernelRead(file, &header, (nuint)sizeof(Header64), 0);
        if (got < 0)
        {
            return (int)got;
        }

        if (got < sizeof(Header32) || header.Magic != 0x464c457f || header.Data != 1 || header.Version != 1 || header.Type != TypeExecutable)
        {
            return -ENOEXEC;
        }

        image.Is64 = header.Class == 2;
        if (image.Is64)
        {
            if (got < sizeof(Header64) || header.Machine != MachineAmd64 || header.ProgramHeaderSize != sizeof(ProgramHeader64))
            {
                return -ENOEXEC;
            }

            image.Entry = header.Entry;
            return image.ReadSegments(file, fileSize, header.ProgramHeaderOffset, header.ProgramHeaderCount, header.ProgramHeaderSize);
        }

        Header32* header32 = (Header32*)&header;
        if (header.Class != 1 || header32->Machine != Machine386 || header32->ProgramHeaderSize != sizeof(ProgramHeader32))
        {
            return -ENOEXEC;
        }

        image.Entry = header32->Entry;
        return image.ReadSegments(file, fileSize, header32->ProgramHeaderOffset, header32->ProgramHeaderCount, header32->ProgramHeaderSize);
    }

    private int ReadSegments(File* file, ulong fileSize, ulong offset, int count, int size)
    {
        if (count is 0 or > MaxHeaders || offset > fileSize || (ulong)(count * size) > fileSize - offset)
        {
            return -ENOEXEC;
        }

        HeaderSize = size;
        HeaderCount = count;
        for (int i = 0; i < count; i++)
        {
            ProgramHeader64 header;
            long got = Vfs.KernelRead(file, &header, (nuint)size, (long)offset + (i * size));
            if (got != size)
            {
                return got < 0 ? (int)got : -ENOEXEC;
            }

            if (!Is64)
            {
                ProgramHeader32 narrow = *(ProgramHeader32*)&header;
                header = new ProgramHeader64
                {
                    Type = narrow.Type,
                    Flags = narrow.Flags,
                    Offset = narrow.Offset,
                    Address = narrow.Address,
                    FileSize = narrow.FileSize,
                    MemorySize = narrow.MemorySize,
                };
            }

            // There is no dynamic linker here.
            int error = header.Type == InterpreterType ? -ENOEXEC : header.Type == LoadType && header.MemorySize != 0 ? Add(header, fileSize, offset) : 0;
            if (error != 0)
            {
                return error;
            }
        }

        return SegmentCount != 0 && HoldsEntry() ? 0 : -ENOEXEC;
    }

    // The pieces of a file stand in the order of their addresses.
    private int Add(in ProgramHeader64 header, ulong fileSize, ulong headersOffset)
    {
        const ulong InPage = DirectMap.PAGE_SIZE - 1;
        if (SegmentCount == MaxSegments || header.FileSize > header.MemorySize || header.Offset > fileSize || header.FileSize > fileSize - header.Offset ||
            header.Address < UserMapping.MinimumAddress || header.MemorySize > UserMapping.TaskSize ||
            header.Address > UserMapping.TaskSize - header.MemorySize || ((header.Address ^ header.Offset) & InPage) != 0)
        {
            return -ENOEXEC;
        }

        if (SegmentCount != 0)
        {
            ref ElfSegment last = ref this[SegmentCount - 1];
            if (DirectMap.PageDown(header.Address) < DirectMap.PageUp(last.Address + last.MemorySize))
            {
                return -ENOEXEC;
            }
        }

        ulong headersSize = (ulong)(HeaderCount * HeaderSize);
        if (headersOffset >= header.Offset && headersOffset + headersSize <= header.Offset + header.FileSize)
        {
            HeadersAddress = header.Address + headersOffset - header.Offset;
        }

        this[SegmentCount++] = new ElfSegment
        {
            Address = header.Address,
            MemorySize = header.MemorySize,
            FileSize = header.FileSize,
            Offset = header.Offset,
            Flags = ((header.Flags & 4) != 0 ? VmFlags.Read : 0) | ((header.Flags & 2) != 0 ? VmFlags.Write : 0) | ((header.Flags & 1) != 0 ? VmFlags.Exec : 0),
        };
        return 0;
    }

    private bool HoldsEntry()
    {
        for (int i = 0; i < SegmentCount; i++)
        {
            ref ElfSegment segment = ref this[i];
            if (Entry - segment.Address < segment.MemorySize && (segment.Flags & VmFlags.Exec) != 0)
            {
                return true;
            }
        }

        return false;
    }

    [InlineArray(MaxSegments)]
    private struct Segments
    {
        private ElfSegment _first;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header64
    {
        public uint Magic;
        public byte Class, Data, IdentVersion, Abi;
        public ulong Padding;
        public ushort Type, Machine;
        public uint Version;
        public ulong Entry, ProgramHeaderOffset, SectionHeaderOffset;
        public uint Flags;
        public ushort HeaderSize, ProgramHeaderSize, ProgramHeaderCount, SectionHeaderSize, SectionHeaderCount, SectionNames;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Header32
    {
        public uint Magic;
        public byte Class, Data, IdentVersion, Abi;
        public ulong Padding;
        public ushort Type, Machine;
        public uint Version, Entry, ProgramHeaderOffset, SectionHeaderOffset, Flags;
        public ushort HeaderSize, ProgramHeaderSize, ProgramHeaderCount, SectionHeaderSize, SectionHeaderCount, SectionNames;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramHeader64
    {
        public uint Type, Flags;
        public ulong Offset, Address, Physical, FileSize, MemorySize, Alignment;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ProgramHeader32
    {
        public uint Type, Offset, Address, Physical, FileSize, MemorySize, Flags, Alignment;
    }
}
