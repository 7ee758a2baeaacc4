// Disassembler: the opcodes after 0F. The notation is explained in Disassembler.Notation.cs.
//
// Left empty, so invalid: the escapes to other maps (0F 0F, 0F 38, 0F 3A), SSE4A, getsec, and one vendor's extensions.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private static ReadOnlySpan<byte> TwoByteRow(int firstOpcode) => firstOpcode switch
    {
        0x00 => "@A|@B|lar Gv,Er|lsl Gv,Er||syscall|clts|sysret:<:sysretq"u8,
        0x08 => "invd|wbinvd/</wbnoinvd/<||ud2||@C;nop Ev,Gv||"u8,
        0x10 => "movups V,Wx/movupd V,Wx/movss V,Wd/movsd V,Wq|movups Wx,V/movupd Wx,V/movss Wd,V/movsd Wq,V"u8
            + "|movlps V,Mq;movhlps V,U/movlpd V,Mq/movsldup V,Wx/movddup V,Wq|movlps Mq,V/movlpd Mq,V"u8
            + "|unpcklps V,Wx/unpcklpd V,Wx|unpckhps V,Wx/unpckhpd V,Wx"u8
            + "|movhps V,Mq;movlhps V,U/movhpd V,Mq/movshdup V,Wx|movhps Mq,V/movhpd Mq,V"u8,
        0x18 => "@D;nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|@E|nop Ev,Gv|@F|@G"u8,
        0x20 => "mov Hq,C|mov Hq,D|mov C,Hq|mov D,Hq||||"u8,
        0x28 => "movaps V,Wx/movapd V,Wx|movaps Wx,V/movapd Wx,V|cvtpi2ps V,Qq/cvtpi2pd V,Qq/cvtsi2ss V,Ey/cvtsi2sd V,Ey"u8
            + "|movntps Mx,V/movntpd Mx,V|cvttps2pi P,Wq/cvttpd2pi P,Wx/cvttss2si Gy,Wd/cvttsd2si Gy,Wq"u8
            + "|cvtps2pi P,Wq/cvtpd2pi P,Wx/cvtss2si Gy,Wd/cvtsd2si Gy,Wq|ucomiss V,Wd/ucomisd V,Wq|comiss V,Wd/comisd V,Wq"u8,
        0x30 => "wrmsr|rdtsc|rdmsr|rdpmc|sysenter|sysexit:<:sysexitq||"u8,
        0x40 or 0x48 => "cmovC Gv,Ev"u8,
        0x50 => "movmskps Gd,U/movmskpd Gd,U|sqrtps V,Wx/sqrtpd V,Wx/sqrtss V,Wd/sqrtsd V,Wq|rsqrtps V,Wx//rsqrtss V,Wd"u8
            + "|rcpps V,Wx//rcpss V,Wd|andps V,Wx/andpd V,Wx|andnps V,Wx/andnpd V,Wx|orps V,Wx/orpd V,Wx|xorps V,Wx/xorpd V,Wx"u8,
        0x58 => "addps V,Wx/addpd V,Wx/addss V,Wd/addsd V,Wq|mulps V,Wx/mulpd V,Wx/mulss V,Wd/mulsd V,Wq"u8
            + "|cvtps2pd V,Wq/cvtpd2ps V,Wx/cvtss2sd V,Wd/cvtsd2ss V,Wq|cvtdq2ps V,Wx/cvtps2dq V,Wx/cvttps2dq V,Wx"u8
            + "|subps V,Wx/subpd V,Wx/subss V,Wd/subsd V,Wq|minps V,Wx/minpd V,Wx/minss V,Wd/minsd V,Wq"u8
            + "|divps V,Wx/divpd V,Wx/divss V,Wd/divsd V,Wq|maxps V,Wx/maxpd V,Wx/maxss V,Wd/maxsd V,Wq"u8,
        0x60 => "punpcklbw P,Qd/punpcklbw V,Wx|punpcklwd P,Qd/punpcklwd V,Wx|punpckldq P,Qd/punpckldq V,Wx"u8
            + "|packsswb K,L/<|pcmpgtb K,L/<|pcmpgtw K,L/<|pcmpgtd K,L/<|packuswb K,L/<"u8,
        0x68 => "punpckhbw K,L/<|punpckhwd K,L/<|punpckhdq K,L/<|packssdw K,L/<|/punpcklqdq V,Wx|/punpckhqdq V,Wx"u8
            + "|movd K,Ed:<:movq K,Eq/<|movq P,Qq/movdqa V,Wx/movdqu V,Wx"u8,
        0x70 => "pshufw P,Qq,Ib/pshufd V,Wx,Ib/pshufhw V,Wx,Ib/pshuflw V,Wx,Ib|@H|@I|@J"u8
            + "|pcmpeqb K,L/<|pcmpeqw K,L/<|pcmpeqd K,L/<|emms/"u8,
        0x78 => "vmread Eq,Gq/|vmwrite Gq,Eq/|||/haddpd V,Wx//haddps V,Wx|/hsubpd V,Wx//hsubps V,Wx"u8
            + "|movd Ed,K:<:movq Eq,K/</movq V,Wq|movq Qq,P/movdqa Wx,V/movdqu Wx,V"u8,
        0x80 or 0x88 => "~>?jC Jz"u8,
        0x90 or 0x98 => "setC Eb"u8,
        0xA0 => "^%push fs|^%pop fs|cpuid|bt Ev,Gv|shld Ev,Gv,Ib|shld Ev,Gv,cl||"u8,
        0xA8 => "^%push gs|^%pop gs|rsm|+bts Ev,Gv|shrd Ev,Gv,Ib|shrd Ev,Gv,cl|@K|imul Gv,Ev"u8,
        0xB0 => "+cmpxchg Eb,Gb|+cmpxchg Ev,Gv|lss Gv,Mp|+btr Ev,Gv|lfs Gv,Mp|lgs Gv,Mp|movzx Gv,Eb|movzx Gv,Ew"u8,
        0xB8 => "//popcnt Gv,Ev|ud1 Gv,Ev|@L Ev,Ib|+btc Ev,Gv"u8
            + "|bsf Gv,Ev/</tzcnt Gv,Ev/<|bsr Gv,Ev/</lzcnt Gv,Ev/<|movsx Gv,Eb|movsx Gv,Ew"u8,
        0xC0 => "+xadd Eb,Gb|+xadd Ev,Gv|cmpps V,Wx,Ib/cmppd V,Wx,Ib/cmpss V,Wd,Ib/cmpsd V,Wq,Ib|movnti My,Gy/"u8
            + "|pinsrw K,Et,Ib/<|pextrw Gd,T,Ib/<|shufps V,Wx,Ib/shufpd V,Wx,Ib|@M"u8,
        0xC8 => "bswap Zv"u8,
        0xD0 => "/addsubpd V,Wx//addsubps V,Wx|psrlw K,L/<|psrld K,L/<|psrlq K,L/<|paddq K,L/<|pmullw K,L/<"u8
            + "|/movq Wq,V/movq2dq V,N/movdq2q P,U|pmovmskb Gd,T/<"u8,
        0xD8 => "psubusb K,L/<|psubusw K,L/<|pminub K,L/<|pand K,L/<|paddusb K,L/<|paddusw K,L/<|pmaxub K,L/<|pandn K,L/<"u8,
        0xE0 => "pavgb K,L/<|psraw K,L/<|psrad K,L/<|pavgw K,L/<|pmulhuw K,L/<|pmulhw K,L/<"u8
            + "|/cvttpd2dq V,Wx/cvtdq2pd V,Wq/cvtpd2dq V,Wx|movntq Mq,P/movntdq Mx,V"u8,
        0xE8 => "psubsb K,L/<|psubsw K,L/<|pminsw K,L/<|por K,L/<|paddsb K,L/<|paddsw K,L/<|pmaxsw K,L/<|pxor K,L/<"u8,
        0xF0 => "///lddqu V,Mx|psllw K,L/<|pslld K,L/<|psllq K,L/<|pmuludq K,L/<|pmaddwd K,L/<|psadbw K,L/<"u8
            + "|&maskmovq P,N,*/&maskmovdqu V,U,*"u8,
        0xF8 => "psubb K,L/<|psubw K,L/<|psubd K,L/<|psubq K,L/<|paddb K,L/<|paddw K,L/<|paddd K,L/<|ud0 Gv,Ev"u8,
        _ => "|||||||"u8,
    };
}
