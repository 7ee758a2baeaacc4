// PathWalk: from a string to a place in the tree.
//
// Linux: fs/namei.c: path_walk, link_path_walk, do_follow_link. Process context, sleeps. Takes the Names mutex of a file system only to look a name up that is not
// cached; nothing is held between two components but references, so that a walk never waits for a walk.
// A symbolic link is not a recursion: its target and what is left of the path are put together in a page of the walk's own, and the walk goes on
// with that. Forty links in one walk are the limit, and 4095 bytes for what is put together.
// A walk is a value on the stack: Begin, one of ToParent and ToEnd, End.

namespace CSharpOS.Fs;

/// <summary>How the last component is taken.</summary>
[Flags]
internal enum WalkFlags
{
    None = 0,

    /// <summary>A symbolic link there is followed.</summary>
    /// <linux>LOOKUP_FOLLOW</linux>
    Follow = 1,

    /// <summary>It must be a directory.</summary>
    /// <linux>LOOKUP_DIRECTORY</linux>
    Directory = 2,
}

/// <summary>What the last component is.</summary>
internal enum LastKind
{
    /// <summary>There is none: the path was "/".</summary>
    Root,

    /// <summary>A name.</summary>
    Normal,

    /// <summary>"."</summary>
    Dot,

    /// <summary>".."</summary>
    DotDot,
}

