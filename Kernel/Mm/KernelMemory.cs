// KernelMemory: the memory functions that drivers call by their plain names.
//
// Linux: include/linux/slab.h. Contexts: with GFP_KERNEL (GfpFlags.Kernel) a function may sleep, and is reported in atomic context; with
// GFP_ATOMIC it never sleeps; freeing is allowed everywhere. Out of memory is null, never an oops. Locks: those of Slab and Zone.
// Debug builds go through SlabDebug, which fences every object and remembers the calling line; Release builds go straight to the caches.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Allocation of kernel memory.</summary>
/// <rows>MM-01</rows>
public static unsafe class KernelMemory
{
    /// <summary>Brings up all of memory management, in the one order that works. Boot, interrupts off.</summary>
    /// <linux>mm_init</linux>
    public static void Init()
    {
        Memblock.Init();
        Paging.Init();
        PageAllocator.Init();
        Slab.Init();
        Vmalloc.Init();
    }

    /// <summary>Allocates <paramref name="size"/> bytes, physically contiguous, with any content. Aligned to 8, to 16 from 16 bytes on, to 64
    /// if <paramref name="size"/> is a power of two from 64 on. Sleeps only with GfpFlags.Wait.</summary>
    /// <returns>The memory; null if there is none, or <paramref name="size"/> is above 4 MB.</returns>
    /// <linux>kmalloc</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Kmalloc(nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        return SlabDebug.Kmalloc(size, flags, file, line);
#else
        return KmallocCaches.Alloc(size, flags);
#endif
    }

    /// <summary>The same, filled with zeros.</summary>
    /// <linux>kzalloc</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* Kzalloc(nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Kmalloc(size, flags | GfpFlags.Zero, file, line);

    /// <summary>A zeroed <typeparamref name="T"/>; null if there is no memory.</summary>
    /// <linux>kzalloc</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* Kzalloc<T>(GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
        where T : unmanaged => (T*)Kmalloc((nuint)sizeof(T), flags | GfpFlags.Zero, file, line);

    /// <summary>A zeroed array of <paramref name="count"/> times <paramref name="size"/> bytes; null as well if that overflows.</summary>
    /// <linux>kcalloc</linux>
    /// <rows>MM-01</rows>
    public static void* Kcalloc(nuint count, nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (size != 0 && count > nuint.MaxValue / size)
        {
            return null;
        }

        return Kmalloc(count * size, flags | GfpFlags.Zero, file, line);
    }

    /// <summary>Moves an allocation to one of <paramref name="size"/> bytes, keeping its content as far as it fits. A null
    /// <paramref name="pointer"/> makes it Kmalloc. Sleeps only with GfpFlags.Wait.</summary>
    /// <returns>The new place; null if there is no memory, and then the old one is as it was.</returns>
    /// <linux>krealloc</linux>
    /// <rows>MM-01</rows>
    public static void* Krealloc(void* pointer, nuint size, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (size == 0)
        {
            Kfree(pointer, file, line);
            return (void*)KmallocCaches.ZeroSizePointer;
        }

        nuint before = Ksize(pointer);
        if (pointer != null && size <= before && size * 2 > before)
        {
#if DEBUG_CHECKS
            if (SlabDebug.Resize(pointer, size))
            {
                return pointer;
            }
#else
            return pointer;
#endif
        }

        void* moved = Kmalloc(size, flags, file, line);
        if (moved != null && before > 0)
        {
            Unsafe.CopyBlockUnaligned(moved, pointer, (uint)Math.Min(before, size));
            Kfree(pointer, file, line);
        }

        return moved;
    }

    /// <summary>Frees what Kmalloc and its relatives gave. Null is fine. Any context, never sleeps. Mistakes (a wrong pointer, a second
    /// free) are reported in debug builds and change nothing.</summary>
    /// <linux>kfree</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Kfree(void* pointer, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        SlabDebug.Kfree(pointer, file, line);
