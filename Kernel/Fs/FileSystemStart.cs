// FileSystemStart: the file systems at boot.
//
// Linux: vfs_caches_init, init_rootfs, init/do_mounts.c. Process context of pid 1, before the init functions of frameworks and drivers, which make device nodes.

using CSharpOS.Init;

namespace CSharpOS.Fs;

/// <summary>Sets the file systems up.</summary>
internal static unsafe class FileSystemStart
{
    /// <summary>Once, at boot; the running task gets descriptors and a place in the tree. 0 or minus errno.</summary>
    /// <linux>vfs_caches_init</linux>
    internal static int Init()
    {
        FileSystems.Init();
        Inodes.Init();
        Files.Init();
        Mounts.Init();
        Pipes.Init();
        EventFd.Init();
        FileOwners.Init();
        CharDevices.Init();
        int error = Dentries.Init();
        error = error != 0 ? error : ZeroPage.Init();
        if (error != 0)
        {
            return error;
        }

        Tmpfs.Init();
        error = DeviceNodes.Init();
        error = error != 0 ? error : Mounts.Mount("rootfs"u8, "rootfs"u8, null, false, null);
        if (error == 0)
        {
            UnpackArchive();
            UnpackModule();
        }

        error = error != 0 ? error : MountAt("/dev\0"u8, "devtmpfs"u8);
        error = error != 0 ? error : MemDevices.Init();
        Kernfs.Init();
        error = error != 0 ? error : ProcFs.Init();
        error = error != 0 ? error : Sysfs.Init();
        error = error != 0 ? error : MountAt("/proc\0"u8, "proc"u8);
        error = error != 0 ? error : MountAt("/sys\0"u8, "sysfs"u8);
        if (error != 0)
        {
            return error;
        }

        Current->FsInfo = FsStruct.New();
        Current->Files = FilesStruct.New();
        return Current->FsInfo == null || Current->Files == null ? -ENOMEM : 0;
    }

    // The archive with the user programs, from the image. Broken, it is reported, and the kernel goes on with what there is.
    private static void UnpackArchive()
    {
        int length = (int)(LinkerSymbols.InitramfsEnd - LinkerSymbols.InitramfsStart);
        int error = length == 0 ? 0 : Initramfs.Unpack(new ReadOnlySpan<byte>(LinkerSymbols.InitramfsStart, length));
        if (error != 0)
        {
            Printk(LogLevel.Error, $"initramfs: unpacking failed: error {error}\n");
        }
    }

    // The archive that the boot loader has put into memory, over what the image brought; its memory is free then.
    // Linux: populate_rootfs, free_initrd.
    private static void UnpackModule()
    {
        ulong start = BootInfo.ModuleStart, length = BootInfo.ModuleEnd - start;
        if (length == 0)
        {
            return;
        }

        int error = length > int.MaxValue ? -EFBIG : Initramfs.Unpack(new ReadOnlySpan<byte>(DirectMap.PhysToVirt(start), (int)length));
        if (error != 0)
        {
            Printk(LogLevel.Error, $"initramfs: unpacking what the boot loader brought failed: error {error}\n");
        }

        BootInfo.DropModule();
        PageAllocator.GiveReserved(start, start + length);
        Printk(LogLevel.Info, $"Freeing initrd memory: {length >> 10}K\n");
    }

    // In a directory that is made for it, if the archive has not brought it.
    private static int MountAt(ReadOnlySpan<byte> where, ReadOnlySpan<byte> kind)
    {
        fixed (byte* name = where)
        {
            int error = Vfs.Mkdir(null, name, 0x1ed);
            Path path = default;
            error = error is 0 or -EEXIST ? 0 : error;
            error = error != 0 ? error : Vfs.Lookup(null, name, WalkFlags.Follow, out path);
            error = error != 0 ? error : Mounts.Mount(kind, kind, &path, false, null);
            path.Put();
            return error;
        }
    }
}
