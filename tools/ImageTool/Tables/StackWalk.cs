// What one instruction does to the stack, as far as unwinding needs it: where rsp and rbp are, relative to the frame address (CFA).

using System;
using CSharpOS.ImageTool.Dwarf;
using Iced.Intel;

namespace CSharpOS.ImageTool.Tables;

/// <summary>The rule at an instruction, and what it follows from: rsp = CFA - <paramref name="RspBelowCfa"/>,
/// rbp = CFA - <paramref name="RbpBelowCfa"/>. 0: not known.</summary>
public readonly record struct StackState(FrameRule Rule, int RspBelowCfa, int RbpBelowCfa)
{
    /// <summary>At a function's first instruction.</summary>
    public static readonly StackState AtEntry = new(FrameRule.AtEntry, FrameRule.AtEntry.CfaOffset, 0);

    /// <summary>There is a rule.</summary>
    public bool IsKnown => Rule.IsKnown;
}

/// <summary>Follows the stack through a function, one instruction after the other.</summary>
public struct StackWalk
{
    // Where the prologue points rbp. The function keeps it until its epilogues, so it is still true after a ret in the middle.
    private int _framePointer;

    /// <summary>Before the next instruction.</summary>
    public StackState State { get; set; }

    /// <summary>Takes over a rule from .eh_frame; what is known of rbp stays.</summary>
    public void Follow(FrameRule rule)
    {
        State = !rule.IsKnown ? default
            : rule.CfaFromRbp ? new StackState(rule, 0, rule.CfaOffset)
            : new StackState(rule, rule.CfaOffset, _framePointer);
    }

    /// <summary>Goes over one instruction. Calls leave the stack as it was.</summary>
    public void Step(in Instruction instruction)
    {
        if (!State.IsKnown)
        {
            return;
        }

        Register target = instruction.OpCount > 0 && instruction.Op0Kind == OpKind.Register ? instruction.Op0Register : Register.None;
        switch (instruction.Mnemonic)
        {
            case Mnemonic.Push:
                Push(isRbp: target == Register.RBP);
                break;
            case Mnemonic.Pushfq:
                Move(8);
                break;
            case Mnemonic.Popfq:
            case Mnemonic.Pop when target is not (Register.RBP or Register.RSP):
                Move(-8);
                break;
            case Mnemonic.Pop when target == Register.RBP:
                PopRbp();
                break;
            case Mnemonic.Leave:
                SetRsp(State.RbpBelowCfa);
                PopRbp();
                break;
            case Mnemonic.Cmp or Mnemonic.Test:
                break;
            case Mnemonic.Add when target == Register.RSP && IsImmediate(instruction):
                Move(-(int)instruction.GetImmediate(1));
                break;
            case Mnemonic.Sub when target == Register.RSP && IsImmediate(instruction):
                Move((int)instruction.GetImmediate(1));
                break;
            case Mnemonic.Lea or Mnemonic.Mov when target is Register.RSP or Register.RBP:
                int value = ValueBelowCfa(instruction);
                if (target == Register.RSP)
                {
                    SetRsp(value);
                }
                else
                {
                    SetRbp(value);
                }

                break;
            default:
                if (target == Register.RSP)
                {
                    SetRsp(0);
                }
                else if (target == Register.RBP)
                {
                    SetRbp(0);
                }

                break;
        }
    }

    // `lea r,[rsp+n]`, `lea r,[rbp+n]`, `mov r,rsp`, `mov r,rbp` give an address relative to the CFA; anything else is not known.
    private readonly int ValueBelowCfa(in Instruction instruction)
    {
        bool lea = instruction.Mnemonic == Mnemonic.Lea && instruction.MemoryIndex == Register.None;
        bool copy = instruction.Mnemonic == Mnemonic.Mov && instruction.Op1Kind == OpKind.Register;
        Register source = lea ? instruction.MemoryBase : copy ? instruction.Op1Register : Register.None;
        int below = source switch
        {
            Register.RSP => State.RspBelowCfa,
            Register.RBP => State.RbpBelowCfa,
            _ => 0,
        };
        return below == 0 ? 0 : Math.Max(below - (lea ? (int)instruction.MemoryDisplacement64 : 0), 0);
    }

    private void Push(bool isRbp)
    {
        Move(8);
        bool callersRbp = isRbp && State.Rule.RbpBelowCfa == 0 && State.RbpBelowCfa == 0 && State.RspBelowCfa != 0;
        if (callersRbp)
        {
            State = State with { Rule = State.Rule with { RbpBelowCfa = State.RspBelowCfa } };
        }
    }

    private void Move(int down)
    {
        if (State.RspBelowCfa != 0)
        {
            SetRsp(Math.Max(State.RspBelowCfa + down, 0));
        }
    }

    // A CFA that is counted from rsp is lost with it; one counted from rbp is not (stackalloc of variable length).
    private void SetRsp(int belowCfa)
    {
        FrameRule rule = State.Rule.CfaFromRbp ? State.Rule : State.Rule with { CfaOffset = belowCfa };
        State = rule.IsKnown ? State with { Rule = rule, RspBelowCfa = belowCfa } : default;
    }

    private void SetRbp(int belowCfa)
    {
        _framePointer = belowCfa;
        State = State.Rule.CfaFromRbp ? default : State with { RbpBelowCfa = belowCfa };
    }

    // rbp is the caller's again: a CFA that was counted from it is counted from rsp now.
    private void PopRbp()
    {
        int below = State.RspBelowCfa - 8;
        State = below > 0 ? new StackState(new FrameRule(false, below, 0), below, 0) : default;
    }

    private static bool IsImmediate(in Instruction instruction) => instruction.Op1Kind is OpKind.Immediate8to64 or OpKind.Immediate32to64;
}
