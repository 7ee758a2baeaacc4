// UserCopy: the assembly of Boot/uaccess.asm, for Kernel/Mm/Uaccess.cs. Process context; the addresses have been checked. The hosted kernel replaces this
// class: same members.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>Instructions that touch user memory and may fault.</summary>
internal static unsafe class UserCopy
{
    /// <summary>Copies; either side may be the user's. Gives the number of bytes not copied.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint Copy(void* to, void* from, nuint count) => AsmImports.UserCopy(to, from, count);

    /// <summary>Zeroes user memory. Gives the number of bytes not zeroed.</summary>
    internal static nuint Clear(void* to, nuint count) => AsmImports.UserClear(to, count);

    /// <summary>Copies a string from user memory: its length, <paramref name="count"/> without a zero byte, -EFAULT.</summary>
    internal static nint String(byte* to, byte* from, nint count) => AsmImports.UserString(to, from, count);
}
