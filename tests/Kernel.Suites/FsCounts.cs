// FsCounts: how many objects of a kind are in use.

namespace CSharpOS.Suites;

internal static class FsCounts
{
    /// <summary>Objects of the cache with that name that are allocated.</summary>
    internal static ulong InUse(ReadOnlySpan<byte> cache)
    {
        for (int i = 0; Slab.GetInfo(i, out SlabInfo info); i++)
        {
            if (info.Name.SequenceEqual(cache))
            {
                return info.ActiveObjects;
            }
        }

        Check.True(false);
        return 0;
    }
}
