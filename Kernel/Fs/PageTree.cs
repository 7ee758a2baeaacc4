// PageTree: the pages of a file, by their index; holes cost nothing.
//
// Linux: the radix tree of struct address_space, lib/radix-tree.c. Nodes of 64 pointers, as many levels as the largest index needs; a file of one page
// needs no node at all. Any process context; nothing sleeps. Lock: PageTree.Lock (plain spin lock), innermost but for memory. The tree holds one reference to
// each page.

namespace CSharpOS.Fs;

/// <summary>Pages by index.</summary>
internal unsafe struct PageTree
{
    private const int Bits = 6;
    private const int Width = 1 << Bits;

    // Above this index there is nothing: 2^44 pages are beyond any file.
    private const ulong MaxIndex = 1ul << 44;

    internal SpinLock Lock;

    /// <summary>Pages in the tree.</summary>
    internal long Count;

    // Height 0: the page with index 0; else the uppermost node.
    private void* _root;
    private int _height;

    internal void Init() => Lock.Init();

    /// <summary>The page with that index, with a reference for the caller; null in a hole.</summary>
    /// <linux>find_get_page</linux>
    internal Page* Find(ulong index)
    {
        using (Lock.Guard())
        {
            void** slot = SlotOf(index, make: false);
            Page* page = slot == null ? null : (Page*)*slot;
            if (page != null)
            {
                PageAllocator.GetPage(page);
            }

            return page;
        }
    }

    /// <summary>Puts a page in, whose reference the tree takes over, unless there is one already.</summary>
    /// <returns>0, -EEXIST, -ENOMEM, -EFBIG.</returns>
    /// <linux>add_to_page_cache</linux>
    internal int Insert(ulong index, Page* page)
    {
        using (Lock.Guard())
        {
            void** slot = index >= MaxIndex ? null : SlotOf(index, make: true);
            if (slot == null)
            {
                return index >= MaxIndex ? -EFBIG : -ENOMEM;
            }

            if (*slot != null)
            {
                return -EEXIST;
            }

            *slot = page;
            Count++;
            return 0;
        }
    }

    /// <summary>Takes out all pages from <paramref name="first"/> on.</summary>
    /// <returns>How many there were.</returns>
    /// <linux>truncate_inode_pages</linux>
    internal long Cut(ulong first)
    {
        using (Lock.Guard())
        {
            long before = Count;
            if (_root != null && CutBelow(_root, _height, 0, first))
            {
                _root = null;
                _height = 0;
            }

            return before - Count;
        }
    }

    private void** SlotOf(ulong index, bool make)
    {
        while (index >> (Bits * _height) != 0)
        {
            if (!make || !Raise())
            {
                return null;
            }
        }

        fixed (void** root = &_root)
        {
            void** slot = root;
            for (int level = _height; level > 0; level--)
            {
                if (*slot == null && (!make || (*slot = NewNode()) == null))
                {
                    return null;
                }

                slot = &((void**)*slot)[(index >> (Bits * (level - 1))) & (Width - 1)];
            }

            return slot;
        }
    }

    // One level more; what there was becomes the first of it.
    private bool Raise()
    {
        if (_root != null)
        {
            void** node = NewNode();
            if (node == null)
            {
                return false;
            }

            node[0] = _root;
            _root = node;
        }

        _height++;
        return true;
    }

    private static void** NewNode() => (void**)Kzalloc((nuint)(Width * sizeof(void*)), GfpFlags.Atomic);

    // True if nothing is left at this place, which has been freed then. The recursion is as deep as the tree, eight at most.
    private bool CutBelow(void* at, int level, ulong start, ulong first)
    {
        if (level == 0)
        {
            if (start >= first)
            {
                PageAllocator.PutPage((Page*)at);
                Count--;
            }

            return start >= first;
        }

        var node = (void**)at;
        bool empty = true;
        for (int i = 0; i < Width; i++)
        {
            if (node[i] == null)
            {
                continue;
            }

            ulong span = 1ul << (Bits * (level - 1));
            ulong begin = start + ((ulong)i * span);
            if (begin + span > first && CutBelow(node[i], level - 1, begin, first))
            {
                node[i] = null;
            }

            empty &= node[i] == null;
        }

        if (empty)
        {
            Kfree(node);
        }

        return empty;
    }
}
