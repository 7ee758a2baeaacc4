// SchedCommandTests: the monitor's commands about tasks and CPUs, as a user sees them.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedCommandTests
{
    private static SchedThread s_thread;
    private static WaitQueueHead s_head;
    private static int s_end;
    private static int s_running;

    private static SchedThread* Thread => (SchedThread*)Unsafe.AsPointer(ref s_thread);

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    internal static void Ps()
    {
        Check.Equal(0, OutputCapture.Execute("ps"u8));
        Check.True(OutputCapture.Text.StartsWith("  PID S CPU  NI PRI       TIME NAME\n    1 R "u8));
        Check.True(OutputCapture.Contains(" [init]\n    2 "u8));
        Check.True(OutputCapture.Contains(" [kthreadd]\n"u8));
        Check.True(OutputCapture.Contains(" [migration/0]\n"u8));
        CheckTime();

        Begin();
        SchedThread.Run(Thread, -1, &Sleep, null);
        Check.True(SchedThread.Asleep(Thread));
        Scheduler.SetUserNice(Thread->Task, -7);
        Check.Equal(0, OutputCapture.Execute("ps"u8));
        Check.True(OutputCapture.Contains(" [sched_test]\n"u8));
        Check.True(OutputCapture.Contains("\n"u8) && LineOf("[sched_test]"u8, " D "u8) && LineOf("[sched_test]"u8, " -7 "u8));
        End();
        Check.Equal(0, OutputCapture.Execute("ps"u8));
        Check.False(OutputCapture.Contains("sched_test"u8));
    }

    // What ps says of the thread that asks lies between what it had used before and after.
    private static void CheckTime()
    {
        while (Current->Ticks < HZ / 10)
        {
            SchedThread.Compute(1);
        }

        ulong before = Current->Ticks;
        Check.Equal(0, OutputCapture.Execute("ps"u8));
        ulong after = Current->Ticks;
        ReadOnlySpan<byte> line = OutputCapture.Text[OutputCapture.Text.IndexOf("\n    1 "u8)..];
        ulong hundredths = 0;
        foreach (byte digit in ProcHelp.Word(line[1..], 5))
        {
            hundredths = digit == '.' ? hundredths : (hundredths * 10) + (ulong)(digit - '0');
        }

        Check.Between((long)(before * 100 / HZ), (long)(after * 100 / HZ), (long)hundredths);
        Check.True(hundredths >= 10);
    }

    internal static void Cpus()
    {
        Check.Equal(0, OutputCapture.Execute("cpus"u8));
        Check.True(OutputCapture.Text.StartsWith("CPU APIC  runnable    switches     busy s     idle s  running\n  0 "u8));
        int lines = 0;
        foreach (byte letter in OutputCapture.Text)
        {
            lines += letter == '\n' ? 1 : 0;
        }

        Check.Equal(Smp.CpuCount + 1, lines);
        Check.True(OutputCapture.Contains("  1 init\n"u8));
    }

    internal static void Nice()
    {
        int before = Current->Nice;
        Check.Equal(0, OutputCapture.Execute("nice 1 5"u8));
        Check.True(OutputCapture.Is("1 init: nice 0 -> 5\n"u8));
        Check.Equal(5, Current->Nice);
        Check.Equal(0, OutputCapture.Execute("nice 1 -20"u8));
        Check.Equal(-20, Current->Nice);
        Scheduler.SetUserNice(Current, before);
        Check.Equal(-ESRCH, OutputCapture.Execute("nice 32000 1"u8));
        Check.True(OutputCapture.Is("nice: no task 32000\n"u8));
    }

    internal static void Taskset()
    {
        Check.Equal(0, OutputCapture.Execute("taskset 1 1"u8));
        Check.True(OutputCapture.Is("1 init: CPUs 0x1\n"u8));
        Check.Equal(0, SmpProcessorId());
        Check.Equal(1ul, Current->CpusAllowed);
        Check.Equal(0, OutputCapture.Execute("taskset 1 0xffffffff"u8));
        Check.Equal((ulong)uint.MaxValue, Current->CpusAllowed);
        Check.Equal(0, OutputCapture.Execute("taskset 2"u8));
        Check.True(OutputCapture.Text.StartsWith("2 kthreadd: CPUs 0x"u8));
        Check.Equal(-EBUSY, OutputCapture.Execute("taskset 1 0x80000000"u8));
        Check.True(OutputCapture.Text.StartsWith("taskset: no CPU of 0x80000000 runs; those that do: 0x"u8));
        TaskStruct* bound = Kthread.Create(&Return, null, $"bound", out _);
        Kthread.Bind(bound, 0);
        Check.Equal(0, OutputCapture.Execute("ps"u8));
        Check.True(LineOf("[bound]"u8, " T "u8));
        Check.Equal(-EINTR, Kthread.Stop(bound));
    }

    internal static void Bt()
    {
        Begin();
        SchedThread.Run(Thread, -1, &Sleep, null);
        Check.True(SchedThread.Asleep(Thread));
        ExecuteBt(Thread->Task->Pid);
        Check.True(OutputCapture.Contains("sched_test, D on CPU "u8));
        Check.True(OutputCapture.Contains("Scheduler.S"u8));
        Check.True(OutputCapture.Contains("] SchedCommandTests.Sleep+0x"u8));
        Check.True(OutputCapture.Contains(" at ./tests/Kernel.Suites/SchedCommandTests.cs:"u8) || OutputCapture.Contains(" at tests/Kernel.Suites/SchedCommandTests.cs:"u8));
        Check.True(OutputCapture.Contains("] task_entry+0x"u8));
        End();

        // On a CPU of its own it runs while it is asked; beside this one it has been preempted.
        Begin();
        SchedThread.Run(Thread, Smp.CpuCount - 1, &Compute, null);
        Check.True(SchedThread.Until(ref s_running, 1));
        ExecuteBt(Thread->Task->Pid);
        Check.True(OutputCapture.Contains("sched_test, R on CPU "u8));
        Check.True(OutputCapture.Contains("] SchedCommandTests.Compute+0x"u8));
        End();

        ExecuteBt(1);
        Check.True(OutputCapture.Contains("] TaskCommands.Bt+0x"u8));
        Check.True(OutputCapture.Contains("] Main.Init+0x"u8));

        TaskStruct* stopped = Kthread.Create(&Return, null, $"stopped", out _);
        Check.Equal(-ESRCH, ExecuteBt(stopped->Pid));
        Check.True(OutputCapture.Contains("bt: it has not started, or has ended\n"u8));
        Check.Equal(-EINTR, Kthread.Stop(stopped));
    }

    internal static void BadInput()
    {
        OneLine("ps -ef"u8, "usage: ps\n"u8);
        OneLine("cpus 1"u8, "usage: cpus\n"u8);
        OneLine("nice"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 1"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 1 20"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 1 -21"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 1 -"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 0 1"u8, "usage: nice PID NICE\n"u8);
        OneLine("nice 1 1 1"u8, "usage: nice PID NICE\n"u8);
        OneLine("taskset"u8, "usage: taskset PID [MASK]\n"u8);
        OneLine("taskset 1 0"u8, "usage: taskset PID [MASK]\n"u8);
        OneLine("taskset 1 0x100000000"u8, "usage: taskset PID [MASK]\n"u8);
        OneLine("taskset 1 1 1"u8, "usage: taskset PID [MASK]\n"u8);
        OneLine("taskset x"u8, "usage: taskset PID [MASK]\n"u8);
        OneLine("taskset 32000 1"u8, "taskset: no task 32000\n"u8);
        OneLine("bt"u8, "usage: bt PID\n"u8);
        OneLine("bt 1 2"u8, "usage: bt PID\n"u8);
        OneLine("bt 99999999999"u8, "usage: bt PID\n"u8);
        OneLine("bt 32000"u8, "bt: no task 32000\n"u8);
    }

    private static void OneLine(ReadOnlySpan<byte> line, ReadOnlySpan<byte> answer)
    {
        Check.True(OutputCapture.Execute(line) < 0);
        if (!OutputCapture.Is(answer))
        {
            Check.True(OutputCapture.Is(answer));
            Test.Diagnose($"    # {line}: {OutputCapture.Text}\n");
        }
    }

    // True if the line in which the first text stands contains the second.
    private static bool LineOf(ReadOnlySpan<byte> text, ReadOnlySpan<byte> wanted)
    {
        ReadOnlySpan<byte> all = OutputCapture.Text;
        int end = all.IndexOf(text);
        int start = end;
        while (start > 0 && all[start - 1] != '\n')
        {
            start--;
        }

        return end >= 0 && all[start..end].IndexOf(wanted) >= 0;
    }

    private static int ExecuteBt(int pid)
    {
        Span<byte> line = stackalloc byte[16];
        TextBuffer text = new(line);
        text.Append($"bt {pid}");
        return OutputCapture.Execute(text.Written);
    }

    private static void Begin()
    {
        WaitQueue.Init(Head);
        Shared.WriteOnce(ref s_end, 0);
        Shared.WriteOnce(ref s_running, 0);
    }

    private static void End()
    {
        Shared.WriteOnce(ref s_end, 1);
        WaitQueue.WakeUp(Head);
        SchedThread.Join(Thread);
    }

    private static bool HasEnded(void* unused) => Shared.ReadOnce(ref s_end) != 0;

    private static void Sleep(void* unused)
    {
        WaitQueue.WaitEvent(Head, &HasEnded, null);
        CpuRelax();
    }

    private static void Compute(void* unused)
    {
        Shared.WriteOnce(ref s_running, 1);
        while (Shared.ReadOnce(ref s_end) == 0)
        {
            Scheduler.CondResched();
        }
    }

    private static int Return(void* unused) => 0;
}
