// Disassembler: the one-byte opcodes of 64-bit mode. The notation is explained in Disassembler.Notation.cs.
//
// Prefixes and the escape byte 0F never get here. Left empty, so invalid: what 64-bit mode does not have, and the first
// bytes of EVEX (62), VEX (C4, C5) and XOP (8F with a reg field other than 0).

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    /// <summary>The line of the opcode maps that holds the entry of the opcode: eight entries with | between them.</summary>
    private static ReadOnlySpan<byte> OpcodeRow(OpcodeMap map, byte opcode) =>
        map == OpcodeMap.OneByte ? OneByteRow(opcode & 0xF8) : TwoByteRow(opcode & 0xF8);

    private static ReadOnlySpan<byte> OneByteRow(int firstOpcode) => firstOpcode switch
    {
        0x00 => "+add Eb,Gb|+add Ev,Gv|add Gb,Eb|add Gv,Ev|add Ab,Ib|add Av,Iz||"u8,
        0x08 => "+or Eb,Gb|+or Ev,Gv|or Gb,Eb|or Gv,Ev|or Ab,Ib|or Av,Iz||"u8,
        0x10 => "+adc Eb,Gb|+adc Ev,Gv|adc Gb,Eb|adc Gv,Ev|adc Ab,Ib|adc Av,Iz||"u8,
        0x18 => "+sbb Eb,Gb|+sbb Ev,Gv|sbb Gb,Eb|sbb Gv,Ev|sbb Ab,Ib|sbb Av,Iz||"u8,
        0x20 => "+and Eb,Gb|+and Ev,Gv|and Gb,Eb|and Gv,Ev|and Ab,Ib|and Av,Iz||"u8,
        0x28 => "+sub Eb,Gb|+sub Ev,Gv|sub Gb,Eb|sub Gv,Ev|sub Ab,Ib|sub Av,Iz||"u8,
        0x30 => "+xor Eb,Gb|+xor Ev,Gv|xor Gb,Eb|xor Gv,Ev|xor Ab,Ib|xor Av,Iz||"u8,
        0x38 => "cmp Eb,Gb|cmp Ev,Gv|cmp Gb,Eb|cmp Gv,Ev|cmp Ab,Ib|cmp Av,Iz||"u8,
        0x50 => "^push Zv"u8,
        0x58 => "^pop Zv"u8,
        0x60 => "|||movsxd Gv,Ez||||"u8,
        0x68 => "^%push Iz|imul Gv,Ev,Iz|^%push Ii|imul Gv,Ev,Ii"u8
            + "|*insb Yb,dx|*insw Yw,dx:*insd Yd,dx|*outsb dx,Xb|*outsw dx,Xw:*outsd dx,Xd"u8,
        0x70 or 0x78 => "~>?jC Jb"u8,
        0x80 => "@1 Eb,Ib|@1 Ev,Iz||@1 Ev,Ii|test Eb,Gb|test Ev,Gv|+$xchg Eb,Gb|+$xchg Ev,Gv"u8,
        0x88 => "$mov Eb,Gb|$mov Ev,Gv|mov Gb,Eb|mov Gv,Ev|mov Er,Sw|lea Gv,M|mov Sw,Ew|@6"u8,
        0x90 => "xchg Zv,Av/</pause/<|xchg Zv,Av|xchg Zv,Av|xchg Zv,Av|xchg Zv,Av|xchg Zv,Av|xchg Zv,Av|xchg Zv,Av"u8,
        0x98 => "cbw:cwde:cdqe|cwd:cdq:cqo||fwait|pushf:pushfq|popf:popfq|sahf|lahf"u8,
        0xA0 => "&mov Ab,Ob|&mov Av,Ov|&mov Ob,Ab|&mov Ov,Av"u8
            + "|*movsb Yb,Xb|*movsw Yw,Xw:*movsd Yd,Xd:*movsq Yq,Xq|=cmpsb Xb,Yb|=cmpsw Xw,Yw:=cmpsd Xd,Yd:=cmpsq Xq,Yq"u8,
        0xA8 => "test Ab,Ib|test Av,Iz|*stosb Yb|*stosw Yw:*stosd Yd:*stosq Yq"u8
            + "|*lodsb Xb|*lodsw Xw:*lodsd Xd:*lodsq Xq|=scasb Yb|=scasw Yw:=scasd Yd:=scasq Yq"u8,
        0xB0 => "mov Zb,Ib"u8,
        0xB8 => "mov Zv,Iv"u8,
        0xC0 => "@2 Eb,Ib|@2 Ev,Ib|~>ret Iw|~>*ret|||@7|@8"u8,
        0xC8 => "^%enter Iw,Ib|^%leave|%retF Iw|%retF|int3|int Ib||iret:iretd:iretq"u8,
        0xD0 => "@2 Eb,1|@2 Ev,1|@2 Eb,cl|@2 Ev,cl||||xlat Bb"u8,
        0xD8 => FloatingPointRow,
        0xE0 => "~&loopne Jb|~&loope Jb|~&loop Jb|~jRcxz Jb|in Ab,Ib|in Az,Ib|out Ib,Ab|out Ib,Az"u8,
        0xE8 => "~>call Jz|~>jmp Jz||~jmp Jb|in Ab,dx|in Az,dx|out dx,Ab|out dx,Az"u8,
        0xF0 => "|int1|||hlt|cmc|@3|@4"u8,
        0xF8 => "clc|stc|cli|sti|cld|std|@5|@9"u8,
        _ => "|||||||"u8,
    };
}
