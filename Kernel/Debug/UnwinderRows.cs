// UnwinderRows: from an address to the rule that finds the caller's frame.
//
// Linux: the ORC tables (arch/x86/kernel/unwind_orc.c, orc_find). The format is described in SymbolTableBlob.cs. The rules come from the
// compiler's .eh_frame; what that leaves out (function ends, push and pop inside a body, assembly) ImageTool works out from the
// instructions.
//
// Contexts: any, NMI and double fault included. No locks, no allocation: part of the tables that SymbolTable.Init takes.

namespace CSharpOS.Debugging;

/// <summary>How to find a function's caller at one instruction. The frame address is rsp as it was before the call.</summary>
public struct UnwinderRule
{
    /// <summary>The frame address is rbp + <see cref="FrameOffset"/>; otherwise rsp + it.</summary>
    public bool FromRbp;

    /// <summary>Distance from the register to the frame address, in bytes. The return address lies in the 8 bytes below that.</summary>
    public uint FrameOffset;

    /// <summary>The caller's rbp is saved so many bytes below the frame address; 0: it still is in rbp.</summary>
    public uint RbpBelowFrame;
}

/// <summary>The kernel's unwind rules.</summary>
public static class UnwinderRows
{
    /// <summary>Finds the rule that holds at <paramref name="pc"/>. Any context. For a return address look up the one before.</summary>
    /// <returns>False if none is known.</returns>
    public static bool Lookup(nuint pc, out UnwinderRule rule)
    {
        rule = default;
        ref readonly SymbolTableBlob blob = ref SymbolTable.BlobOf(pc);
        if (!blob.Covers(pc))
        {
            return false;
        }

        uint target = (uint)(pc - blob.TextBase);
        uint count = blob.Header(SymbolTableBlob.UnwindCountWord);
        uint index = blob.Header(SymbolTableBlob.UnwindIndexWord);
        uint blocks = (count + SymbolTableBlob.RowsPerBlock - 1) / SymbolTableBlob.RowsPerBlock;
        if (!blob.FindBlock(index, blocks, target, out uint block))
        {
            return false;
        }

        uint address = blob.Word(index + (block * 8));
        uint next = blob.Header(SymbolTableBlob.UnwindDataWord) + blob.Word(index + (block * 8) + 4);
        uint rows = count - (block * SymbolTableBlob.RowsPerBlock);
        rows = rows < SymbolTableBlob.RowsPerBlock ? rows : SymbolTableBlob.RowsPerBlock;

        uint number = blob.Number(ref next);
        for (uint i = 1; i < rows; i++)
        {
            address += blob.Number(ref next);
            uint newNumber = blob.Number(ref next);
            if (address > target)
            {
                break;
            }

            number = newNumber;
        }

        if (number == 0 || number >= blob.Header(SymbolTableBlob.RuleCountWord))
        {
            return false;
        }

        uint at = blob.Header(SymbolTableBlob.RulesWord) + (number * SymbolTableBlob.RuleSize);
        uint packed = blob.Word(at);
        rule.FromRbp = (packed & 1) != 0;
        rule.RbpBelowFrame = packed >> 16;
        rule.FrameOffset = blob.Word(at + 4);
        return rule.FrameOffset != 0;
    }
}
