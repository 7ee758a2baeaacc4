// Kernfs.Files: the entries of a tree as inodes and open files.
//
// Linux: fs/proc/inode.c, fs/kernfs/file.c. Process context, sleeps. An inode holds its entry. Names are not pinned: a dentry is in memory while somebody uses
// it, and is looked up again once its entry has been removed.
// A file is read as a SeqFile: the text is made whole by one call of the entry's function. What is written with one call is copied and given to the
// function whole, as it is; a line feed at its end is the function's to ignore (Trim).

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

internal static unsafe partial class Kernfs
{
    /// <summary>Bytes that one write may have.</summary>
    internal const int MaxWrite = 4095;

    private static InodeOperations s_directory, s_file, s_link;
    private static FileOperations s_directoryFile, s_textFile;

    /// <summary>A file system of which <paramref name="root"/> is the uppermost directory: the work of a Fill. 0 or -ENOMEM.</summary>
    internal static int Fill(SuperBlock* super, KernfsNode* root, SuperOperations* ops, uint magic)
    {
        super->Ops = ops;
        super->Magic = magic;
        super->Root = Dentries.Allocate(null, "/"u8);
        Inode* inode = super->Root == null ? null : NewInode(super, root);
        if (inode == null)
        {
            Dentries.Put(super->Root);
            return -ENOMEM;
        }

        Dentries.Add(super->Root, inode);
        return 0;
    }

    /// <summary>For <see cref="SuperOperations.EvictInode"/>.</summary>
    internal static void Evict(Inode* inode) => Put((KernfsNode*)inode->Private);

    /// <summary>For <see cref="SuperOperations.Revalidate"/>.</summary>
    internal static bool Revalidate(Dentry* dentry)
    {
        using (s_lock.Guard())
        {
            return !((KernfsNode*)dentry->Inode->Private)->Removed;
        }
    }

    /// <summary>For <see cref="InodeOperations.Lookup"/> of a directory.</summary>
    internal static int Lookup(Inode* directory, Dentry* dentry)
    {
        KernfsNode* node = Find((KernfsNode*)directory->Private, Dentry.Name(dentry));
        if (node == null)
        {
            return -ENOENT;
        }

        Inode* inode = NewInode(directory->Super, node);
        Put(node);
        if (inode == null)
        {
            return -ENOMEM;
        }

        Dentries.Add(dentry, inode);
        return 0;
    }

    /// <summary>For <see cref="FileOperations.Iterate"/> of a directory.</summary>
    internal static int Iterate(File* file, DirContext* context)
    {
        List(file, context);
        return 0;
    }

    /// <summary>The same; false if no more fitted.</summary>
    internal static bool List(File* file, DirContext* context)
    {
        if (!DirContext.EmitDots(file, context))
        {
            return false;
        }

        var directory = (KernfsNode*)file->Inode->Private;
        KernfsNode* at = null;
        while ((at = NextChild(directory, at, context->Position)) != null)
        {
            context->Position = at->Cookie;
            if (!DirContext.Emit(context, KernfsNode.Name(at), at->Number, FileModes.DirectoryType(at->Mode)))
            {
                Put(at);
                return false;
            }

            context->Position = at->Cookie + 1;
        }

        return true;
    }

    /// <summary>For <see cref="InodeOperations.SetSize"/>: what is opened with O_TRUNC is not cut.</summary>
    internal static int IgnoreSize(Inode* inode, long size) => 0;

    /// <summary>The text without line feeds, blanks and zero bytes at its end.</summary>
    internal static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text)
    {
        while (text.Length != 0 && text[^1] is (byte)'\n' or (byte)' ' or 0)
        {
            text = text[..^1];
        }

        return text;
    }

    private static void InitOperations()
    {
        s_directory = new InodeOperations { Lookup = &Lookup };
        s_file = new InodeOperations { SetSize = &IgnoreSize };
        s_link = new InodeOperations { ReadLink = &ReadLink };
        s_directoryFile = new FileOperations { Iterate = &Iterate };
        s_textFile = SeqFile.Operations;
        s_textFile.Open = &Open;
        s_textFile.Read = &Read;
        s_textFile.Write = &Write;
    }

    private static Inode* NewInode(SuperBlock* super, KernfsNode* node)
    {
        Inode* inode = Inodes.New(super, node->Mode);
        if (inode == null)
        {
            return null;
        }

        Get(node);
        inode->Private = node;
        inode->Number = node->Number;
        inode->Uid = node->Uid;
        inode->Gid = node->Gid;
        inode->Size = node->Size;
        switch (node->Mode & FileModes.S_IFMT)
        {
            case FileModes.S_IFDIR:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_directory);
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_directoryFile);
                break;
            case FileModes.S_IFLNK:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_link);
                break;
            default:
                inode->Ops = (InodeOperations*)Unsafe.AsPointer(ref s_file);
                inode->FileOps = (FileOperations*)Unsafe.AsPointer(ref s_textFile);
                break;
        }

        inode->Ops = node->InodeOps != null ? node->InodeOps : inode->Ops;
        inode->FileOps = node->FileOps != null ? node->FileOps : inode->FileOps;
        return inode;
    }

    private static int ReadLink(Inode* inode, byte* buffer, int size)
    {
        byte* target = ((KernfsNode*)inode->Private)->Target;
        int length = 0;
        while (length < size && target[length] != 0)
        {
            buffer[length] = target[length];
            length++;
        }

        return length;
    }

    private static int Open(Inode* inode, File* file)
    {
        var node = (KernfsNode*)inode->Private;
        bool cannot = ((file->Mode & FileModeBits.Read) != 0 && node->Show == null) || ((file->Mode & FileModeBits.Write) != 0 && node->Store == null);
        return cannot ? -EACCES : SeqFile.Open(file, &CallShow, node);
    }

    private static int CallShow(TextArea* text, void* data)
    {
        var node = (KernfsNode*)data;
        if (!Begin(node))
        {
            return -EIO;
        }

        int error = node->Show(text, node->Data);
        End(node);
        return error;
    }

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        // The text of before the removal is not read to its end either.
        bool removed;
        using (s_lock.Guard())
        {
            removed = ((KernfsNode*)file->Inode->Private)->Removed;
        }

        return removed ? -EIO : SeqFile.Read(file, buffer, position);
    }

    private static long Write(File* file, IoBuffer* buffer, long* position)
    {
        var node = (KernfsNode*)file->Inode->Private;
        nuint count = buffer->Left;
        if (count > MaxWrite)
        {
            return -EINVAL;
        }

        var text = (byte*)Kmalloc(count + 1, GfpFlags.Kernel);
        if (text == null)
        {
            return -ENOMEM;
        }

        long result = -EFAULT;
        if (buffer->Take(text, count) == count)
        {
            result = -EIO;
            if (Begin(node))
            {
                result = node->Store(new ReadOnlySpan<byte>(text, (int)count), node->Data);
                End(node);
            }
        }

        Kfree(text);
        if (result < 0)
        {
            return result;
        }

        *position += (long)count;
        return (long)count;
    }
}
