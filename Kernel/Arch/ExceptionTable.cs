// ExceptionTable: where an instruction that touches user memory goes on if it faults.
//
// Linux: arch/x86/mm/extable.c, search_exception_tables. Any context, no locks: read-only data, made by Boot/uaccess.asm; a handful of entries, so
// they are looked through one by one.

using System.Runtime.InteropServices;

namespace CSharpOS.Arch;

/// <summary>Fix-ups of faulting instructions.</summary>
public static unsafe class ExceptionTable
{
    /// <summary>Where the instruction at <paramref name="rip"/> goes on; 0 if it must not fault.</summary>
    /// <linux>search_exception_tables</linux>
    public static ulong Search(ulong rip)
    {
        var end = (Entry*)LinkerSymbols.ExceptionTableEnd;
        for (var entry = (Entry*)LinkerSymbols.ExceptionTableStart; entry < end; entry++)
        {
            if (entry->Instruction == rip)
            {
                return entry->Fixup;
            }
        }

        return 0;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Entry
    {
        public ulong Instruction;
        public ulong Fixup;
    }
}
