// ProcMounts: /proc/mounts: what is mounted where.
//
// Linux: show_vfsmnt, fs/namespace.c. Process context. A mount is held while its line is made; the list may change between two lines.

namespace CSharpOS.Fs;

/// <summary>The file /proc/mounts.</summary>
internal static unsafe class ProcMounts
{
    internal static int Show(TextArea* text, void* unused)
    {
        var buffer = (byte*)Kmalloc(PathWalk.PathMax, GfpFlags.Kernel);
        if (buffer == null)
        {
            return -ENOMEM;
        }

        Path top = FsStruct.CurrentRoot();
        for (int i = 0; Mounts.At(i, out Path root); i++)
        {
            Escape(text, VfsMount.Source(root.Mount));
            text->Append(" "u8);
            Escape(text, PathText.Write(in root, in top, buffer, PathWalk.PathMax, out _));
            text->Append($" {FileSystemType.Name(root.Mount->Super->Type)} {(root.Mount->ReadOnly ? "ro"u8 : "rw"u8)} 0 0\n");
            root.Put();
        }

        top.Put();
        Kfree(buffer);
        return 0;
    }

    // Blanks and backslashes within a word as three octal digits.
    /// <linux>mangle</linux>
    internal static void Escape(TextArea* text, ReadOnlySpan<byte> word)
    {
        for (int i = 0; i < word.Length; i++)
        {
            byte value = word[i];
            if (value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\\')
            {
                text->Append($"\\{value >> 6}{(value >> 3) & 7}{value & 7}");
            }
            else
            {
                text->Append(word.Slice(i, 1));
            }
        }
    }
}
