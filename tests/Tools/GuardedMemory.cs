// Memory between two pages that must not be touched: reading one byte outside of it ends the test run.

using System;
using System.Runtime.InteropServices;

namespace CSharpOS.Tools.Tests;

internal sealed unsafe partial class GuardedMemory : IDisposable
{
    private const int PageSize = 4096;
    private const int ProtectNone = 0;
    private const int ProtectReadWrite = 3;
    private const int MapPrivateAnonymous = 0x22;

    private readonly byte* _mapping;
    private readonly nuint _length;

    /// <summary>So many bytes, a multiple of the page size.</summary>
    public GuardedMemory(int size)
    {
        _length = (nuint)size + (2 * PageSize);
        _mapping = (byte*)mmap(null, _length, ProtectNone, MapPrivateAnonymous, -1, 0);
        Start = _mapping + PageSize;
        Size = size;
        if ((nint)_mapping == -1 || mprotect(Start, (nuint)size, ProtectReadWrite) != 0)
        {
            throw new InvalidOperationException("mmap failed");
        }
    }

    public byte* Start { get; }

    public int Size { get; }

    public byte* End => Start + Size;

    public Span<byte> Span => new(Start, Size);

    public void Dispose() => _ = munmap(_mapping, _length);

    [LibraryImport("libc")]
    private static partial void* mmap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc")]
    private static partial int mprotect(void* address, nuint length, int protection);

    [LibraryImport("libc")]
    private static partial int munmap(void* address, nuint length);
}
