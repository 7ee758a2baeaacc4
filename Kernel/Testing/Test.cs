// Test: one test of a suite.
//
// Process context. A suite function is called twice: first only to count its tests, so that the plan stands before the results and a
// suite that ends early is noticed; then to run them. A test that faults fails, and the next one runs. After each test the context must be
// as before: preempt_count zero, interrupts on, no locks held. A report of the lock validator that a test has not taken fails it.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace CSharpOS.Testing;

/// <summary>Runs tests and writes their results as KTAP.</summary>
public static unsafe class Test
{
    private static bool s_counting;
    private static int s_count;
    private static bool s_failed;
    private static byte* s_skipReason;
    private static int s_skipLength;

    /// <summary>How many tests failed in the current suite.</summary>
    internal static int Failures { get; private set; }

    /// <summary>Runs one test.</summary>
    /// <param name="name">What is shown.</param>
    /// <param name="rows">The identifiers of the specification's rows that it proves, separated by spaces.</param>
    /// <param name="function">The test; it uses <see cref="Check"/>.</param>
    public static void Run(ReadOnlySpan<byte> name, ReadOnlySpan<byte> rows, delegate*<void> function)
    {
        s_count++;
        if (s_counting)
        {
            return;
        }

        s_failed = false;
        s_skipLength = 0;
        Check.Begin();
        int fault = Init.Recovery.Call(&Invoke, function);
        if (fault != 0)
        {
            Fail();
            Diagnose($"    # {name}: ended by a fault, code {fault}\n");
        }

        RestoreContext(name);
        Failures += s_failed ? 1 : 0;
        ReadOnlySpan<byte> verdict = s_failed ? "not ok"u8 : "ok"u8;
        if (s_skipLength != 0 && !s_failed)
        {
            Diagnose($"    ok {s_count} {name} # SKIP {new ReadOnlySpan<byte>(s_skipReason, s_skipLength)}\n");
        }
        else
        {
            Diagnose($"    {verdict} {s_count} {name} # {rows}\n");
        }
    }

    /// <summary>Says that the machine lacks what the running test needs. The test function returns by itself afterwards.</summary>
    /// <param name="reason">A literal.</param>
    public static void Skip(ReadOnlySpan<byte> reason)
    {
        s_skipReason = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(reason));
        s_skipLength = reason.Length;
    }

    /// <summary>Marks the running test as failed.</summary>
    internal static void Fail() => s_failed = true;

    internal static int CountTests(delegate*<void> suite)
    {
        s_counting = true;
        s_count = 0;
        suite();
        s_counting = false;
        int count = s_count;
        s_count = 0;
        Failures = 0;
        return count;
    }

    internal static int Executed => s_count;

    internal static void Diagnose(ref TextHandler text)
    {
        KtapPort.Write(text.Written);
        text.Release();
    }

    private static void Invoke(void* function) => ((delegate*<void>)function)();

    private static void RestoreContext(ReadOnlySpan<byte> name)
    {
#if DEBUG_CHECKS
        int held = LockValidator.ForgetHeld();
        if (held != 0)
        {
            Fail();
            Diagnose($"    # {name}: left {held} locks held\n");
        }

        if (LockValidator.TakeReports() != 0)
        {
            Fail();
            Diagnose($"    # {name}: the lock validator reported\n");
        }
#endif
        if (PreemptCount() != 0)
        {
            Fail();
            Diagnose($"    # {name}: left preempt_count {(uint)PreemptCount():x8}\n");
            PreemptCountAdd(-PreemptCount());
        }

        if (IrqsDisabled())
        {
            Fail();
            Diagnose($"    # {name}: left interrupts off\n");
            LocalIrqEnable();
        }
    }
}
