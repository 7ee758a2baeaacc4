// Disassembler: groups, opcodes that the ModRM byte takes further: by its reg field (names are digits and capitals), or
// by its rm field (small letters). Eight members each. The notation is explained in Disassembler.Notation.cs.

using System;

namespace CSharpOS.Debugging;

public static partial class Disassembler
{
    private static ReadOnlySpan<byte> Group(byte name) => (char)name switch
    {
        // 80 to 83; C0, C1, D0 to D3; F6; F7; FE; 8F; C6; C7; FF.
        '1' => "+add|+or|+adc|+sbb|+and|+sub|+xor|cmp"u8,
        '2' => "rol|ror|rcl|rcr|shl|shr|shl|sar"u8,
        '3' => "test Eb,Ib|test Eb,Ib|+not Eb|+neg Eb|mul Eb|imul Eb|div Eb|idiv Eb"u8,
        '4' => "test Ev,Iz|test Ev,Iz|+not Ev|+neg Ev|mul Ev|imul Ev|div Ev|idiv Ev"u8,
        '5' => "+inc Eb|+dec Eb||||||"u8,
        '6' => "^pop Ev|||||||"u8,
        '7' => "$mov Eb,Ib|||||||;@a"u8,
        '8' => "$mov Ev,Iz|||||||;@b"u8,
        '9' => "+inc Ev|+dec Ev|~>!call Ev|callF Mp|~>!jmp Ev|jmpF Mp|^push Ev|"u8,
        'a' => "xabort Ib|||||||"u8,
        'b' => "xbegin Jz|||||||"u8,

        // 0F 00.
        'A' => "sldt Er|str Er|lldt Ew|ltr Ew|verr Ew|verw Ew||"u8,

        // 0F 01: descriptor tables in memory, everything else in the register forms.
        'B' => "sgdt Ms;@c|sidt Ms;@d|lgdt Ms;@e|lidt Ms|smsw Er|;@f//rstorssp Mq;@f|lmsw Ew|invlpg M;@g"u8,
        'c' => "|vmcall/|vmlaunch/|vmresume/|vmxoff/|||"u8,
        'd' => "`&monitor/|mwait/|clac/|stac/||||"u8,
        'e' => "xgetbv/|xsetbv/|||vmfunc/|xend/|xtest/|"u8,
        'f' => "serialize//setssbsy||//saveprevssp||||rdpkru/|wrpkru/"u8,
        'g' => "swapgs|rdtscp||||||"u8,

        // 0F 0D, 0F 18, 0F 1C, 0F 1E, 0F 1F: hints, and no operation for what is not one.
        'C' => "prefetch_exclusive Mb|prefetchw Mb|prefetchwt1 Mb|prefetchw Mb"u8
            + "|prefetch_reserved Mb|prefetch_reserved Mb|prefetch_reserved Mb|prefetch_reserved Mb"u8,
        'D' => "prefetchnta Mb|prefetcht0 Mb|prefetcht1 Mb|prefetcht2 Mb|nop Ev,Gv|nop Ev,Gv|prefetchit1 Mb|prefetchit0 Mb"u8,
        'E' => "cldemote M;nop Ev,Gv/nop Ev,Gv/nop Ev,Gv/nop Ev,Gv"u8
            + "|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv"u8,
        'F' => "nop Ev,Gv|nop Ev,Gv/</nop Ev,Gv;rdsspd Rd:<:rdsspq Rq/<|nop Ev,Gv|nop Ev,Gv"u8
            + "|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv/</nop Ev,Gv;@h/<"u8,
        'h' => "nop Ev,Gv|nop Ev,Gv|endbr64|endbr32|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv"u8,
        'G' => "nop Ev|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv|nop Ev,Gv"u8,

        // 0F 71, 0F 72, 0F 73.
        'H' => "||psrlw T,Ib/<||psraw T,Ib/<||psllw T,Ib/<|"u8,
        'I' => "||psrld T,Ib/<||psrad T,Ib/<||pslld T,Ib/<|"u8,
        'J' => "||psrlq T,Ib/<|/psrldq U,Ib|||psllq T,Ib/<|/pslldq U,Ib"u8,

        // 0F AE, 0F BA, 0F C7.
        'K' => "fxsave M:<:fxsave64 M//rdfsbase Ry|fxrstor M:<:fxrstor64 M//rdgsbase Ry"u8
            + "|ldmxcsr Md//wrfsbase Ry|stmxcsr Md//wrgsbase Ry"u8
            + "|xsave M:<:xsave64 M/|xrstor M:<:xrstor64 M;lfence//incsspd Rd:<:incsspq Rq"u8
            + "|xsaveopt M:<:xsaveopt64 M;mfence/clwb Mb;tpause Rd/clrssbsy Mq;`umonitor Ra/umwait Rd|clflush Mb;sfence/clflushopt Mb"u8,
        'L' => "||||bt|+bts|+btr|+btc"u8,
        'M' => "|+cmpxchg8b Mq:<:+-cmpxchg16b Mx||xrstors M:<:xrstors64 M/|xsavec M:<:xsavec64 M/|xsaves M:<:xsaves64 M/"u8
            + "|vmptrld Mq;rdrand Rv/vmclear Mq;rdrand Rv/vmxon Mq|vmptrst Mq;rdseed Rv/rdseed Rv/rdpid Rq"u8,

        _ => FloatingPointGroup(name),
    };
}
