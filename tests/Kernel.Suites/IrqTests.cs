// IrqTests: the irq layer with real interrupts: lines driven through QEMU's pc-testdev, whose ports 0x2000 + n are the ISA lines.
//
// Where there is no such device the tests that need it are skipped. Process context. The parts: IrqLineTests who may have a line, IrqFlowTests
// how interrupts arrive, IrqStormTests many of them, IrqContextTests where handlers run, IrqThreadTests handlers with threads.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The suite of the irq layer, and what its tests share.</summary>
public static unsafe class IrqTests
{
    /// <summary>ISA lines that no device of the emulated machine has.</summary>
    // Both edge triggered everywhere: the firmware tables of the emulator make 5, 9, 10 and 11 level triggered lines of PCI.
    internal const int Line = 6;
    internal const int OtherLine = 3;

    private const int TestDeviceLatch = 0xe0;
    private const int TestDeviceLines = 0x2000;
    // For what must come: only a failed test waits so long, and a busy host can hold a CPU back for a while.
    private const ulong PatienceMicroseconds = 20_000_000;

    private static int s_calls;
    private static int s_otherCalls;

    /// <summary>Calls of <see cref="Count"/>.</summary>
    internal static int Calls => Shared.ReadOnce(ref s_calls);

    /// <summary>Calls of <see cref="CountOther"/>.</summary>
    internal static int OtherCalls => Shared.ReadOnce(ref s_otherCalls);

    [TestSuite("irq")]
    public static void Suite()
    {
        Test.Run("request_irq refuses bad requests"u8, "IRQ-04"u8, &IrqLineTests.BadRequests);
        Test.Run("a taken line is busy unless all share"u8, "IRQ-04"u8, &IrqLineTests.Busy);
        Test.Run("request_irq with no memory"u8, "IRQ-04"u8, &IrqLineTests.NoMemory);
        Test.Run("request_irq from a handler is reported"u8, "IRQ-04"u8, &IrqLineTests.RequestInHandler);
        Test.Run("free_irq removes exactly one handler"u8, "IRQ-05"u8, &IrqLineTests.FreeOne);
        Test.Run("free_irq with a wrong cookie"u8, "IRQ-05"u8, &IrqLineTests.WrongCookie);
        Test.Run("free_irq from a handler is reported"u8, "IRQ-05"u8, &IrqLineTests.FreeInHandler);
        Test.Run("probe_irq_on and probe_irq_off find the line"u8, "IRQ-17"u8, &IrqLineTests.Probe);
        Test.Run("a handler gets line, cookie and registers"u8, "IRQ-19 IRQ-02"u8, &IrqFlowTests.Arguments);
        Test.Run("every pulse is one interrupt"u8, "IRQ-02 IRQ-12"u8, &IrqFlowTests.Pulses);
        Test.Run("shared handlers in order of registration"u8, "IRQ-06"u8, &IrqFlowTests.SharedOrder);
        Test.Run("the first handler decides about interrupts"u8, "IRQ-06"u8, &IrqFlowTests.FirstDecides);
        Test.Run("an edge while the handler runs comes once, after it"u8, "IRQ-02 IRQ-06"u8, &IrqFlowTests.EdgeInProgress);
        Test.Run("another line interrupts a slow handler"u8, "IRQ-06"u8, &IrqFlowTests.OtherLineNests);
        Test.Run("a fast handler is not interrupted"u8, "IRQ-06"u8, &IrqFlowTests.FastIsNotInterrupted);
        Test.Run("edges while disabled come once, after enable_irq"u8, "IRQ-02 IRQ-08"u8, &IrqFlowTests.EdgeWhileDisabled);
        Test.Run("disable_irq nests"u8, "IRQ-08"u8, &IrqFlowTests.DisableNests);
        Test.Run("an unbalanced enable_irq is reported"u8, "IRQ-08"u8, &IrqFlowTests.Unbalanced);
        Test.Run("disable_irq from its own handler is reported"u8, "IRQ-08"u8, &IrqFlowTests.DisableInHandler);
        Test.Run("a storm of 100,000 pulses, none lost"u8, "IRQ-02 IRQ-07"u8, &IrqStormTests.Storm);
        Test.Run("a line that nobody handles is stopped"u8, "IRQ-07"u8, &IrqStormTests.NobodyCares);
        Test.Run("a stuck level line is stopped"u8, "IRQ-07 IRQ-03"u8, &IrqStormTests.StuckLevelLine);
        Test.Run("spurious interrupts 7 and 15"u8, "IRQ-03"u8, &IrqStormTests.Spurious);
        Test.Run("contexts"u8, "IRQ-09"u8, &IrqContextTests.Contexts);
        Test.Run("handlers run on the interrupt stack"u8, "IRQ-11"u8, &IrqContextTests.Stack);
        Test.Run("interrupted code keeps its registers"u8, "IRQ-01 IRQ-02"u8, &IrqContextTests.Registers);
        Test.Run("a handler that keeps a lock is reported by name"u8, "IRQ-09"u8, &IrqContextTests.PreemptCountLeak);
        Test.Run("the table of interrupts"u8, "IRQ-12"u8, &IrqContextTests.Table);
        Test.Run("interrupts feed the entropy pool"u8, "IRQ-14"u8, &IrqContextTests.Entropy);
        Test.Run("request_threaded_irq refuses bad requests"u8, "IRQ-16 IRQ-04"u8, &IrqThreadTests.BadRequests);
        Test.Run("a thread irq/N-name only for a thread function"u8, "IRQ-16"u8, &IrqThreadTests.OnlyWithFunction);
        Test.Run("request_threaded_irq with no memory"u8, "IRQ-16"u8, &IrqThreadTests.NoMemory);
        Test.Run("a thread function may sleep"u8, "IRQ-16"u8, &IrqThreadTests.Contexts);
        Test.Run("wake-ups while the thread works make one more run"u8, "IRQ-16"u8, &IrqThreadTests.OneMoreRun);
        Test.Run("synchronize_irq, disable_irq and free_irq wait for the thread"u8, "IRQ-16 IRQ-05 IRQ-08"u8, &IrqThreadTests.Waits);
        Test.Run("threads are not waited for in atomic context"u8, "IRQ-16 IRQ-08"u8, &IrqThreadTests.NotInAtomicContext);
        Test.Run("disable_irq and free_irq from the thread are reported"u8, "IRQ-16 IRQ-08 IRQ-05"u8, &IrqThreadTests.FromTheThread);
        Test.Run("threads of a shared line"u8, "IRQ-16 IRQ-06"u8, &IrqThreadTests.SharedLine);
        Test.Run("IRQ_WAKE_THREAD without a thread is reported once"u8, "IRQ-16"u8, &IrqThreadTests.NoThread);
        Test.Run("a fault in a thread function leaves the line usable"u8, "IRQ-16"u8, &IrqThreadTests.FaultInThread);
        Test.Run("a oneshot line stays masked until the thread is done"u8, "IRQ-16"u8, &IrqThreadTests.StaysMasked);
        Test.Run("a device served by a thread"u8, "IRQ-16"u8, &IrqThreadTests.EduThread);
        Test.Run("threaded interrupts on all CPUs, none lost"u8, "IRQ-16 IRQ-18"u8, &IrqThreadTests.Smp);
        Test.Run("free_irq of a threaded handler while another CPU interrupts"u8, "IRQ-16 IRQ-05"u8, &IrqThreadTests.FreeWhileItInterrupts);
    }

