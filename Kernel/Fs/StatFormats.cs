// StatFormats: struct stat and struct statfs as the different callers know them.
//
// Linux: arch/x86/include/uapi/asm/stat.h, statfs.h; cp_new_stat, cp_stat64 (fs/stat.c). Values only; no locks.

using System.Runtime.InteropServices;

namespace CSharpOS.Fs;

/// <summary>struct stat of x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Size = 144)]
internal struct Stat
{
    public ulong Device;
    public ulong Number;
    public ulong LinkCount;
    public uint Mode;
    public uint Uid;
    public uint Gid;
    private readonly uint _pad;
    public ulong NodeDevice;
    public long Size;
    public long BlockSize;
    public long Blocks;
    public Timespec AccessTime;
    public Timespec ModifyTime;
    public Timespec ChangeTime;

    /// <summary>What stat says of a file.</summary>
    /// <linux>vfs_getattr</linux>
    internal static unsafe Stat Of(Inode* inode)
    {
        if (inode->Ops != null && inode->Ops->Refresh != null)
        {
            inode->Ops->Refresh(inode);
        }

        return new Stat
        {
            Device = inode->Super == null ? 0 : inode->Super->Device,
            Number = inode->Number,
            LinkCount = inode->LinkCount,
            Mode = inode->Mode,
            Uid = inode->Uid,
            Gid = inode->Gid,
            NodeDevice = inode->Device,
            Size = Shared.ReadOnce(ref inode->Size),
            BlockSize = DirectMap.PAGE_SIZE,
            Blocks = Shared.ReadOnce(ref inode->Pages.Count) * (DirectMap.PAGE_SIZE / 512),
            AccessTime = inode->AccessTime,
            ModifyTime = inode->ModifyTime,
            ChangeTime = inode->ChangeTime,
        };
    }
}

/// <summary>struct stat64 of i386.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal struct CompatStat64
{
    public ulong Device;
    private readonly uint _pad0;
    public uint ShortNumber;
    public uint Mode;
    public uint LinkCount;
    public uint Uid;
    public uint Gid;
    public ulong NodeDevice;
    private readonly uint _pad3;
    public long Size;
    public uint BlockSize;
    public ulong Blocks;
    public uint AccessTime, AccessNanoseconds;
    public uint ModifyTime, ModifyNanoseconds;
    public uint ChangeTime, ChangeNanoseconds;
    public ulong Number;

    /// <linux>cp_stat64</linux>
    internal static CompatStat64 From(in Stat stat) => new()
    {
        Device = stat.Device,
        ShortNumber = (uint)stat.Number,
        Mode = stat.Mode,
        LinkCount = (uint)stat.LinkCount,
        Uid = stat.Uid,
        Gid = stat.Gid,
        NodeDevice = stat.NodeDevice,
        Size = stat.Size,
        BlockSize = (uint)stat.BlockSize,
        Blocks = (ulong)stat.Blocks,
        AccessTime = (uint)stat.AccessTime.Seconds,
        AccessNanoseconds = (uint)stat.AccessTime.Nanoseconds,
        ModifyTime = (uint)stat.ModifyTime.Seconds,
        ModifyNanoseconds = (uint)stat.ModifyTime.Nanoseconds,
        ChangeTime = (uint)stat.ChangeTime.Seconds,
        ChangeNanoseconds = (uint)stat.ChangeTime.Nanoseconds,
        Number = stat.Number,
    };
}

/// <summary>struct stat of i386, as calls 106 to 108 give it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct CompatStat
{
    public uint Device;
    public uint Number;
    public ushort Mode;
    public ushort LinkCount;
    public ushort Uid;
    public ushort Gid;
    public uint NodeDevice;
    public uint Size;
    public uint BlockSize;
    public uint Blocks;
    public uint AccessTime, AccessNanoseconds;
    public uint ModifyTime, ModifyNanoseconds;
    public uint ChangeTime, ChangeNanoseconds;

    /// <linux>cp_compat_stat</linux>
    internal static CompatStat From(in Stat stat) => new()
    {
        Device = (uint)stat.Device,
        Number = (uint)stat.Number,
        Mode = (ushort)stat.Mode,
        LinkCount = (ushort)stat.LinkCount,
        Uid = (ushort)stat.Uid,
        Gid = (ushort)stat.Gid,
        NodeDevice = (uint)stat.NodeDevice,
        Size = (uint)stat.Size,
        BlockSize = (uint)stat.BlockSize,
        Blocks = (uint)stat.Blocks,
        AccessTime = (uint)stat.AccessTime.Seconds,
        AccessNanoseconds = (uint)stat.AccessTime.Nanoseconds,
        ModifyTime = (uint)stat.ModifyTime.Seconds,
        ModifyNanoseconds = (uint)stat.ModifyTime.Nanoseconds,
        ChangeTime = (uint)stat.ChangeTime.Seconds,
        ChangeNanoseconds = (uint)stat.ChangeTime.Nanoseconds,
    };
}

/// <summary>struct statfs of x86-64.</summary>
[StructLayout(LayoutKind.Sequential, Size = 120)]
internal struct StatFs
{
    public ulong Type;
    public ulong BlockSize;
    public ulong Blocks;
    public ulong Free;
    public ulong Available;
    public ulong Files;
    public ulong FreeFiles;
    public ulong Id;
    public ulong NameLength;
    public ulong FragmentSize;
    public ulong Flags;

    /// <linux>vfs_statfs</linux>
    internal static unsafe StatFs Of(SuperBlock* super)
    {
        ulong total = 0, free = 0;
        if (super != null && super->Ops != null && super->Ops->Statfs != null)
        {
            super->Ops->Statfs(super, &total, &free);
        }

        return new StatFs
        {
            Type = super == null ? 0 : super->Magic,
            BlockSize = DirectMap.PAGE_SIZE,
            Blocks = total,
            Free = free,
            Available = free,
            NameLength = Dentries.NameMax,
            FragmentSize = DirectMap.PAGE_SIZE,
        };
    }
}

/// <summary>struct statfs64 of i386.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4, Size = 84)]
internal struct CompatStatFs64
{
    public uint Type;
    public uint BlockSize;
    public ulong Blocks;
    public ulong Free;
    public ulong Available;
    public ulong Files;
    public ulong FreeFiles;
    public ulong Id;
    public uint NameLength;
    public uint FragmentSize;
    public uint Flags;

    internal static CompatStatFs64 From(in StatFs stat) => new()
    {
        Type = (uint)stat.Type,
        BlockSize = (uint)stat.BlockSize,
        Blocks = stat.Blocks,
        Free = stat.Free,
        Available = stat.Available,
        NameLength = (uint)stat.NameLength,
        FragmentSize = (uint)stat.FragmentSize,
    };
}

/// <summary>struct statfs of i386, as calls 99 and 100 give it.</summary>
[StructLayout(LayoutKind.Sequential, Size = 64)]
internal struct CompatStatFs
{
    public uint Type;
    public uint BlockSize;
    public uint Blocks;
    public uint Free;
    public uint Available;
    public uint Files;
    public uint FreeFiles;
    public uint Id, Id2;
    public uint NameLength;
    public uint FragmentSize;
    public uint Flags;

    internal static CompatStatFs From(in StatFs stat) => new()
    {
        Type = (uint)stat.Type,
        BlockSize = (uint)stat.BlockSize,
        Blocks = (uint)stat.Blocks,
        Free = (uint)stat.Free,
        Available = (uint)stat.Available,
        NameLength = (uint)stat.NameLength,
        FragmentSize = (uint)stat.FragmentSize,
    };
}
