// Reads the executable sections of a 64-bit ELF file or of a PE file (the precompiled core library is one).

using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Reflection.PortableExecutable;

namespace CSharpOS.Debugging.Tests;

internal static class ExecutableSections
{
    public static IEnumerable<(byte[] Code, ulong Address)> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        return file.AsSpan().StartsWith("\x7f"u8) && file.AsSpan(1).StartsWith("ELF"u8) ? ReadElf(file) : ReadPortableExecutable(file);
    }

    private static List<(byte[] Code, ulong Address)> ReadElf(byte[] file)
    {
        const int ProgBits = 1;
        const ulong ExecInstr = 4;
        List<(byte[], ulong)> sections = [];
        ReadOnlySpan<byte> span = file;
        int headers = (int)BinaryPrimitives.ReadUInt64LittleEndian(span[0x28..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(span[0x3a..]);
        int count = BinaryPrimitives.ReadUInt16LittleEndian(span[0x3c..]);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> header = span.Slice(headers + (i * size), size);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            ulong flags = BinaryPrimitives.ReadUInt64LittleEndian(header[8..]);
            if (type == ProgBits && (flags & ExecInstr) != 0)
            {
                ulong address = BinaryPrimitives.ReadUInt64LittleEndian(header[16..]);
                int offset = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[24..]);
                int length = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[32..]);
                sections.Add((span.Slice(offset, length).ToArray(), address));
            }
        }

        return sections;
    }

    private static List<(byte[] Code, ulong Address)> ReadPortableExecutable(byte[] file)
    {
        List<(byte[], ulong)> sections = [];
        using MemoryStream stream = new(file);
        PEHeaders headers = new(stream);
        foreach (SectionHeader header in headers.SectionHeaders)
        {
            if ((header.SectionCharacteristics & SectionCharacteristics.MemExecute) != 0)
            {
                ulong address = headers.PEHeader!.ImageBase + (ulong)header.VirtualAddress;
                sections.Add((file.AsSpan(header.PointerToRawData, header.SizeOfRawData).ToArray(), address));
            }
        }

        return sections;
    }
}
