// init: the first process. It mounts what a Unix expects, starts a shell on the console and starts it again when it ends, and waits for
// every orphan.
//
// It goes on when a file system cannot be mounted: a kernel in the making still gets its shell. SIGUSR2 switches the machine off, SIGTERM
// starts it again, as busybox's init does, and so does SIGINT, which the kernel sends for Ctrl-Alt-Del. Arguments are a program to run instead of the
// shell; the machine is switched off when that ends. Its signals are blocked except while it waits, so that none comes between a look and the wait.

namespace CSharpOS.User.Programs;

internal static unsafe class Program
{
    private const string Shell = "/bin/sh";
    private const int FirstPause = 1;
    private const int Grace = 2000;
    private const int LastGrace = 500;
    private const int Nap = 10_000_000;

    private static RebootCommand s_command;

    private static int Main(string[] args)
    {
        OpenConsole();
        MountAll();
        OpenConsole();
        BlockSignals(ulong.MaxValue);
        Signal(SIGCHLD, &OnChild, restart: false);
        Signal(SIGUSR2, &OnSignal, restart: false);
        Signal(SIGTERM, &OnSignal, restart: false);
        Signal(SIGINT, &OnSignal, restart: false);
        Reboot(RebootCommand.CtrlAltDelTellsInit);
        while (true)
        {
            int shell = Start(args);
            int started = Seconds();
            int status = WaitFor(shell);
            if (s_command != 0 || args.Length > 0)
            {
                End(s_command == 0 ? RebootCommand.PowerOff : s_command);
            }

            Console.WriteLine($"init: the shell has ended with status {ExitStatus(status)}");
            if (Seconds() - started < FirstPause)
            {
                // One that ends at once must not keep the machine busy.
                Timespec pause = new() { Seconds = FirstPause };
                Nanosleep(ref pause);
            }
        }
    }

    private static void OnSignal(int signal) => s_command = signal == SIGUSR2 ? RebootCommand.PowerOff : RebootCommand.Restart;

    private static void OnChild(int signal)
    {
    }

    // Descriptors 0 to 2. Before /dev is mounted the archive's own node does.
    private static void OpenConsole()
    {
        int console = Open("/dev/console", O_RDWR | O_NOCTTY);
        if (console < 0)
        {
            return;
        }

        for (int descriptor = 0; descriptor <= 2; descriptor++)
        {
            if (descriptor != console)
            {
                Dup2(console, descriptor);
            }
        }

        if (console > 2)
        {
            Close(console);
        }
    }

    private static void MountAll()
    {
        MountOne("proc", "/proc");
        MountOne("sysfs", "/sys");
        MountOne("devtmpfs", "/dev");
        MountOne("tmpfs", "/tmp");
    }

    private static void MountOne(string type, string directory)
    {
        // Busy: the kernel has mounted it already.
        if (Mount(type, directory, type) < 0 && errno != EBUSY)
        {
            Console.Error.WriteLine($"init: {directory}: {Strerror(errno)}");
        }
    }

    private static int Start(string[] args)
    {
        int pid = Fork();
        if (pid != 0)
        {
            if (pid < 0)
            {
                Perror("init", "fork");
            }

            return pid;
        }

        SetBlockedSignals(0);
        Setsid();
        SetControllingTerminal(0);
        Chdir("/root");
        string[] command = args.Length > 0 ? args : [Shell];
        byte** environment = stackalloc byte*[] { Utf8.Allocate("PATH=/bin"), Utf8.Allocate("HOME=/root"), Utf8.Allocate("TERM=linux"), null };
        Execve(command[0], command, environment);
        Perror("init", command[0]);
        Exit(127);
        return 0;
    }

    // Waits for the shell and for every other child that ends meanwhile.
    private static int WaitFor(int shell)
    {
        while (true)
        {
            int pid = Waitpid(-1, out int status, WNOHANG);
            if (pid == shell || s_command != 0 || (pid < 0 && errno == ECHILD))
            {
                return status;
            }

            if (pid == 0)
            {
                Sigsuspend(0);
            }
        }
    }

    private static void End(RebootCommand command)
    {
        Console.WriteLine(command == RebootCommand.Restart ? "init: restart"u8 : "init: power off"u8);
        Console.Out.Flush();
        Kill(-1, SIGTERM);
        Kill(-1, SIGCONT);
        if (!AllEnd(Grace))
        {
            Console.WriteLine("init: some programs do not end: SIGKILL"u8);
            Console.Out.Flush();
            Kill(-1, SIGKILL);
            AllEnd(LastGrace);
        }


        Console.WriteLine("init: all programs have ended"u8);
        Console.Out.Flush();
        Sync();
        Reboot(command);
        Perror("init", "reboot");
    }

    // Every program is a descendant, and an orphan a child: when there is no child there is no program. False: so many milliseconds were not enough.
    private static bool AllEnd(int patience)
    {
        long start = Milliseconds();
        while (true)
        {
            int pid = Waitpid(-1, out _, WNOHANG);
            if (pid < 0)
            {
                return true;
            }

            if (pid == 0)
            {
                if (Milliseconds() - start > patience)
                {
                    return false;
                }

                Timespec nap = new() { Nanoseconds = Nap };
                Nanosleep(ref nap);
            }
        }
    }

    private static int Seconds()
    {
        ClockGettime(CLOCK_MONOTONIC, out Timespec now);
        return now.Seconds;
    }
}
