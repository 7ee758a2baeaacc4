// FsSeqTests: text files that are made on reading.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class FsSeqTests
{
    private const uint Major = 240;

    private static FileOperations s_ops;
    private static int s_lines;
    private static int s_made;

    internal static void SeqFiles()
    {
        s_ops = SeqFile.Operations;
        s_ops.Open = &Open;
        Check.Equal(0, RegisterChrdev(Major, "seq_test"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops)));
        Check.Equal(0, FsHelp.Mknod("/seq\0"u8, FileModes.S_IFCHR | 0x124, DeviceNumber.Make(Major, 0)));
        s_lines = 5000;
        s_made = 0;
        Check.Equal(0, Vfs.Open("/seq\0"u8, OpenFlags.O_RDONLY, 0, out File* file));

        // Every line has eleven bytes; the text is read in pieces of seven.
        byte* bytes = stackalloc byte[16];
        long position = 0;
        long length;
        while ((length = Vfs.KernelRead(file, bytes, 7, position)) > 0)
        {
            position += length;
        }

        int made = s_made;
        Check.Equal(0, length);
        Check.Equal(5000 * 11, position);
        Check.Equal(11, Vfs.KernelRead(file, bytes, 11, 4999 * 11));
        Check.True(new ReadOnlySpan<byte>(bytes, 11).SequenceEqual("line  4999\n"u8));

        // What is read from the beginning is new; what is read from elsewhere is not.
        s_lines = 1;
        Check.Equal(11, Vfs.KernelRead(file, bytes, 11, 4999 * 11));
        Check.Equal(made, s_made);
        Check.Equal(11, Vfs.KernelRead(file, bytes, 16, 0));
        Check.Equal(0, Vfs.KernelRead(file, bytes, 16, 11));

        s_lines = -1;
        Check.Equal(-EIO, Vfs.KernelRead(file, bytes, 16, 0));
        Files.Put(file);
        Check.Equal(0, FsHelp.Remove("/seq\0"u8));
        UnregisterChrdev(Major);
    }

    private static int Open(Inode* inode, File* file) => SeqFile.Open(file, &Show, Unsafe.AsPointer(ref s_lines));

    private static int Show(TextArea* text, void* data)
    {
        s_made++;
        int lines = *(int*)data;
        for (int i = 0; i < lines; i++)
        {
            text->Append($"line {i,5}\n");
        }

        return lines < 0 ? -EIO : 0;
    }
}
