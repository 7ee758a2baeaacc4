// Checks that the kernel's code uses no other vector registers than the entry code saves.
//
// The compiler takes vector registers for copying and clearing, in every method, so an interrupt or a system call must save those that it may use. It uses
// two: xmm0 for copies, xmm8 for zeros. So the entry code (SAVE_XMM in Boot/entry.asm) saves these two only, and this check stops the build where a method
// uses another one, which would change a register of the interrupted program. x87, MMX and MXCSR are the program's own (Kernel/Arch/UserContext.cs).
// AsmOffsets.KERNEL_XMM_FIRST and KERNEL_XMM_SECOND say the same to the kernel.

using System;
using CSharpOS.ImageTool.Elf;
using Iced.Intel;

namespace CSharpOS.ImageTool.Patching;

/// <summary>Which vector registers the kernel's code may use.</summary>
public static class VectorRegisters
{
    private static readonly Register[] s_saved = [Register.XMM0, Register.XMM8];

    /// <summary>Looks at every function of an object.</summary>
    /// <exception cref="ImageFormatException">A function uses a register that is not saved.</exception>
    public static void Check(ElfFile elf)
    {
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            if (symbol.Type != ElfConstants.STT_FUNC || symbol.Section >= elf.Sections.Count || !elf.Sections[symbol.Section].IsExecutable)
            {
                continue;
            }

            ElfSection section = elf.Sections[symbol.Section];
            if (symbol.Value + symbol.Size > (ulong)section.Size)
            {
                throw new ImageFormatException($"{symbol.Name} reaches beyond its section");
            }

            if (FirstOther(elf.Data.AsSpan(section.Offset + (int)symbol.Value, (int)symbol.Size)) is { } use)
            {
                throw new ImageFormatException(
                    $"{symbol.Name} uses {use}: the kernel's entry code saves only xmm0 and xmm8, and another register is the interrupted program's. Floating-point numbers and " +
                    "vectors do not belong into the kernel; if the compiler made this of plain code, write it in another way, or save the register " +
                    "(SAVE_XMM in Boot/entry.asm, AsmOffsets.cs, VectorRegisters.cs)");
            }
        }
    }

    /// <summary>The first register or instruction that code may not use, as text; null if there is none.</summary>
    public static string? FirstOther(ReadOnlySpan<byte> code)
    {
        Decoder decoder = Decoder.Create(64, new ByteArrayCodeReader(code.ToArray()));
        while (decoder.IP < (ulong)code.Length)
        {
            // Invalid: data between the instructions; ilc makes none.
            Instruction instruction = decoder.Decode();
            if (instruction.IsInvalid)
            {
                continue;
            }

            for (int i = 0; i < instruction.OpCount; i++)
            {
                Register register = instruction.GetOpKind(i) == OpKind.Register ? instruction.GetOpRegister(i) : Register.None;
                if (register.IsVectorRegister() && Array.IndexOf(s_saved, register) < 0)
                {
                    return register.ToString().ToLowerInvariant();
                }
            }

            foreach (CpuidFeature feature in instruction.CpuidFeatures)
            {
                if (feature is CpuidFeature.FPU or CpuidFeature.FPU287 or CpuidFeature.FPU387 or CpuidFeature.MMX or CpuidFeature.AVX)
                {
                    return instruction.ToString();
                }
            }
        }

        return null;
    }
}
