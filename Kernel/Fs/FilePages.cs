// FilePages: the pages of a file as such, for mmap and execve. ZeroPage: a page of zeros.
//
// Linux: filemap_fault, mm/filemap.c; ZERO_PAGE. Process context, may sleep; takes no lock that is held while user memory is touched, so that a page fault may
// call it.

namespace CSharpOS.Fs;

/// <summary>Access to the very pages of a file: a shared mapping maps them, a private one copies them on write.</summary>
public static unsafe class FilePages
{
    /// <summary>The page with that index; a hole gets memory.</summary>
    /// <returns>0 and the page with a reference (<see cref="PageAllocator.PutPage"/>); -EFAULT: wholly beyond the end of the file, SIGBUS for
    /// a mapping; -ENODEV: this file is not made of pages; -ENOMEM; -ENOSPC.</returns>
    /// <linux>filemap_fault</linux>
    public static int GetPage(Inode* inode, ulong index, out Page* page)
    {
        MightSleep();
        Page* found = null;
        int error = inode->Ops == null || inode->Ops->GetPage == null ? -ENODEV : inode->Ops->GetPage(inode, index, &found);
        page = found;
        return error;
    }

    /// <summary>True if the file can be mapped by its pages.</summary>
    public static bool CanMap(Inode* inode) => inode->Ops != null && inode->Ops->GetPage != null;
}

/// <summary>A page that is full of zeros and stays so.</summary>
/// <linux>ZERO_PAGE</linux>
public static unsafe class ZeroPage
{
    /// <summary>Where it is.</summary>
    public static byte* Address { get; private set; }

    /// <summary>Once, at boot. 0 or -ENOMEM.</summary>
    internal static int Init()
    {
        Address = (byte*)PageAllocator.GetZeroedPage(GfpFlags.Kernel);
        return Address == null ? -ENOMEM : 0;
    }
}
