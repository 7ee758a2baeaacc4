// SeqFile: files whose content is a text that is made when it is read.
//
// Linux: single_open, fs/seq_file.c. Process context, sleeps. The text is made whole by one call, when a reader is at the beginning, and kept with the open file
// until the next reading from the beginning: so a reader with a small buffer sees one text and not pieces of several. A text that does not
// fit is made again in twice the memory, up to 4 MB. Lock: the position lock of the file, which read holds; a pread beside it finds SeqFile.Mutex.
// The show function may sleep, and takes its own locks.

namespace CSharpOS.Fs;

/// <summary>Text files made on reading. In the Open of a file: <c>return SeqFile.Open(file, &amp;Show, data);</c>, and its operations are
/// <see cref="Operations"/>.</summary>
/// <linux>seq_file</linux>
/// <rows>IRQ-13</rows>
public unsafe struct SeqFile
{
    private const int FirstSize = 1024;
    private const int LargestSize = 4 << 20;

    private delegate*<TextArea*, void*, int> _show;
    private void* _data;
    private Mutex _mutex;
    private byte* _text;
    private int _length;
    private int _size;

    /// <summary>Read, lseek and release of such a file. A file system or driver copies them into its own operations and adds its Open.</summary>
    public static FileOperations Operations => new() { Read = &Read, Llseek = &Llseek, Release = &Release };

    /// <summary>What Open was given for the data of the file.</summary>
    public static void* Data(File* file) => ((SeqFile*)file->PrivateData)->_data;

    /// <summary>Prepares an open file. Process context, sleeps.</summary>
    /// <param name="file">The file; its PrivateData is taken.</param>
    /// <param name="show">(text, data): appends the whole text, <c>text->Append($"...")</c>; 0 or minus errno, which read then gives. Called again if the text
    /// did not fit, so it changes nothing.</param>
    /// <param name="data">Its second argument.</param>
    /// <returns>0 or -ENOMEM.</returns>
    /// <linux>single_open</linux>
    public static int Open(File* file, delegate*<TextArea*, void*, int> show, void* data)
    {
        SeqFile* seq = Kzalloc<SeqFile>(GfpFlags.Kernel);
        if (seq == null)
        {
            return -ENOMEM;
        }

        seq->_show = show;
        seq->_data = data;
        file->PrivateData = seq;
        return 0;
    }

    /// <summary>The Read of such a file.</summary>
    /// <linux>seq_read</linux>
    public static long Read(File* file, IoBuffer* buffer, long* position)
    {
        var seq = (SeqFile*)file->PrivateData;
        using (seq->_mutex.Guard())
        {
            if (*position == 0 || seq->_text == null)
            {
                int error = Make(seq);
                if (error != 0)
                {
                    return error;
                }
            }

            if (*position >= seq->_length || buffer->Left == 0)
            {
                return 0;
            }

            nuint wanted = (nuint)(seq->_length - *position);
            nuint put = buffer->Put(seq->_text + *position, wanted);
            *position += (long)put;
            return put == 0 ? -EFAULT : (long)put;
        }
    }

    /// <summary>The Llseek of such a file: from the beginning or from here; the text has no size before it is read.</summary>
    /// <linux>seq_lseek</linux>
    public static long Llseek(File* file, long offset, int whence) =>
        whence == Whence.SEEK_END ? -EINVAL : Files.GenericLlseek(file, offset, whence);

    /// <summary>The Release of such a file.</summary>
    /// <linux>single_release</linux>
    public static int Release(Inode* inode, File* file)
    {
        var seq = (SeqFile*)file->PrivateData;
        Forget(seq);
        Kfree(seq);
        return 0;
    }

    private static int Make(SeqFile* seq)
    {
        for (int size = seq->_size == 0 ? FirstSize : seq->_size; size <= LargestSize; size *= 2)
        {
            if (size != seq->_size)
            {
                Forget(seq);
                seq->_text = (byte*)Kmalloc((nuint)size, GfpFlags.Kernel);
                if (seq->_text == null)
                {
                    return -ENOMEM;
                }

                seq->_size = size;
            }

            TextArea text = new(seq->_text, size);
            int error = seq->_show(&text, seq->_data);
            if (error != 0)
            {
                Forget(seq);
                return error;
            }

            seq->_length = text.Length;
            if (!text.IsCut)
            {
                return 0;
            }
        }

        Forget(seq);
        return -ENOMEM;
    }

    private static void Forget(SeqFile* seq)
    {
        Kfree(seq->_text);
        seq->_text = null;
        seq->_length = 0;
        seq->_size = 0;
    }
}
