// TestCommands: bench and test, which run what is linked into the image. Process context.
//
// The monitor does not know the test framework: Kernel/Testing gives it two functions at boot, and an image without them says so.

namespace CSharpOS.Monitoring;

/// <summary>The commands bench and test, and how Kernel/Testing fills them in.</summary>
public static unsafe class TestCommands
{
    private static delegate*<bool> s_bench;
    private static delegate*<ReadOnlySpan<byte>, int> s_test;

    /// <summary>Tells the monitor how to run the measurements: true if there are any. Boot, after <see cref="Monitor.Init"/>.</summary>
    public static void SetBench(delegate*<bool> bench) => s_bench = bench;

    /// <summary>Tells the monitor how to run test suites: it is given their names, all if empty, and gives the number that failed,
    /// negative if there are none. Boot, after <see cref="Monitor.Init"/>.</summary>
    public static void SetTest(delegate*<ReadOnlySpan<byte>, int> test) => s_test = test;

    internal static void Register()
    {
        s_bench = null;
        s_test = null;
        Monitor.Register("bench"u8, ""u8, "run the measurements"u8, &Bench);
        Monitor.Register("test"u8, "[SUITE]"u8, "run the test suites, or one of them"u8, &Test);
    }

    private static int Bench(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        if (s_bench == null || !s_bench())
        {
            MonitorOutput.Write($"bench: this image holds no measurements\n");
            return -ENOENT;
        }

        return 0;
    }

    private static int Test(ReadOnlySpan<byte> arguments)
    {
        int failed = s_test == null ? -ENOENT : s_test(arguments);
        if (failed < 0)
        {
            MonitorOutput.Write($"test: this image holds no such test suite\n");
            return -ENOENT;
        }

        if (failed != 0)
        {
            MonitorOutput.Write($"test: {failed} suites failed; the results are on the second serial port\n");
            return -EIO;
        }

        MonitorOutput.Write($"test: passed\n");
        return 0;
    }
}
