// KmallocCaches: the caches behind kmalloc, one for each size class.
//
// Linux: kmalloc_caches, mm/slab_common.c. Any context; sleeping as gfp says. Locks: those of Slab.
// Sizes above the largest class are whole pages. A request for nothing gives an address that faults when it is used and may be freed.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Mm;

/// <summary>Memory by size.</summary>
internal static unsafe class KmallocCaches
{
    /// <summary>The largest request served from a cache.</summary>
    /// <linux>KMALLOC_MAX_CACHE_SIZE</linux>
    internal const uint LargestClass = 8192;

    /// <summary>The largest request at all.</summary>
    /// <linux>KMALLOC_MAX_SIZE</linux>
    internal const nuint LargestRequest = (nuint)DirectMap.PAGE_SIZE << PageAllocator.MaxOrder;

    /// <summary>What a request for 0 bytes gives: any use faults.</summary>
    /// <linux>ZERO_SIZE_PTR</linux>
    internal const ulong ZeroSizePointer = 16;

    private const int ClassCount = 13;
    private const uint LargestInTable = 1024;
    private const uint CacheLine = 64;

    private static Caches s_caches;

    private static ReadOnlySpan<ushort> ClassSizes => [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024, 2048, 4096, 8192];

    // Class of (size - 1) / 8, for sizes 1 to 1024.
    private static ReadOnlySpan<byte> ClassOfEighth =>
    [
        0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5,
        6, 6, 6, 6, 6, 6, 6, 6, 7, 7, 7, 7, 7, 7, 7, 7,
        8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
        8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8, 8,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
        9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9,
    ];

    /// <summary>Makes the caches, ordinary and DMA.</summary>
    /// <linux>create_kmalloc_caches</linux>
    internal static void Init()
    {
        Span<byte> storage = stackalloc byte[SlabCache.NameSize];
        for (int i = 0; i < 2 * ClassCount; i++)
        {
            bool dma = i >= ClassCount;
            uint size = ClassSizes[dma ? i - ClassCount : i];
            TextBuffer name = new(storage);
            name.Append(dma ? "dma-kmalloc-"u8 : "kmalloc-"u8);
            name.Append($"{size}");
            nuint align = Math.Min(size & (~size + 1), CacheLine);
            int error = Slab.Open(At(i), name.Written, size, align, SlabFlags.Permanent | (dma ? SlabFlags.CacheDma : SlabFlags.None));
            if (error != 0)
            {
                Panic($"cannot make the cache for kmalloc of {size} bytes\n");
            }
        }
    }

    /// <summary>The cache for 1 to LargestClass bytes.</summary>
    /// <linux>kmalloc_slab</linux>
    internal static SlabCache* Find(nuint size, GfpFlags gfp)
    {
        int index = size <= LargestInTable ? ClassInTable(size) : size <= 2048 ? 10 : size <= 4096 ? 11 : 12;
        if ((gfp & (GfpFlags.Dma | GfpFlags.Dma32)) != 0)
        {
            index += ClassCount;
        }

        return At(index);
    }

    /// <summary>Kmalloc without the checks of debug builds. Small, so that a call with a constant size becomes the slab's short path.</summary>
    internal static void* Alloc(nuint size, GfpFlags gfp)
    {
        if (size - 1 >= LargestInTable || (gfp & (GfpFlags.Zero | GfpFlags.Dma | GfpFlags.Dma32)) != 0)
        {
            return AllocGeneral(size, gfp);
        }

        return Slab.Alloc(At(ClassInTable(size)), gfp);
    }

    /// <summary>Kfree without the checks of debug builds.</summary>
    internal static void Free(void* o)
    {
        if ((ulong)o <= ZeroSizePointer)
        {
            return;
        }

        // Interrupts go off first: then only the object and the flags live through the two calls, and fewer registers are saved.
        ulong flags = LocalIrqSave();
        int cpu = SmpProcessorId();
        Page* page = MemMap.VirtToPage(o);
        if (page->Kind != PageKind.Slab)
        {
            FreeLarge(o, flags);
            return;
        }

        Slab.FreeOn(cpu, page->Cache, o);
        LocalIrqRestore(flags);
    }

    /// <summary>Bytes that may be used behind a pointer from Kmalloc.</summary>
    internal static nuint UsableSize(void* o)
    {
        if ((ulong)o <= ZeroSizePointer)
        {
            return 0;
        }

        Page* page = MemMap.VirtToPage(o);
        return page->Kind == PageKind.Slab ? page->Cache->ObjectSize : (nuint)DirectMap.PAGE_SIZE << page->Order;
    }

    // The other sizes, and the flags that change more than whether to wait.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void* AllocGeneral(nuint size, GfpFlags gfp)
    {
        if (size - 1 >= LargestClass)
        {
            return AllocLarge(size, gfp);
        }

        void* o = Slab.Alloc(Find(size, gfp), gfp);
        if ((gfp & GfpFlags.Zero) != 0 && o != null)
        {
            MemoryFill.Clear(o, size);
        }

        return o;
    }

    /// <summary>More than the largest class, or nothing.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void* AllocLarge(nuint size, GfpFlags gfp)
    {
        if (size == 0)
        {
            return (void*)ZeroSizePointer;
        }

        int order = 0;
        while (order <= PageAllocator.MaxOrder && (nuint)DirectMap.PAGE_SIZE << order < size)
        {
            order++;
        }

        Page* page = PageAllocator.AllocPagesQuietly(order, gfp);
        if (page == null)
        {
#if !DEBUG_CHECKS
            MemoryReport.AllocationFailed(size, gfp, "?", 0);
#endif
            return null;
        }

        page->Kind = PageKind.Large;
        return MemMap.PageToVirt(page);
    }

    /// <summary>Gives back whole pages, or reports a wrong pointer. Debug builds come here directly.</summary>
    internal static void FreeLarge(Page* page, void* o)
    {
        if (page->Kind != PageKind.Large || MemMap.PageToVirt(page) != o)
        {
            MemoryReport.BadPointer(o, "Kfree");
            return;
        }

        page->Kind = PageKind.Allocated;
        PageAllocator.FreePages(page, page->Order);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FreeLarge(void* o, ulong flags)
    {
        LocalIrqRestore(flags);
        FreeLarge(MemMap.VirtToPage(o), o);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SlabCache* At(nint index) => (SlabCache*)Unsafe.AsPointer(ref s_caches) + index;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte ClassInTable(nuint size) => Unsafe.Add(ref MemoryMarshal.GetReference(ClassOfEighth), (nint)((size - 1) >> 3));

    [InlineArray(2 * ClassCount)]
    private struct Caches
    {
        private SlabCache _first;
    }
}
