// Disassembler of x86-64 instructions: what an oops needs to show the instruction at RIP.
//
// Linux prints the bytes only ("Code: ..", arch/x86/kernel/dumpstack.c) and leaves the decoding to scripts/decodecode
// on another machine; here the kernel decodes them itself.
//
// How it works. The opcode maps are text: one line for eight opcodes, in the notation of the processor manuals
// ("add Eb,Gb|add Ev,Gv|.."). Decode reads the prefixes, finds the entry of the opcode, chooses among its alternatives
// (mandatory prefix, memory or register, operand size), and then walks the operand codes of that entry twice: once to
// find where the instruction ends, once to write it. So the maps can be checked against the manual by eye, and a missing
// instruction is added by typing it into its line. The notation is explained in Disassembler.Notation.cs.
//
// Covered: the one-byte and the 0F map of 64-bit mode (integer, system, MMX, SSE to SSE3) and x87. Not covered, Decode
// returns 0: the maps 0F 38 and 0F 3A (SSSE3 and later), VEX, EVEX, XOP, 3DNow!, and the SGX, SMX, SVM, TDX and vendor's
// extensions.
//
// The text is that of Iced's IntelFormatter (lower case, 0x, memory sizes always shown, no pseudo-operations), so that
// the tests can compare it letter by letter.
//
// Contexts: any, NMI and double fault included. No locks, no state, no allocation, no faults: it reads the given bytes
// only, never past their end, and writes into the given buffer only. It uses less than a kilobyte of stack.
// Speed does not matter here: finding an entry is a search through up to a few hundred characters.
// Invariant: nothing is written unless the whole instruction was decoded.

using System;

namespace CSharpOS.Debugging;

/// <summary>Decodes x86-64 machine code into Intel syntax. Any context; never sleeps, never faults, never allocates.</summary>
public static partial class Disassembler
{
    /// <summary>The processor refuses longer instructions; so many bytes at the instruction pointer are always enough.</summary>
    public const int MaxLength = 15;

    /// <summary>A buffer of so many bytes holds the text of any instruction.</summary>
    public const int MaxText = 96;

    /// <summary>
    /// Decodes one instruction. Any context.
    /// </summary>
    /// <param name="code">The machine code, starting with the instruction; what follows the instruction is ignored.</param>
    /// <param name="pc">Address of the instruction. Branch targets and RIP-relative operands are shown as absolute addresses.</param>
    /// <param name="text">Receives the text as UTF-8 (ASCII only). What does not fit is cut off; see <see cref="MaxText"/>.</param>
    /// <param name="written">Number of bytes written into <paramref name="text"/>; 0 when the result is 0.</param>
    /// <returns>
    /// Length of the instruction in bytes (1 to 15), or 0 if it cannot be decoded or <paramref name="code"/> ends within it.
    /// </returns>
    public static int Decode(ReadOnlySpan<byte> code, ulong pc, Span<byte> text, out int written)
    {
        written = 0;
        Instruction instruction = default;
        instruction.Code = code.Slice(0, Math.Min(code.Length, MaxLength));
        instruction.Address = pc;

        if (!ReadPrefixesAndOpcode(ref instruction) || !ReadEntry(ref instruction) || !ReadOperands(ref instruction))
        {
            return 0;
        }

        TextWriter writer = new(text);
        WriteInstruction(ref instruction, ref writer);
        written = writer.Length;
        return instruction.Position;
    }

    /// <summary>Length of the instruction at the start of <paramref name="code"/>, or 0 as for <see cref="Decode"/>. Any context.</summary>
    /// <param name="code">The machine code.</param>
    /// <returns>1 to 15, or 0.</returns>
    public static int Length(ReadOnlySpan<byte> code) => Decode(code, 0, default, out _);

    /// <summary>Finds the text of the instruction in the opcode maps: mnemonic, flags and operand codes.</summary>
    private static bool ReadEntry(ref Instruction instruction)
    {
        ReadOnlySpan<byte> entry = Select(OpcodeRow(instruction.Map, instruction.Opcode), '|', instruction.Opcode & 7);
        ReadOnlySpan<byte> inherited = default;

        // Opcode, then group by reg, then group by rm: never more than three steps.
        for (int depth = 0; depth < 3; depth++)
        {
            entry = Select(entry, '/', MandatoryPrefixIndex(instruction));
            if (IndexOf(entry, ';') >= 0)
            {
                if (!ReadModRm(ref instruction))
                {
                    return false;
                }

                entry = Select(entry, ';', instruction.IsMemory ? 0 : 1);
            }

            entry = Select(entry, ':', OperandSizeIndex(entry, instruction.OperandSize));
            if (entry.Length == 0)
            {
                return false;
            }

            if (entry[0] != '@')
            {
                return ParseEntry(entry, inherited, ref instruction);
            }

            if (!ReadModRm(ref instruction))
            {
                return false;
            }

            // "@1 Eb,Ib": the members of group 1 that name no operands take these. A capital letter or digit is a group
            // chosen by the reg field, a small letter one chosen by the rm field.
            byte name = entry[1];
            inherited = entry.Slice(2);
            int member = name is >= (byte)'a' and <= (byte)'z' ? instruction.ModRm & 7 : (instruction.ModRm >> 3) & 7;
            entry = Select(Group(name), '|', member);
        }

        return false;
    }

    /// <summary>Splits an entry into flags, mnemonic and operand codes, and settles what the flags decide.</summary>
    private static bool ParseEntry(ReadOnlySpan<byte> entry, ReadOnlySpan<byte> inherited, ref Instruction instruction)
    {
        if (IsPlainNop(instruction))
        {
            entry = "nop"u8;
        }

        int start = 0;
        for (Flags flag = FlagOf(entry[0]); flag != Flags.None; flag = FlagOf(entry[start]))
        {
            instruction.Flags |= flag;
            start++;
        }

        int space = IndexOf(entry, ' ');
        int end = space < 0 ? entry.Length : space;
        instruction.Mnemonic = entry.Slice(start, end - start);
        instruction.Operands = space < 0 ? inherited : entry.Slice(space);

        if (instruction.Has(Flags.Force64) || (instruction.Has(Flags.Default64) && instruction.OperandSize == 4))
        {
            instruction.OperandSize = 8;
        }

        // LOCK before anything else is an invalid opcode, so it is refused rather than shown.
        return !instruction.Lock || (instruction.Has(Flags.Lockable) && ReadModRm(ref instruction) && instruction.IsMemory);
    }

    /// <summary>90 means nop, unless a prefix makes it an exchange of other registers, or pause.</summary>
    private static bool IsPlainNop(in Instruction instruction) =>
        instruction.Map == OpcodeMap.OneByte && instruction.Opcode == 0x90 && instruction.OperandSize == 4
        && (instruction.Rex & RexB) == 0 && instruction.Repeat != 0xF3;
}
