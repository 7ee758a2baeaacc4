// IoBuffer: the other side of a read or write: memory of the calling process, or of the kernel itself.
//
// Linux: struct iov_iter. A file operation is given one and need not know whose memory it is. Process context; a copy may sleep. A value on the
// caller's stack, so there is no lock. Invariant: a range of the process's lies in the user half; that is looked at once, when the buffer is made.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Where a read puts its bytes, or a write gets them from.</summary>
/// <linux>iov_iter</linux>
public unsafe struct IoBuffer
{
    private byte* _address;
    private nuint _left;
    private bool _user;

    /// <summary>How many bytes are still to be filled or taken.</summary>
    /// <linux>iov_iter_count</linux>
    public readonly nuint Left => _left;

    /// <summary>Memory of the current process. Outside of the user half nothing can be copied.</summary>
    public static IoBuffer User(void* address, nuint count) =>
        UserRange(Uaccess.AccessOk(address, count) ? address : (void*)Uaccess.TaskSizeMax, count);

    /// <summary>Memory of the current process for which <see cref="Uaccess.AccessOk"/> is true.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static IoBuffer UserRange(void* address, nuint count)
    {
        // Field by field: the compiler would clear the whole first.
        Unsafe.SkipInit(out IoBuffer buffer);
        buffer._address = (byte*)address;
        buffer._left = count;
        buffer._user = true;
        return buffer;
    }

    /// <summary>Memory of the kernel.</summary>
    public static IoBuffer Kernel(void* address, nuint count) => new() { _address = (byte*)address, _left = count };

    /// <summary>Gives the reader the next <paramref name="count"/> bytes, or as many as still fit.</summary>
    /// <returns>How many were copied; fewer than min(count, Left) means that the memory behind is bad: -EFAULT, if none at all were.</returns>
    /// <linux>copy_to_iter</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint Put(void* from, nuint count)
    {
        nuint wanted = count < _left ? count : _left;
        nuint copied = wanted;
        if (_user)
        {
            copied -= Uaccess.CopyToUserRange(_address, from, wanted);
        }
        else
        {
            Copy(_address, from, wanted);
        }

        Advance(copied);
        return copied;
    }

    /// <summary>Takes the next <paramref name="count"/> bytes from the writer, or as many as there are.</summary>
    /// <returns>As <see cref="Put"/>.</returns>
    /// <linux>copy_from_iter</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint Take(void* to, nuint count)
    {
        nuint wanted = count < _left ? count : _left;
        nuint copied = wanted;
        if (_user)
        {
            copied -= Uaccess.CopyFromUserRange(to, _address, wanted);
        }
        else
        {
            Copy(to, _address, wanted);
        }

        Advance(copied);
        return copied;
    }

    /// <summary>Takes everything that is left from the writer.</summary>
    /// <returns>How many bytes were copied; fewer than were left means that the memory behind is bad.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public nuint TakeAll(void* to)
    {
        nuint copied = _left;
        if (_user)
        {
            copied -= Uaccess.CopyFromUserRange(to, _address, copied);
        }
        else
        {
            Copy(to, _address, copied);
        }

        Advance(copied);
        return copied;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Copy(void* to, void* from, nuint count) => new ReadOnlySpan<byte>(from, (int)count).CopyTo(new Span<byte>(to, (int)count));

    private void Advance(nuint count)
    {
        _address += count;
        _left -= count;
    }
}
