// Bench: measures operations with the time stamp counter and reports minimum and median.
//
// Under `-icount shift=0,sleep=off` one count is one executed guest instruction, so a figure is repeatable. Process context.
// A sample function returns the counts that it measured itself, so that set-up stays outside.

using System.Runtime.CompilerServices;

namespace CSharpOS.Testing;

/// <summary>Measurements, reported on the second serial port as "bench: KEY MIN MEDIAN UNIT".</summary>
/// <remarks>A new row: a suite named "bench" that calls <see cref="Measure"/> or <see cref="Report(ReadOnlySpan{byte}, ulong, ulong,
/// ReadOnlySpan{byte})"/> with a key of tools/Csos/Bench/Bars.cs, where its name and its bar stand.</remarks>
public static unsafe class Bench
{
    /// <summary>Samples per figure.</summary>
    public const int Samples = 2001;

    private static SampleArray s_samples;

    /// <summary>What reading the counter twice costs by itself; taken off every figure.</summary>
    public static ulong Overhead()
    {
        ulong least = ulong.MaxValue;
        for (int i = 0; i < 100; i++)
        {
            ulong start = ReadTsc();
            ulong cost = ReadTsc() - start;
            least = cost < least ? cost : least;
        }

        return least;
    }

    /// <summary>Reports the figures of <paramref name="sample"/>, each call of which gives one measured count.</summary>
    /// <param name="key">The row: a key of tools/Csos/Bench/Bars.cs.</param>
    /// <param name="sample">Measures once.</param>
    /// <param name="unit">Of what.</param>
    /// <param name="samples">How often, at most <see cref="Samples"/>: fewer where one sample takes long.</param>
    public static void Measure(ReadOnlySpan<byte> key, delegate*<ulong> sample, ReadOnlySpan<byte> unit, int samples = Samples)
    {
        for (int i = 0; i < samples / 16; i++)
        {
            sample();
        }

        for (int i = 0; i < samples; i++)
        {
            s_samples[i] = sample();
        }

        Sort(samples);
        Report(key, s_samples[0], s_samples[samples / 2], unit);
    }

    /// <summary>Reports one figure.</summary>
    public static void Report(ReadOnlySpan<byte> key, ulong minimum, ulong median, ReadOnlySpan<byte> unit) =>
        Test.Diagnose($"bench: {key} {minimum} {median} {unit}\n");

    /// <summary>Reports one figure that is given in hundredths of the unit.</summary>
    public static void ReportHundredths(ReadOnlySpan<byte> key, ulong minimum, ulong median, ReadOnlySpan<byte> unit) =>
        Test.Diagnose(
            $"bench: {key} {minimum / 100}.{minimum / 10 % 10}{minimum % 10} {median / 100}.{median / 10 % 10}{median % 10} {unit}\n");

    // Shell sort: short, in place, good enough for a few thousand.
    private static void Sort(int count)
    {
        for (int gap = count / 2; gap > 0; gap /= 2)
        {
            for (int i = gap; i < count; i++)
            {
                ulong value = s_samples[i];
                int j = i;
                for (; j >= gap && s_samples[j - gap] > value; j -= gap)
                {
                    s_samples[j] = s_samples[j - gap];
                }

                s_samples[j] = value;
            }
        }
    }

    [InlineArray(Samples)]
    private struct SampleArray
    {
        private ulong _first;
    }
}
