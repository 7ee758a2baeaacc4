// The trace reader: lines of ftrace, and the intervals that are made of them.

using CSharpOS.Tool.Tracing;

namespace CSharpOS.Tool.Tests;

public sealed class TraceTests
{
    private const string Trace = """
        # tracer: nop
        #           TASK-PID     CPU#  ||||   TIMESTAMP  FUNCTION
                  <idle>-0       [001] d.h.     0.000100: irq_handler_entry: irq=4 name=serial
                  <idle>-0       [000] d.h.     0.000105: irq_handler_entry: irq=4 name=serial
                  <idle>-0       [001] d.h.     0.000110: irq_handler_exit: irq=4 ret=handled
                  <idle>-0       [000] d.h.     0.000125: irq_handler_exit: irq=4 ret=handled
                    init-1       [000] ....     1.000000: workqueue_queue_work: work struct=0xffff88 function=F workqueue=0x1 req_cpu=0 cpu=0
                    init-1       [000] d..1     1.000001: sched_wakeup: comm=events/0 pid=15 prio=120 target_cpu=000
                    init-1       [000] d..1     1.000003: sched_switch: prev_comm=init prev_pid=1 prev_prio=120 prev_state=R ==> next_comm=events/0 next_pid=15 next_prio=120
                events/0-15      [000] ....     1.000007: workqueue_execute_start: work struct 0xffff88: function F
                events/0-15      [000] ....     1.000057: workqueue_execute_end: work struct 0xffff88: function F
        """;

    [Fact]
    public void Lines_have_task_cpu_time_event_and_details()
    {
        IReadOnlyList<TraceLine> lines = TraceLine.Parse(Trace);

        Assert.Equal(9, lines.Count);
        Assert.Equal("<idle>-0", lines[0].Task);
        Assert.Equal(1, lines[0].Cpu);
        Assert.Equal(100, lines[0].Microseconds, 6);
        Assert.Equal("irq_handler_entry", lines[0].Event);
        Assert.Equal("serial", lines[0].Field("name"));
        Assert.Equal("15", lines[6].Field("next_pid"));
        Assert.Equal("1", lines[6].Field("prev_pid"));
        Assert.Equal("", lines[6].Field("pid"));
    }

    [Fact]
    [Trait("Row", "WORK-08")]
    public void Intervals_are_made_of_what_belongs_together()
    {
        Dictionary<string, TraceInterval> intervals = TraceSummary.Of(TraceLine.Parse(Trace)).ToDictionary(interval => interval.Name);

        Assert.Equal([10, 20], intervals["interrupt handler"].Microseconds.Select(length => Math.Round(length)));
        Assert.Equal(7, intervals["work: queued to begun"].Worst, 3);
        Assert.Equal(50, intervals["work: begun to ended"].Worst, 3);
        Assert.Equal(2, intervals["task: woken to running"].Median, 3);
        Assert.DoesNotContain("tasklet", intervals.Keys);
    }

    [Fact]
    [Trait("Row", "TIME-06")]
    public void Hrtimers_are_late_by_what_their_events_say_and_cancelled_ones_are_not_late()
    {
        const string Text = """
                init-1       [000] d..1     1.000000: hrtimer_start: hrtimer=0x1 function=F expires=5000000 softexpires=5000000 mode=REL
                init-1       [000] d..1     1.000010: hrtimer_cancel: hrtimer=0x1
                init-1       [000] d..1     1.000020: hrtimer_start: hrtimer=0x1 function=F expires=9000000 softexpires=9000000 mode=ABS
                init-1       [001] d..1     1.000030: hrtimer_start: hrtimer=0x1 function=F expires=2000000 softexpires=2000000 mode=ABS
              <idle>-0       [001] ..s.     1.002000: hrtimer_expire_entry: hrtimer=0x1 function=F now=2007000
              <idle>-0       [001] ..s.     1.002003: hrtimer_expire_exit: hrtimer=0x1
              <idle>-0       [001] ..s.     1.002005: hrtimer_cancel: hrtimer=0x1
            """;

        Dictionary<string, TraceInterval> intervals = TraceSummary.Of(TraceLine.Parse(Text)).ToDictionary(interval => interval.Name);

        Assert.Equal([7], intervals["hrtimer: due to called"].Microseconds);
        Assert.Equal(10, Assert.Single(intervals["hrtimer: started to cancelled"].Microseconds), 3);
        Assert.Equal(3, Assert.Single(intervals["hrtimer function"].Microseconds), 3);
    }