/// <summary>A walk along a path.</summary>
/// <linux>nameidata</linux>
internal unsafe ref struct PathWalk
{
    /// <summary>Bytes of a path at most, the zero byte included.</summary>
    internal const int PathMax = 4096;

    private const int MaxLinks = 40;

    /// <summary>Where the walk stands, with references: after ToParent the directory of the last component.</summary>
    internal Path Path;

    /// <summary>After ToParent: what the last component is.</summary>
    internal LastKind Kind;

    /// <summary>After ToParent: there is a slash behind it.</summary>
    internal bool TrailingSlash;

    private Path _root;
    private byte* _rest;
    private byte* _last;
    private int _lastLength;
    private byte* _buffer;
    private int _links;

    /// <summary>After ToParent: the last component, if it is a name.</summary>
    internal readonly ReadOnlySpan<byte> Last => new(_last, _lastLength);

    /// <summary>Starts at <paramref name="start"/>, whose references it takes over; a path that begins with a slash starts at the root. The bytes at
    /// <paramref name="name"/> stay until <see cref="End"/>.</summary>
    internal static PathWalk Begin(Path start, byte* name) => new() { Path = start, _rest = name, _root = FsStruct.CurrentRoot() };

    /// <summary>Gives everything back but <see cref="Path"/>, if the caller has taken that (and put nothing in its place).</summary>
    internal void End()
    {
        Path.Put();
        _root.Put();
        Kfree(_buffer);
        _buffer = null;
    }

    /// <summary>Walks to the end. 0: <see cref="Path"/> is the place. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EACCES, -ENOMEM.</summary>
    /// <linux>path_lookup</linux>
    internal int ToEnd(WalkFlags flags)
    {
        while (true)
        {
            int error = ToParent();
            if (error != 0)
            {
                return error;
            }

            bool again = false;
            error = Kind == LastKind.Normal ? StepLast(flags, out again) : StepDots();
            if (error != 0)
            {
                return error;
            }

            if (!again)
            {
                bool directory = TrailingSlash || (flags & WalkFlags.Directory) != 0;
                return directory && !Path.Inode->IsDirectory ? -ENOTDIR : 0;
            }
        }
    }

    /// <summary>Walks to the directory in which the last component is, or would be. Errors as <see cref="ToEnd"/>.</summary>
    /// <linux>path_parentat</linux>
    internal int ToParent()
    {
        if (*_rest == 0)
        {
            return -ENOENT;
        }

        if (*_rest == '/')
        {
            Path.Put();
            Path = _root;
            Path.Get();
        }

        while (true)
        {
            SkipSlashes();
            _last = _rest;
            while (*_rest is not 0 and not (byte)'/')
            {
                _rest++;
            }

            _lastLength = (int)(_rest - _last);
            TrailingSlash = *_rest == '/';
            SkipSlashes();
            int error = CheckDirectory();
            if (error != 0)
            {
                return error;
            }

            Kind = KindOfLast();
            if (*_rest == 0)
            {
                return 0;
            }

            error = Kind == LastKind.Normal ? StepLast(WalkFlags.Follow, out _) : StepDots();
            if (error != 0)
            {
                return error;
            }
        }
    }

    /// <summary>Finds the last component in <see cref="Path"/>: what is cached, or what the file system knows. Names is held.</summary>
    /// <returns>0 and the dentry with a reference; -ENOENT and null; another error.</returns>
    /// <linux>__lookup_hash</linux>
    internal static int LookupLocked(Dentry* directory, ReadOnlySpan<byte> name, out Dentry* dentry)
    {
        dentry = CachedChild(directory, name);
        if (dentry != null)
        {
            return 0;
        }

        InodeOperations* ops = directory->Inode->Ops;
        if (ops == null || ops->Lookup == null || directory->Inode->LinkCount == 0)
        {
            return -ENOENT;
        }

        Dentry* made = Dentries.Allocate(directory, name);
        if (made == null)
        {
            return -ENOMEM;
        }

        int error = ops->Lookup(directory->Inode, made);
        if (error != 0)
        {
            Dentries.Put(made);
            return error;
        }

        dentry = made;
        return 0;
    }

    /// <summary>If the dentry is a symbolic link, the walk goes on at its target, with what is left of the path behind it. The walk stands in the
    /// directory of the link; takes over the reference. 0: ToParent or the like goes on.</summary>
    /// <linux>do_follow_link</linux>
    internal int FollowLink(Dentry* link)
    {
        Inode* inode = link->Inode;
        int error = 0;
        if (++_links > MaxLinks)
        {
            error = -ELOOP;
        }
        else if (inode->Ops != null && inode->Ops->FollowLink != null)
        {
            error = Jump(inode);
        }
        else if (inode->Ops == null || inode->Ops->ReadLink == null)
        {
            error = -EINVAL;
        }
        else
        {
            error = PutTogether(inode);
        }

        Dentries.Put(link);
        return error;
    }

    private static Dentry* CachedChild(Dentry* directory, ReadOnlySpan<byte> name)
    {
        Dentry* dentry = Dentries.Lookup(directory, name);
        if (dentry == null || dentry->Inode->Super == null)
        {
            return dentry;
        }

        SuperOperations* ops = dentry->Inode->Super->Ops;
        if (ops == null || ops->Revalidate == null || ops->Revalidate(dentry))
        {
            return dentry;
        }

        Dentries.Remove(dentry);
        Dentries.Put(dentry);
        return null;
    }

    private static int LookupChild(Dentry* directory, ReadOnlySpan<byte> name, out Dentry* dentry)
    {
        dentry = CachedChild(directory, name);
        if (dentry != null)
        {
            return 0;
        }

        if (directory->Inode->Ops == null || directory->Inode->Ops->Lookup == null)
        {
            return -ENOENT;
        }

        using (directory->Inode->Super->Names.Guard())
        {
            return LookupLocked(directory, name, out dentry);
        }
    }

    // One component further. again: a link took its place, and the walk must go on with ToParent.
    private int StepLast(WalkFlags flags, out bool again)
    {
        again = false;
        int error = LookupChild(Path.Dentry, Last, out Dentry* child);
        if (error != 0)
        {
            return error;
        }

        bool behind = *_rest != 0 || TrailingSlash;
        if (child->Inode->Is(FileModes.S_IFLNK) && (behind || (flags & WalkFlags.Follow) != 0))
        {
            // A link that jumps leaves nothing to walk.
            again = child->Inode->Ops == null || child->Inode->Ops->FollowLink == null;
            return FollowLink(child);
        }

        Dentries.Put(Path.Dentry);
        Path.Dentry = child;
        Mounts.Enter(ref Path);
        return 0;
    }

    private int StepDots()
    {
        if (Kind != LastKind.DotDot || Path.Equals(_root))
        {
            return 0;
        }

        while (Path.Dentry == Path.Mount->Root)
        {
            if (!Mounts.Leave(ref Path) || Path.Equals(_root))
            {
                return 0;
            }
        }

        Dentry* parent = Dentries.GetParent(Path.Dentry);
        Dentries.Put(Path.Dentry);
        Path.Dentry = parent;
        Mounts.Enter(ref Path);
        return 0;
    }

    private int Jump(Inode* inode)
    {
        Path target = default;
        int error = inode->Ops->FollowLink(inode, &target);
        if (error == 0)
        {
            Path.Put();
            Path = target;
        }

        return error;
    }

    // The target, a slash and what is left become the path that is to be walked.
    private int PutTogether(Inode* link)
    {
        var buffer = (byte*)Kmalloc(PathMax, GfpFlags.Kernel);
        if (buffer == null)
        {
            return -ENOMEM;
        }

        int length = link->Ops->ReadLink(link, buffer, PathMax - 1);
        int rest = 0;
        while (length >= 0 && _rest[rest] != 0)
        {
            rest++;
        }

        int error = length < 0 ? length : length == 0 ? -ENOENT : 0;
        bool slash = TrailingSlash;
        if (error == 0 && length + rest + 2 > PathMax)
        {
            error = -ENAMETOOLONG;
        }

        if (error != 0)
        {
            Kfree(buffer);
            return error;
        }

        if (slash)
        {
            buffer[length++] = (byte)'/';
        }

        new ReadOnlySpan<byte>(_rest, rest).CopyTo(new Span<byte>(buffer + length, rest));
        buffer[length + rest] = 0;
        Kfree(_buffer);
        _buffer = buffer;
        _rest = buffer;
        if (*_rest == '/')
        {
            Path.Put();
            Path = _root;
            Path.Get();
        }

        return 0;
    }

    private readonly int CheckDirectory()
    {
        if (!Path.Inode->IsDirectory)
        {
            return -ENOTDIR;
        }

        if (_lastLength > Dentries.NameMax)
        {
            return -ENAMETOOLONG;
        }

        return Permission.InodePermission(Path, Access.Exec);
    }

    private readonly LastKind KindOfLast() => _lastLength switch
    {
        0 => LastKind.Root,
        1 when _last[0] == '.' => LastKind.Dot,
        2 when _last[0] == '.' && _last[1] == '.' => LastKind.DotDot,
        _ => LastKind.Normal,
    };

    private void SkipSlashes()
    {
        while (*_rest == '/')
        {
            _rest++;
        }
    }
}
