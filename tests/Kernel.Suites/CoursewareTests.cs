// CoursewareTests: the courseware's demonstrations kt1, kt2 and sleepy, as a student sees them: the modules of /lib/modules, the programs of /bin.
//
// Nothing waits for seven seconds: the timer of sleepy is asked when it is due, and then set to the next tick.

using CSharpOS.Debugging;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe partial class CoursewareTests
{
    private const uint Patience = 10 * HZ;

    [TestSuite("courseware")]
    private static void Suite()
    {
        Test.Run("kt1: sleeps as [mykt]; SIGKILL does nothing, SIGINT and SIGQUIT end it"u8, "DRV-05"u8, &Kt1Signals);
        Test.Run("kt1 after rmmod: the signal is an oops, and the kernel goes on"u8, "DRV-05 IRQ-01"u8, &Kt1Forsaken);
        Test.Run("kt1 after rmmod, without memory for what is kept of it: a plainer oops"u8, "DRV-05"u8, &Kt1NoTables);
        Test.Run("kt2: ignores signals; its exit stops it and waits"u8, "DRV-05"u8, &Kt2Stops);
        Test.Run("sleepy: readers sleep; 1023 bytes wake nobody, 1024 all; a work runs"u8, "DRV-05"u8, &SleepyWakes);
        Test.Run("sleepy: a timer fires every 7 s and counts until rmmod"u8, "DRV-05"u8, &SleepyTimer);
        Test.Run("sleepy: its stack dump is switched by a parameter"u8, "DRV-05"u8, &SleepyDump);
        Test.Run("sleepy: in use while a reader sleeps; a signal ends that; O_NONBLOCK"u8, "DRV-05"u8, &SleepyInUse);
        Test.Run("without memory at any step: no module, no thread, no device"u8, "DRV-05"u8, &NoMemory);
    }

    private static void Kt1Signals()
    {
        int kept = KernelModules.Kept;
        End("-2\0"u8, "-9\0"u8);
        End("-3\0"u8, "-15\0"u8);
        Check.Equal(2, Check.CountLogged(" : mm field NULL."u8));
        Check.NotLogged("left behind"u8);
        Check.Equal(kept, KernelModules.Kept);
    }

    // Loads kt1, sends its thread a signal that it has not allowed, then one that it has, and unloads it.
    private static void End(ReadOnlySpan<byte> signal, ReadOnlySpan<byte> ignored)
    {
        Check.Equal(0, Load("/lib/modules/kt1.ko\0"u8));
        TaskStruct* thread = Sleeper("mykt"u8);
        if (thread == null)
        {
            return;
        }

        int pid = thread->Pid;
        Check.True(thread->Parent == Kthread.Parent && thread->Mm == null);
        LoggedOf("hello_init:"u8, " : Module kt initialized, thread PID "u8, pid, " alive."u8);
        LoggedOf("mykt:"u8, " : K Thread "u8, pid, " going to sleep now..."u8);
        Check.Equal(0, UserHelp.Run("/bin/sh\0"u8, "-c\0"u8, "ps | grep -q ' 2 S .* \\[mykt\\]$'\0"u8));

        Kill(pid, ignored);
        Check.True(Asleep(thread));
        Check.Equal((int)TaskState.Interruptible, Shared.ReadOnce(ref thread->State));
        Check.Equal(0, CountExits(pid));
        Kill(pid, signal);
        Check.True(Gone(pid));
        Check.Equal(1, CountExits(pid));
        Tasks.Put(thread);
        Check.Equal(0, KernelModules.Unload("kt1"u8));
        Check.Logged(" : Module kt unloaded."u8);
    }

    private static void Kt1Forsaken()
    {
        int oopses = Oops.Count;
        int kept = KernelModules.Kept;
        Check.Equal(0, Load("/lib/modules/kt1.ko\0"u8));
        TaskStruct* thread = Sleeper("mykt"u8);
        if (thread == null || !KernelModules.At(0, out ModuleStruct module))
        {
            return;
        }

        int pid = thread->Pid;
        Check.Equal(0, KernelModules.Unload("kt1"u8));
        Check.Equal(1, Check.CountLogged("left behind"u8));
        Check.Logged("module kt1 left behind: thread Kt1.Mykt"u8);
        Check.Logged("module kt1 forsakes its threads"u8);
        Check.Equal(kept, KernelModules.Kept);
        for (nuint at = 0; at < module.Size; at += 4096)
        {
            Check.False(Paging.Translate((ulong)module.Base + at, out _, out _));
        }

        // It sleeps on, and code that comes later does not come to lie under it.
        Check.Equal(oopses, Oops.Count);
        Check.Equal((int)TaskState.Interruptible, Shared.ReadOnce(ref thread->State));
        Check.Equal(0, Load("/lib/modules/kt2.ko\0"u8));
        Check.True(KernelModules.At(0, out ModuleStruct other));
        Check.True(other.Base >= module.Base + module.Size || other.Base + other.Size <= module.Base);
        Check.Equal(0, KernelModules.Unload("kt2"u8));

        Kill(pid, "-2\0"u8);
        Check.True(Gone(pid));
        Tasks.Put(thread);
        Check.Equal(oopses + 1, Oops.Count);
        Check.Logged("BUG: unable to handle kernel paging request at ffffffffa"u8);
        Check.Logged("the kernel wanted to execute: no page is there"u8);
        Check.True(Check.CountLogged(" Kt1.Mykt+0x"u8) >= 3);
        Check.True(Check.CountLogged(" [kt1, unloaded] at "u8) >= 3);
        Check.Logged("Modules linked in: "u8);
        Check.Logged(" [last unloaded: kt2]"u8);
        Check.Logged(" task_entry+0x"u8);
        Check.NotLogged("trace ends here"u8);
        Check.Equal(0, CountExits(pid));

        // And everything goes on: the same once more, this time in the right order.
        Check.ForgetLog();
        End("-2\0"u8, "-9\0"u8);
    }

    private static void Kt1NoTables()
    {
#if DEBUG_CHECKS
        int oopses = Oops.Count;
        Check.Equal(0, Load("/lib/modules/kt1.ko\0"u8));
        TaskStruct* thread = Sleeper("mykt"u8);
        if (thread == null)
        {
            return;
        }

        int pid = thread->Pid;
        AllocationFailure.Clear();
        AllocationFailure.FailNth(1);
        Check.Equal(0, KernelModules.Unload("kt1"u8));
        Check.Equal(1, AllocationFailure.Failures);
        AllocationFailure.Clear();
        Kill(pid, "-2\0"u8);
        Check.True(Gone(pid));
        Tasks.Put(thread);
        Check.Equal(oopses + 1, Oops.Count);
        Check.Logged(" [last unloaded: kt1]"u8);
        Check.Logged("] 0xffffffffa"u8);
        Check.NotLogged("Kt1.Mykt+"u8);
#else
        Test.Skip("allocations fail on request in builds with checks only"u8);
#endif
    }

    private static void Kt2Stops()
    {
        Check.Equal(0, Load("/lib/modules/kt2.ko\0"u8));
        TaskStruct* thread = Sleeper("mykt"u8);
        if (thread == null)
        {
            return;
        }

        int pid = thread->Pid;
        LoggedOf("hello_init:"u8, " : Module kt2 initialized, thread PID "u8, pid, " alive."u8);
        Kill(pid, "-2\0"u8);
        Kill(pid, "-9\0"u8);
        Check.True(Asleep(thread));
        Check.Equal((int)TaskState.Interruptible, Shared.ReadOnce(ref thread->State));
        Tasks.Put(thread);
        Check.Equal(0, KernelModules.Unload("kt2"u8));
        Check.True(Tasks.Find(pid) == null);
        Check.Equal(1, CountExits(pid));
        Check.Logged(" : Module kt2 unloaded, thread gave 0."u8);
        Check.NotLogged("left behind"u8);
    }

    private static void NoMemory()
    {
#if DEBUG_CHECKS
        NoMemory("/lib/modules/kt1.ko\0"u8, "kt1"u8);
        NoMemory("/lib/modules/kt2.ko\0"u8, "kt2"u8);
        NoMemory("/lib/modules/sleepy.ko\0"u8, "sleepy"u8);
        Check.NotLogged("left behind"u8);
#else
        Test.Skip("allocations fail on request in builds with checks only"u8);
#endif
    }

#if DEBUG_CHECKS
    private static void NoMemory(ReadOnlySpan<byte> path, ReadOnlySpan<byte> name)
    {
        const int MostSteps = 60;
        const int StepsOfLoading = 7;
        ModuleHelp file = ModuleHelp.Read(path);
        int tasks = SchedMemory.QuietTasks();
        SchedMemory before = SchedMemory.Now(tasks);
        int step = 0;
        bool failed;
        do
        {
            step++;
            AllocationFailure.Clear();
            AllocationFailure.FailNth(step);
            int error = file.Load();
            failed = AllocationFailure.Failures != 0;
            AllocationFailure.Clear();
            Check.Equal(failed ? -ENOMEM : 0, error);
        }
        while (failed && step < MostSteps);

        // The module's own allocations, too.
        Check.True(step > StepsOfLoading + 1);
        TaskStruct* thread = name.SequenceEqual("kt1"u8) ? Sleeper("mykt"u8) : null;
        if (thread != null)
        {
            int pid = thread->Pid;
            Check.Equal(0, Signals.Send(thread, Signal.SIGINT));
            Tasks.Put(thread);
            Check.True(Gone(pid));
        }

        Check.Equal(0, KernelModules.Unload(name));
        before.Compare(SchedMemory.Now(tasks));
        file.Free();
    }
#endif

    private static int Load(ReadOnlySpan<byte> path, ReadOnlySpan<byte> arguments = default)
    {
        ModuleHelp file = ModuleHelp.Read(path);
        int error = file.Load(arguments);
        file.Free();
        return error;
    }

    // The task of that name, held, once it sleeps so that a signal may wake it. Null, and the test fails: there is none that does.
    private static TaskStruct* Sleeper(ReadOnlySpan<byte> name)
    {
        uint start = Jiffies;
        do
        {
            int pid = 0;
            for (TaskStruct* task = Tasks.NextAfter(pid); task != null; task = Tasks.NextAfter(pid))
            {
                if (task->Name.SequenceEqual(name) && Asleep(task) && Shared.ReadOnce(ref task->State) == (int)TaskState.Interruptible)
                {
                    return task;
                }

                pid = task->Pid;
                Tasks.Put(task);
            }

            SchedThread.GiveWay();
        }
        while (Jiffies - start < Patience);

        Check.True(false);
        return null;
    }

    private static bool Asleep(TaskStruct* task)
    {
        uint start = Jiffies;
        while ((Shared.ReadOnce(ref task->State) == (int)TaskState.Running || Shared.ReadOnce(&task->Array) != null) && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Shared.ReadOnce(ref task->State) != (int)TaskState.Running;
    }

    // Its number leads to nobody any more.
    private static bool Gone(int pid)
    {
        uint start = Jiffies;
        while (Jiffies - start < Patience)
        {
            TaskStruct* task = Tasks.Find(pid);
            if (task == null)
            {
                return true;
            }

            Tasks.Put(task);
            SchedThread.GiveWay();
        }

        return false;
    }

    private static void Kill(int pid, ReadOnlySpan<byte> signal)
    {
        Span<byte> memory = stackalloc byte[16];
        TextBuffer number = new(memory);
        number.Append($"{pid}\0");
        Check.Equal(0, UserHelp.Run("/bin/kill\0"u8, signal, number.Written));
    }

    // A message with the place where it was made, whose line changes, and a number.
    private static void LoggedOf(ReadOnlySpan<byte> place, ReadOnlySpan<byte> before, int number, ReadOnlySpan<byte> behind)
    {
        Span<byte> memory = stackalloc byte[128];
        TextBuffer text = new(memory);
        text.Append($"{before}{number}{behind}");
        Check.Logged(place);
        Check.Logged(text.Written);
    }

    private static int CountExits(int pid)
    {
        Span<byte> memory = stackalloc byte[64];
        TextBuffer text = new(memory);
        text.Append($" : K thread {pid} exiting now...");
        return Check.CountLogged(text.Written);
    }

    private static bool AwaitLogged(ReadOnlySpan<byte> text, int count)
    {
        uint start = Jiffies;
        while (Check.CountLogged(text) < count && Jiffies - start < Patience)
        {
            SchedThread.GiveWay();
        }

        return Check.CountLogged(text) == count;
    }
}
