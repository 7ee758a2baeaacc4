// AllocationFailure: allocations that fail on purpose, so that tests reach the error paths. Debug builds only.
//
// Linux: failslab and fail_page_alloc, lib/fault-inject.c. ShouldFail from any context; the rest from a test, in process context. No lock: the
// counters are atomic, and what a test sets up it sets up before the allocations that it wants to fail.
// A request counts if its size lies in the range; kmalloc and caches count the bytes asked for, AllocPages whole pages, Vmalloc bytes. The
// pages that the slab allocator and vmalloc take to serve it do not count again; new page tables do, as pages.

#if DEBUG_CHECKS

namespace CSharpOS.Mm;

/// <summary>Failure injection.</summary>
/// <linux>fail_page_alloc</linux>
public static class AllocationFailure
{
    private static int s_countdown;
    private static int s_every;
    private static int s_failures;
    private static nuint s_smallest;
    private static nuint s_largest;

    /// <summary>How many requests have failed on purpose since the last <see cref="Clear"/>.</summary>
    public static int Failures => Shared.ReadOnce(ref s_failures);

    /// <summary>Back to normal.</summary>
    public static void Clear()
    {
        Shared.WriteOnce(ref s_countdown, 0);
        s_every = 0;
        s_failures = 0;
        s_smallest = 0;
        s_largest = nuint.MaxValue;
    }

    /// <summary>The <paramref name="n"/>th request from now on fails: 1 is the very next. Only that one.</summary>
    public static void FailNth(int n)
    {
        s_every = 0;
        Shared.WriteOnce(ref s_countdown, n);
    }

    /// <summary>Every <paramref name="n"/>th request fails: 1 is all of them.</summary>
    /// <linux>interval</linux>
    public static void FailEvery(int n)
    {
        s_every = n;
        Shared.WriteOnce(ref s_countdown, n);
    }

    /// <summary>Only requests of <paramref name="smallest"/> to <paramref name="largest"/> bytes count; others succeed.</summary>
    /// <linux>min_order</linux>
    public static void OnlySizes(nuint smallest, nuint largest)
    {
        s_smallest = smallest;
        s_largest = largest;
    }

    /// <summary>The allocators ask this first.</summary>
    /// <linux>should_fail</linux>
    internal static bool ShouldFail(nuint size)
    {
        if (Shared.ReadOnce(ref s_countdown) <= 0 || size < s_smallest || size > s_largest
            || Shared.AddReturn(ref s_countdown, -1) != 0)
        {
            return false;
        }

        Shared.WriteOnce(ref s_countdown, s_every);
        Shared.AddReturn(ref s_failures, 1);
        return true;
    }
}

#endif
