// DemoTests: the demonstrations show what they say. Exact where a demonstration makes it certain; what is measured is compared only where instructions are counted,
// or within bounds that no clock can break.

using CSharpOS.Demo;

namespace CSharpOS.Suites;

/// <summary>The suite of the demonstrations.</summary>
public static unsafe class DemoTests
{
    [TestSuite("demo")]
    public static void Suite()
    {
        Test.Run("race: by an interrupt, without a lock wrong and with it right"u8, "SYNC-05"u8, &ByInterrupt);
        Test.Run("race: by a softirq"u8, "SYNC-05"u8, &BySoftirq);
        Test.Run("race: by preemption"u8, "SYNC-05"u8, &ByPreemption);
        Test.Run("race: by sleeping"u8, "SYNC-05"u8, &BySleeping);
        Test.Run("race: by another CPU"u8, "SYNC-05"u8, &BySmp);
        Test.Run("demo race prints the table"u8, "SYNC-05"u8, &RaceTable);
        Test.Run("a list with one lock: one CPU at a time; a lock per node: all"u8, "SYNC-08"u8, &ListGain);
        Test.Run("a lock per node makes a walk dearer"u8, "SYNC-08"u8, &ListOverhead);
        Test.Run("demo locks: a line for 1, 2 and 4 CPUs"u8, "SYNC-08"u8, &ListTable);
        Test.Run("a BH for each CPU: one at a time; tasklets: all at once"u8, "OLD-01 TASKLET-03"u8, &BottomHalves);
        Test.Run("data of one's own: cli() makes all CPUs wait, a spin lock none"u8, "OLD-03"u8, &Cli);
        Test.Run("cli() and sti() cost more than a spin lock, also with nobody in the way"u8, "OLD-03"u8, &CliCost);
        Test.Run("delayed works: not early, shortest first, not the cancelled one"u8, "WORK-04"u8, &Delayed);
        Test.Run("the commands"u8, "OLD-01 OLD-03 WORK-04"u8, &Commands);
        Test.Run("demo tasklet-smp: one tasklet never twice at once, one for each CPU all at once"u8, "TASKLET-03"u8, &TaskletSmp);
        Test.Run("demo softirq-storm and demo policies print what they saw"u8, "SIRQ-05 SIRQ-11"u8, &Softirqs);
        Test.Run("demo names all of them"u8, "SIRQ-11"u8, &AllNamed);
    }

    private static void ByInterrupt() => Race(RaceCause.Interrupt);

    private static void BySoftirq() => Race(RaceCause.Softirq);

    private static void ByPreemption() => Race(RaceCause.Preemption);

    private static void BySleeping() => Race(RaceCause.Sleeping);

    private static void BySmp() => Race(RaceCause.Smp);

    // The book's numbers: 8 for 9; 110 paid of 105, and 95 left; one of two requests served.
    private static void Race(RaceCause cause)
    {
        if (!RaceWindow.Exists(cause))
        {
            Test.Skip("no such cause in this build or on this machine"u8);
            return;
        }

        Check.Equal(0, RaceDemo.Measure(cause, locked: false, out RaceResult wrong));
        Check.Equal(8, wrong.Counter);
        Check.Equal(95, wrong.Left);
        Check.Equal(110, wrong.Paid);
        Check.Equal(1, wrong.Served);
        Check.Equal(0, RaceDemo.Measure(cause, locked: true, out RaceResult right));
        Check.Equal(9, right.Counter);
        Check.Equal(95, right.Left);
        Check.Equal(10, right.Paid);
        Check.Equal(2, right.Served);
    }

    private static void RaceTable()
    {
        Check.Equal(0, OutputCapture.Execute("demo race"u8));
        Check.True(OutputCapture.Contains("\ninterrupt             none                8    95    110   1\n"u8));
        Check.True(OutputCapture.Contains("\ninterrupt             spin_lock_irqsave   9    95    10    2\n"u8));
        Check.True(OutputCapture.Contains("\nsoftirq               none                8 "u8));
        Check.True(OutputCapture.Contains("\nsleeping              mutex               9 "u8));
    }

    private static void ListGain()
    {
        int cpus = Smp.CpuCount < 4 ? Smp.CpuCount : 4;
        Check.Equal(0, LockDemo.Meet(cpus, perNode: false, out SideBySideResult one));
        Check.Equal(1, one.MostInside);
        Check.Equal(cpus, one.Runs);
        Check.Equal(0, LockDemo.Meet(cpus, perNode: true, out SideBySideResult perNode));
        Check.Equal(cpus, perNode.MostInside);
        Check.Equal(cpus, perNode.Runs);
    }

    private static void ListOverhead()
    {
#if SMP
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("instructions are not counted here"u8);
            return;
        }

