// Tmpfs.Data: the content of files in memory.
//
// Linux: shmem_file_read_iter, shmem_getpage (mm/shmem.c), generic_perform_write. Contexts and locks: Tmpfs.cs. A page is held while bytes are copied to or from
// it, so that a truncation beside it takes it out of the file but not from under the copy. GetPage is what a page fault calls: it takes the spin
// lock of the tree only.
// Invariant: beyond Size the last page holds zeros: SetSize clears them when it cuts, so that a file that is lengthened later shows none of what was cut off.

namespace CSharpOS.Fs;

public static unsafe partial class Tmpfs
{
    private const long MaxSize = 1L << 50;

    /// <summary>What the pages of one file system are counted with.</summary>
    private struct Quota
    {
        public long Used;
        public long Limit;
    }

    /// <summary>The page with that index; one that does not exist yet is made, full of zeros.</summary>
    /// <returns>0 and the page with a reference; -EFAULT: beyond the end of the file (SIGBUS for who has mapped it); -ENOMEM; -ENOSPC.</returns>
    private static int GetPage(Inode* inode, ulong index, Page** page)
    {
        ulong pages = ((ulong)Shared.ReadOnce(ref inode->Size) + DirectMap.PAGE_SIZE - 1) >> DirectMap.PAGE_SHIFT;
        *page = null;
        return index >= pages ? -EFAULT : FindOrMake(inode, index, page);
    }

    private static int FindOrMake(Inode* inode, ulong index, Page** page)
    {
        var quota = (Quota*)inode->Super->Private;
        while ((*page = inode->Pages.Find(index)) == null)
        {
            if (Shared.AddReturn(ref quota->Used, 1) > quota->Limit)
            {
                Shared.AddReturn(ref quota->Used, -1);
                return -ENOSPC;
            }

            Page* fresh = PageAllocator.AllocPages(0, GfpFlags.Kernel | GfpFlags.Zero);
            int error = fresh == null ? -ENOMEM : inode->Pages.Insert(index, fresh);
            if (error == 0)
            {
                continue;
            }

            Shared.AddReturn(ref quota->Used, -1);
            if (fresh != null)
            {
                PageAllocator.PutPage(fresh);
            }

            if (error != -EEXIST)
            {
                return error;
            }
        }

        return 0;
    }

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        Inode* inode = file->Inode;
        long start = *position;
        while (buffer->Left != 0)
        {
            long left = Shared.ReadOnce(ref inode->Size) - *position;
            if (left <= 0)
            {
                break;
            }

            nuint wanted = Chunk(*position, buffer->Left, left);
            Page* page = inode->Pages.Find((ulong)*position >> DirectMap.PAGE_SHIFT);
            byte* from = page == null ? ZeroPage.Address : (byte*)MemMap.PageToVirt(page);
            nuint put = buffer->Put(from + (*position & (DirectMap.PAGE_SIZE - 1)), wanted);
            if (page != null)
            {
                PageAllocator.PutPage(page);
            }

            *position += (long)put;
            if (put < wanted)
            {
                return *position == start ? -EFAULT : *position - start;
            }
        }

        return *position - start;
    }

    private static long Write(File* file, IoBuffer* buffer, long* position)
    {
        Inode* inode = file->Inode;
        if (buffer->Left == 0)
        {
            return 0;
        }

        using (inode->Mutex.Guard())
        {
            if ((Shared.ReadOnce(ref file->Flags) & OpenFlags.O_APPEND) != 0)
            {
                *position = inode->Size;
            }

            long start = *position;
            int error = 0;
            while (buffer->Left != 0 && error == 0)
            {
                error = WriteChunk(inode, buffer, position);
            }

            if (*position != start)
            {
                Inodes.Modified(inode);
                return *position - start;
            }

            return error;
        }
    }

    private static int WriteChunk(Inode* inode, IoBuffer* buffer, long* position)
    {
        if (*position >= MaxSize)
        {
            return -EFBIG;
        }

        nuint wanted = Chunk(*position, buffer->Left, MaxSize - *position);
        Page* page;
        int error = FindOrMake(inode, (ulong)*position >> DirectMap.PAGE_SHIFT, &page);
        if (error != 0)
        {
            return error;
        }

        nuint taken = buffer->Take((byte*)MemMap.PageToVirt(page) + (*position & (DirectMap.PAGE_SIZE - 1)), wanted);
        PageAllocator.PutPage(page);
        *position += (long)taken;
        if (*position > inode->Size)
        {
            Shared.WriteOnce(ref inode->Size, *position);
        }

        return taken < wanted ? -EFAULT : 0;
    }

    private static int SetSize(Inode* inode, long size)
    {
        if (size > MaxSize)
        {
            return -EFBIG;
        }

        long before = inode->Size;
        Shared.WriteOnce(ref inode->Size, size);
        if (size < before)
        {
            Cut(inode, ((ulong)size + DirectMap.PAGE_SIZE - 1) >> DirectMap.PAGE_SHIFT);
            nuint inside = (nuint)size & (DirectMap.PAGE_SIZE - 1);
            Page* page = inside == 0 ? null : inode->Pages.Find((ulong)size >> DirectMap.PAGE_SHIFT);
            if (page != null)
            {
                new Span<byte>((byte*)MemMap.PageToVirt(page) + inside, (int)(DirectMap.PAGE_SIZE - inside)).Clear();
                PageAllocator.PutPage(page);
            }
        }

        return 0;
    }

    private static void Evict(Inode* inode) => Cut(inode, 0);

    private static void Cut(Inode* inode, ulong first)
    {
        long freed = inode->Pages.Cut(first);
        Shared.AddReturn(ref ((Quota*)inode->Super->Private)->Used, -freed);
    }

    private static void Statfs(SuperBlock* super, ulong* total, ulong* free)
    {
        var quota = (Quota*)super->Private;
        long used = Shared.ReadOnce(ref quota->Used);
        *total = (ulong)quota->Limit;
        *free = (ulong)(used < quota->Limit ? quota->Limit - used : 0);
    }

    // As much as is wanted, there, and in one page.
    private static nuint Chunk(long position, nuint wanted, long there)
    {
        nuint inPage = DirectMap.PAGE_SIZE - ((nuint)position & (DirectMap.PAGE_SIZE - 1));
        nuint least = wanted < inPage ? wanted : inPage;
        return (nuint)there < least ? (nuint)there : least;
    }
}
