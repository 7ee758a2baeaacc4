// RuntimeProbe: does the core library do what .NET promises? Runs inside the booted kernel, in the test image.
//
// Context: process context, before or after anything else; it allocates a few managed objects. The parts lie in Runtime/: language
// features, spans, memory, bits, shared words. Each compares with a slow and simple way to the same result.

using System;

namespace CSharpOS.Suites;

/// <summary>Checks of Kernel/Runtime.</summary>
public static partial class RuntimeProbe
{
    /// <summary>Gives how many checks were made. <paramref name="failed"/> is the name of the first that failed, or empty.</summary>
    public static int Run(out ReadOnlySpan<byte> failed)
    {
        Tally tally = default;
        ProbeStatics(ref tally);
        ProbeLanguage(ref tally);
        ProbeObjects(ref tally);
        ProbeText(ref tally);
        ProbeSpans(ref tally);
        ProbeSearch(ref tally);
        ProbeMarshal(ref tally);
        ProbeMemory(ref tally);
        ProbeNumbers(ref tally);
        ProbeBits(ref tally);
        ProbeShared(ref tally);
        failed = tally.FirstFailed;
        return tally.Checks;
    }

    // A sequence that is the same in every run: Marsaglia's xorshift.
    private static ulong NextRandom(ref ulong state)
    {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        return state;
    }

    private ref struct Tally
    {
        internal int Checks;
        internal ReadOnlySpan<byte> FirstFailed;

        internal void That(bool condition, ReadOnlySpan<byte> name)
        {
            Checks++;
            if (!condition && FirstFailed.IsEmpty)
            {
                FirstFailed = name;
            }
        }
    }
}
