// Kernfs.Search: entries of /proc and /sys whose functions lie in a stretch of memory. Process context. Lock: s_lock.

namespace CSharpOS.Fs;

internal static unsafe partial class Kernfs
{
    /// <summary>Finds entries below <paramref name="root"/> with a function or operations in the stretch; what is added is the entry, with a reference for as many as are named.</summary>
    internal static void Search(KernfsNode* root, RangeSearch* search)
    {
        using (s_lock.Guard())
        {
            KernfsNode* node = root;
            while (node != null)
            {
                if (search->Contains((void*)node->Show) || search->Contains((void*)node->Store) || search->Contains(node->FileOps) || search->Contains(node->InodeOps))
                {
                    if (search->Count < RangeSearch.Room)
                    {
                        Get(node);
                    }

                    search->Add(node);
                }

                node = NextInTree(root, node);
            }
        }
    }

    // Down, else sideways, else sideways from above.
    private static KernfsNode* NextInTree(KernfsNode* root, KernfsNode* node)
    {
        if (!ListHead.Empty(&node->Children))
        {
            return (KernfsNode*)node->Children.Next;
        }

        while (node != root && node->Sibling.Next == &node->Parent->Children)
        {
            node = node->Parent;
        }

        return node == root ? null : (KernfsNode*)node->Sibling.Next;
    }
}
