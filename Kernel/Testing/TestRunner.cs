// TestRunner: runs the linked test suites, chosen by `test` or `test=SUITE,SUITE` on the command line, and ends the emulator.
//
// Process context, interrupts on. Suites named "bench" run only for `bench`, those named "bench-NAME" only for `bench=NAME`.

using System.Runtime.InteropServices;

namespace CSharpOS.Testing;

/// <summary>The in-kernel test run.</summary>
public static unsafe class TestRunner
{
    private static ReadOnlySpan<byte> BenchSuite => "bench"u8;

    /// <summary>Runs what <paramref name="filter"/> names (all if empty) and ends the emulator with the verdict, if it has the exit device.</summary>
    public static int RunSuites(ReadOnlySpan<byte> filter)
    {
        int suites = 0;
        for (SuiteEntry* entry = First; entry < End; entry++)
        {
            suites += Chosen(entry, filter) ? 1 : 0;
        }

        Test.Diagnose($"KTAP version 1\n1..{suites}\n");
        int number = 0;
        int failures = 0;
        for (SuiteEntry* entry = First; entry < End; entry++)
        {
            if (!Chosen(entry, filter))
            {
                continue;
            }

            number++;
            int planned = Test.CountTests(entry->Function);
            Test.Diagnose($"    KTAP version 1\n    # Subtest: {entry->Name}\n    1..{planned}\n");
            entry->Function();
            bool passed = Test.Failures == 0 && Test.Executed == planned;
            failures += passed ? 0 : 1;
            ReadOnlySpan<byte> verdict = passed ? "ok"u8 : "not ok"u8;
            Test.Diagnose($"{verdict} {number} {entry->Name}\n");
        }

        return failures;
    }

    /// <summary>The boot option `test`: runs the suites and does not return where the emulator can be ended.</summary>
    public static void RunAndExit(ReadOnlySpan<byte> filter)
    {
        KtapPort.Init();
        DebugExit.Armed = true;
        int failures = RunSuites(filter);
        DebugExit.Exit(failures == 0 ? DebugExit.Passed : DebugExit.Failed);
        DebugExit.Armed = false;
    }

    /// <summary>The boot option `bench` or `bench=NAME`: runs the measurements, or those of that name, and ends the emulator.</summary>
    public static void BenchAndExit(ReadOnlySpan<byte> name)
    {
        KtapPort.Init();
        DebugExit.Armed = true;
        RunBench(name);
        DebugExit.Exit(DebugExit.Passed);
        DebugExit.Armed = false;
    }

    /// <summary>Runs the measurements that need no machine of their own. False if none are linked.</summary>
    public static bool RunBench() => RunBench(default);

    private static bool RunBench(ReadOnlySpan<byte> name)
    {
        bool found = false;
        for (SuiteEntry* entry = First; entry < End; entry++)
        {
            if (IsBench(entry->Name, out ReadOnlySpan<byte> suite) && suite.SequenceEqual(name))
            {
                entry->Function();
                found = true;
            }
        }

        return found;
    }

    /// <summary>True if this image holds test suites.</summary>
    public static bool HasSuites => First < End;

    private static SuiteEntry* First => (SuiteEntry*)LinkerSymbols.TestSuitesStart;

    private static SuiteEntry* End => (SuiteEntry*)LinkerSymbols.TestSuitesEnd;

    // Which measurements: empty for "bench", X for "bench-X".
    private static bool IsBench(ReadOnlySpan<byte> suite, out ReadOnlySpan<byte> name)
    {
        name = default;
        if (!suite.StartsWith(BenchSuite))
        {
            return false;
        }

        ReadOnlySpan<byte> rest = suite[BenchSuite.Length..];
        name = rest.Length != 0 ? rest[1..] : rest;
        return rest.Length == 0 || rest[0] == (byte)'-';
    }

    private static bool Chosen(SuiteEntry* entry, ReadOnlySpan<byte> filter)
    {
        ReadOnlySpan<byte> name = entry->Name;
        if (IsBench(name, out _))
        {
            return false;
        }

        while (filter.Length != 0)
        {
            int comma = filter.IndexOf((byte)',');
            ReadOnlySpan<byte> word = comma < 0 ? filter : filter[..comma];
            if (word.SequenceEqual(name))
            {
                return true;
            }

            if (comma < 0)
            {
                return false;
            }

            filter = filter[(comma + 1)..];
        }

        return true;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct SuiteEntry
    {
        public delegate*<void> Function;
        private byte* _name;
        private long _nameLength;

        public readonly ReadOnlySpan<byte> Name => new(_name, (int)_nameLength);
    }
}
