// Disassembler: prefixes, mnemonic, registers and memory operands as text.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private static void WriteInstruction(ref Instruction instruction, ref TextWriter writer)
    {
        WritePrefixes(instruction, ref writer);
        for (int i = 0; i < instruction.Mnemonic.Length; i++)
        {
            char character = (char)instruction.Mnemonic[i];
            switch (character)
            {
                case 'C':
                    writer.Write(ConditionName(instruction.Opcode & 15));
                    break;
                case 'F':
                    writer.Write(" far"u8);
                    break;
                case 'R':
                    writer.Write(instruction.AddressSize == 8 ? 'r' : 'e');
                    break;
                default:
                    writer.Write(character);
                    break;
            }
        }

        WriteOperands(ref instruction, ref writer);
    }

    private static ReadOnlySpan<byte> ConditionName(int condition) =>
        Select("o|no|b|ae|e|ne|be|a|s|ns|p|np|l|ge|le|g"u8, '|', condition);

    /// <summary>Writes the prefixes that mean something with this instruction; the others are not shown.</summary>
    private static void WritePrefixes(in Instruction instruction, ref TextWriter writer)
    {
        if (instruction.Has(Flags.NameOperandSize) && instruction.OperandSize == 2)
        {
            writer.Write("data16 "u8);
        }

        if (instruction.Has(Flags.NameOperandSize) && instruction.OperandSize == 8 && !instruction.Has(Flags.Default64))
        {
            writer.Write("data64 "u8);
        }

        if (instruction.Has(Flags.NameAddressSize) && instruction.AddressSizePrefix)
        {
            writer.Write("addr32 "u8);
        }

        if (instruction.Has(Flags.NameSegment) && instruction.HasSegmentOverride)
        {
            writer.Write(SegmentOverrideName(instruction));
            writer.Write(' ');
        }

        WriteLockPrefixes(instruction, ref writer);
        WriteBranchPrefixes(instruction, ref writer);

        bool compares = instruction.Has(Flags.Compare);
        if (instruction.Repeat == 0xF3 && (compares || instruction.Has(Flags.Repeatable)))
        {
            writer.Write(compares ? "repe "u8 : "rep "u8);
        }

        if (instruction.Repeat == 0xF2 && (compares || instruction.Has(Flags.Repeatable)) && !instruction.Has(Flags.Branch))
        {
            writer.Write("repne "u8);
        }
    }

    /// <summary>
    /// LOCK, and the hints of lock elision: F2 and F3 with a locked instruction (xchg is one without LOCK), F3 with a store.
    /// </summary>
    private static void WriteLockPrefixes(in Instruction instruction, ref TextWriter writer)
    {
        bool store = instruction.Has(Flags.Store) && instruction.IsMemory;
        bool locked = instruction.Has(Flags.Lockable) && !instruction.Has(Flags.NoElision) && (instruction.Lock || store);
        if (instruction.Repeat == 0xF2 && locked)
        {
            writer.Write("xacquire "u8);
        }

        if (instruction.Repeat == 0xF3 && (locked || store))
        {
            writer.Write("xrelease "u8);
        }

        if (instruction.Lock)
        {
            writer.Write("lock "u8);
        }
    }

    private static void WriteBranchPrefixes(in Instruction instruction, ref TextWriter writer)
    {
        if (instruction.Has(Flags.Conditional) && instruction.Segment is 0x2E or 0x3E)
        {
            writer.Write(instruction.Segment == 0x2E ? "hint-not-taken "u8 : "hint-taken "u8);
        }

        if (instruction.Has(Flags.Indirect) && instruction.Segment == 0x3E)
        {
            writer.Write("notrack "u8);
        }

        if (instruction.Has(Flags.Branch) && instruction.Repeat == 0xF2)
        {
            writer.Write("bnd "u8);
        }
    }

    /// <summary>Writes the name of a general register. Without REX, 4 to 7 are ah, ch, dh and bh among the byte registers.</summary>
    private static void WriteRegister(in Instruction instruction, int number, int size, ref TextWriter writer)
    {
        if (number >= 8)
        {
            writer.Write('r');
            writer.WriteRegisterNumber(number);
            writer.Write(size switch { 1 => "b"u8, 2 => "w"u8, 4 => "d"u8, _ => default });
            return;
        }

        if (size == 1 && instruction.Rex == 0)
        {
            writer.Write("alcldlblahchdhbh"u8.Slice(number * 2, 2));
            return;
        }

        if (size >= 4)
        {
            writer.Write(size == 4 ? 'e' : 'r');
        }

        // al, but spl: the first four lose their x.
        writer.Write("axcxdxbxspbpsidi"u8.Slice(number * 2, size == 1 && number < 4 ? 1 : 2));
        if (size == 1)
        {
            writer.Write('l');
        }
    }

    /// <summary>Writes xmm0 to xmm15 or mm0 to mm7 (REX does not reach the MMX registers).</summary>
    private static void WriteVectorRegister(int number, bool wide, ref TextWriter writer)
    {
        writer.Write(wide ? "xmm"u8 : "mm"u8);
        writer.WriteRegisterNumber(wide ? number : number & 7);
    }

    private static ReadOnlySpan<byte> SegmentOverrideName(in Instruction instruction) => instruction.Segment == 0x64 ? "fs"u8 : "gs"u8;

    private static void WriteSegmentOverride(in Instruction instruction, ref TextWriter writer)
    {
        if (instruction.HasSegmentOverride)
        {
            writer.Write(SegmentOverrideName(instruction));
            writer.Write(':');
        }
    }

    private static void WriteSize(int size, ref TextWriter writer)
    {
        writer.Write(size switch
        {
            1 => "byte ptr "u8,
            2 => "word ptr "u8,
            4 => "dword ptr "u8,
            6 => "fword ptr "u8,
            8 => "qword ptr "u8,
            10 => "tbyte ptr "u8,
            16 => "xmmword ptr "u8,
            _ => default,
        });
    }

    /// <summary>Writes the memory operand in the rm field: size, segment, [base+index*scale+displacement].</summary>
    private static void WriteMemory(in Instruction instruction, int size, ref TextWriter writer)
    {
        WriteSize(size, ref writer);

        // lea computes an address and does not look at the segment.
        bool isAddressOnly = instruction.Map == OpcodeMap.OneByte && instruction.Opcode == 0x8D;
        if (!isAddressOnly)
        {
            WriteSegmentOverride(instruction, ref writer);
        }

        writer.Write('[');
        bool hasBase = instruction.Base >= 0;
        bool hasIndex = instruction.Index >= 0;
        if (hasBase)
        {
            WriteRegister(instruction, instruction.Base, instruction.AddressSize, ref writer);
        }

        if (hasIndex)
        {
            if (hasBase)
            {
                writer.Write('+');
            }

            WriteRegister(instruction, instruction.Index, instruction.AddressSize, ref writer);
            if (!hasBase || instruction.Scale > 1)
            {
                writer.Write('*');
                writer.WriteNumber((ulong)instruction.Scale);
            }
        }

        WriteDisplacement(instruction, hasBase || hasIndex, ref writer);
        writer.Write(']');
    }

    private static void WriteDisplacement(in Instruction instruction, bool isRelative, ref TextWriter writer)
    {
        long displacement = instruction.Displacement;
        if (isRelative && displacement < 0)
        {
            writer.Write('-');
            writer.WriteNumber((ulong)-displacement);
        }
        else if (isRelative && displacement > 0)
        {
            writer.Write('+');
            writer.WriteNumber((ulong)displacement);
        }
        else if (!isRelative)
        {
            ulong start = instruction.Base == InstructionPointer ? NextAddress(instruction) : 0;
            writer.WriteNumber(Truncate(unchecked(start + (ulong)displacement), instruction.AddressSize));
        }
    }

    /// <summary>Writes a memory operand that the opcode implies. The segment of [rdi] is always ES, and shown where others are.</summary>
    private static void WriteImplicitMemory(in Instruction instruction, ReadOnlySpan<byte> register, int size, ref TextWriter writer)
    {
        WriteSize(size, ref writer);
        if (register[0] != 'd')
        {
            WriteSegmentOverride(instruction, ref writer);
        }
        else if (instruction.HasSegmentOverride)
        {
            writer.Write("es:"u8);
        }

        writer.Write('[');
        writer.Write(instruction.AddressSize == 8 ? 'r' : 'e');
        writer.Write(register);
        writer.Write(']');
    }
}
