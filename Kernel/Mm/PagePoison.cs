// PagePoison: free pages hold a pattern, so that a write to freed memory is found. Debug builds only.
//
// Linux: mm/page_poison.c. Any context. No lock: the block is in nobody's hands while it is filled or checked.
// Invariant: a page with Poisoned set holds 0xaa in every byte. Pages that were never allocated are not filled: boot does not wait for that.

#if DEBUG_CHECKS

namespace CSharpOS.Mm;

/// <summary>The poison of free pages.</summary>
internal static unsafe class PagePoison
{
    /// <linux>PAGE_POISON</linux>
    internal const byte Pattern = 0xaa;

    /// <summary>Fills a block that is about to be free.</summary>
    /// <linux>kernel_poison_pages</linux>
    internal static void Apply(Page* page, int order)
    {
        MemoryFill.Fill(MemMap.PageToVirt(page), Pattern, (nuint)DirectMap.PAGE_SIZE << order);
        for (long i = 0; i < 1L << order; i++)
        {
            page[i].Poisoned = true;
        }
    }

    /// <summary>Looks whether a block that is about to be used was left alone, and reports it if not.</summary>
    /// <linux>kernel_unpoison_pages</linux>
    internal static void CheckAndForget(Page* page, int order)
    {
        for (long i = 0; i < 1L << order; i++)
        {
            byte* start = (byte*)MemMap.PageToVirt(page + i);
            if (page[i].Poisoned && !MemoryFill.Check(start, Pattern, DirectMap.PAGE_SIZE, out nuint offset))
            {
                MemoryReport.FreePageWritten(page + i, start + offset);
            }

            page[i].Poisoned = false;
        }
    }
}

#endif