        // At the least the second lock's own instructions at each further node.
        LockCosts costs = LockDemo.Costs();
        Check.True(costs.LockPerNode > costs.OneLock + (4 * (LockDemo.Nodes - 1)));
#else
        Test.Skip("locks are nothing in builds for one CPU"u8);
#endif
    }

    private static void ListTable()
    {
        Check.Equal(0, OutputCapture.Execute("demo locks"u8));
        Check.True(OutputCapture.Contains("\n1      "u8));
        Check.True(OutputCapture.Contains("\n2      "u8) == Smp.CpuCount >= 2);
        Check.True(OutputCapture.Contains("\n4      "u8) == Smp.CpuCount >= 4);
    }

    // Never two at once: so not more than fit into the time one after the other.
    private static void BottomHalves()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.Equal(0, TaskletDemo.Measure(bottomHalves: true, out SideBySideResult met, out SideBySideResult measured));
        Check.Equal(1, met.MostInside);
        Check.Equal(Smp.CpuCount, met.Runs);
        Check.Equal(1, measured.MostInside);
        Check.Equal(0, TaskletDemo.Measure(bottomHalves: false, out met, out measured));
        Check.Equal(Smp.CpuCount, met.MostInside);
        Check.Equal(Smp.CpuCount, met.Runs);
    }

    private static void Cli()
    {
#if SMP
        Check.Equal(0, CliDemo.Meet(global: true, out SideBySideResult met));
        Check.Equal(1, met.MostInside);
        Check.Equal(0, CliDemo.Measure(global: true, out SideBySideResult measured));
        Check.Equal(1, measured.MostInside);
        Check.Equal(0, CliDemo.Meet(global: false, out met));
        Check.Equal(Smp.CpuCount, met.MostInside);
#else
        Test.Skip("one CPU"u8);
#endif
    }

    private static void CliCost()
    {
#if SMP
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("instructions are not counted here"u8);
            return;
        }

        CliCosts costs = CliDemo.Costs();
        Check.True(costs.Cli > costs.Lock);
#else
        Test.Skip("one CPU"u8);
#endif
    }

    private static void Delayed()
    {
        Check.True(DelayedWorkDemo.Measure());
        int place = 0;
        for (int i = DelayedWorkDemo.Count - 1; i >= 0; i--)
        {
            DelayedWorkResult result = DelayedWorkDemo.ResultOf(i);
            if (i == DelayedWorkDemo.Cancelled)
            {
                Check.Equal(0, result.Place);
                continue;
            }

            place++;
            Check.Equal(place, result.Place);
            Check.True(result.Waited >= result.Delay);
            ReadOnlySpan<byte> thread = result.Thread;
            Check.True(thread.StartsWith("events/"u8));
        }
    }

    private static void Commands()
    {
        Check.Equal(0, OutputCapture.Execute("demo delayed-work"u8));
        Check.True(OutputCapture.Contains("work 2, delay 40 ms: cancelled while it waited, it did not run\n"u8));
        Check.Equal(0, OutputCapture.Execute("demo bh-vs-tasklet"u8));
        Check.True(OutputCapture.Contains("a BH for each CPU:"u8));
        Check.Equal(0, OutputCapture.Execute("demo cli-vs-lock"u8));
        Check.True(OutputCapture.Contains("cli and sti"u8));
    }

    private static void TaskletSmp()
    {
        Check.Equal(0, OutputCapture.Execute("demo tasklet-smp"u8));
        Check.True(OutputCapture.Contains("one tasklet, scheduled by every CPU: "u8));
        Check.True(OutputCapture.Contains("a tasklet for each CPU: "u8));
        Check.Equal(0, TaskletDemo.MeasureOne(out SideBySideResult one));
        Check.Equal(1, one.MostInside);
        Check.True(one.Runs > 0);
    }

    private static void Softirqs()
    {
        if (TimeTests.CountsInstructions())
        {
            Test.Skip("storms of four seconds, which an emulator that counts instructions does not skip"u8);
            return;
        }

        SoftirqPolicy before = Policy;
        Check.Equal(0, OutputCapture.Execute("demo softirq-storm"u8));
        Check.True(OutputCapture.Contains(" calls in ksoftirqd/"u8));
        Check.True(OutputCapture.Contains(", of nice 19.\n"u8));
        Check.Equal(0, OutputCapture.Execute("demo policies"u8));
        Check.True(OutputCapture.Contains("\nall       "u8));
        Check.True(OutputCapture.Contains("\ndefer     "u8));
        Check.True(OutputCapture.Contains("\nchosen    "u8));
        Check.Equal((int)before, (int)Policy);
    }

    private static void AllNamed()
    {
        Check.Equal(0, OutputCapture.Execute("demo"u8));
        Check.True(OutputCapture.Contains("softirq-storm "u8) && OutputCapture.Contains("\npolicies "u8) && OutputCapture.Contains("\ntasklet-smp "u8));
        Check.True(OutputCapture.Contains("\nbh-vs-tasklet "u8) && OutputCapture.Contains("\ndelayed-work "u8) && OutputCapture.Contains("\ntimer-race "u8));
        Check.True(OutputCapture.Contains("\nrace "u8) && OutputCapture.Contains("\nlocks "u8) && OutputCapture.Contains("\ncli-vs-lock "u8));
    }
}
