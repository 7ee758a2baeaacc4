// Kernel memory of the explored kernel: never reused within a run, so that what is used after it was freed is found (Heap). Giving memory
// back is a scheduling point: it concerns every access to the block.

using System.Runtime.CompilerServices;
using CSharpOS.Explorer;

namespace CSharpOS.Mm;

[Flags]
public enum SlabFlags : uint
{
    None = 0,
    HardwareCacheAlign = 0x2000,
    CacheDma = 0x4000,
    Permanent = 0x10000,
}

public struct SlabCache
{
    internal nuint Size;
}

public static unsafe class KernelMemory
{
    public static void* Kmalloc(nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Heap.Allocate(size);

    public static void* Kzalloc(nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Heap.Allocate(size);

    public static T* Kzalloc<T>(GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => (T*)Heap.Allocate((nuint)sizeof(T));

    public static void* Kcalloc(nuint count, nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Heap.Allocate(count * size);

    public static void Kfree(void* pointer, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Machine.Free(pointer);

    public static SlabCache* KmemCacheCreate(ReadOnlySpan<byte> name, nuint size, nuint align = 0, SlabFlags flags = SlabFlags.None)
    {
        var cache = (SlabCache*)Heap.Allocate((nuint)sizeof(SlabCache));
        cache->Size = size;
        return cache;
    }

    public static void* KmemCacheAlloc(SlabCache* cache, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Heap.Allocate(cache->Size);

    public static void KmemCacheFree(SlabCache* cache, void* pointer, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) => Machine.Free(pointer);
}

/// <summary>Kernel stacks: only their addresses count, tasks run on stacks of the host.</summary>
public static unsafe class Vmalloc
{
    public static void* Alloc(nuint size) => Heap.Allocate(64);

    public static void Free(void* address) => Machine.Free(address);
}
