// The reference for the tests: Iced's decoder and its IntelFormatter, with the options whose style the kernel's
// disassembler follows, and the list of what that disassembler does not claim to decode.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Iced.Intel;
using Decoder = Iced.Intel.Decoder;

namespace CSharpOS.Debugging.Tests;

/// <summary>Decodes with Iced and with the kernel's disassembler, and compares.</summary>
internal sealed class Reference
{
    /// <summary>Extensions in the one-byte and 0F maps that the disassembler leaves out (its head comment says so).</summary>
    private static readonly HashSet<CpuidFeature> s_excludedFeatures =
    [
        CpuidFeature.CLZERO, CpuidFeature.D3NOW, CpuidFeature.FRED, CpuidFeature.INVLPGB, CpuidFeature.LKGS, CpuidFeature.MCOMMIT,
        CpuidFeature.MONITORX, CpuidFeature.MSRLIST, CpuidFeature.OSS, CpuidFeature.PADLOCK_ACE, CpuidFeature.PADLOCK_GMI,
        CpuidFeature.PADLOCK_PHE, CpuidFeature.PADLOCK_PMM, CpuidFeature.PADLOCK_RNG, CpuidFeature.PADLOCK_UNDOC, CpuidFeature.PCONFIG,
        CpuidFeature.PTWRITE, CpuidFeature.RDPRU, CpuidFeature.RMPQUERY, CpuidFeature.SEV_ES, CpuidFeature.SEV_SNP, CpuidFeature.SGX1,
        CpuidFeature.SKINIT_or_SVM, CpuidFeature.SMX, CpuidFeature.SSE4A, CpuidFeature.SVM, CpuidFeature.TDX, CpuidFeature.TSE,
        CpuidFeature.TSXLDTRK, CpuidFeature.UINTR, CpuidFeature.WRMSRNS,
    ];

    /// <summary>The 16-bit forms of the x87 environment instructions.</summary>
    private static readonly HashSet<Code> s_excludedCodes =
        [Code.Fldenv_m14byte, Code.Fnstenv_m14byte, Code.Frstor_m94byte, Code.Fnsave_m94byte];

    private static readonly bool[] s_covered = Enum.GetValues<Code>().OrderBy(code => (int)code).Select(IsClaimed).ToArray();

    /// <summary>All instructions that the disassembler claims to decode.</summary>
    public static IEnumerable<Code> Claimed => Enum.GetValues<Code>().Where(code => s_covered[(int)code]);

    private readonly IntelFormatter _formatter = new();
    private readonly StringOutput _output = new();
    private readonly SpanReader _reader = new();
    private readonly Decoder _decoder;
    private readonly byte[] _text = new byte[Disassembler.MaxText];

    public Reference()
    {
        _decoder = Decoder.Create(64, _reader);
        FormatterOptions options = _formatter.Options;
        options.HexPrefix = "0x";
        options.HexSuffix = "";
        options.UppercaseHex = false;
        options.SpaceAfterOperandSeparator = true;
        options.MemorySizeOptions = MemorySizeOptions.Always;
        options.BranchLeadingZeros = false;
        options.ShowBranchSize = false;
        options.UsePseudoOps = false;
    }

    /// <summary>What Iced decoded in the last comparison; its length is at least 1 even if the code is invalid.</summary>
    public Instruction Expected { get; private set; }

    /// <summary>What Disassembler.Decode returned in the last comparison.</summary>
    public int Length { get; private set; }

    /// <summary>The text that Disassembler.Decode wrote in the last comparison.</summary>
    public ReadOnlySpan<byte> Text => _text.AsSpan(0, Written);

    public int Written { get; private set; }

    public bool IsValid => Expected.Code != Code.INVALID;

    /// <summary>Does the disassembler claim to decode what Iced decoded?</summary>
    public bool IsCovered => IsValid && s_covered[(int)Expected.Code];

    /// <summary>
    /// Decodes the instruction at <paramref name="offset"/> with both. Null when they agree: both refuse it, or both give the same length
    /// and text, or the disassembler refuses what it does not claim. Otherwise what is wrong.
    /// </summary>
    public string? Compare(byte[] code, int offset, ulong pc)
    {
        _reader.Set(code, offset);
        _decoder.IP = pc;
        Expected = _decoder.Decode();
        Length = Disassembler.Decode(code.AsSpan(offset), pc, _text, out int written);
        Written = written;

        if (Length == 0)
        {
            return IsCovered || written != 0 ? Describe(code, offset, "not decoded") : null;
        }

        if (!IsCovered)
        {
            return Describe(code, offset, "decoded, but invalid or not claimed");
        }

        _formatter.Format(Expected, _output);
        string expectedText = _output.ToStringAndReset();
        return Length == Expected.Length && Matches(expectedText) ? null : Describe(code, offset, "length or text differs");
    }

    private static bool IsClaimed(Code code)
    {
        OpCodeInfo opCode = code.ToOpCode();
        return opCode.IsInstruction && opCode.IntelDecoder64 && opCode.DecoderOption == DecoderOptions.None && opCode.Fwait == false
            && opCode.Encoding == EncodingKind.Legacy
            && opCode.Table is OpCodeTableKind.Normal or OpCodeTableKind.T0F
            && !s_excludedCodes.Contains(code)
            && !code.CpuidFeatures().Any(s_excludedFeatures.Contains);
    }

    private bool Matches(string expected)
    {
        if (expected.Length != Written)
        {
            return false;
        }

        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i] != _text[i])
            {
                return false;
            }
        }

        return true;
    }

    private string Describe(byte[] code, int offset, string problem)
    {
        _formatter.Format(Expected, _output);
        string bytes = Convert.ToHexString(code, offset, Math.Min(Disassembler.MaxLength, code.Length - offset));
        return $"{bytes}: {problem}: {Length} \"{Encoding.UTF8.GetString(Text)}\", expected {Expected.Length} "
            + $"\"{_output.ToStringAndReset()}\" ({Expected.Code})";
    }

    private sealed class SpanReader : CodeReader
    {
        private byte[] _code = [];
        private int _position;

        public void Set(byte[] code, int offset)
        {
            _code = code;
            _position = offset;
        }

        public override int ReadByte() => _position < _code.Length ? _code[_position++] : -1;
    }
}
