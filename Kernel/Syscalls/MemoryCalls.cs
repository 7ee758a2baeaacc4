// MemoryCalls: the system calls that change an address space.
//
// Linux: mm/mmap.c, arch/x86/kernel/sys_x86_64.c, arch/x86/ia32/sys_ia32.c. Process context of a program; may sleep.

using System.Runtime;
using System.Runtime.InteropServices;

namespace CSharpOS.Syscalls;

/// <summary>brk, mmap, munmap, mprotect.</summary>
internal static unsafe class MemoryCalls
{
    private const uint ProtectRead = 1, ProtectWrite = 2, ProtectExec = 4, ProtectGrowsDown = 0x01000000;
    private const uint MapShared = 1, MapPrivate = 2, MapFixed = 0x10, MapAnonymous = 0x20;
    private const uint MremapMayMove = 1, MremapFixed = 2;

    [RuntimeExport("sys_brk")]
    private static long SysBrk(ulong brk) => (long)UserMapping.Brk(Current->Mm, brk);

    [RuntimeExport("sys_mmap")]
    private static long SysMmap(ulong address, ulong length, uint protection, uint flags, int fd, ulong offset) =>
        (offset & (DirectMap.PAGE_SIZE - 1)) != 0 ? -EINVAL : Map(address, length, protection, flags, fd, offset >> DirectMap.PAGE_SHIFT);

    // Offset in pages.
    [RuntimeExport("sys_mmap2")]
    private static long SysMmap2(ulong address, ulong length, uint protection, uint flags, int fd, ulong page) =>
        Map(address, length, protection, flags, fd, page);

    // The arguments in a block of memory, as the first ABI had it.
    [RuntimeExport("sys_old_mmap")]
    private static long SysOldMmap(OldArguments* block)
    {
        if (Uaccess.GetUser(out OldArguments given, block) != 0)
        {
            return -EFAULT;
        }

        return SysMmap(given.Address, given.Length, given.Protection, given.Flags, given.Fd, given.Offset);
    }

    [RuntimeExport("sys_munmap")]
    private static long SysMunmap(ulong address, ulong length) => UserMapping.Unmap(Current->Mm, address, length);

    [RuntimeExport("sys_mprotect")]
    private static long SysMprotect(ulong address, ulong length, uint protection) =>
        (protection & ~(ProtectRead | ProtectWrite | ProtectExec | ProtectGrowsDown)) != 0
            ? -EINVAL
            : UserMapping.Protect(Current->Mm, address, length, Rights(protection));

    [RuntimeExport("sys_mremap")]
    private static long SysMremap(ulong address, ulong oldLength, ulong newLength, uint flags, ulong target)
    {
        bool mayMove = (flags & MremapMayMove) != 0;
        bool isFixed = (flags & MremapFixed) != 0;
        if ((flags & ~(MremapMayMove | MremapFixed)) != 0 || (isFixed && (!mayMove || target == 0)))
        {
            return -EINVAL;
        }

        return UserMapping.Move(Current->Mm, address, oldLength, newLength, mayMove, isFixed ? target : 0);
    }

    private static long Map(ulong address, ulong length, uint protection, uint flags, int fd, ulong page)
    {
        bool shared = (flags & MapShared) != 0;
        if (shared == ((flags & MapPrivate) != 0))
        {
            return -EINVAL;
        }

        VmFlags area = Rights(protection) | (shared ? VmFlags.Shared : VmFlags.None);
        if ((flags & MapAnonymous) == 0)
        {
            return FileMapping.Map(address, length, area, (flags & MapFixed) != 0, fd, page);
        }

        return shared
            ? FileMapping.MapSharedMemory(address, length, area, (flags & MapFixed) != 0)
            : UserMapping.Map(Current->Mm, address, length, area, (flags & MapFixed) != 0, null);
    }

    private static VmFlags Rights(uint protection) =>
        ((protection & ProtectRead) != 0 ? VmFlags.Read : 0) | ((protection & ProtectWrite) != 0 ? VmFlags.Write : 0) |
        ((protection & ProtectExec) != 0 ? VmFlags.Exec : 0);

    [StructLayout(LayoutKind.Sequential)]
    private struct OldArguments
    {
        public uint Address, Length, Protection, Flags;
        public int Fd;
        public uint Offset;
    }
}
