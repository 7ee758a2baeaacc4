// FsTests: names, paths and mounts, as a program sees them. Everything happens in directories of the test's own below the root.

namespace CSharpOS.Suites;

internal static unsafe class FsTests
{
    [TestSuite("fs")]
    private static void Suite()
    {
        Test.Run("create, write, read, unlink"u8, "SYS-12"u8, &CreateReadUnlink);
        Test.Run("errors of open"u8, "SYS-12 SYS-13"u8, &OpenErrors);
        Test.Run("dots, slashes and long names in paths"u8, "SYS-12 SYS-13"u8, &Paths);
        Test.Run("symbolic links: followed, relative, forty of them, loops"u8, "SYS-12 SYS-13"u8, &Symlinks);
        Test.Run("hard links share the file"u8, "SYS-12"u8, &HardLinks);
        Test.Run("unlinked while open: the content stays, then the memory is given back"u8, "SYS-12"u8, &UnlinkOpen);
        Test.Run("directories: not empty, removed while they are the working directory"u8, "SYS-12 SYS-13"u8, &Directories);
        Test.Run("rename: replaces, moves directories, refuses cycles"u8, "SYS-12 SYS-13"u8, &Renames);
        Test.Run("sparse files and truncation"u8, "SYS-12"u8, &Sparse);
        Test.Run("pages of a file are its content"u8, "SYS-12"u8, &Pages);
        Test.Run("mounts: hide, cross with .., busy, read-only"u8, "SYS-12 SYS-13"u8, &MountPoints);
        Test.Run("listing survives removal between two calls"u8, "SYS-12"u8, &Listing);
        Test.Run("permission bits"u8, "SYS-12 SYS-13"u8, &Permissions);
        Test.Run("SeqFile: long texts whole, and new from the beginning"u8, "IRQ-13"u8, &FsSeqTests.SeqFiles);
        Test.Run("nothing is left behind"u8, "SYS-12"u8, &NothingLeft);
        Test.Run("one of many makes a name"u8, "SYS-12"u8, &FsSmpTests.ExclusiveCreate);
        Test.Run("renaming and walking at once"u8, "SYS-12"u8, &FsSmpTests.RenameStorm);
    }

