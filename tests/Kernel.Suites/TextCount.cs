// TextCount: a sink for tables that counts the lines with a text in them. One test at a time.

namespace CSharpOS.Suites;

internal static unsafe class TextCount
{
    private const int MaxText = 32;

    private static Text s_text;
    private static int s_length;

    /// <summary>Lines with the text since <see cref="Reset"/>.</summary>
    public static int Found { get; private set; }

    public static void Reset(ReadOnlySpan<byte> text)
    {
        Found = 0;
        s_length = text.Length;
        for (int i = 0; i < text.Length; i++)
        {
            s_text[i] = text[i];
        }
    }

    public static void Line(ReadOnlySpan<byte> line)
    {
        Span<byte> text = stackalloc byte[MaxText];
        for (int i = 0; i < s_length; i++)
        {
            text[i] = s_text[i];
        }

        Found += line.IndexOf(text[..s_length]) >= 0 ? 1 : 0;
    }

    [System.Runtime.CompilerServices.InlineArray(MaxText)]
    private struct Text
    {
        private byte _first;
    }
}
