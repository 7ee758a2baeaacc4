// DirContext: listing a directory.
//
// Linux: struct dir_context, fs/readdir.c, dcache_readdir (fs/libfs.c). Process context; the receiver of the names may sleep (it writes to user memory). The names
// of the file system are locked over a listing. Position: 0 is ".", 1 is "..", then the cookies of the dentries, which rise in the order of the
// list, so that names made and removed between two calls are neither shown twice nor hide others.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>Who receives the names of a directory, and from where on.</summary>
/// <linux>dir_context</linux>
public unsafe struct DirContext
{
    /// <summary>(context, name, its length, inode number, type, position of this entry): false if it does not fit any more.</summary>
    public delegate*<DirContext*, byte*, int, ulong, byte, long, bool> Actor;

    /// <summary>Where to go on.</summary>
    public long Position;

    /// <summary>Gives the receiver one name. False: no more fits; end the listing and leave the position.</summary>
    /// <linux>dir_emit</linux>
    public static bool Emit(DirContext* context, ReadOnlySpan<byte> name, ulong inode, byte type)
    {
        fixed (byte* bytes = name)
        {
            return context->Actor(context, bytes, name.Length, inode, type, context->Position);
        }
    }

    /// <summary>Gives "." and ".." if the listing has not come so far. False: no more fits.</summary>
    /// <linux>dir_emit_dots</linux>
    public static bool EmitDots(File* file, DirContext* context)
    {
        if (context->Position == 0)
        {
            if (!Emit(context, "."u8, file->Inode->Number, FileModes.DirectoryType(FileModes.S_IFDIR)))
            {
                return false;
            }

            context->Position = 1;
        }

        if (context->Position == 1)
        {
            Dentry* parent = Dentries.GetParent(file->Path.Dentry);
            bool fits = Emit(context, ".."u8, parent->Inode->Number, FileModes.DirectoryType(FileModes.S_IFDIR));
            Dentries.Put(parent);
            if (!fits)
            {
                return false;
            }

            context->Position = 2;
        }

        return true;
    }
}

public static unsafe partial class Dentries
{
    /// <summary>Lists the names that are in memory: for file systems that pin theirs. An Iterate of <see cref="FileOperations"/>.</summary>
    /// <linux>dcache_readdir</linux>
    public static int Iterate(File* file, DirContext* context)
    {
        Dentry* directory = file->Path.Dentry;
        if (!DirContext.EmitDots(file, context))
        {
            return 0;
        }

        Dentry* at = null;
        while ((at = NextChild(directory, at, context->Position)) != null)
        {
            context->Position = at->Cookie;

            if (!DirContext.Emit(context, Dentry.Name(at), at->Inode->Number, FileModes.DirectoryType(at->Inode->Mode)))
            {
                Put(at);
                return 0;
            }

            context->Position = at->Cookie + 1;
        }

        return 0;
    }

    // The first child at or behind the position, with a reference; gives the one before back. Goes on from there if that is still in the list.
    private static Dentry* NextChild(Dentry* directory, Dentry* before, long position)
    {
        Dentry* found = null;
        using (s_lock.Guard())
        {
            bool goOn = before != null && Dentry.IsHashed(before) && before->Parent == directory;
            ListHead* link = goOn ? before->Child.Next : directory->Children.Next;
            while (link != &directory->Children && ((Dentry*)link)->Cookie < position)
            {
                link = link->Next;
            }

            if (link != &directory->Children)
            {
                found = (Dentry*)link;
                Get(found);
            }
        }

        Put(before);
        return found;
    }
}