    /// <summary>Where there is no test device the running test is skipped; false.</summary>
    internal static bool HasTestDevice()
    {
        // The lines can only be written. The device's other register keeps what it was given; elsewhere nothing answers at its port.
        PortIo.Out8(TestDeviceLatch, 0x5a);
        bool first = PortIo.In8(TestDeviceLatch) == 0x5a;
        PortIo.Out8(TestDeviceLatch, 0xa5);
        if (first && PortIo.In8(TestDeviceLatch) == 0xa5)
        {
            return true;
        }

        Test.Skip("no pc-testdev"u8);
        return false;
    }

    /// <summary>True if the 8259A pair serves the ISA lines.</summary>
    internal static bool On8259A() => IrqToDescriptor(Line)->Chip->Name.SequenceEqual("XT-PIC"u8);

    /// <summary>Puts the wire of an ISA line to a level.</summary>
    internal static void SetLine(int irq, bool level) => PortIo.Out8(TestDeviceLines + irq, level ? (byte)1 : (byte)0);

    /// <summary>One edge.</summary>
    internal static void Pulse(int irq)
    {
        SetLine(irq, true);
        SetLine(irq, false);
    }

    /// <summary>The interrupt may go to another CPU: gives it time until <see cref="Calls"/> has reached <paramref name="calls"/>. False: it has not.
    /// </summary>
    internal static bool WaitForCalls(int calls)
    {
        ulong start = MonotonicMicroseconds();
        while (Calls < calls)
        {
            if (MonotonicMicroseconds() - start > PatienceMicroseconds)
            {
                return false;
            }

            Udelay(1);
        }

        return true;
    }

    /// <summary>Time enough for an interrupt that should not come.</summary>
    internal static void WaitInVain() => Udelay(500);

    /// <summary>The 8259A remembers an edge of a line that nobody has: gets rid of it.</summary>
    internal static void Drain(int irq)
    {
        Check.Equal(0, RequestIrq(irq, &CountAndDeny, IrqFlags.None, "drain"u8, null));
        WaitInVain();
        FreeIrq(irq, null);
    }

    internal static void ResetCounts()
    {
        Shared.WriteOnce(ref s_calls, 0);
        Shared.WriteOnce(ref s_otherCalls, 0);
    }

    /// <summary>A handler that counts.</summary>
    internal static IrqReturn Count(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_calls, s_calls + 1);
        return IrqReturn.Handled;
    }

    /// <summary>Another one.</summary>
    internal static IrqReturn CountOther(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_otherCalls, s_otherCalls + 1);
        return IrqReturn.Handled;
    }

    /// <summary>A handler that counts and says that the interrupt was not its own.</summary>
    internal static IrqReturn CountAndDeny(int irq, void* devId, PtRegs* regs)
    {
        Shared.WriteOnce(ref s_calls, s_calls + 1);
        return IrqReturn.None;
    }

    /// <summary>A cookie: any address that is not null and nobody else's.</summary>
    internal static void* Cookie(int number) => (byte*)Unsafe.AsPointer(ref s_calls) + number;
}
