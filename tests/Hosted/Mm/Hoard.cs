using CSharpOS.Mm;

namespace CSharpOS.Hosted.Mm;

/// <summary>Takes memory until there is none.</summary>
internal static unsafe class Hoard
{
    public static List<nint> AllPages(GfpFlags gfp, int order = 0)
    {
        List<nint> pages = [];
        while (true)
        {
            Page* page = PageAllocator.AllocPages(order, gfp | GfpFlags.NoWarn);
            if (page == null)
            {
                return pages;
            }

            pages.Add((nint)page);
        }
    }

    public static void Return(List<nint> pages)
    {
        foreach (nint page in pages)
        {
            PageAllocator.FreePages((Page*)page, ((Page*)page)->Order);
        }

        pages.Clear();
    }
}
