// SignalCases: signals.

namespace CSharpOS.User.Programs;

internal static unsafe class SignalCases
{
    private const int Block = 0, Unblock = 1;
    private const int SigBus = 7;

    private static int s_count;
    private static int s_last;
    private static ulong s_handlerStack;
    private static int s_read, s_write;

    private static void Counts(int signal)
    {
        s_count++;
        s_last = signal;
        int here;
        s_handlerStack = (ulong)&here;
    }

    internal static void Handlers()
    {
        int self = Getpid();
        Expect.Equal(0, Signal(SIGUSR1, &Counts));
        Expect.Equal(0, Kill(self, SIGUSR1));
        Expect.Equal(1, s_count);
        Expect.Equal(SIGUSR1, s_last);
        for (int i = 0; i < 50; i++)
        {
            Expect.Equal(0, Kill(self, SIGUSR1));
        }

        Expect.Equal(51, s_count);

        // Blocked it waits, once; then it comes.
        Mask(Block, 1u << (SIGUSR1 - 1));
        Expect.Equal(0, Kill(self, SIGUSR1));
        Expect.Equal(0, Kill(self, SIGUSR1));
        Expect.Equal(51, s_count);
        ulong pending = 0;
        Expect.Equal(0, _syscall2(__NR_rt_sigpending, &pending, 8));
        Expect.Equal(1 << (SIGUSR1 - 1), (long)pending);
        Mask(Unblock, 1u << (SIGUSR1 - 1));
        Expect.Equal(52, s_count);

        // The old call sets the first 32, and the others stay.
        ulong high = 1ul << 39;
        ulong blocked = 0;
        uint none = 0;
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, Block, &high, null, 8));
        Expect.Equal(0, _syscall3(__NR_sigprocmask, 2, &none, null));
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, Unblock, &high, &blocked, 8));
        Expect.Equal((long)high, (long)blocked);
        Expect.Equal(0, Signal(SIGUSR1, SignalIgnore));
        Expect.Equal(0, Kill(self, SIGUSR1));
        Expect.Equal(52, s_count);
        Expect.Error(EINVAL, Signal(SIGKILL, SignalIgnore));
        Expect.Error(EINVAL, Signal(SIGSTOP, &Counts));
        Expect.Error(EINVAL, Signal(65, &Counts));
    }

    /// <summary>Ends only when it must.</summary>
    internal static void Stubborn()
    {
        Unix.Signal(SIGTERM, SignalIgnore);
        Console.WriteLine("stubborn"u8);
        Console.Out.Flush();
        while (true)
        {
            _syscall0(__NR_pause);
        }
    }

    private static void Mask(int how, ulong set) => Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, how, &set, null, 8));

    // The handler spoils every register that it may, and all of the floating-point unit.
    internal static void Registers()
    {
        ulong* block = stackalloc ulong[64];
        Expect.Equal(0, Signal(SIGUSR1, &Spoils));
        for (int i = 0; i < 20; i++)
        {
            Assembly.RegistersSignal(block, Getpid(), SIGUSR1);
            for (int r = 2; r < 15; r++)
            {
                if (r is not (3 or 5 or 10))
                {
                    Expect.Equal(0x1111111111111100 + r - 1, (long)block[r]);
                }
            }

            Expect.Equal(0, (long)block[0]);
            EntryCases.Vectors(block);
            Expect.Equal(123456789012345, (long)block[47]);
            Expect.Equal(1, (long)block[48]);
        }

        Expect.Equal(20, s_count);
    }

    private static void Spoils(int signal)
    {
        s_count++;
        Assembly.Spoil();
    }

    internal static void Defaults()
    {
        foreach (int signal in (ReadOnlySpan<byte>)[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 31, 64])
        {
            s_last = signal;
            Expect.Equal(signal, Expect.InChild(&KillSelf) & 0x7f);
        }

        foreach (int signal in (ReadOnlySpan<byte>)[SIGCHLD, SIGCONT, 23, 28])
        {
            s_last = signal;
            Expect.Equal(0, Expect.InChild(&KillSelf));
        }
    }

    private static void KillSelf() => Kill(Getpid(), s_last);

    // A read of an empty pipe: with SA_RESTART it goes on, without it is -EINTR.
    internal static void Restart()
    {
        Expect.Equal(0, Pipe(out s_read, out s_write));
        ProcessCases.Pipes();
        int pid = Expect.Start(&ReadsWithoutRestart);
        Sleeping(pid);
        Kill(pid, SIGUSR1);
        Expect.Equal(0, Expect.Wait(pid));
        pid = Expect.Start(&ReadsWithRestart);
        Sleeping(pid);
        Kill(pid, SIGUSR1);
        ProcessCases.WaitForChild();
        Sleeping(pid);
        Expect.Equal(1, Write(s_write, "r"u8));
        Expect.Equal(0, Expect.Wait(pid));
    }

    private static void ReadsWithoutRestart()
    {
        Span<byte> one = stackalloc byte[1];
        Signal(SIGUSR1, &Counts, restart: false);
        Expect.Error(EINTR, Read(s_read, one));
        Expect.Equal(1, s_count);
    }

    private static void Tells(int signal)
    {
        s_count++;
        ProcessCases.TellParent();
    }

    private static void ReadsWithRestart()
    {
        Span<byte> one = stackalloc byte[1];
        Signal(SIGUSR1, &Tells);
        Expect.Equal(1, Read(s_read, one));
        Expect.Equal('r', one[0]);
        Expect.Equal(1, s_count);
    }

    /// <summary>Until a child has nothing more to do but to wait.</summary>
    internal static void Sleeping(int pid)
    {
        Span<byte> text = stackalloc byte[256];
        string path = new StringBuilder().Append("/proc/").Append(pid).Append("/stat").ToString();
        while (true)
        {
            int length = ReadFile(path, text);
            Expect.True(length > 0);
            int end = text.Slice(0, length).LastIndexOf((byte)')');
            if (text[end + 2] is (byte)'S' or (byte)'Z')
            {
                return;
            }

            _syscall0(__NR_sched_yield);
        }
    }

    internal static void ChildSignal()
    {
        Expect.Equal(0, Signal(SIGCHLD, &Counts));
        Expect.Good(&ProcessCases.Nothing);
        Expect.Equal(1, s_count);
        Expect.Equal(0, Signal(SIGCHLD, SignalIgnore));
        int pid = Expect.Start(&ProcessCases.Nothing);
        Expect.Error(ECHILD, Waitpid(pid, out _));
    }

    internal static void Stops()
    {
        ProcessCases.Pipes();
        int pid = Expect.Start(&ProcessCases.WaitForParent);
        Expect.Equal(0, Kill(pid, SIGSTOP));
        Expect.Equal(pid, Waitpid(pid, out int status, WUNTRACED));
        Expect.Equal((SIGSTOP << 8) | 0x7f, status);
        Expect.Equal(0, Waitpid(pid, out _, WUNTRACED | WNOHANG));
        ProcessCases.TellChild();
        Expect.Equal(0, Waitpid(pid, out _, WNOHANG));
        Expect.Equal(0, Kill(pid, SIGCONT));
        Expect.Equal(0, Expect.Wait(pid));

        // What is stopped can still be killed.
        pid = Expect.Start(&ProcessCases.WaitForParent);
        Expect.Equal(0, Kill(pid, SIGTSTP));
        Expect.Equal(pid, Waitpid(pid, out status, WUNTRACED));
        Expect.Equal((SIGTSTP << 8) | 0x7f, status);
        Expect.Equal(0, Kill(pid, SIGKILL));
        Expect.Equal(SIGKILL, Expect.Wait(pid));
    }

    internal static void OtherStack()
    {
        byte* stack = PointerCases.Map(4, 3);
        ulong* description = stackalloc ulong[3];
        description[0] = (ulong)stack;
        description[1] = 0;
        description[2] = 4 * 4096;
        Expect.Equal(0, Syscall64(SyscallNumbers64.__NR_sigaltstack, (nint)description, 0));

        // SA_ONSTACK, SA_RESTORER as in the library: its flags are read back and one is added.
        Expect.Equal(0, Signal(SIGUSR1, &Counts));
        uint* action = stackalloc uint[5];
        Expect.Equal(0, _syscall4(__NR_rt_sigaction, SIGUSR1, null, action, 8));
        action[1] |= 0x08000000;
        Expect.Equal(0, _syscall4(__NR_rt_sigaction, SIGUSR1, action, null, 8));
        Expect.Equal(0, Kill(Getpid(), SIGUSR1));
        Expect.Equal(1, s_count);
        Expect.True(s_handlerStack >= (ulong)stack && s_handlerStack < (ulong)stack + (4 * 4096));

        // A full stack kills, with a handler on that full stack too; on another one the handler runs.
        Expect.DiesOfFullStack(&OverflowOnSame, SIGSEGV);
        s_stackAction = action;
        Expect.DiesOfFullStack(&OverflowOnOther, 9 << 8);
    }

    private static uint* s_stackAction;

    private static void OverflowOnSame()
    {
        Signal(SIGSEGV, &Ends);
        Assembly.Overflow();
    }

    private static void OverflowOnOther()
    {
        s_stackAction[0] = (uint)(nuint)(delegate*<int, void>)&Ends;
        Expect.Equal(0, _syscall4(__NR_rt_sigaction, SIGSEGV, s_stackAction, null, 8));
        Assembly.Overflow();
    }

    private static void Ends(int signal) => Exit(9);

    internal static void Sleep()
    {
        ProcessCases.Pipes();

        // A handler ends the sleep, and what was left is told; a stop does not.
        int pid = Expect.Start(&SleepsLong);
        Sleeping(pid);
        Expect.Equal(0, Kill(pid, SIGUSR1));
        Expect.Equal(0, Expect.Wait(pid));
        pid = Expect.Start(&SleepsShort);
        Sleeping(pid);
        Expect.Equal(0, Kill(pid, SIGSTOP));
        Expect.Equal(pid, Waitpid(pid, out _, WUNTRACED));
        Expect.Equal(0, Kill(pid, SIGCONT));
        Expect.Equal(0, Expect.Wait(pid));
        Expect.Error(EINTR, _syscall0(__NR_restart_syscall));
    }

    private static void SleepsLong()
    {
        Signal(SIGUSR1, &Counts);
        Timespec time = new() { Seconds = 1000 };
        Expect.Error(EINTR, Nanosleep(ref time));
        Expect.True(time.Seconds is > 500 and < 1000);
        Expect.Equal(1, s_count);
    }

    private static void SleepsShort()
    {
        Timespec time = new() { Nanoseconds = 200_000_000 };
        long start = Milliseconds();
        Expect.Equal(0, Nanosleep(ref time));
        Expect.True(Milliseconds() - start >= 199);
    }
}
