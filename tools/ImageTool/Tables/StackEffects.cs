// Completes the unwind rows of .eh_frame from the instructions themselves.
//
// ilc describes a function's prologue and nothing after it. An interrupt may strike anywhere, so these places need rows as well:
//  * the epilogue: after `add rsp` and each `pop` the frame address is nearer; after `ret` or a tail jump the body goes on;
//  * push and pop within a body: the inline forms of arch_local_irq_save and its like;
//  * assembly functions, which have no .eh_frame entry at all.
// Each function is decoded once from start to end, keeping the distance from rsp to the frame address (the CFA). In compiled code it starts
// from .eh_frame and falls back to that after every ret and jmp. In assembly it starts with the return address at [rsp], forward
// branches carry the state to their target, and where nothing is known (rsp loaded from memory, a label that only a jump from behind
// reaches) there is no row. The entry stubs are left out: they are not functions.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Dwarf;
using Iced.Intel;

namespace CSharpOS.ImageTool.Tables;

/// <summary>Unwind rows by following the instructions.</summary>
public static class StackEffects
{
    /// <summary>The rows of a compiled function: those of .eh_frame, and what its epilogues and inner pushes add.</summary>
    public static List<FrameRow> Complete(FrameFunction function, ReadOnlySpan<byte> code)
    {
        List<FrameRow> rows = [];
        StackWalk walk = new();
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), function.Start);
        int row = 0;
        FrameRule described = FrameRule.None;
        while (decoder.IP < function.End)
        {
            ulong address = decoder.IP;
            bool atRow = false;
            while (row < function.Rows.Count && function.Rows[row].Address <= address)
            {
                described = function.Rows[row++].Rule;
                atRow = true;
            }

            // .eh_frame has the say where it says something, and after a jump or return.
            if (atRow || !walk.State.IsKnown)
            {
                walk.Follow(described);
            }

            Add(rows, address, walk.State.Rule);
            Instruction instruction = decoder.Decode();
            walk.Step(instruction);
            if (EndsFlow(instruction))
            {
                walk.State = default;
            }
        }

        return rows;
    }

    /// <summary>The rows of an assembly function.</summary>
    public static List<FrameRow> OfAssembly(ulong start, ReadOnlySpan<byte> code)
    {
        List<FrameRow> rows = [];
        Dictionary<ulong, StackState> atTarget = [];
        StackWalk walk = new() { State = StackState.AtEntry };
        bool reached = true;
        ulong end = start + (ulong)code.Length;
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()), start);
        while (decoder.IP < end)
        {
            ulong address = decoder.IP;
            if (atTarget.TryGetValue(address, out StackState branched))
            {
                // Two ways lead here: they must agree.
                walk.State = !reached || walk.State == branched ? branched : default;
                reached = true;
            }

            Add(rows, address, walk.State.Rule);
            Instruction instruction = decoder.Decode();
            if (instruction.IsInvalid)
            {
                walk.State = default;
                continue;
            }

            walk.Step(instruction);
            bool branches = instruction.FlowControl is FlowControl.ConditionalBranch or FlowControl.UnconditionalBranch;
            if (branches && instruction.NearBranchTarget > address && !atTarget.TryAdd(instruction.NearBranchTarget, walk.State) &&
                atTarget[instruction.NearBranchTarget] != walk.State)
            {
                atTarget[instruction.NearBranchTarget] = default;
            }

            if (EndsFlow(instruction))
            {
                walk.State = default;
                reached = false;
            }
        }

        return rows;
    }

    private static void Add(List<FrameRow> rows, ulong address, FrameRule rule)
    {
        if (rows.Count == 0 || rows[^1].Rule != rule)
        {
            rows.Add(new FrameRow(address, rule));
        }
    }

    // What follows is not reached from here: ret, jmp, ud2, int3.
    private static bool EndsFlow(in Instruction instruction) => instruction.Mnemonic == Mnemonic.Int3 || instruction.FlowControl
        is FlowControl.Return or FlowControl.UnconditionalBranch or FlowControl.IndirectBranch or FlowControl.Exception;
}
