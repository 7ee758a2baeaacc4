// Disassembler: the notation of the opcode maps, and the helpers that take it apart.
//
// Separators, outermost first:
//   |   the eight opcodes of a line (or members of a group). A line without | stands for all eight.
//   /   no mandatory prefix / 66 / F3 / F2. An entry without / takes any prefix; a missing or empty alternative is invalid.
//   ;   memory operand ; register operand (the mod field of ModRM).
//   :   16-bit : 32-bit : 64-bit operand size. The last one given stands for the larger sizes as well.
//   <   as an alternative: the same as the first one.
//   @x  continue in group x (Disassembler.Groups.cs).
//
// An entry is flags, mnemonic, a space, operand codes with commas between them.
//
// Flags, before the mnemonic:
//   +   LOCK is allowed when the operand is memory; F2 and F3 with it are XACQUIRE and XRELEASE
//   -   .. but not these two
//   $   a store: F3 is XRELEASE (and F2 XACQUIRE, with +) without LOCK as well
//   *   F3 is REP, F2 is REPNE                       =   F3 is REPE, F2 is REPNE
//   >   a near branch: F2 is BND                     ?   a conditional branch: 2E and 3E are hints
//   !   an indirect branch: 3E is NOTRACK            ~   the operand size is 64 bits always
//   ^   the operand size is 64 bits by default       %   an unusual operand size is written before the mnemonic
//   `   FS or GS is written before the mnemonic      &   an address size of 32 bits is written before the mnemonic
//
// Capitals in a mnemonic: C is the condition in the low four bits of the opcode; R is r or e, the address size; F is " far".
//
// Operand codes: a small letter or a digit is written as it is (cl, dx, fs, 1). A capital names where the operand is, and a
// small letter after it how large it is. (reg and rm are the fields of ModRM; "or memory" means that mod decides.)
//   A  accumulator                        J  branch target, relative       S  segment register, reg
//   B  memory at rbx (xlat)               K  as P, with 66 as V            T  as N, with 66 as U
//   C  control register, reg              L  as Q, with 66 as W            U  XMM register, rm
//   D  debug register, reg                M  memory                        V  XMM register, reg
//   E  register, rm, or memory            N  MMX register, rm              W  XMM register, rm, or memory
//   F  x87 register, rm                   O  memory at a given address     X  memory at rsi
//   G  register, reg                      P  MMX register, reg             Y  memory at rdi
//   H  register, rm, whatever mod says    Q  MMX register, rm, or memory   Z  register, low three bits of the opcode
//   I  immediate                          R  register, rm                  *  FS or GS, if given
//
//   b 1 byte   w 2   d 4   s 6   q 8   f 10   x 16   none: the size is not shown, or it is clear
//   v  operand size                z  operand size, at most 4        p  far pointer: 2 + operand size
//   r  operand size, 2 in memory   t  4, 2 in memory                 y  8 with REX.W, else 4
//   a  address size                i  1, an immediate to be sign-extended to the operand size (as those of size z are)

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private enum Flags : ushort
    {
        None = 0,
        Lockable = 1 << 0,
        Store = 1 << 1,
        Repeatable = 1 << 2,
        Compare = 1 << 3,
        Branch = 1 << 4,
        Conditional = 1 << 5,
        Default64 = 1 << 6,
        Force64 = 1 << 7,
        NameOperandSize = 1 << 8,
        NameAddressSize = 1 << 9,
        NameSegment = 1 << 10,
        Indirect = 1 << 11,
        NoElision = 1 << 12,
    }

    private static Flags FlagOf(byte character) => character switch
    {
        (byte)'+' => Flags.Lockable,
        (byte)'$' => Flags.Store,
        (byte)'*' => Flags.Repeatable,
        (byte)'=' => Flags.Compare,
        (byte)'>' => Flags.Branch,
        (byte)'?' => Flags.Conditional,
        (byte)'^' => Flags.Default64,
        (byte)'~' => Flags.Force64,
        (byte)'%' => Flags.NameOperandSize,
        (byte)'&' => Flags.NameAddressSize,
        (byte)'`' => Flags.NameSegment,
        (byte)'!' => Flags.Indirect,
        (byte)'-' => Flags.NoElision,
        _ => Flags.None,
    };

    /// <summary>
    /// The alternative number <paramref name="index"/> of a text; the whole text where it has no such separator; empty where it has
    /// too few of them.
    /// </summary>
    private static ReadOnlySpan<byte> Select(ReadOnlySpan<byte> text, char separator, int index)
    {
        if (IndexOf(text, separator) < 0)
        {
            return text;
        }

        ReadOnlySpan<byte> first = Next(ref text, separator);
        ReadOnlySpan<byte> chosen = first;
        for (; index > 0; index--)
        {
            chosen = Next(ref text, separator);
        }

        return chosen.Length == 1 && chosen[0] == '<' ? first : chosen;
    }

    /// <summary>Cuts off and returns what stands before the separator; the rest, or nothing, remains.</summary>
    private static ReadOnlySpan<byte> Next(scoped ref ReadOnlySpan<byte> text, char separator)
    {
        int end = IndexOf(text, separator);
        ReadOnlySpan<byte> head = end < 0 ? text : text.Slice(0, end);
        text = end < 0 ? default : text.Slice(end + 1);
        return head;
    }

    private static int IndexOf(ReadOnlySpan<byte> text, char character)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == character)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>Which of the alternatives between / applies: F2 and F3 count before 66, as in the processor.</summary>
    private static int MandatoryPrefixIndex(in Instruction instruction) => instruction.Repeat switch
    {
        0xF2 => 3,
        0xF3 => 2,
        _ => instruction.OperandSizePrefix ? 1 : 0,
    };

    /// <summary>Which of the alternatives between : applies.</summary>
    private static int OperandSizeIndex(ReadOnlySpan<byte> entry, int operandSize)
    {
        int last = 0;
        for (int i = 0; i < entry.Length; i++)
        {
            last += entry[i] == ':' ? 1 : 0;
        }

        return Math.Min(last, operandSize >> 2);
    }
}