#else
        KmallocCaches.Free(pointer);
#endif
    }

    /// <summary>Bytes that may be used behind a pointer from Kmalloc: at least what was asked for. 0 for null.</summary>
    /// <linux>ksize</linux>
    public static nuint Ksize(void* pointer)
    {
#if DEBUG_CHECKS
        return SlabDebug.RequestedSize(pointer);
#else
        return KmallocCaches.UsableSize(pointer);
#endif
    }

    /// <summary>Makes a cache for objects of <paramref name="size"/> bytes, at multiples of <paramref name="align"/> (a power of two; 0: 8). Process
    /// context, may sleep. <paramref name="name"/> is for statistics and reports, up to 32 bytes.</summary>
    /// <returns>The cache; null if there is no memory, or an object would not fit 32 KB.</returns>
    /// <linux>kmem_cache_create</linux>
    /// <rows>MM-01</rows>
    public static SlabCache* KmemCacheCreate(ReadOnlySpan<byte> name, nuint size, nuint align = 0, SlabFlags flags = SlabFlags.None)
    {
        SlabCache* cache = Kzalloc<SlabCache>(GfpFlags.Kernel);
        if (cache != null && Slab.Open(cache, name, size, align, flags & ~SlabFlags.Permanent) != 0)
        {
            Kfree(cache);
            return null;
        }

        return cache;
    }

    /// <summary>Takes an object from a cache, with any content unless GfpFlags.Zero is given. Sleeps only with GfpFlags.Wait.</summary>
    /// <returns>The object; null if there is no memory.</returns>
    /// <linux>kmem_cache_alloc</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void* KmemCacheAlloc(SlabCache* cache, GfpFlags flags, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
#if DEBUG_CHECKS
        return SlabDebug.Alloc(cache, cache->ObjectSize, flags, file, line);
#else
        void* o = Slab.Alloc(cache, flags);
        if ((flags & GfpFlags.Zero) != 0 && o != null)
        {
            MemoryFill.Clear(o, cache->ObjectSize);
        }

        return o;
#endif
    }

    /// <summary>Gives an object back to its cache. Null is fine. Any context, never sleeps.</summary>
    /// <linux>kmem_cache_free</linux>
    /// <rows>MM-01</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void KmemCacheFree(SlabCache* cache, void* pointer, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        if (pointer == null)
        {
            return;
        }

#if DEBUG_CHECKS
        SlabDebug.Free(cache, pointer, file, line);
#else
        Slab.Free(cache, pointer);
#endif
    }

    /// <summary>Ends a cache. Null is fine. Process context, may sleep. Nobody may use the cache any more.</summary>
    /// <returns>0; -EBUSY if objects are still allocated, which is reported, and the cache stays.</returns>
    /// <linux>kmem_cache_destroy</linux>
    /// <rows>MM-01</rows>
    public static int KmemCacheDestroy(SlabCache* cache)
    {
        if (cache == null)
        {
            return 0;
        }

        MightSleep();
        int error = (cache->Flags & SlabFlags.Permanent) != 0 ? -EBUSY : Slab.Close(cache);
        if (error == 0)
        {
            Kfree(cache);
        }

        return error;
    }

    /// <summary>What managed <c>new</c> takes its memory from: zeroed, null if there is none. May sleep, so it is reported in atomic context.</summary>
    public static void* ManagedAllocate(nuint size)
    {
        TaskStruct* task = Current;
        if (task == null || task->NewBlocks == null || InInterrupt())
        {
            return Kmalloc(size, GfpFlags.Kernel | GfpFlags.Zero);
        }

        var block = (ManagedBlock*)Kmalloc(size + (nuint)sizeof(ManagedBlock), GfpFlags.Kernel | GfpFlags.Zero);
        if (block == null)
        {
            return null;
        }

        block->Next = *task->NewBlocks;
        *task->NewBlocks = block;
        return block + 1;
    }
}
