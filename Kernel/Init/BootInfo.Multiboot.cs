// BootInfo, multiboot2: the tag list of GRUB, under BIOS and UEFI.

namespace CSharpOS.Init;

public static unsafe partial class BootInfo
{
    private const uint TagEnd = 0, TagCommandLine = 1, TagModule = 3, TagMemoryMap = 6, TagFramebuffer = 8, TagAcpiOld = 14, TagAcpiNew = 15;

    /// <summary>Reads the tag list at <paramref name="info"/>, which lies at physical address <paramref name="physical"/>.</summary>
    public static void ParseMultiboot(void* info, ulong physical)
    {
        IsMultiboot = true;
        var start = (byte*)info;
        uint total = *(uint*)start;
        uint offset = 8;
        while (offset + 8 <= total)
        {
            byte* tag = start + offset;
            uint type = *(uint*)tag;
            uint size = *(uint*)(tag + 4);
            if (type == TagEnd || size < 8 || size > total - offset)
            {
                return;
            }

            ParseTag(type, tag, size, physical + offset);
            offset += (size + 7) & ~7u;
        }
    }

    private static void ParseTag(uint type, byte* tag, uint size, ulong physical)
    {
        switch (type)
        {
            case TagCommandLine:
                SetCommandLine(tag + 8, (int)size - 8);
                break;
            case TagModule when ModuleEnd == 0 && size >= 16:
                ModuleStart = *(uint*)(tag + 8);
                ModuleEnd = *(uint*)(tag + 12);
                break;
            case TagMemoryMap when size >= 16:
                uint entrySize = *(uint*)(tag + 8);
                for (uint at = 16; entrySize >= 20 && at + entrySize <= size; at += entrySize)
                {
                    AddRange(*(ulong*)(tag + at), *(ulong*)(tag + at + 8), *(uint*)(tag + at + 16));
                }

                break;
            case TagFramebuffer when size >= 32 && tag[29] == 1:
                s_framebuffer = new FramebufferInfo
                {
                    Present = true,
                    Address = *(ulong*)(tag + 8),
                    Pitch = *(uint*)(tag + 16),
                    Width = *(uint*)(tag + 20),
                    Height = *(uint*)(tag + 24),
                    BitsPerPixel = tag[28],
                    RedPosition = size > 32 ? tag[32] : (byte)16,
                    RedSize = size > 33 ? tag[33] : (byte)8,
                    GreenPosition = size > 34 ? tag[34] : (byte)8,
                    GreenSize = size > 35 ? tag[35] : (byte)8,
                    BluePosition = size > 36 ? tag[36] : (byte)0,
                    BlueSize = size > 37 ? tag[37] : (byte)8,
                };
                break;
            case TagAcpiOld when AcpiRsdp == 0:
            case TagAcpiNew:
                AcpiRsdp = physical + 8;
                break;
        }
    }
}
