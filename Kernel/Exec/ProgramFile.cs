// ProgramFile: the file that a program comes from. INTERIM: straight from the archive in the image.

namespace CSharpOS.Processes;

/// <summary>Files of programs.</summary>
internal static unsafe class ProgramFile
{
    private static VmOperations s_operations;

    internal static void Init() => s_operations.Fault = &Fault;

    internal static int Open(ReadOnlySpan<byte> path, out void* file)
    {
        file = null;
        byte* at = LinkerSymbols.InitramfsStart;
        while (at < LinkerSymbols.InitramfsEnd)
        {
            ulong size = Hex(at + 54), nameSize = Hex(at + 94);
            byte* name = at + 110;
            byte* data = at + ((110 + nameSize + 3) & ~3UL);
            var text = new ReadOnlySpan<byte>(name, (int)nameSize - 1);
            if (text.SequenceEqual("TRAILER!!!"u8))
            {
                break;
            }

            if (path[1..].SequenceEqual(text))
            {
                var entry = (Entry*)Kzalloc((nuint)sizeof(Entry), GfpFlags.Kernel);
                entry->Data = data;
                entry->Size = size;
                file = entry;
                return 0;
            }

            at = data + ((size + 3) & ~3UL);
        }

        return -ENOENT;
    }

    internal static ulong Size(void* file) => ((Entry*)file)->Size;

    internal static nint Read(void* file, void* buffer, nuint count, ulong position)
    {
        var entry = (Entry*)file;
        if (position >= entry->Size)
        {
            return 0;
        }

        nuint n = (nuint)Math.Min(count, entry->Size - position);
        new ReadOnlySpan<byte>(entry->Data + position, (int)n).CopyTo(new Span<byte>(buffer, (int)n));
        return (nint)n;
    }

    internal static void Get(void* file)
    {
    }

    internal static void Close(void* file)
    {
    }

    internal static void CloseOnExec(TaskStruct* task)
    {
    }

    internal static int SetBacking(VmArea* area, void* file, ulong page)
    {
        area->Object = file;
        area->Operations = (VmOperations*)System.Runtime.CompilerServices.Unsafe.AsPointer(ref s_operations);
        area->PageOffset = page;
        return 0;
    }

    private static int Fault(VmArea* area, ulong index, Page** page)
    {
        *page = PageAllocator.AllocPages(0, GfpFlags.Kernel | GfpFlags.Zero);
        if (*page == null)
        {
            return -ENOMEM;
        }

        return Read(area->Object, MemMap.PageToVirt(*page), DirectMap.PAGE_SIZE, index << DirectMap.PAGE_SHIFT) >= 0 ? 0 : -EIO;
    }

    private static ulong Hex(byte* digits)
    {
        ulong value = 0;
        for (int i = 0; i < 8; i++)
        {
            int c = digits[i];
            value = (value << 4) | (uint)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
        }

        return value;
    }

    private struct Entry
    {
        public byte* Data;
        public ulong Size;
    }
}
