// Uaccess: copying between the kernel and the memory of the current process.
//
// Linux: include/asm-x86/uaccess.h, arch/x86/lib/usercopy_64.c. Process context; may sleep, because a page may have to be brought in first: reported
// in atomic context. No locks of its own. Invariant: the kernel touches user memory here and nowhere else; every such instruction stands in the
// exception table, so that a fault at it ends the copy instead of the kernel.

using System.Runtime.CompilerServices;

namespace CSharpOS.Mm;

/// <summary>Access to user memory.</summary>
/// <rows>SYS-04</rows>
public static unsafe class Uaccess
{
    /// <summary>User addresses lie below this one.</summary>
    /// <linux>TASK_SIZE_MAX</linux>
    public const ulong TaskSizeMax = 0x0000_7fff_ffff_f000;

    /// <summary>True if <paramref name="size"/> bytes at <paramref name="address"/> lie in the user half. Says nothing about what is mapped.
    /// Any context.</summary>
    /// <linux>access_ok</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AccessOk(void* address, nuint size)
    {
        ulong end = (ulong)address + size;
        return end >= size && end <= TaskSizeMax;
    }

    /// <summary>Copies <paramref name="count"/> bytes to user memory.</summary>
    /// <returns>How many bytes were NOT copied: 0 is success.</returns>
    /// <linux>copy_to_user</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CopyToUser(void* to, void* from, nuint count)
    {
        MightSleep();
        return AccessOk(to, count) ? UserCopy.Copy(to, from, count) : count;
    }

    /// <summary>The same for a range that is known to lie in the user half.</summary>
    /// <linux>__copy_to_user</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint CopyToUserRange(void* to, void* from, nuint count)
    {
        MightSleep();
        return UserCopy.Copy(to, from, count);
    }

    /// <summary>Copies <paramref name="count"/> bytes from user memory; what could not be copied is zeroed.</summary>
    /// <returns>How many bytes were NOT copied.</returns>
    /// <linux>copy_from_user</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nuint CopyFromUser(void* to, void* from, nuint count)
    {
        MightSleep();
        nuint left = AccessOk(from, count) ? UserCopy.Copy(to, from, count) : count;
        return left == 0 ? 0 : ZeroRest(to, count, left);
    }

    /// <summary>The same for a range that is known to lie in the user half.</summary>
    /// <linux>__copy_from_user</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint CopyFromUserRange(void* to, void* from, nuint count)
    {
        MightSleep();
        nuint left = UserCopy.Copy(to, from, count);
        return left == 0 ? 0 : ZeroRest(to, count, left);
    }

    /// <summary>Zeroes user memory.</summary>
    /// <returns>How many bytes were NOT zeroed.</returns>
    /// <linux>clear_user</linux>
    public static nuint ClearUser(void* to, nuint count)
    {
        MightSleep();
        return AccessOk(to, count) ? UserCopy.Clear(to, count) : count;
    }

    /// <summary>Copies a string with its zero byte, at most <paramref name="count"/> bytes.</summary>
    /// <returns>Its length without the zero byte; <paramref name="count"/> if there was no zero byte; -EFAULT.</returns>
    /// <linux>strncpy_from_user</linux>
    public static nint StrncpyFromUser(byte* to, byte* from, nint count)
    {
        MightSleep();
        if ((ulong)from >= TaskSizeMax)
        {
            return -EFAULT;
        }

        // Up to the end of the user half: the page behind it is never mapped.
        nint room = (nint)(TaskSizeMax - (ulong)from);
        nint length = UserCopy.String(to, from, Math.Min(count, room));
        return length == room && room < count ? -EFAULT : length;
    }

    /// <summary>Reads one value. 0, or -EFAULT and a zero value.</summary>
    /// <linux>get_user</linux>
    public static int GetUser<T>(out T value, T* from)
        where T : unmanaged
    {
        Unsafe.SkipInit(out value);
        if (CopyFromUser(Unsafe.AsPointer(ref value), from, (nuint)sizeof(T)) == 0)
        {
            return 0;
        }

        value = default;
        return -EFAULT;
    }

    /// <summary>Writes one value. 0 or -EFAULT.</summary>
    /// <linux>put_user</linux>
    public static int PutUser<T>(T value, T* to)
        where T : unmanaged => CopyToUser(to, &value, (nuint)sizeof(T)) == 0 ? 0 : -EFAULT;

    // The caller may forget to look: nothing of the kernel's must be taken for the user's.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static nuint ZeroRest(void* to, nuint count, nuint left)
    {
        new Span<byte>((byte*)to + count - left, (int)left).Clear();
        return left;
    }
}
