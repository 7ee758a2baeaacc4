// Decodes .eh_frame into rows: from this address on, the canonical frame address (CFA: rsp before the call that entered the function)
// is register + offset, and the caller's rbp is in its register or saved at CFA - n. The return address is always at CFA - 8.
// That is all an unwinder needs which is after call traces; the other saved registers are left out.

using System;
using System.Collections.Generic;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Dwarf;

/// <summary>Decoder of .eh_frame.</summary>
public static class FrameRows
{
    private const int DwarfRbp = 6;
    private const int DwarfRsp = 7;
    private const byte PointerAbsolute8 = 0x00;
    private const byte PointerPcRelative4 = 0x1b;

    /// <summary>All functions of .eh_frame by ascending address.</summary>
    public static List<FrameFunction> Read(ElfFile elf)
    {
        List<FrameFunction> functions = [];
        ElfSection? section = elf.Find(".eh_frame");
        if (section is null)
        {
            return functions;
        }

        Dictionary<int, Cie> cies = [];
        ByteReader reader = new(elf.Bytes(section), ".eh_frame");
        while (!reader.AtEnd)
        {
            int entry = reader.Position;
            int end = reader.UnitEnd();
            if (end == reader.Position)
            {
                continue;
            }

            int idPosition = reader.Position;
            uint id = reader.U32();
            if (id == 0)
            {
                cies[entry] = ReadCie(ref reader, end);
            }
            else if (cies.TryGetValue(idPosition - (int)id, out Cie? cie))
            {
                functions.Add(ReadFde(ref reader, end, cie, section.Address));
            }
            else
            {
                throw new ImageFormatException("frame description without its common entry in .eh_frame");
            }

            reader.Position = end;
        }

        // The linker leaves an entry of length zero for a function that it dropped.
        functions.RemoveAll(f => f.Start == f.End);
        functions.Sort((a, b) => a.Start.CompareTo(b.Start));
        return functions;
    }

    private static Cie ReadCie(ref ByteReader reader, int end)
    {
        Cie cie = new();
        if (reader.U8() is not (1 or 3))
        {
            throw new ImageFormatException("unknown version of a common entry in .eh_frame");
        }

        string augmentation = reader.CString();
        cie.CodeAlign = reader.Uleb();
        cie.DataAlign = reader.Sleb();
        reader.Uleb();
        if (augmentation.StartsWith('z'))
        {
            cie.HasAugmentationData = true;
            ulong length = reader.Uleb();
            ByteReader behind = reader;
            behind.Skip(length);
            foreach (char letter in augmentation.AsSpan(1))
            {
                switch (letter)
                {
                    case 'R':
                        cie.PointerEncoding = reader.U8();
                        break;
                    case 'L':
                        reader.U8();
                        break;
                    case 'P':
                        reader.Skip(reader.U8() is PointerAbsolute8 ? 8u : 4u);
                        break;
                }
            }

            reader.Position = behind.Position;
        }
        else if (augmentation.Length != 0)
        {
            throw new ImageFormatException($"unknown augmentation '{augmentation}' in .eh_frame");
        }

        Machine machine = new() { Cie = cie };
        machine.Run(ref reader, end, 0, null);
        cie.Initial = machine.State;
        return cie;
    }

    private static FrameFunction ReadFde(ref ByteReader reader, int end, Cie cie, ulong sectionAddress)
    {
        ulong start;
        ulong length;
        switch (cie.PointerEncoding)
        {
            case PointerPcRelative4:
                start = sectionAddress + (ulong)reader.Position + (ulong)(long)reader.I32();
                length = reader.U32();
                break;
            case PointerAbsolute8:
                start = reader.U64();
                length = reader.U64();
                break;
            default:
                throw new ImageFormatException($"unknown pointer encoding 0x{cie.PointerEncoding:x} in .eh_frame");
        }

        if (length > uint.MaxValue || start + length < start)
        {
            throw new ImageFormatException($"bad length of the function at 0x{start:x} in .eh_frame");
        }

        if (cie.HasAugmentationData)
        {
            reader.Skip(reader.Uleb());
        }

        List<FrameRow> rows = [];
        Machine machine = new() { Cie = cie, State = cie.Initial };
        machine.Run(ref reader, end, start, rows);
        return new FrameFunction(start, start + length, rows);
    }

