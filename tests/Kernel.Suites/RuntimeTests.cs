// RuntimeTests: the core library inside the booted kernel.

namespace CSharpOS.Suites;

/// <summary>Spans, copies, bit operations, statics, casts: as C# defines them.</summary>
public static unsafe class RuntimeTests
{
    [TestSuite("runtime")]
    public static void Suite() => Test.Run("every check of the core library"u8, "LOG-01"u8, &Probe);

    private static void Probe()
    {
        int done = RuntimeProbe.Run(out ReadOnlySpan<byte> failed);
        if (failed.Length != 0)
        {
            Printk(LogLevel.Error, $"core library: check failed: {failed}\n");
        }

        Check.Equal(0, failed.Length);
        Check.True(done >= 60);
    }
}
