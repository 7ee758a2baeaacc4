// As much of ELF64 as is needed to say how large a kernel is.

using System.Buffers.Binary;
using System.Text;

namespace CSharpOS.Tool.Images;

/// <summary>Reads an ELF64 file's headers.</summary>
public static class ElfFile
{
    private const int LoadSegment = 1;

    /// <summary>The bytes of the file that are loaded, without those of some sections.</summary>
    /// <param name="image">The whole file.</param>
    /// <param name="without">Names of sections that do not count.</param>
    /// <exception cref="CsosException">It is no ELF64 file.</exception>
    public static long LoadedBytes(ReadOnlySpan<byte> image, params ReadOnlySpan<string> without)
    {
        try
        {
            if (!image.StartsWith("\u007fELF\u0002\u0001"u8))
            {
                throw new CsosException("the image is no 64-bit ELF file");
            }

            long sum = 0;
            ReadOnlySpan<byte> segments = image[Offset(image, 0x20)..];
            int segmentSize = Half(image, 0x36);
            for (int index = 0; index < Half(image, 0x38); index++)
            {
                ReadOnlySpan<byte> segment = segments.Slice(index * segmentSize, segmentSize);
                if (BinaryPrimitives.ReadInt32LittleEndian(segment) == LoadSegment)
                {
                    sum += BinaryPrimitives.ReadInt64LittleEndian(segment[0x20..]);
                }
            }

            return sum - SectionBytes(image, without);
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new CsosException("the image is not a whole ELF file");
        }
    }

    private static long SectionBytes(ReadOnlySpan<byte> image, ReadOnlySpan<string> names)
    {
        int table = Offset(image, 0x28);
        int size = Half(image, 0x3a);
        int count = Half(image, 0x3c);
        if (table == 0 || count == 0)
        {
            return 0;
        }

        ReadOnlySpan<byte> strings = image[Offset(image, table + (Half(image, 0x3e) * size) + 0x18)..];
        long sum = 0;
        for (int index = 0; index < count; index++)
        {
            ReadOnlySpan<byte> section = image.Slice(table + (index * size), size);
            ReadOnlySpan<byte> name = strings[BinaryPrimitives.ReadInt32LittleEndian(section)..];
            if (names.Contains(Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)])))
            {
                sum += BinaryPrimitives.ReadInt64LittleEndian(section[0x20..]);
            }
        }

        return sum;
    }

    private static int Offset(ReadOnlySpan<byte> image, int at) => checked((int)BinaryPrimitives.ReadInt64LittleEndian(image[at..]));

    private static int Half(ReadOnlySpan<byte> image, int at) => BinaryPrimitives.ReadUInt16LittleEndian(image[at..]);
}