    private sealed class Cie
    {
        public ulong CodeAlign;
        public long DataAlign;
        public byte PointerEncoding;
        public bool HasAugmentationData;
        public State Initial;
    }

    private struct State
    {
        public int Register;
        public long Offset;
        public bool Expression;
        public long RbpBelowCfa;

        public readonly FrameRule Rule()
        {
            bool known = !Expression && Register is DwarfRsp or DwarfRbp && Offset is > 0 and <= int.MaxValue;
            return known ? new FrameRule(Register == DwarfRbp, (int)Offset, (int)RbpBelowCfa) : FrameRule.None;
        }
    }

    // The instructions of .eh_frame, as far as they touch the CFA and rbp.
    private struct Machine
    {
        public Cie Cie;
        public State State;

        public void Run(ref ByteReader reader, int end, ulong address, List<FrameRow>? rows)
        {
            Stack<State> saved = new();
            rows?.Add(new FrameRow(address, State.Rule()));
            while (reader.Position < end)
            {
                byte opcode = reader.U8();
                int low = opcode & 0x3f;
                switch (opcode >> 6)
                {
                    case 1:
                        address += (ulong)low * Cie.CodeAlign;
                        continue;
                    case 2:
                        SetSaved(low, (long)reader.Uleb());
                        break;
                    case 3:
                        Restore(low);
                        break;
                    default:
                        if (opcode is >= 0x02 and <= 0x04)
                        {
                            ulong delta = opcode == 2 ? reader.U8() : opcode == 3 ? reader.U16() : reader.U32();
                            address += delta * Cie.CodeAlign;
                            continue;
                        }

                        Other(ref reader, opcode, saved);
                        break;
                }

                Note(rows, address);
            }
        }

        private readonly void Note(List<FrameRow>? rows, ulong address)
        {
            if (rows is null)
            {
                return;
            }

            FrameRule rule = State.Rule();
            if (rows[^1].Address == address)
            {
                rows[^1] = new FrameRow(address, rule);
            }
            else if (rows[^1].Rule != rule)
            {
                rows.Add(new FrameRow(address, rule));
            }
        }

        private void Other(ref ByteReader reader, byte opcode, Stack<State> saved)
        {
            switch (opcode)
            {
                case 0x00:
                    break;
                case 0x05:
                    SetSaved((int)reader.Uleb(), (long)reader.Uleb());
                    break;
                case 0x11:
                    SetSaved((int)reader.Uleb(), reader.Sleb());
                    break;
                case 0x06:
                    Restore((int)reader.Uleb());
                    break;
                case 0x07:
                case 0x08:
                    if (reader.Uleb() == DwarfRbp)
                    {
                        State.RbpBelowCfa = 0;
                    }

                    break;
                case 0x09:
                    reader.Uleb();
                    reader.Uleb();
                    break;
                case 0x0a:
                    saved.Push(State);
                    break;
                case 0x0b:
                    if (!saved.TryPop(out State))
                    {
                        throw new ImageFormatException("restore_state without remember_state in .eh_frame");
                    }

                    break;
                case 0x0c:
                    (State.Register, State.Offset, State.Expression) = ((int)reader.Uleb(), (long)reader.Uleb(), false);
                    break;
                case 0x12:
                    (State.Register, State.Offset, State.Expression) = ((int)reader.Uleb(), reader.Sleb() * Cie.DataAlign, false);
                    break;
                case 0x0d:
                    State.Register = (int)reader.Uleb();
                    break;
                case 0x0e:
                    State.Offset = (long)reader.Uleb();
                    break;
                case 0x13:
                    State.Offset = reader.Sleb() * Cie.DataAlign;
                    break;
                case 0x0f:
                    State.Expression = true;
                    reader.Skip(reader.Uleb());
                    break;
                case 0x10:
                case 0x16:
                    reader.Uleb();
                    reader.Skip(reader.Uleb());
                    break;
                case 0x2e:
                    reader.Uleb();
                    break;
                default:
                    throw new ImageFormatException($"unknown instruction 0x{opcode:x} in .eh_frame");
            }
        }

        private void SetSaved(int register, long factored)
        {
            if (register == DwarfRbp)
            {
                State.RbpBelowCfa = -factored * Cie.DataAlign;
            }
        }

        private void Restore(int register)
        {
            if (register == DwarfRbp)
            {
                State.RbpBelowCfa = Cie.Initial.RbpBelowCfa;
            }
        }
    }
}
