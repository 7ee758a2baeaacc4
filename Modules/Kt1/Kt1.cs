// Kt1: a kernel thread that sleeps until it gets SIGINT or SIGQUIT, made with kernel_thread. The courseware's kt1.c.
//
//     insmod /lib/modules/kt1.ko     ps shows [mykt], asleep; /proc/PID/maps is empty: it has no memory of a program
//     kill -9 PID                    nothing: it has allowed two signals only
//     kill -2 PID                    it ends
//
// It has a mistake, which is its lesson. kernel_thread gives a number, and nobody can wait for a thread by its number: so rmmod takes the code away while
// the thread sleeps in it, and the signal that wakes it then is an oops. Kt2 does it right.

namespace CSharpOS.Drivers;

using static CSharpOS.Drivers.Convenient;

internal static unsafe class Kt1
{
    private const string Name = "kt";

    [ModuleInit(InitLevel.Device)]
    public static int HelloInit()
    {
        Message($"Create a kernel thread...\n");
        int pid = KernelThread.Clone(&Mykt, null, "kt1"u8, CloneFlags.Fs | CloneFlags.Files | CloneFlags.SigHand);
        if (pid < 0)
        {
            Printk(LogLevel.Error, "kt1: kernel_thread failed.\n"u8);
            return pid;
        }

        Message($"Module {Name} initialized, thread PID {pid} alive.\n");
        return 0;
    }

    [ModuleExit]
    public static void HelloExit() => Message($"Module {Name} unloaded.\n");

    private static int Mykt(void* unused)
    {
        // From here on it has nothing of insmod's: its name, its files, its signals.
        KernelThread.Daemonize("mykt"u8);
        TaskStruct* me = Current;
        int pid = me->Pid;

        // The thread group of a kernel thread is itself.
        Message($"name: {me->Name} PID: {pid} TGID: {pid}\n");
        if (me->Mm == null)
        {
            Message($"mm field NULL.\n");
        }

        KernelThread.AllowSignal(Signal.SIGINT);
        KernelThread.AllowSignal(Signal.SIGQUIT);
        while (!Scheduler.SignalPending(me))
        {
            Message($"K Thread {pid} going to sleep now...\n");
            Scheduler.SetCurrentState(TaskState.Interruptible);

            // A signal that has come since the loop looked keeps it from sleeping: Schedule looks, too.
            Scheduler.Schedule();
        }

        Message($"K thread {pid} exiting now...\n");
        return 0;
    }
}
