// SoftirqStorm: a softirq of ten microseconds that raises itself again and again, and what becomes of the CPU meanwhile.
//
// Process context; sleeps; one at a time. Everything happens on the CPU that it is started on. The softirq is the entry 27 of the table, which no
// mechanism has.
// It lasts a number of ticks, not of microseconds: time slices are counted in ticks, and on a host that is busy with other things ticks come late.
// Times are measured where they are spent: in each call of the handler, and in each turn of the program's loop.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>What a storm of softirqs did.</summary>
public struct StormResult
{
    /// <summary>How long it was, in microseconds.</summary>
    public ulong Total;

    /// <summary>What its handler took of that.</summary>
    public ulong Handler;

    /// <summary>What the program beside it had of that.</summary>
    public ulong Program;

    /// <summary>Calls of the handler, on return from interrupts, in ksoftirqd, and where a task enabled bottom halves.</summary>
    public int CallsInInterrupt, CallsInThread, CallsAtEnable;

    /// <summary>Ticks that came while the program, or ksoftirqd, was the running task.</summary>
    public int ProgramTicks, ThreadTicks;

    /// <summary>Calls that began within one handler's length of the end of the one before.</summary>
    public int PromptCalls;

    /// <summary>Percent of the time that the handler took.</summary>
    public readonly int HandlerShare => (int)(Handler * 100 / Total);

    /// <summary>Percent of the time that the program had.</summary>
    public readonly int ProgramShare => (int)(Program * 100 / Total);

    /// <summary>All calls of the handler.</summary>
    public readonly int Calls => CallsInInterrupt + CallsInThread + CallsAtEnable;
}

/// <summary>The storm.</summary>
/// <rows>SIRQ-05 SIRQ-11</rows>
public static unsafe class SoftirqStorm
{
    /// <summary>What one call of the handler takes, in microseconds.</summary>
    public const uint HandlerMicroseconds = 10;

    private const SoftirqNr Nr = (SoftirqNr)27;

    private static StormResult s_result;
    private static Completion s_done;
    private static uint s_lastTick;
    private static ulong s_lastEnd;
    private static bool s_besideProgram;

    private static Completion* Done => (Completion*)Unsafe.AsPointer(ref s_done);

    /// <summary>Lets it storm on this CPU, which the caller may not leave meanwhile. Sleeps.</summary>
    /// <param name="ticks">How long: HZ is a second.</param>
    /// <param name="besideProgram">True: a thread of nice 0 is busy all the time; false: the CPU has nothing else to do.</param>
    /// <param name="result">What was seen.</param>
    /// <returns>0; -ENOMEM, -EAGAIN.</returns>
    public static int Run(uint ticks, bool besideProgram, out StormResult result)
    {
        s_result = default;
        s_besideProgram = besideProgram;
        Completion.Init(Done);
        OpenSoftirq(Nr, &Storm);
        TaskStruct* program = null;
        if (besideProgram)
        {
            program = Kthread.Create(&BusyProgram, null, $"busy", out int error);
            if (program == null)
            {
                result = default;
                return error;
            }

            Kthread.Bind(program, SmpProcessorId());
        }

        ulong start = MonotonicMicroseconds();
        TaskStruct* thread = Ksoftirqd.OfCpu(SmpProcessorId());
        ulong threadTicks = thread->Ticks;
        s_lastEnd = start;
        s_lastTick = Jiffies + ticks;
        RaiseSoftirq(Nr);
        if (program != null)
        {
            Scheduler.WakeUpProcess(program);
        }

        Completion.Wait(Done);
        s_result.Total = MonotonicMicroseconds() - start;
        s_result.ThreadTicks = (int)(thread->Ticks - threadTicks);
        result = s_result;
        return 0;
    }

    private static void Storm(SoftirqAction* entry)
    {
        ulong start = MonotonicMicroseconds();
        s_result.PromptCalls += start - s_lastEnd <= HandlerMicroseconds ? 1 : 0;
        Udelay(HandlerMicroseconds);
        if (InterruptRegs != null)
        {
            s_result.CallsInInterrupt++;
        }
        else if (Current == Ksoftirqd.OfCpu(SmpProcessorId()))
        {
            s_result.CallsInThread++;
        }
        else
        {
            s_result.CallsAtEnable++;
        }

        ulong end = MonotonicMicroseconds();
        s_lastEnd = end;
        s_result.Handler += end - start;
        if (!IsOver())
        {
            RaiseSoftirq(Nr);
        }
        else if (!s_besideProgram)
        {
            Completion.Complete(Done);
        }
    }

    // Counts the time between two looks at the clock only if nobody else can have had it.
    private static int BusyProgram(void* unused)
    {
        ulong last = MonotonicMicroseconds();
        while (!IsOver())
        {
            ulong now = MonotonicMicroseconds();
            s_result.Program += now - last < HandlerMicroseconds ? now - last : 0;
            last = now;

            // A program in user mode is preempted in every kernel.
            Scheduler.CondResched();
        }

        s_result.ProgramTicks = (int)Current->Ticks;
        Completion.Complete(Done);
        return 0;
    }

    private static bool IsOver() => TimeAfterEq(Jiffies, s_lastTick);
}
