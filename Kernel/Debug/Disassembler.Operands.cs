// Disassembler: the operand codes. ReadOperands walks them to read what each needs and to refuse what is invalid;
// WriteInstruction walks them again to write the text, when the length of the instruction is known.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    /// <summary>Takes the next operand code apart; false after the last.</summary>
    private static bool NextOperand(scoped ref ReadOnlySpan<byte> operands, out ReadOnlySpan<byte> operand, out char kind, out char size)
    {
        operand = Next(ref operands, ',');
        if (operand.Length > 0 && operand[0] == ' ')
        {
            operand = operand.Slice(1);
        }

        kind = operand.Length > 0 ? (char)operand[0] : '\0';
        size = operand.Length > 1 ? (char)operand[1] : '\0';
        return operand.Length > 0;
    }

    /// <summary>The size in bytes that a size letter stands for; 0 when none is shown.</summary>
    private static int SizeOf(in Instruction instruction, char size) => size switch
    {
        'b' => 1,
        'w' => 2,
        'd' => 4,
        's' => 6,
        'q' => 8,
        'f' => 10,
        'x' => 16,
        'v' => instruction.OperandSize,
        'z' => Math.Min(instruction.OperandSize, 4),
        'y' => (instruction.Rex & RexW) != 0 ? 8 : 4,
        'a' => instruction.AddressSize,
        'p' => 2 + instruction.OperandSize,
        'r' => instruction.IsMemory ? 2 : instruction.OperandSize,
        't' => instruction.IsMemory ? 2 : 4,
        'i' => 1,
        _ => 0,
    };

    /// <summary>Address of the following instruction; meant once everything is read. It may wrap, as all addresses here.</summary>
    private static ulong NextAddress(in Instruction instruction) => unchecked(instruction.Address + (ulong)instruction.Position);

    private static ulong Truncate(ulong value, int size) => size >= 8 ? value : value & ((1UL << (size * 8)) - 1);

    /// <summary>Reads ModRM and immediates as far as the operands need them; false if the code ends or the operands are invalid.</summary>
    private static bool ReadOperands(ref Instruction instruction)
    {
        ReadOnlySpan<byte> operands = instruction.Operands;
        while (NextOperand(ref operands, out _, out char kind, out char size))
        {
            int sizeInBytes = SizeOf(instruction, size);
            bool valid = kind switch
            {
                'I' => ReadImmediate(ref instruction, sizeInBytes, size is 'i' or 'z' ? instruction.OperandSize : sizeInBytes),
                'J' => ReadImmediate(ref instruction, sizeInBytes, 8),
                'O' => ReadImmediate(ref instruction, instruction.AddressSize, instruction.AddressSize),
                'M' => ReadModRm(ref instruction) && instruction.IsMemory,
                'R' or 'U' or 'N' or 'T' or 'F' => ReadModRm(ref instruction) && !instruction.IsMemory,
                'C' => ReadModRm(ref instruction) && instruction.Reg is 0 or 2 or 3 or 4 or 8,
                'D' => ReadModRm(ref instruction) && instruction.Reg < 8,
                'S' => ReadModRm(ref instruction) && IsSegmentRegister(instruction),
                'E' or 'G' or 'H' or 'K' or 'L' or 'P' or 'Q' or 'V' or 'W' => ReadModRm(ref instruction),
                _ => true,
            };
            if (!valid)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Reads an immediate, sign-extended, and keeps <paramref name="shownSize"/> bytes of it.</summary>
    private static bool ReadImmediate(ref Instruction instruction, int size, int shownSize)
    {
        if (!ReadLittleEndian(ref instruction, size, out long value))
        {
            return false;
        }

        ulong shown = Truncate(unchecked((ulong)value), shownSize);
        if (instruction.ImmediatesRead++ == 0)
        {
            instruction.Immediate = shown;
        }
        else
        {
            instruction.SecondImmediate = shown;
        }

        return true;
    }

    /// <summary>There are six segment registers, and CS cannot be loaded.</summary>
    private static bool IsSegmentRegister(in Instruction instruction)
    {
        const int CodeSegment = 1;
        int number = instruction.Reg & 7;
        return number < 6 && !(instruction.Opcode == 0x8E && number == CodeSegment);
    }

    private static void WriteOperands(ref Instruction instruction, ref TextWriter writer)
    {
        ReadOnlySpan<byte> operands = instruction.Operands;
        bool first = true;
        while (NextOperand(ref operands, out ReadOnlySpan<byte> operand, out char kind, out char size))
        {
            if (kind == '*' && !instruction.HasSegmentOverride)
            {
                continue;
            }

            writer.Write(first ? " "u8 : ", "u8);
            first = false;
            if (kind is >= 'A' and <= 'Z')
            {
                WriteOperand(ref instruction, kind, size, ref writer);
            }
            else if (kind == '*')
            {
                writer.Write(SegmentOverrideName(instruction));
            }
            else
            {
                writer.Write(operand);
            }
        }
    }

    private static void WriteOperand(ref Instruction instruction, char kind, char sizeLetter, ref TextWriter writer)
    {
        int size = SizeOf(instruction, sizeLetter);
        bool wide = instruction.OperandSizePrefix;
        switch (kind)
        {
            case 'A':
                WriteRegister(instruction, 0, size, ref writer);
                break;
            case 'B':
                WriteImplicitMemory(instruction, "bx"u8, size, ref writer);
                break;
            case 'C':
                writer.Write("cr"u8);
                writer.WriteRegisterNumber(instruction.Reg);
                break;
            case 'D':
                writer.Write("dr"u8);
                writer.WriteRegisterNumber(instruction.Reg);
                break;
            case 'F':
                writer.Write("st("u8);
                writer.WriteRegisterNumber(instruction.ModRm & 7);
                writer.Write(')');
                break;
            case 'G':
                WriteRegister(instruction, instruction.Reg, size, ref writer);
                break;
            case 'H':
                WriteRegister(instruction, instruction.Rm, size, ref writer);
                break;
            case 'I':
                writer.WriteNumber(instruction.ImmediatesWritten++ == 0 ? instruction.Immediate : instruction.SecondImmediate);
                break;
            case 'J':
                writer.WriteNumber(unchecked(NextAddress(instruction) + instruction.Immediate));
                break;
            case 'K':
                WriteVectorRegister(instruction.Reg, wide, ref writer);
                break;
            case 'P':
                WriteVectorRegister(instruction.Reg, false, ref writer);
                break;
            case 'V':
                WriteVectorRegister(instruction.Reg, true, ref writer);
                break;
            case 'O':
                WriteSize(size, ref writer);
                WriteSegmentOverride(instruction, ref writer);
                writer.Write('[');
                writer.WriteNumber(instruction.Immediate);
                writer.Write(']');
                break;
            case 'S':
                writer.Write("escsssdsfsgs"u8.Slice((instruction.Reg & 7) * 2, 2));
                break;
            case 'X':
                WriteImplicitMemory(instruction, "si"u8, size, ref writer);
                break;
            case 'Y':
                WriteImplicitMemory(instruction, "di"u8, size, ref writer);
                break;
            case 'Z':
                WriteRegister(instruction, (instruction.Opcode & 7) | ((instruction.Rex & RexB) << 3), size, ref writer);
                break;
            default:
                WriteRegisterOrMemory(instruction, kind, size, ref writer);
                break;
        }
    }

    /// <summary>The operands in the rm field: E, L, M, N, Q, R, T, U, W.</summary>
    private static void WriteRegisterOrMemory(in Instruction instruction, char kind, int size, ref TextWriter writer)
    {
        if (instruction.IsMemory)
        {
            WriteMemory(instruction, kind != 'L' ? size : instruction.OperandSizePrefix ? 16 : 8, ref writer);
        }
        else if (kind is 'E' or 'R')
        {
            WriteRegister(instruction, instruction.Rm, size, ref writer);
        }
        else
        {
            WriteVectorRegister(instruction.Rm, kind is 'U' or 'W' || (kind is 'L' or 'T' && instruction.OperandSizePrefix), ref writer);
        }
    }
}
