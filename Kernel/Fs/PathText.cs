// PathText: from a place in the tree back to a string.
//
// Linux: d_path, fs/d_path.c. Process context; does not sleep. The text is made from its end to its beginning, with one component under the lock of the tree at a
// time; a rename in between may give a path that has never been, as on Linux, but never a wrong access.

namespace CSharpOS.Fs;

/// <summary>The paths of places.</summary>
public static unsafe class PathText
{
    /// <summary>Writes the path of <paramref name="path"/> as seen from <paramref name="root"/> to the end of a buffer. A file whose name is gone gets " (deleted)".</summary>
    /// <param name="path">The place; the caller holds references.</param>
    /// <param name="root">Where "/" is.</param>
    /// <param name="buffer">Memory.</param>
    /// <param name="size">Its size.</param>
    /// <param name="deleted">The name is gone.</param>
    /// <returns>The text, which lies in the buffer; empty if it does not fit.</returns>
    /// <linux>d_path</linux>
    public static ReadOnlySpan<byte> Write(in Path path, in Path root, byte* buffer, int size, out bool deleted)
    {
        Path at = path;
        at.Get();
        deleted = at.Dentry != at.Mount->Root && !Dentry.IsHashed(at.Dentry);
        int start = size;
        bool fits = !deleted || Prepend(buffer, ref start, " (deleted)"u8);
        bool any = false;
        while (fits && !at.Equals(root))
        {
            if (at.Dentry == at.Mount->Root)
            {
                if (!Mounts.Leave(ref at))
                {
                    break;
                }

                continue;
            }

            fits = Dentries.PrependName(at.Dentry, buffer, ref start) && Prepend(buffer, ref start, "/"u8);
            any = true;
            Dentry* parent = Dentries.GetParent(at.Dentry);
            Dentries.Put(at.Dentry);
            at.Dentry = parent;
        }

        if (fits && !any)
        {
            fits = Prepend(buffer, ref start, "/"u8);
        }

        at.Put();
        return fits ? new ReadOnlySpan<byte>(buffer + start, size - start) : default;
    }

    internal static bool Prepend(byte* buffer, ref int start, ReadOnlySpan<byte> text)
    {
        if (text.Length > start)
        {
            return false;
        }

        start -= text.Length;
        text.CopyTo(new Span<byte>(buffer + start, text.Length));
        return true;
    }
}

public static unsafe partial class Dentries
{
    /// <summary>Puts the name in front of what is in the buffer. False: it does not fit.</summary>
    internal static bool PrependName(Dentry* dentry, byte* buffer, ref int start)
    {
        using (s_lock.Guard())
        {
            return PathText.Prepend(buffer, ref start, Dentry.Name(dentry));
        }
    }
}
