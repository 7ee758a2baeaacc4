// KernelSymbols: the addresses of the kernel's functions, statics and method tables, by the names that ilc gave them.
//
// Linux: EXPORT_SYMBOL and find_symbol (kernel/module.c). Any context, no locks: constant. The table (tools/ImageTool, ExportTable.cs) holds no names,
// only 64-bit hashes of them in rising order: the module brings the names that it wants.

namespace CSharpOS.Modules;

/// <summary>What a module may refer to.</summary>
/// <rows>DRV-04</rows>
internal static unsafe class KernelSymbols
{
    private const uint Magic = 0x58455343;
    private const ulong HashStart = 0xcbf29ce484222325, HashPrime = 0x100000001b3;
    private const int HeaderSize = 8;

    /// <summary>The address of a symbol; false if the kernel has none of that name.</summary>
    /// <linux>find_symbol</linux>
    internal static bool TryFind(ReadOnlySpan<byte> name, out ulong address)
    {
        address = 0;
        byte* table = LinkerSymbols.ExportsStart;
        if (LinkerSymbols.ExportsEnd - table < HeaderSize || *(uint*)table != Magic)
        {
            return false;
        }

        ulong wanted = Hash(name);
        int count = *(int*)(table + 4);
        var hashes = (ulong*)(table + HeaderSize);
        int low = 0;
        int high = count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (hashes[middle] < wanted)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        bool found = low < count && hashes[low] == wanted;
        if (found)
        {
            address = AsmOffsets.KERNEL_BASE + ((uint*)(hashes + count))[low];
        }

        return found;
    }

    private static ulong Hash(ReadOnlySpan<byte> name)
    {
        ulong hash = HashStart;
        foreach (byte b in name)
        {
            hash = unchecked((hash ^ b) * HashPrime);
        }

        return hash;
    }
}
