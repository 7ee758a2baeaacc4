// Sweep: interrupts a path once at each of its instructions.
//
// Process context, one CPU, an emulator that counts instructions. Run arms the instruction timer with 0, 1, 2 ... and goes the path each time, until the
// interrupt comes only after its end. The strike is a function of the test that does the worst it may in a hard interrupt; settle brings what is
// under way to its end and checks what must hold. Then the context must be as before, and nothing pending.

namespace CSharpOS.Suites;

internal static unsafe class Sweep
{
    // No path is longer: a sweep that gets here does not end.
    private const uint MostInstructions = 60_000;

    private static delegate*<void> s_strike;
    private static int s_struck;
    private static bool s_struckIdle;

    /// <summary>Strikes of the last sweep.</summary>
    public static uint Strikes { get; private set; }

    /// <summary>True, else the test is skipped, where a sweep means anything.</summary>
    public static bool IsPossible()
    {
        if (Smp.CpuCount > 1 || !InstructionTimer.Exists || !TimeTests.CountsInstructions())
        {
            Test.Skip("no instruction timer here"u8);
            return false;
        }

        return true;
    }

    /// <summary>Goes the path, interrupted at every instruction in turn.</summary>
    /// <param name="path">Starts with all at rest.</param>
    /// <param name="strike">Hard interrupt context, interrupts off.</param>
    /// <param name="settle">Afterwards, struck or not: checks, and brings all to rest.</param>
    public static void Run(delegate*<void> path, delegate*<void> strike, delegate*<void> settle)
    {
        Strikes = 0;
        s_strike = strike;

        // Once without, so that what is made at the first use is there.
        path();
        settle();
        int error = InstructionTimer.Begin(&Strike);
        Check.Equal(0, error);
        if (error != 0)
        {
            return;
        }

        uint instructions = 1;
        for (; instructions < MostInstructions; instructions++)
        {
            s_struck = 0;
            s_struckIdle = false;
            InstructionTimer.Arm(instructions);
            path();
            bool struck = Shared.ReadOnce(ref s_struck) != 0;
            InstructionTimer.Cancel();
            settle();
            CheckRest(instructions);
            Strikes += struck ? 1u : 0u;
            if (!struck || s_struckIdle)
            {
                break;
            }
        }

        InstructionTimer.End();
        Check.True(instructions < MostInstructions);
        Check.True(Strikes > 20);
    }

    private static void Strike(PtRegs* regs)
    {
        // Asleep: the path waits for the strike, and it came after all its instructions.
        s_struckIdle = Current->Pid == 0;
        s_strike();
        Shared.WriteOnce(ref s_struck, 1);
    }

    private static void CheckRest(uint instructions)
    {
        if (PreemptCount() == 0 && !IrqsDisabled() && LocalSoftirqPending() == 0)
        {
            return;
        }

        Check.Equal(0, instructions);
        Check.Equal(0, PreemptCount());
        Check.False(IrqsDisabled());
        Check.Equal(0u, LocalSoftirqPending());
    }
}
