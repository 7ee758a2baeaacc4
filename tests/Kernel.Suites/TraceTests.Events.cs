// The events of interrupts, timers and locks, and what a point costs while nothing is traced. Part of the suite trace.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe partial class TraceTests
{
    private static TimerList s_timer;
    private static SpinLock s_contended;
    private static int s_held;

    // A second pulse that the handler does not own up to.
    private static void IrqEvents()
    {
        if (!IrqTests.HasTestDevice())
        {
            return;
        }

        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(IrqTests.Line, &IrqTests.Count, IrqFlags.None, "traced"u8, null));
        Begin();
        IrqTests.Pulse(IrqTests.Line);
        IrqTests.WaitForCalls(1);
        SynchronizeIrq(IrqTests.Line);
        FreeIrq(IrqTests.Line, null);
        IrqTests.ResetCounts();
        Check.Equal(0, RequestIrq(IrqTests.Line, &IrqTests.CountAndDeny, IrqFlags.None, "denies"u8, null));
        IrqTests.Pulse(IrqTests.Line);
        IrqTests.WaitForCalls(1);
        SynchronizeIrq(IrqTests.Line);
        FreeIrq(IrqTests.Line, null);
        Trace.Stop();
        Span<byte> storage = stackalloc byte[128];
        TextBuffer handled = new(storage[..64]), unhandled = new(storage[64..]);
        handled.Append($"irq_handler_exit: irq={IrqTests.Line} ret=handled");
        unhandled.Append($"irq_handler_exit: irq={IrqTests.Line} ret=unhandled");
        Find(" name=traced"u8, handled.Written, " name=denies"u8, unhandled.Written);
        for (int i = 0; i < 4; i++)
        {
            Check.Equal(1, Count(i));
        }

        Check.True(Place(0) < Place(1) && Place(1) < Place(2) && Place(2) < Place(3));
    }

    private static void TimerEvents()
    {
        Begin();
        var timer = (TimerList*)Unsafe.AsPointer(ref s_timer);
        Completion.Init((Completion*)Unsafe.AsPointer(ref s_done));
        SetupTimer(timer, &TimerFunction, 0);
        ModTimer(timer, Jiffies + (1000 * HZ));
        DelTimer(timer);
        ModTimer(timer, Jiffies + 1);
        Completion.Wait((Completion*)Unsafe.AsPointer(ref s_done));
        DelTimerSync(timer);
        Trace.Stop();
        Span<byte> storage = stackalloc byte[384];
        TextBuffer start = new(storage[..96]), cancel = new(storage[96..192]), entry = new(storage[192..288]), exit = new(storage[288..]);
        start.Append($"timer_start: timer=0x{(ulong)timer:x16} function=TraceTests.TimerFunction expires=");
        cancel.Append($"timer_cancel: timer=0x{(ulong)timer:x16}");
        entry.Append($"timer_expire_entry: timer=0x{(ulong)timer:x16} function=TraceTests.TimerFunction now=");
        exit.Append($"timer_expire_exit: timer=0x{(ulong)timer:x16}");
        Find(start.Written, cancel.Written, entry.Written, exit.Written);
        Check.Equal(2, Count(0));
        Check.Equal(1, Count(1));
        Check.Equal(1, Count(2));
        Check.Equal(1, Count(3));
        Check.True(Place(0) < Place(1) && Place(1) < Place(2) && Place(2) < Place(3));
    }

    private static void TimerFunction(ulong unused) => Completion.Complete((Completion*)Unsafe.AsPointer(ref s_done));

    // Held until it is seen that another CPU waits.
    private static void ContentionEvents()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        s_contended.Init();
        Begin();
        Shared.WriteOnce(ref s_held, 0);
        OnCpu waiter;
        if (OnCpu.Start(&waiter, 1, &TakeContended, null))
        {
            s_contended.Lock();
            Shared.WriteOnce(ref s_held, 1);
            while (!s_contended.IsContended())
            {
                CpuRelax();
            }

            s_contended.Unlock();
            OnCpu.Wait(&waiter);
        }

        Trace.Stop();
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, uint.MaxValue));
        Span<byte> storage = stackalloc byte[128];
        TextBuffer begin = new(storage[..64]), end = new(storage[64..]);
        begin.Append($"contention_begin: lock_addr=0x{(ulong)Unsafe.AsPointer(ref s_contended):x16} flags=( SPIN )");
        end.Append($"contention_end: lock_addr=0x{(ulong)Unsafe.AsPointer(ref s_contended):x16} ret=0");
        Find(begin.Written, end.Written);
        Check.Equal(1, Count(0));
        Check.Equal(1, Count(1));
        Check.True(Place(0) < Place(1));
    }

    private static void TakeContended(void* unused)
    {
        SmpTests.Becomes(ref s_held, 1);
        s_contended.Lock();
        s_contended.Unlock();
    }

    // Started, cancelled, started for its time; its function wants one restart: three starts, two runs, one cancellation.
    private static void HrtimerEvents()
    {
        const long Second = 1_000_000_000;
        var timer = (Hrtimer*)Unsafe.AsPointer(ref s_hrtimer);
        var done = (Completion*)Unsafe.AsPointer(ref s_done);
        Completion.Init(done);
        s_line = 0;
        HrtimerInit(timer, &RunTwice);
        Begin();
        HrtimerStart(timer, 1000 * Second, HrtimerMode.Rel);
        HrtimerCancel(timer);
        HrtimerStart(timer, KtimeGet() + (Second / 1000), HrtimerMode.Abs);
        Completion.Wait(done);
        HrtimerCancel(timer);
        Trace.Stop();
        Span<byte> storage = stackalloc byte[4 * 96];
        TextBuffer start = new(storage[..96]), cancel = new(storage[96..192]), entry = new(storage[192..288]), exit = new(storage[288..]);
        start.Append($"hrtimer_start: hrtimer=0x{(ulong)timer:x16} function=TraceTests.RunTwice expires=");
        cancel.Append($"hrtimer_cancel: hrtimer=0x{(ulong)timer:x16}");
        entry.Append($"hrtimer_expire_entry: hrtimer=0x{(ulong)timer:x16} function=");
        exit.Append($"hrtimer_expire_exit: hrtimer=0x{(ulong)timer:x16}");
        Find(start.Written, cancel.Written, entry.Written, exit.Written, "mode=REL"u8, "function=TraceTests.RunTwice now="u8);
        Check.Equal(3, Count(0));
        Check.Equal(1, Count(1));
        Check.Equal(2, Count(2));
        Check.Equal(2, Count(3));
        Check.Equal(2, Count(5));
        Check.Equal(Place(0), Place(4));
        Check.True(Place(0) < Place(1) && Place(1) < Place(2) && Place(2) < Place(3));
        Find(" softexpires="u8, " mode=ABS"u8);
        Check.True(Count(0) >= 3 && Count(1) >= 2);
    }

    private static HrtimerRestart RunTwice(Hrtimer* timer)
    {
        if (++s_line < 2)
        {
            HrtimerForward(timer, KtimeGet(), 1_000_000);
            return HrtimerRestart.Restart;
        }

        Completion.Complete((Completion*)Unsafe.AsPointer(ref s_done));
        return HrtimerRestart.NoRestart;
    }

    private static void OffCosts()
    {
        if (!TimeTests.CountsInstructions())
        {
            Test.Skip("instructions are not counted here"u8);
            return;
        }

        Trace.Stop();
        ulong flags = LocalIrqSave();
        ulong start = ReadTsc();
        ulong none = ReadTsc() - start;
        start = ReadTsc();
        TracePoints.ContentionBegin(null);
        TracePoints.ContentionEnd(null);
        TracePoints.ContentionBegin(null);
        TracePoints.ContentionEnd(null);
        ulong four = ReadTsc() - start;
        LocalIrqRestore(flags);
        Check.Equal(none + (4 * 2), four);
    }
}
