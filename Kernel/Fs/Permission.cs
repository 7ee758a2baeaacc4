// Permission: who may do what with a file.
//
// Linux: inode_permission, generic_permission, may_delete (fs/namei.c), kernel/capability.c. Process context. No locks: mode and owner are single words.

namespace CSharpOS.Fs;

/// <summary>What somebody wants to do with a file.</summary>
[Flags]
public enum Access
{
    None = 0,

    /// <linux>MAY_EXEC</linux>
    Exec = 1,

    /// <linux>MAY_WRITE</linux>
    Write = 2,

    /// <linux>MAY_READ</linux>
    Read = 4,
}

/// <summary>The user in whose name the current task touches files.</summary>
internal static unsafe class Credentials
{
    internal static uint FsUid => Current->Process == null ? 0 : (uint)Current->Process->Euid;

    internal static uint FsGid => Current->Process == null ? 0 : (uint)Current->Process->Egid;

    internal static bool IsRoot => FsUid == 0;
}

/// <summary>The checks of permission.</summary>
public static unsafe class Permission
{
    /// <summary>May the current task do that?</summary>
    /// <returns>0; -EACCES; -EROFS: the mount is read-only and it is a file, directory or link.</returns>
    /// <linux>inode_permission</linux>
    public static int InodePermission(in Path path, Access access)
    {
        Inode* inode = path.Inode;
        if ((access & Access.Write) != 0 && path.Mount->ReadOnly && (inode->Is(FileModes.S_IFREG) || inode->IsDirectory || inode->Is(FileModes.S_IFLNK)))
        {
            return -EROFS;
        }

        return InodePermission(inode, access, Credentials.FsUid, Credentials.FsGid);
    }

    /// <summary>May that user do that? 0 or -EACCES.</summary>
    /// <linux>generic_permission</linux>
    internal static int InodePermission(Inode* inode, Access access, uint uid, uint gid)
    {
        uint mode = inode->Mode;
        uint granted = inode->Uid == uid ? mode >> 6 : inode->Gid == gid ? mode >> 3 : mode;
        if ((granted & (uint)access & 7) == (uint)access)
        {
            return 0;
        }

        // Root reads and writes all, and executes what anybody may execute, or searches any directory.
        bool mayExecute = inode->IsDirectory || (mode & FileModes.S_IXUGO) != 0;
        return uid == 0 && ((access & Access.Exec) == 0 || mayExecute) ? 0 : -EACCES;
    }

    /// <summary>May the current task change the attributes of the file? 0 or -EPERM.</summary>
    /// <linux>inode_owner_or_capable</linux>
    internal static int Owner(Inode* inode) => Credentials.IsRoot || Credentials.FsUid == inode->Uid ? 0 : -EPERM;

    /// <summary>May the current task make names in the directory? Names is held.</summary>
    /// <linux>may_create</linux>
    internal static int MayCreate(in Path directory)
    {
        // A directory that has been removed takes no new names.
        return directory.Inode->LinkCount == 0 ? -ENOENT : InodePermission(directory, Access.Write | Access.Exec);
    }

    /// <summary>May the current task remove that name? Names is held.</summary>
    /// <linux>may_delete</linux>
    internal static int MayDelete(in Path directory, Inode* victim)
    {
        int error = InodePermission(directory, Access.Write | Access.Exec);
        bool sticky = (directory.Inode->Mode & FileModes.S_ISVTX) != 0;
        if (error == 0 && sticky && !Credentials.IsRoot && victim->Uid != Credentials.FsUid && directory.Inode->Uid != Credentials.FsUid)
        {
            error = -EPERM;
        }

        return error;
    }
}
