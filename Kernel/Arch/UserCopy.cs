// UserCopy: the assembly of Boot/uaccess.asm, for Kernel/Mm/Uaccess.cs. Process context; the addresses have been checked. The hosted kernel replaces this
// class: same members.
//
// Invariant: a task without an address space reaches nobody's. A kernel thread runs on the page tables of whatever program was there before it, so the
// instruction would find that program's memory.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>Instructions that touch user memory and may fault.</summary>
internal static unsafe class UserCopy
{
    /// <summary>Copies; either side may be the user's. Gives the number of bytes not copied.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static nuint Copy(void* to, void* from, nuint count) => Current->Mm != null ? AsmImports.UserCopy(to, from, count) : count;

    /// <summary>Zeroes user memory. Gives the number of bytes not zeroed.</summary>
    internal static nuint Clear(void* to, nuint count) => Current->Mm != null ? AsmImports.UserClear(to, count) : count;

    /// <summary>Copies a string from user memory: its length, <paramref name="count"/> without a zero byte, -EFAULT.</summary>
    internal static nint String(byte* to, byte* from, nint count) =>
        Current->Mm != null ? AsmImports.UserString(to, from, count) : -EFAULT;
}
