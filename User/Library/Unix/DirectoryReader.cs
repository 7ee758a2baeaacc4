// DirectoryReader: the names in a directory (getdents64).

using System.Runtime.CompilerServices;
using static CSharpOS.User.SyscallNumbers;
using static CSharpOS.User.Syscalls;

namespace CSharpOS.User;

/// <summary>The names in a directory, one after the other, in the order in which the file system has them.</summary>
public unsafe ref struct DirectoryReader
{
    private const int Size = 1024;
    private const int LengthAt = 16;
    private const int NameAt = 19;

    private Block _block;
    private int _next;
    private int _end;

    /// <summary>Opens a directory; <see cref="Descriptor"/> is -1 if that fails.</summary>
    public DirectoryReader(string path)
    {
        Descriptor = Unix.Open(path, Unix.O_RDONLY | Unix.O_DIRECTORY | Unix.O_CLOEXEC);
        _next = 0;
        _end = 0;
    }

    /// <summary>The open directory.</summary>
    public int Descriptor { get; private set; }

    /// <summary>The next name, "." and ".." included; null at the end.</summary>
    public string? Next()
    {
        fixed (Block* block = &_block)
        {
            byte* bytes = (byte*)block;
            if (_next >= _end)
            {
                _next = 0;
                _end = Descriptor < 0 ? 0 : _syscall3(__NR_getdents64, Descriptor, bytes, Size);
                if (_end <= 0)
                {
                    return null;
                }
            }

            byte* entry = bytes + _next;
            _next += *(ushort*)(entry + LengthAt);
            return Utf8.ToString(entry + NameAt);
        }
    }

    /// <summary>Closes the directory. Harmless when it is closed.</summary>
    public void Dispose()
    {
        if (Descriptor >= 0)
        {
            Unix.Close(Descriptor);
            Descriptor = -1;
        }
    }

    [InlineArray(Size)]
    private struct Block
    {
        private byte _first;
    }
}
