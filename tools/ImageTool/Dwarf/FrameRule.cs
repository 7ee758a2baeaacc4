// What an unwinder needs to know at an instruction, and the rows that say from where on it holds.

using System.Collections.Generic;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>How to find the frame: CFA = rsp or rbp + <paramref name="CfaOffset"/>; rbp is saved at
/// CFA - <paramref name="RbpBelowCfa"/>, unless that is 0.</summary>
public readonly record struct FrameRule(bool CfaFromRbp, int CfaOffset, int RbpBelowCfa)
{
    /// <summary>Nothing known: the address is not covered, or its rule is one that this tool does not express.</summary>
    public static readonly FrameRule None = default;

    /// <summary>The rule at a function's first instruction: nothing but the return address on the stack.</summary>
    public static readonly FrameRule AtEntry = new(false, 8, 0);

    /// <summary>There is a rule.</summary>
    public bool IsKnown => CfaOffset != 0;
}

/// <summary>A rule and the address from which on it holds.</summary>
public readonly record struct FrameRow(ulong Address, FrameRule Rule);

/// <summary>One function's rows, in ascending order; the first is at <see cref="Start"/>.</summary>
public sealed record FrameFunction(ulong Start, ulong End, List<FrameRow> Rows)
{
    /// <summary>The rule that holds at <paramref name="address"/>.</summary>
    public FrameRule RuleAt(ulong address)
    {
        FrameRule rule = FrameRule.None;
        foreach (FrameRow row in Rows)
        {
            if (row.Address > address)
            {
                break;
            }

            rule = row.Rule;
        }

        return rule;
    }
}
