// Heap: memory for the explored kernel. Blocks are zero, and are not used again within a run: a scheduling point in a block that was
// freed is a use after free, and a failure.

using System.Runtime.InteropServices;

namespace CSharpOS.Explorer;

internal static unsafe class Heap
{
    private const int Size = 1 << 19;
    private const int Unit = 16;

    private static readonly byte* s_memory = (byte*)NativeMemory.AlignedAlloc(Size, 4096);
    private static readonly byte[] s_freed = new byte[Size / Unit];
    private static readonly Dictionary<nuint, int> s_blocks = [];
    private static int s_used;
    private static bool s_anyFreed;

    public static void Reset()
    {
        new Span<byte>(s_memory, s_used).Clear();
        if (s_anyFreed)
        {
            Array.Clear(s_freed, 0, s_used / Unit);
        }

        s_anyFreed = false;
        s_used = 0;
        s_blocks.Clear();
    }

    public static void* Allocate(nuint size)
    {
        int length = ((int)size + 63) & ~63;
        if (s_used + length > Size)
        {
            throw Machine.Fail("the simulated machine has no more memory");
        }

        byte* block = s_memory + s_used;
        s_used += length;
        s_blocks.Add((nuint)block, length);
        return block;
    }

    public static void Free(void* pointer)
    {
        if (pointer == null)
        {
            return;
        }

        if (!s_blocks.Remove((nuint)pointer, out int length))
        {
            throw Machine.Fail("memory was freed that is not allocated");
        }

        int first = (int)((byte*)pointer - s_memory) / Unit;
        s_freed.AsSpan(first, length / Unit).Fill(1);
        s_anyFreed = true;
    }

    /// <summary>The length of a block; 0 if it is none.</summary>
    public static int LengthOf(nuint block) => s_blocks.GetValueOrDefault(block);

    /// <summary>True if <paramref name="address"/> lies in a block that has been freed.</summary>
    public static bool IsFreed(nuint address)
    {
        nuint offset = address - (nuint)s_memory;
        return s_anyFreed && offset < (nuint)s_used && s_freed[offset / Unit] != 0;
    }
}