    [Fact]
    [Trait("Row", "WORK-08")]
    public void Stretches_with_interrupts_and_preemption_off_have_their_places()
    {
        const string Text = """
            csharpos> trace show
            # tracer: nop
            #
            # irqsoff latency: 20906 us, CPU#0, task: <idle>-0, ended: 0.636629
            #  => started at: Serial8250.Interrupt+0x48/0x1ff at Drivers/Serial8250/Serial8250.cs:155
            #  => ended at:   Serial8250.Interrupt+0x1b1/0x1ff at Drivers/Serial8250/Serial8250.cs:170
            # preemptoff latency: 7 us, CPU#11, task: my task-25, ended: 10.403749
            #  => started at: 0xffffffff80123456
            #  => ended at:   Scheduler.ScheduleTail+0xc2/0xfa at Kernel/Sched/Scheduler.cs:271
            #
                      <idle>-0       [001] d.h.     0.000100: irq_handler_entry: irq=4 name=serial
            """;

        foreach (string lineEnd in (string[])["\n", "\r\n"])
        {
            IReadOnlyList<OffStretch> stretches = OffStretch.Parse(Text.ReplaceLineEndings(lineEnd));

            Assert.Equal(
                [
                    new OffStretch(
                        "irqsoff", 0, 20906, "<idle>-0",
                        "Serial8250.Interrupt+0x48/0x1ff at Drivers/Serial8250/Serial8250.cs:155",
                        "Serial8250.Interrupt+0x1b1/0x1ff at Drivers/Serial8250/Serial8250.cs:170"),
                    new OffStretch("preemptoff", 11, 7, "my task-25", "0xffffffff80123456", "Scheduler.ScheduleTail+0xc2/0xfa at Kernel/Sched/Scheduler.cs:271"),
                ],
                stretches);
        }

        Assert.Single(TraceLine.Parse(Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData(OffStretch.NotMeasured)]
    [InlineData("# irqsoff latency: 5 us, CPU#0, task: init-1, ended: 0.636629\n#  => started at: A+0x1/0x2\n")]
    [InlineData("# irqsoff latency: x us, CPU#0, task: init-1, ended: 0.636629\n#  => started at: A\n#  => ended at:   B\n")]
    [InlineData("# irqsoff latency: 99999999999999999999 us, CPU#0, task: init-1, ended: 0.636629\n#  => started at: A\n#  => ended at:   B\n")]
    public void What_is_not_a_whole_stretch_is_passed_over(string text) => Assert.Empty(OffStretch.Parse(text));

    // The words stand in the kernel and in the tool.
    [Fact]
    public void The_kernel_writes_what_the_tool_reads()
    {
        string kernel = File.ReadAllText(Path.Combine(Repository.Root, "Kernel", "Trace", "OffText.cs"));

        Assert.Contains(OffStretch.NotMeasured, kernel);
        Assert.Contains("# {name} latency: {ended - began} us, CPU#{cpu}, task: {comm}-{stretch->Pid}, ended: ", kernel);
        Assert.Contains("#  => started at: ", kernel);
        Assert.Contains("#  => ended at:   ", kernel);
    }

    [Fact]
    public void Median_and_percentile_are_lengths_that_occur()
    {
        TraceInterval interval = new("x", [.. Enumerable.Range(1, 200).Select(number => (double)number)]);

        Assert.Equal(100, interval.Median);
        Assert.Equal(198, interval.Percentile99);
        Assert.Equal(200, interval.Worst);
    }
}
