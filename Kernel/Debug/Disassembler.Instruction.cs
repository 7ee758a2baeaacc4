// Disassembler: the instruction being decoded, its prefixes, its ModRM and SIB bytes, and the reading of its bytes.
//
// Every byte is read through ReadByte or ReadLittleEndian, which fail at the end of the code instead of passing it.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private const int RexB = 1;
    private const int RexX = 2;
    private const int RexR = 4;
    private const int RexW = 8;

    /// <summary>In place of a register number: none, and the instruction pointer.</summary>
    private const int NoRegister = -1;
    private const int InstructionPointer = -2;

    private enum OpcodeMap : byte
    {
        OneByte,
        TwoByte,
    }

    private ref struct Instruction
    {
        /// <summary>The code, at most 15 bytes of it, and how many of them are read.</summary>
        public ReadOnlySpan<byte> Code;
        public int Position;
        public ulong Address;

        /// <summary>Prefixes. Repeat is 0, F2 or F3; Segment 0 or the prefix byte; Rex 0 or the prefix byte.</summary>
        public byte Repeat;
        public byte Segment;
        public byte Rex;
        public bool Lock;
        public bool OperandSizePrefix;
        public bool AddressSizePrefix;

        public OpcodeMap Map;
        public byte Opcode;

        /// <summary>In bytes: 2, 4 or 8.</summary>
        public int OperandSize;

        /// <summary>ModRM and what belongs to it. The register numbers are 0 to 15, or NoRegister, or InstructionPointer.</summary>
        public bool HasModRm;
        public bool IsMemory;
        public byte ModRm;
        public int Base;
        public int Index;
        public int Scale;
        public long Displacement;

        /// <summary>Immediates in the order of the operands; also branch displacement and moffs address.</summary>
        public ulong Immediate;
        public ulong SecondImmediate;
        public int ImmediatesRead;
        public int ImmediatesWritten;

        /// <summary>From the opcode map.</summary>
        public Flags Flags;
        public ReadOnlySpan<byte> Mnemonic;
        public ReadOnlySpan<byte> Operands;

        public readonly int AddressSize => AddressSizePrefix ? 4 : 8;

        public readonly int Reg => ((ModRm >> 3) & 7) | ((Rex & RexR) << 1);

        public readonly int Rm => (ModRm & 7) | ((Rex & RexB) << 3);

        public readonly bool Has(Flags flags) => (Flags & flags) != 0;

        /// <summary>64-bit mode ignores the other four segment prefixes, except as hints of branches.</summary>
        public readonly bool HasSegmentOverride => Segment is 0x64 or 0x65;
    }

    private static bool ReadByte(ref Instruction instruction, out byte value)
    {
        if (instruction.Position >= instruction.Code.Length)
        {
            value = 0;
            return false;
        }

        value = instruction.Code[instruction.Position++];
        return true;
    }

    /// <summary>Reads a number of 1, 2, 4 or 8 bytes and extends its sign to 64 bits.</summary>
    private static bool ReadLittleEndian(ref Instruction instruction, int size, out long value)
    {
        value = 0;
        for (int shift = 0; shift < size * 8; shift += 8)
        {
            if (!ReadByte(ref instruction, out byte octet))
            {
                return false;
            }

            value |= (long)octet << shift;
        }

        int unused = 64 - (size * 8);
        value = value << unused >> unused;
        return true;
    }

    /// <summary>Reads the prefixes, the escape byte 0F if there is one, and the opcode, and finds the operand size.</summary>
    private static bool ReadPrefixesAndOpcode(ref Instruction instruction)
    {
        byte value;
        do
        {
            if (!ReadByte(ref instruction, out value))
            {
                return false;
            }
        }
        while (IsPrefix(ref instruction, value));

        instruction.OperandSize = (instruction.Rex & RexW) != 0 ? 8 : instruction.OperandSizePrefix ? 2 : 4;
        if (value == 0x0F)
        {
            instruction.Map = OpcodeMap.TwoByte;
            if (!ReadByte(ref instruction, out value))
            {
                return false;
            }
        }

        instruction.Opcode = value;
        return true;
    }

    /// <summary>Notes a prefix. Among F2 and F3 and among the segments the last one counts, but FS and GS before the others.</summary>
    private static bool IsPrefix(ref Instruction instruction, byte value)
    {
        // A REX prefix counts only immediately before the opcode: any prefix after it cancels it.
        bool isRex = (value & 0xF0) == 0x40;
        byte rex = isRex ? value : (byte)0;
        switch (value)
        {
            case 0x26 or 0x2E or 0x36 or 0x3E:
                instruction.Segment = instruction.HasSegmentOverride ? instruction.Segment : value;
                break;
            case 0x64 or 0x65:
                instruction.Segment = value;
                break;
            case 0x66:
                instruction.OperandSizePrefix = true;
                break;
            case 0x67:
                instruction.AddressSizePrefix = true;
                break;
            case 0xF0:
                instruction.Lock = true;
                break;
            case 0xF2 or 0xF3:
                instruction.Repeat = value;
                break;
            default:
                if (!isRex)
                {
                    return false;
                }

                break;
        }

        instruction.Rex = rex;
        return true;
    }

    /// <summary>Reads ModRM, SIB and displacement, once; asked again it only says that they are there.</summary>
    private static bool ReadModRm(ref Instruction instruction)
    {
        if (instruction.HasModRm)
        {
            return true;
        }

        if (!ReadByte(ref instruction, out instruction.ModRm))
        {
            return false;
        }

        instruction.HasModRm = true;
        int mod = instruction.ModRm >> 6;
        int rm = instruction.ModRm & 7;

        // These four (mov to and from control and debug registers) treat every mod as a register.
        if (mod == 3 || (instruction.Map == OpcodeMap.TwoByte && instruction.Opcode is >= 0x20 and <= 0x23))
        {
            return true;
        }

        instruction.IsMemory = true;
        instruction.Base = instruction.Rm;
        instruction.Index = NoRegister;
        if (rm == 4 && !ReadSib(ref instruction, mod))
        {
            return false;
        }

        if (rm == 5 && mod == 0)
        {
            instruction.Base = InstructionPointer;
        }

        bool isAbsolute = instruction.Base is NoRegister or InstructionPointer;
        int size = mod == 1 ? 1 : mod == 2 || isAbsolute ? 4 : 0;
        return ReadLittleEndian(ref instruction, size, out instruction.Displacement);
    }

    private static bool ReadSib(ref Instruction instruction, int mod)
    {
        if (!ReadByte(ref instruction, out byte sib))
        {
            return false;
        }

        int index = ((sib >> 3) & 7) | ((instruction.Rex & RexX) << 2);
        instruction.Index = index == 4 ? NoRegister : index;
        instruction.Scale = 1 << (sib >> 6);
        instruction.Base = (sib & 7) == 5 && mod == 0 ? NoRegister : (sib & 7) | ((instruction.Rex & RexB) << 3);
        return true;
    }
}
