// FsLister: receives the names of a directory, all in one string.

namespace CSharpOS.Suites;

internal unsafe struct FsLister
{
    private const int Room = 256;

    private DirContext _context;
    private int _most;
    private int _length;
    private fixed byte _names[Room];

    /// <summary>Lists up to so many names from where the last call ended.</summary>
    internal static int List(FsLister* lister, File* file, int most)
    {
        lister->_context.Actor = &Take;
        lister->_most = most;
        lister->_length = 0;
        using (file->Inode->Super->Names.Guard())
        {
            return file->Ops->Iterate(file, &lister->_context);
        }
    }

    internal static ReadOnlySpan<byte> Names(FsLister* lister) => new(lister->_names, lister->_length);

    private static bool Take(DirContext* context, byte* name, int length, ulong inode, byte type, long position)
    {
        var lister = (FsLister*)context;
        if (lister->_most == 0 || lister->_length + length > Room)
        {
            return false;
        }

        new ReadOnlySpan<byte>(name, length).CopyTo(new Span<byte>(lister->_names + lister->_length, length));
        lister->_length += length;
        lister->_most--;
        return true;
    }
}
