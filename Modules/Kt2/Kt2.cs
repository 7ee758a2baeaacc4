// Kt2: the kernel thread of Kt1 without its mistake: kthread_run gives the thread itself, and the module's exit stops it with kthread_stop. The courseware's kt2.
//
//     insmod /lib/modules/kt2.ko     ps shows [mykt], asleep
//     kill -2 PID                    nothing: it allows no signal, and ends only when it is told to
//     rmmod kt2                      it ends, and then its code goes
//
// kthread_stop needs a thread that is still there. This one returns only when kthread_should_stop says so, so it is.

namespace CSharpOS.Drivers;

using static CSharpOS.Drivers.Convenient;

internal static unsafe class Kt2
{
    private const string Name = "kt2";

    private static TaskStruct* s_thread;

    [ModuleInit(InitLevel.Device)]
    public static int HelloInit()
    {
        Message($"Create a kernel thread...\n");
        s_thread = Kthread.Run(&Mykt, null, $"mykt", out int error);
        if (s_thread == null)
        {
            Printk(LogLevel.Error, "kt2: kthread_run failed.\n"u8);
            return error;
        }

        Message($"Module {Name} initialized, thread PID {s_thread->Pid} alive.\n");
        return 0;
    }

    [ModuleExit]
    public static void HelloExit()
    {
        // Wakes it, and waits until it has ended.
        int result = Kthread.Stop(s_thread);
        Message($"Module {Name} unloaded, thread gave {result}.\n");
    }

    private static int Mykt(void* unused)
    {
        TaskStruct* me = Current;
        int pid = me->Pid;
        Message($"name: {me->Name} PID: {pid} TGID: {pid}\n");
        if (me->Mm == null)
        {
            Message($"mm field NULL.\n");
        }

        while (true)
        {
            // First the state, then the look: kthread_stop says that it should stop, then wakes it. A wake-up in between sets the state back, and Schedule does not sleep.
            Scheduler.SetCurrentState(TaskState.Interruptible);
            if (Kthread.ShouldStop())
            {
                break;
            }

            Message($"K Thread {pid} going to sleep now...\n");
            Scheduler.Schedule();
        }

        Scheduler.SetCurrentState(TaskState.Running);
        Message($"K thread {pid} exiting now...\n");
        return 0;
    }
}
