// Random bytes: nothing is read past the end of the code, nothing is written past the end of the text, and whatever is
// decoded agrees with the reference.

using System;
using System.Collections.Generic;
using Xunit;
using Xunit.Abstractions;

namespace CSharpOS.Debugging.Tests;

public class RandomBytesTests(ITestOutputHelper output)
{
    private const int Rounds = 1_000_000;
    private const byte Canary = 0xa5;

    /// <summary>Bytes that make prefixes, the escape and long operands more frequent than chance would.</summary>
    private static ReadOnlySpan<byte> Frequent =>
        [0x0f, 0x66, 0x67, 0x48, 0x4c, 0xf0, 0xf2, 0xf3, 0x64, 0x65, 0x2e, 0x3e, 0x04, 0x05, 0x84, 0x24];

    [Fact]
    public void RandomBytesAgreeWithTheReference()
    {
        Random random = new(20240229);
        Reference reference = new();
        List<string> problems = [];
        int accepted = 0;
        for (int round = 0; round < Rounds; round++)
        {
            // Short pieces of code too, so that instructions are cut off.
            byte[] code = RandomCode(random, random.Next(0, 21));
            ulong pc = unchecked((ulong)random.NextInt64(long.MinValue, long.MaxValue));
            string? problem = reference.Compare(code, 0, pc);
            accepted += reference.Length != 0 ? 1 : 0;
            if (reference.Length is < 0 or > Disassembler.MaxLength || reference.Length > code.Length)
            {
                problem = $"{Convert.ToHexString(code)}: length {reference.Length}";
            }

            if (problem is not null && problems.Count < 20)
            {
                problems.Add(problem);
            }
        }

        output.WriteLine($"{accepted} of {Rounds} decoded");
        Assert.True(problems.Count == 0, string.Join("\n", problems));
        Assert.True(accepted > Rounds / 4, $"only {accepted} were decoded");
    }

    [Fact]
    public void NothingIsReadOrWrittenPastTheEnd()
    {
        Random random = new(19911005);
        byte[] text = new byte[Disassembler.MaxText + 16];
        byte[] full = new byte[Disassembler.MaxText];
        for (int round = 0; round < Rounds / 10; round++)
        {
            byte[] code = RandomCode(random, 20);
            int length = Disassembler.Decode(code, 0x1000, full, out int fullWritten);
            Assert.Equal(length, Disassembler.Length(code));

            // An instruction cut off anywhere is not decoded; what follows it does not matter.
            for (int available = 0; available < length; available++)
            {
                Assert.Equal(0, Disassembler.Decode(code.AsSpan(0, available), 0x1000, text, out int none));
                Assert.Equal(0, none);
            }

            // A short buffer gets the beginning of the text, and not one byte after it changes.
            int room = random.Next(0, Disassembler.MaxText);
            Array.Fill(text, Canary);
            Assert.Equal(length, Disassembler.Decode(code.AsSpan(0, length), 0x1000, text.AsSpan(8, room), out int written));
            Assert.Equal(Math.Min(room, fullWritten), written);
            Assert.True(full.AsSpan(0, written).SequenceEqual(text.AsSpan(8, written)));
            Assert.Equal(-1, text.AsSpan(0, 8).IndexOfAnyExcept(Canary));
            Assert.Equal(-1, text.AsSpan(8 + written).IndexOfAnyExcept(Canary));
        }
    }

    private static byte[] RandomCode(Random random, int length)
    {
        byte[] code = new byte[length];
        random.NextBytes(code);
        for (int i = 0; i < length; i++)
        {
            if (random.Next(4) == 0)
            {
                code[i] = Frequent[random.Next(Frequent.Length)];
            }
        }

        return code;
    }
}
