// Disassembler: x87, the opcodes D8 to DF. The kernel uses few of them (fninit, fnclex, fldcw), user programs all.
// The notation is explained in Disassembler.Notation.cs; the groups are D8 to DF in this order, N to U.
//
// Refused: the 16-bit forms of fldenv, fnstenv, frstor and fnsave.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private static ReadOnlySpan<byte> FloatingPointRow => "@N|@O|@P|@Q|@R|@S|@T|@U"u8;

    private static ReadOnlySpan<byte> FloatingPointGroup(byte name) => (char)name switch
    {
        'N' => "fadd st,Md;fadd st,F|fmul st,Md;fmul st,F|fcom st,Md;fcom st,F|fcomp st,Md;fcomp st,F"u8
            + "|fsub st,Md;fsub st,F|fsubr st,Md;fsubr st,F|fdiv st,Md;fdiv st,F|fdivr st,Md;fdivr st,F"u8,
        'O' => "fld st,Md;fld st,F|;fxch st,F|fst Md,st;@i|fstp Md,st;fstpnce F,st"u8
            + "|:fldenv M;@j|fldcw Mw;@k|:fnstenv M;@l|fnstcw Mw;@m"u8,
        'P' => "fiadd st,Md;fcmovb st,F|fimul st,Md;fcmove st,F|ficom st,Md;fcmovbe st,F|ficomp st,Md;fcmovu st,F"u8
            + "|fisub st,Md|fisubr st,Md;@n|fidiv st,Md|fidivr st,Md"u8,
        'Q' => "fild st,Md;fcmovnb st,F|fisttp Md,st;fcmovne st,F|fist Md,st;fcmovnbe st,F|fistp Md,st;fcmovnu st,F"u8
            + "|;@o|fld st,Mf;fucomi st,F|;fcomi st,F|fstp Mf,st"u8,
        'R' => "fadd st,Mq;fadd F,st|fmul st,Mq;fmul F,st|fcom st,Mq;fcom st,F|fcomp st,Mq;fcomp st,F"u8
            + "|fsub st,Mq;fsubr F,st|fsubr st,Mq;fsub F,st|fdiv st,Mq;fdivr F,st|fdivr st,Mq;fdiv F,st"u8,
        'S' => "fld st,Mq;ffree F|fisttp Mq,st;fxch st,F|fst Mq,st;fst F,st|fstp Mq,st;fstp F,st"u8
            + "|:frstor M;fucom st,F|;fucomp st,F|:fnsave M|fnstsw Mw"u8,
        'T' => "fiadd st,Mw;faddp F,st|fimul st,Mw;fmulp F,st|ficom st,Mw;fcomp st,F|ficomp st,Mw;@p"u8
            + "|fisub st,Mw;fsubrp F,st|fisubr st,Mw;fsubp F,st|fidiv st,Mw;fdivrp F,st|fidivr st,Mw;fdivp F,st"u8,
        'U' => "fild st,Mw;ffreep F|fisttp Mw,st;fxch st,F|fist Mw,st;fstp F,st|fistp Mw,st;fstp F,st"u8
            + "|fbld st,Mf;@q|fild st,Mq;fucomip st,F|fbstp Mf,st;fcomip st,F|fistp Mq,st"u8,

        // D9 D0, D9 E0, D9 E8, D9 F0, D9 F8, DA E8, DB E0, DE D8, DF E0.
        'i' => "fnop|||||||"u8,
        'j' => "fchs|fabs|||ftst|fxam||"u8,
        'k' => "fld1|fldl2t|fldl2e|fldpi|fldlg2|fldln2|fldz|"u8,
        'l' => "f2xm1|fyl2x|fptan|fpatan|fxtract|fprem1|fdecstp|fincstp"u8,
        'm' => "fprem|fyl2xp1|fsqrt|fsincos|frndint|fscale|fsin|fcos"u8,
        'n' => "|fucompp||||||"u8,
        'o' => "fneni|fndisi|fnclex|fninit|fnsetpm|||"u8,
        'p' => "|fcompp||||||"u8,
        'q' => "fnstsw ax|||||||"u8,
        _ => default,
    };
}
