// How long a boot may be silent, and how long it may take.

using System.Globalization;

namespace CSharpOS.Tool.Testing;

/// <summary>Time limits of a boot.</summary>
/// <param name="Silence">Without a KTAP line for so long it hangs.</param>
/// <param name="Total">The whole boot.</param>
public sealed record BootLimits(TimeSpan Silence, TimeSpan Total)
{
    /// <summary>The limits of a run.</summary>
    public static BootLimits Of(ToolContext context, bool soak)
    {
        TimeSpan silence = TimeSpan.FromSeconds(Seconds(context, "CSOS_SILENCE", soak ? 900 : 90));
        TimeSpan total = TimeSpan.FromSeconds(Seconds(context, "CSOS_TIME_LIMIT", soak ? 6 * 3600 : 900));
        return new BootLimits(silence, total);
    }

    private static double Seconds(ToolContext context, string variable, double standard)
    {
        if (context.Variable(variable) is not { } text)
        {
            return standard;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) && seconds > 0
            ? seconds
            : throw new CsosException($"bad value of {variable}: '{text}' is no number of seconds", ExitCodes.Usage);
    }
}
