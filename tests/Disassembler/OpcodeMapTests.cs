// Every opcode of both maps, with every ModRM byte, behind each of a list of prefixes, against the reference.

using System;
using System.Collections.Generic;
using System.Linq;
using Iced.Intel;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Debugging.Tests;

public class OpcodeMapTests(ITestOutputHelper output)
{
    private const ulong Address = 0xffff_ffff_8010_0000;

    /// <summary>SIB, displacement and immediates that follow: all kinds of scale, sign, no base, no index.</summary>
    private static readonly byte[][] s_tails =
    [
        [0x05, 0x80, 0xff, 0xff, 0xff, 0x11, 0x22, 0x33, 0x84, 0x55],
        [0xe5, 0x7f, 0x01, 0x02, 0x83, 0x44, 0x55, 0x66, 0x77, 0x88],
        [0x24, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
    ];

    [Theory]
    [InlineData("", "66", "F2", "F3", "48", "4F", "67", "F0")]
    [InlineData("41", "40", "44", "65", "3E", "2E", "6648", "F348")]
    [InlineData("F248", "66F3", "66F2", "F2F0", "F3F0", "6766", "F04F", "6567")]
    [InlineData("64F3", "4866", "F3F066", "F2F048", "F3F048", "67F3", "6748", "F3F2")]
    public void EveryOpcodeAgrees(params string[] prefixes)
    {
        Reference reference = new();
        List<string> problems = [];
        int accepted = 0;
        int longest = 0;
        foreach (byte[] code in Encodings(prefixes, s_tails))
        {
            string? problem = reference.Compare(code, 0, Address);
            accepted += reference.Length != 0 ? 1 : 0;
            longest = Math.Max(longest, reference.Written);
            if (problem is not null && problems.Count < 20)
            {
                problems.Add(problem);
            }
        }

        Assert.True(problems.Count == 0, string.Join("\n", problems));
        output.WriteLine($"{accepted} encodings decoded, longest text {longest} bytes");
        Assert.True(accepted > 500_000, $"only {accepted} encodings were decoded");
        Assert.True(longest < Disassembler.MaxText, $"a text of {longest} bytes");
    }

    /// <summary>The enumeration reaches every instruction that is claimed; otherwise it would prove less than it says.</summary>
    [Fact]
    public void EveryClaimedInstructionIsReached()
    {
        Reference reference = new();
        HashSet<Code> reached = [];
        foreach (byte[] code in Encodings(["", "66", "F2", "F3", "48", "67", "6648", "F348", "F248", "66F3", "67F3", "6748"], [[]]))
        {
            reference.Compare(code, 0, Address);
            if (reference.Length != 0)
            {
                reached.Add(reference.Expected.Code);
            }
        }

        List<Code> missing = Reference.Claimed.Where(code => !reached.Contains(code)).ToList();
        output.WriteLine($"{reached.Count} instructions, counted by form and operand size");
        Assert.True(missing.Count == 0, string.Join(", ", missing));
    }

    /// <summary>Every opcode of both maps with every ModRM byte, behind each prefix and before each tail; always the same array.</summary>
    private static IEnumerable<byte[]> Encodings(string[] prefixes, byte[][] tails)
    {
        byte[] code = new byte[Disassembler.MaxLength];
        foreach (byte[] prefix in prefixes.Select(Convert.FromHexString))
        {
            foreach (byte[] tail in tails)
            {
                for (int opcodeAndModRm = 0; opcodeAndModRm < 0x20000; opcodeAndModRm++)
                {
                    Array.Clear(code);
                    prefix.CopyTo(code, 0);
                    int length = prefix.Length;
                    if (opcodeAndModRm >= 0x10000)
                    {
                        code[length++] = 0x0f;
                    }

                    code[length++] = (byte)((opcodeAndModRm >> 8) & 0xff);
                    code[length++] = (byte)(opcodeAndModRm & 0xff);
                    Array.Copy(tail, 0, code, length, Math.Min(tail.Length, code.Length - length));
                    yield return code;
                }
            }
        }
    }

    /// <summary>Fifteen bytes are the limit of the processor, prefixes included.</summary>
    [Theory]
    [InlineData(14, 15)]
    [InlineData(15, 0)]
    [InlineData(40, 0)]
    public void FifteenBytesAreTheLimit(int prefixes, int expected)
    {
        byte[] code = new byte[prefixes + 1];
        Array.Fill(code, (byte)0x66);
        code[prefixes] = 0x98;
        Assert.Equal(expected, Disassembler.Length(code));
    }
}