    private static void CreateReadUnlink()
    {
        FsHelp.Make("/t1\0"u8, "hello"u8);
        FsHelp.Holds("/t1\0"u8, "hello"u8);
        FsHelp.Holds("t1\0"u8, "hello"u8);
        Check.Equal(0, FsHelp.Open("/t1\0"u8, OpenFlags.O_WRONLY | OpenFlags.O_TRUNC));
        FsHelp.Holds("/t1\0"u8, ""u8);
        Check.Equal(0, FsHelp.Remove("/t1\0"u8));
        Check.Equal(-ENOENT, FsHelp.Open("/t1\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-ENOENT, FsHelp.Remove("/t1\0"u8));
    }

    private static void OpenErrors()
    {
        FsHelp.Make("/e\0"u8, "x"u8);
        Check.Equal(0, FsHelp.Mkdir("/ed\0"u8));
        Check.Equal(-EEXIST, FsHelp.Open("/e\0"u8, FsHelp.ReadWrite | OpenFlags.O_EXCL));
        Check.Equal(-ENOTDIR, FsHelp.Open("/e\0"u8, OpenFlags.O_DIRECTORY));
        Check.Equal(-ENOTDIR, FsHelp.Open("/e/x\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-ENOTDIR, FsHelp.Open("/e/x\0"u8, FsHelp.ReadWrite));
        Check.Equal(-ENOTDIR, FsHelp.Open("/e/\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-EISDIR, FsHelp.Open("/ed\0"u8, OpenFlags.O_WRONLY));
        Check.Equal(-EISDIR, FsHelp.Open("/ed\0"u8, FsHelp.ReadWrite));
        Check.Equal(-EISDIR, FsHelp.Open("/new/\0"u8, FsHelp.ReadWrite));
        Check.Equal(-ENOENT, FsHelp.Open("/no/x\0"u8, FsHelp.ReadWrite));
        Check.Equal(-ENOENT, FsHelp.Open("\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(0, FsHelp.Open("/ed\0"u8, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY));

        Check.Equal(0, Vfs.Open("/ed\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        byte one;
        Check.Equal(-EISDIR, Vfs.KernelRead(file, &one, 1, 0));
        Check.Equal(-EBADF, FsHelp.Write(file, "x"u8, 0));
        Files.Put(file);
        Check.Equal(0, FsHelp.Remove("/e\0"u8));
        Check.Equal(0, FsHelp.Remove("/ed\0"u8, directory: true));
    }

    private static void Paths()
    {
        Check.Equal(0, FsHelp.Mkdir("/p\0"u8));
        Check.Equal(0, FsHelp.Mkdir("/p/q/\0"u8));
        FsHelp.Make("/p/q/f\0"u8, "f"u8);
        FsHelp.Holds("//p///q//f\0"u8, "f"u8);
        FsHelp.Holds("/p/./q/../q/./f\0"u8, "f"u8);
        FsHelp.Holds("/../../p/q/f\0"u8, "f"u8);
        Check.Equal(0, FsHelp.Walk("/\0"u8));
        Check.Equal(0, FsHelp.Walk("/p/q/..\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Walk("/p/q/f/..\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Walk("/p/q/f/.\0"u8));
        Check.Equal((long)FsHelp.NumberOf("/p\0"u8), (long)FsHelp.NumberOf("/p/q/..\0"u8));
        Check.Equal(-EEXIST, FsHelp.Mkdir("/p/.\0"u8));
        Check.Equal(-EEXIST, FsHelp.Mkdir("/\0"u8));

        // 256 bytes are one too many for a name; 255 are not.
        byte* name = stackalloc byte[300];
        new Span<byte>(name, 300).Fill((byte)'n');
        name[0] = (byte)'/';
        name[257] = 0;
        Check.Equal(-ENAMETOOLONG, FsHelp.Open(new ReadOnlySpan<byte>(name, 258), FsHelp.ReadWrite));
        name[256] = 0;
        Check.Equal(0, FsHelp.Open(new ReadOnlySpan<byte>(name, 257), FsHelp.ReadWrite));
        Check.Equal(0, FsHelp.Rename(new ReadOnlySpan<byte>(name, 257), "/short\0"u8));
        Check.Equal(0, FsHelp.Rename("/short\0"u8, new ReadOnlySpan<byte>(name, 257)));
        Check.Equal(0, FsHelp.Remove(new ReadOnlySpan<byte>(name, 257)));
        Check.Equal(0, FsHelp.Remove("/p/q/f\0"u8));
        Check.Equal(-EINVAL, FsHelp.Remove("/p/q/.\0"u8, directory: true));
        Check.Equal(-ENOTEMPTY, FsHelp.Remove("/p/q/..\0"u8, directory: true));
        Check.Equal(-EBUSY, FsHelp.Remove("/\0"u8, directory: true));
        Check.Equal(0, FsHelp.Remove("/p/q/\0"u8, directory: true));
        Check.Equal(0, FsHelp.Remove("/p\0"u8, directory: true));
    }

    private static void Symlinks()
    {
        Check.Equal(0, FsHelp.Mkdir("/s\0"u8));
        FsHelp.Make("/s/f\0"u8, "target"u8);
        Check.Equal(0, FsHelp.Symlink("f\0"u8, "/s/relative\0"u8));
        Check.Equal(0, FsHelp.Symlink("/s\0"u8, "/s/absolute\0"u8));
        Check.Equal(0, FsHelp.Symlink("loop2\0"u8, "/s/loop1\0"u8));
        Check.Equal(0, FsHelp.Symlink("loop1\0"u8, "/s/loop2\0"u8));
        Check.Equal(0, FsHelp.Symlink("made\0"u8, "/s/dangling\0"u8));
        FsHelp.Holds("/s/relative\0"u8, "target"u8);
        FsHelp.Holds("/s/absolute/absolute/relative\0"u8, "target"u8);
        Check.Equal(-ELOOP, FsHelp.Open("/s/loop1\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-ELOOP, FsHelp.Open("/s/loop1\0"u8, FsHelp.ReadWrite));
        Check.Equal(-ELOOP, FsHelp.Open("/s/relative\0"u8, OpenFlags.O_NOFOLLOW));
        Check.Equal(-ENOENT, FsHelp.Open("/s/dangling\0"u8, OpenFlags.O_RDONLY));
        Check.Equal(-EEXIST, FsHelp.Open("/s/dangling\0"u8, FsHelp.ReadWrite | OpenFlags.O_EXCL));
        Check.Equal(0, FsHelp.Open("/s/dangling\0"u8, FsHelp.ReadWrite));
        Check.Equal(0, FsHelp.Walk("/s/made\0"u8, WalkFlags.None));
        Check.Equal(-ENOTDIR, FsHelp.Walk("/s/relative/\0"u8));
        Check.Equal(-ENOENT, FsHelp.Symlink("\0"u8, "/s/empty\0"u8));

        // A chain of 40 links is followed, of 41 it is not.
        byte* from = stackalloc byte[8];
        byte* to = stackalloc byte[8];
        for (int i = 0; i <= 40; i++)
        {
            Number(from, i);
            Number(to, i + 1);
            Check.Equal(0, i == 0 ? FsHelp.Symlink("s/f\0"u8, new ReadOnlySpan<byte>(to, 8)) : FsHelp.Symlink(new ReadOnlySpan<byte>(from, 8), new ReadOnlySpan<byte>(to, 8)));
        }

        FsHelp.Holds("/l40\0"u8, "target"u8);
        Check.Equal(-ELOOP, FsHelp.Open("/l41\0"u8, OpenFlags.O_RDONLY));
        for (int i = 1; i <= 41; i++)
        {
            Number(from, i);
            Check.Equal(0, FsHelp.Remove(new ReadOnlySpan<byte>(from, 8)));
        }

        Check.Equal(0, FsHelp.Remove("/s/relative\0"u8));
        Check.Equal(0, FsHelp.Remove("/s/absolute\0"u8));
        Check.Equal(0, FsHelp.Remove("/s/loop1\0"u8));
        Check.Equal(0, FsHelp.Remove("/s/loop2\0"u8));
        Check.Equal(0, FsHelp.Remove("/s/dangling\0"u8));
        Check.Equal(0, FsHelp.Remove("/s/made\0"u8));
        FsHelp.Holds("/s/f\0"u8, "target"u8);
        Check.Equal(0, FsHelp.Remove("/s/f\0"u8));
        Check.Equal(0, FsHelp.Remove("/s\0"u8, directory: true));
    }

    private static void HardLinks()
    {
        FsHelp.Make("/h1\0"u8, "one"u8);
        Check.Equal(0, FsHelp.Link("/h1\0"u8, "/h2\0"u8));
        Check.Equal(-EEXIST, FsHelp.Link("/h1\0"u8, "/h2\0"u8));
        Check.Equal(-EPERM, FsHelp.Link("/dev/..\0"u8, "/h3\0"u8));
        Check.Equal(-EXDEV, FsHelp.Link("/h1\0"u8, "/dev/h3\0"u8));
        Check.Equal((long)FsHelp.NumberOf("/h1\0"u8), (long)FsHelp.NumberOf("/h2\0"u8));
        FsHelp.Make("/h2\0"u8, "two"u8);
        Check.Equal(0, FsHelp.Remove("/h1\0"u8));
        FsHelp.Holds("/h2\0"u8, "two"u8);

        // Onto another name of the same file: nothing happens.
        Check.Equal(0, FsHelp.Link("/h2\0"u8, "/h1\0"u8));
        Check.Equal(0, FsHelp.Rename("/h1\0"u8, "/h2\0"u8));
        FsHelp.Holds("/h1\0"u8, "two"u8);
        Check.Equal(0, FsHelp.Remove("/h1\0"u8));
        Check.Equal(0, FsHelp.Remove("/h2\0"u8));
    }

    private static void UnlinkOpen()
    {
        FsHelp.Make("/u\0"u8, "still here"u8);
        Check.Equal(0, Vfs.Open("/u\0"u8, OpenFlags.O_RDWR, 0, out File* file));
        Check.Equal(0, FsHelp.Remove("/u\0"u8));
        Check.Equal(-ENOENT, FsHelp.Open("/u\0"u8, OpenFlags.O_RDONLY));
        byte* bytes = stackalloc byte[16];
        Check.Equal(10, Vfs.KernelRead(file, bytes, 16, 0));
        Check.True(new ReadOnlySpan<byte>(bytes, 10).SequenceEqual("still here"u8));
        byte* page = (byte*)Kmalloc(DirectMap.PAGE_SIZE, GfpFlags.Kernel);
        for (int i = 0; i < 64; i++)
        {
            Check.Equal((long)DirectMap.PAGE_SIZE, Vfs.KernelWrite(file, page, DirectMap.PAGE_SIZE, i * (long)DirectMap.PAGE_SIZE));
        }

        ulong before = PageAllocator.FreePageCount();
        Files.Put(file);
        Kfree(page);
        Check.True(PageAllocator.FreePageCount() >= before + 64);
    }

    private static void Directories()
    {
        Check.Equal(0, FsHelp.Mkdir("/d\0"u8));
        Check.Equal(-EEXIST, FsHelp.Mkdir("/d\0"u8));
        FsHelp.Make("/d/f\0"u8, "f"u8);
        Check.Equal(-ENOTEMPTY, FsHelp.Remove("/d\0"u8, directory: true));
        Check.Equal(-EISDIR, FsHelp.Remove("/d\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Remove("/d/f\0"u8, directory: true));
        Check.Equal(0, FsHelp.Remove("/d/f\0"u8));
        fixed (byte* name = "/d\0"u8)
        {
            Check.Equal(0, Vfs.Lookup(null, name, WalkFlags.Follow, out Path path));
            Check.Equal(0, FsStruct.Set(ref path, root: false));
        }

        Check.Equal(0, FsHelp.Open("here\0"u8, FsHelp.ReadWrite));
        Check.Equal(0, FsHelp.Walk("/d/here\0"u8));
        Check.Equal(0, FsHelp.Remove("here\0"u8));
        Check.Equal(0, FsHelp.Remove("/d\0"u8, directory: true));
        Check.Equal(-ENOENT, FsHelp.Open("gone\0"u8, FsHelp.ReadWrite));
        Check.Equal(0, FsHelp.Walk("..\0"u8));
        Path root = Mounts.Root;
        root.Get();
        Check.Equal(0, FsStruct.Set(ref root, root: false));
    }

    private static void Renames()
    {
        Check.Equal(0, FsHelp.Mkdir("/r1\0"u8));
        Check.Equal(0, FsHelp.Mkdir("/r2\0"u8));
        Check.Equal(0, FsHelp.Mkdir("/r1/in\0"u8));
        FsHelp.Make("/r1/a\0"u8, "a"u8);
        FsHelp.Make("/r2/b\0"u8, "b"u8);
        Check.Equal(-EEXIST, FsHelp.Rename("/r1/a\0"u8, "/r2/b\0"u8, noReplace: true));
        Check.Equal(0, FsHelp.Rename("/r1/a\0"u8, "/r2/b\0"u8));
        FsHelp.Holds("/r2/b\0"u8, "a"u8);
        Check.Equal(-ENOENT, FsHelp.Walk("/r1/a\0"u8));
        Check.Equal(-ENOENT, FsHelp.Rename("/r1/a\0"u8, "/r2/c\0"u8));
        Check.Equal(-EINVAL, FsHelp.Rename("/r1\0"u8, "/r1/in/x\0"u8));
        Check.Equal(-ENOTEMPTY, FsHelp.Rename("/r1/in\0"u8, "/r1\0"u8));
        Check.Equal(-EISDIR, FsHelp.Rename("/r2/b\0"u8, "/r1/in\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Rename("/r1/in\0"u8, "/r2/b\0"u8));
        Check.Equal(-ENOTEMPTY, FsHelp.Rename("/r1/in\0"u8, "/r2\0"u8));
        Check.Equal(-EXDEV, FsHelp.Rename("/r2/b\0"u8, "/dev/b\0"u8));
        Check.Equal(-EBUSY, FsHelp.Rename("/r1/.\0"u8, "/r3\0"u8));
        Check.Equal(0, FsHelp.Rename("/r1/in\0"u8, "/r2/in\0"u8));
        Check.Equal((long)FsHelp.NumberOf("/r2\0"u8), (long)FsHelp.NumberOf("/r2/in/..\0"u8));
        Check.Equal(0, FsHelp.Rename("/r2/in\0"u8, "/r1\0"u8));
        Check.Equal(0, FsHelp.Remove("/r1\0"u8, directory: true));
        Check.Equal(0, FsHelp.Remove("/r2/b\0"u8));
        Check.Equal(0, FsHelp.Remove("/r2\0"u8, directory: true));
    }

    private static void Sparse()
    {
        byte* bytes = stackalloc byte[16];
        Check.Equal(0, Vfs.Open("/sparse\0"u8, FsHelp.ReadWrite, 0x1a4, out File* file));
        ulong before = PageAllocator.FreePageCount();
        Check.Equal(3, FsHelp.Write(file, "end"u8, 40 << 20));
        Check.Equal((40 << 20) + 3, file->Inode->Size);
        Check.True(before - PageAllocator.FreePageCount() < 16);
        new Span<byte>(bytes, 16).Fill(0xff);
        Check.Equal(16, Vfs.KernelRead(file, bytes, 16, 20 << 20));
        Check.True(bytes[0] == 0 && bytes[15] == 0);
        Check.Equal(3, Vfs.KernelRead(file, bytes, 16, 40 << 20));
        Check.Equal(0, Vfs.KernelRead(file, bytes, 16, (40 << 20) + 3));
        Check.Equal(0, Vfs.KernelRead(file, bytes, 16, 1L << 40));
        Check.Equal(-EFBIG, FsHelp.Write(file, "x"u8, long.MaxValue - 1));

        // What is cut off does not come back.
        Check.Equal(6, FsHelp.Write(file, "abcdef"u8, 4094));
        Check.Equal(0, Vfs.SetSize(file->Inode, 4095));
        Check.Equal(0, Vfs.SetSize(file->Inode, 8192));
        Check.Equal(4, Vfs.KernelRead(file, bytes, 4, 4094));
        Check.True(bytes[0] == 'a' && bytes[1] == 0 && bytes[2] == 0 && bytes[3] == 0);
        Check.Equal(-EINVAL, Vfs.SetSize(file->Inode, -1));
        Check.Equal(-EFBIG, Vfs.SetSize(file->Inode, long.MaxValue));
        Files.Put(file);
        Check.Equal(0, FsHelp.Remove("/sparse\0"u8));
    }

    private static void Pages()
    {
        FsHelp.Make("/pages\0"u8, "content"u8);
        Check.Equal(0, Vfs.Open("/pages\0"u8, OpenFlags.O_RDWR, 0, out File* file));
        Check.Equal(0, FilePages.GetPage(file->Inode, 0, out Page* page));
        var memory = (byte*)MemMap.PageToVirt(page);
        Check.True(new ReadOnlySpan<byte>(memory, 8).SequenceEqual("content\0"u8));
        memory[0] = (byte)'C';
        FsHelp.Holds("/pages\0"u8, "Content"u8);
        Check.Equal(-EFAULT, FilePages.GetPage(file->Inode, 1, out _));
        Check.Equal(0, Vfs.SetSize(file->Inode, 3 << 12));
        Check.Equal(0, FilePages.GetPage(file->Inode, 2, out Page* hole));
        ((byte*)MemMap.PageToVirt(hole))[5] = 9;
        byte read;
        Check.Equal(1, Vfs.KernelRead(file, &read, 1, (2 << 12) + 5));
        Check.Equal(9, read);

        // A page that somebody holds outlives the file.
        Files.Put(file);
        Check.Equal(0, FsHelp.Remove("/pages\0"u8));
        Check.Equal('C', memory[0]);
        Check.Equal(1, page->RefCount.Read());
        PageAllocator.PutPage(page);
        PageAllocator.PutPage(hole);
    }

    private static void MountPoints()
    {
        Check.Equal(0, FsHelp.Mkdir("/m\0"u8));
        FsHelp.Make("/m/below\0"u8, "x"u8);
        Check.Equal(-ENODEV, FsHelp.Mount("nosuch"u8, "/m\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Mount("tmpfs"u8, "/m/below\0"u8));
        Check.Equal(0, FsHelp.Mount("tmpfs"u8, "/m\0"u8));
        Check.Equal(-ENOENT, FsHelp.Walk("/m/below\0"u8));
        FsHelp.Make("/m/above\0"u8, "y"u8);
        Check.Equal((long)FsHelp.NumberOf("/\0"u8), (long)FsHelp.NumberOf("/m/..\0"u8));
        Check.Equal(-EBUSY, FsHelp.Remove("/m\0"u8, directory: true));
        Check.Equal(-EBUSY, FsHelp.Rename("/m\0"u8, "/m2\0"u8));
        Check.Equal(0, Vfs.Open("/m/above\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        Check.Equal(-EBUSY, FsHelp.Unmount("/m\0"u8));
        Files.Put(file);
        Check.Equal(-EINVAL, FsHelp.Unmount("/m/above\0"u8));
        Check.Equal(0, FsHelp.Unmount("/m\0"u8));
        FsHelp.Holds("/m/below\0"u8, "x"u8);
        Check.Equal(-EINVAL, FsHelp.Unmount("/m\0"u8));
        Check.Equal(0, FsHelp.Mount("tmpfs"u8, "/m\0"u8, readOnly: true));
        Check.Equal(-EROFS, FsHelp.Open("/m/x\0"u8, FsHelp.ReadWrite));
        Check.Equal(-EROFS, FsHelp.Mkdir("/m/x\0"u8));
        Check.Equal(0, FsHelp.Unmount("/m\0"u8));
        Check.Equal(0, FsHelp.Remove("/m/below\0"u8));
        Check.Equal(0, FsHelp.Remove("/m\0"u8, directory: true));
    }

    private static void Listing()
    {
        Check.Equal(0, FsHelp.Mkdir("/list\0"u8));
        FsHelp.Make("/list/a\0"u8, ""u8);
        FsHelp.Make("/list/b\0"u8, ""u8);
        FsHelp.Make("/list/c\0"u8, ""u8);
        Check.Equal(0, Vfs.Open("/list\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        FsLister lister = default;
        Check.Equal(0, FsLister.List(&lister, file, most: 3));
        Check.True(FsLister.Names(&lister).SequenceEqual("...a"u8));
        Check.Equal(0, FsHelp.Remove("/list/a\0"u8));
        Check.Equal(0, FsHelp.Remove("/list/b\0"u8));
        FsHelp.Make("/list/d\0"u8, ""u8);
        Check.Equal(0, FsLister.List(&lister, file, most: 100));
        Check.True(FsLister.Names(&lister).SequenceEqual("cd"u8));
        Check.Equal(0, FsLister.List(&lister, file, most: 100));
        Check.Equal(0, FsLister.Names(&lister).Length);
        Files.Put(file);
        Check.Equal(0, FsHelp.Remove("/list/c\0"u8));
        Check.Equal(0, FsHelp.Remove("/list/d\0"u8));
        Check.Equal(0, FsHelp.Remove("/list\0"u8, directory: true));
    }

    private static void Permissions()
    {
        Inode inode = new() { Mode = FileModes.S_IFREG | 0x1a0, Uid = 10, Gid = 20 };
        Check.Equal(0, Permission.InodePermission(&inode, Access.Read | Access.Write, 10, 99));
        Check.Equal(-EACCES, Permission.InodePermission(&inode, Access.Exec, 10, 99));
        Check.Equal(0, Permission.InodePermission(&inode, Access.Read, 11, 20));
        Check.Equal(-EACCES, Permission.InodePermission(&inode, Access.Write, 11, 20));
        Check.Equal(-EACCES, Permission.InodePermission(&inode, Access.Read, 11, 21));
        Check.Equal(0, Permission.InodePermission(&inode, Access.Read | Access.Write, 0, 0));
        Check.Equal(-EACCES, Permission.InodePermission(&inode, Access.Exec, 0, 0));

        // The owner's bits count for the owner, even where the others' would give more.
        inode.Mode = FileModes.S_IFREG | 0x07;
        Check.Equal(-EACCES, Permission.InodePermission(&inode, Access.Read, 10, 20));
        Check.Equal(0, Permission.InodePermission(&inode, Access.Read | Access.Exec, 11, 21));
        Check.Equal(0, Permission.InodePermission(&inode, Access.Exec, 0, 0));
    }

    private static void NothingLeft()
    {
        // Once to fill the caches, then the same again: nothing more is in use afterwards.
        OnceAround();
        ulong before = ObjectsInUse();
        OnceAround();
        Check.Equal((long)before, (long)ObjectsInUse());
    }

    private static void OnceAround()
    {
        Check.Equal(0, FsHelp.Mkdir("/x\0"u8));
        FsHelp.Make("/x/file\0"u8, "x"u8);
        Check.Equal(0, FsHelp.Symlink("file\0"u8, "/x/link\0"u8));
        FsHelp.Holds("/x/link\0"u8, "x"u8);
        Check.Equal(-ENOENT, FsHelp.Walk("/x/no\0"u8));
        Check.Equal(-ENOTDIR, FsHelp.Walk("/x/link/no\0"u8));
        Check.Equal(0, FsHelp.Mount("tmpfs"u8, "/x\0"u8));
        FsHelp.Make("/x/other\0"u8, "x"u8);
        Check.Equal(0, FsHelp.Unmount("/x\0"u8));
        Check.Equal(0, FsHelp.Rename("/x/link\0"u8, "/x/file\0"u8));
        Check.Equal(0, FsHelp.Remove("/x/file\0"u8));
        Check.Equal(0, FsHelp.Remove("/x\0"u8, directory: true));
    }

    private static ulong ObjectsInUse() => FsCounts.InUse("dentry"u8) + FsCounts.InUse("inode"u8) + FsCounts.InUse("file"u8);

    private static void Number(byte* name, int number)
    {
        "/l00\0\0\0\0"u8.CopyTo(new Span<byte>(name, 8));
        name[2] = (byte)('0' + (number / 10));
        name[3] = (byte)('0' + (number % 10));
    }
}
