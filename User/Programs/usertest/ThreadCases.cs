// ThreadCases: threads, futexes, and processors that are shared.

namespace CSharpOS.User.Programs;

internal static unsafe class ThreadCases
{
    private const int SetFs = 0x1002;
    // VM, FS, FILES, SIGHAND, THREAD, SYSVSEM; CHILD_SETTID and CHILD_CLEARTID.
    private const int Flags = 0x100 | 0x200 | 0x400 | 0x800 | 0x10000 | 0x40000 | 0x1000000 | 0x200000;
    private const int Count = 8, Rounds = 200;
    private const int FutexWait = 0, FutexWake = 1;

    private static readonly int[] s_tids = new int[Count];
    private static int s_sum;
    private static int s_gate;
    private static long s_pids;
    private static int s_code;

    // The library's errno belongs to everybody: threads use the calls that leave it alone.
    private static long Futex(int* word, int operation, int value) => Syscall64(SyscallNumbers64.__NR_futex, (nint)word, operation, value);

    internal static void Start(int index, delegate*<nint, void> body)
    {
        byte* stack = PointerCases.Map(4, 3);
        fixed (int* tid = &s_tids[index])
        {
            *tid = -1;
            Expect.True(Assembly.Clone(Flags, stack + (4 * 4096), tid, body, index) > 0);
        }
    }

    /// <summary>The number of a thread that has been started.</summary>
    internal static int Tid(int index)
    {
        int tid;
        while ((tid = System.Threading.Volatile.Read(ref s_tids[index])) == -1)
        {
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }

        return tid;
    }

    // The kernel clears the word and wakes whoever waits there.
    internal static void Join(int index)
    {
        fixed (int* tid = &s_tids[index])
        {
            int value;
            while ((value = System.Threading.Volatile.Read(ref *tid)) != 0)
            {
                Futex(tid, FutexWait, value);
            }
        }
    }

    internal static void Identities()
    {
        s_pids = Getpid();
        for (int i = 0; i < Count; i++)
        {
            Start(i, &Identity);
        }

        for (int i = 0; i < Count; i++)
        {
            Join(i);
        }

        Expect.Equal(Count, s_sum);
    }

    private static void Identity(nint index)
    {
        long tid = Syscall64(SyscallNumbers64.__NR_gettid);
        if (Syscall64(SyscallNumbers64.__NR_getpid) == s_pids && tid != s_pids && tid == System.Threading.Volatile.Read(ref s_tids[(int)index]))
        {
            System.Threading.Interlocked.Increment(ref s_sum);
        }
    }

    // A word that threads take and give by futex.
    internal static void Futexes()
    {
        for (int i = 0; i < Count; i++)
        {
            Start(i, &Locks);
        }

        for (int i = 0; i < Count; i++)
        {
            Join(i);
        }

        Expect.Equal(Count * Rounds, s_sum);
        fixed (int* gate = &s_gate)
        {
            Expect.Equal(-EAGAIN, Futex(gate, FutexWait, 77));
            Expect.Equal(0, Futex(gate, FutexWake, 1));
            long* time = stackalloc long[2];
            time[0] = 0;
            time[1] = 1_000_000;
            Expect.Equal(-ETIMEDOUT, Syscall64(SyscallNumbers64.__NR_futex, (nint)gate, FutexWait, 0, (nint)time));
            Expect.Equal(-EINVAL, Syscall64(SyscallNumbers64.__NR_futex, (nint)gate + 1, FutexWait, 0));
        }

        Expect.Equal(-EFAULT, Syscall64(SyscallNumbers64.__NR_futex, 0, FutexWait, 0));
    }

    // Waiting for some wake-ups only, and until a moment of a clock.
    internal static void FutexBits()
    {
        const int WaitBits = 9, WakeBits = 10, Private = 128, Realtime = 256;
        Start(0, &WaitsForBit);
        string path = new StringBuilder().Append("/proc/self/task/").Append(Tid(0)).Append("/stat").ToString();
        byte* text = stackalloc byte[512];
        ProcStat stat = default;
        while (stat.State != 'S')
        {
            int length = ReadFile(path, new Span<byte>(text, 512));
            Expect.True(length > 0 && ProcStat.TryParse(new ReadOnlySpan<byte>(text, length), out stat));
        }

        fixed (int* gate = &s_gate)
        {
            Expect.Equal(0, Bits(gate, WakeBits, 8, null, 1));
            Expect.Equal(0, Bits(gate, WakeBits | Private, 8, null, ~Bit));
            Expect.Equal(1, Bits(gate, WakeBits | Private, 8, null, Bit));
            Join(0);
            Expect.Equal(1, s_sum);

            long* past = stackalloc long[2];
            past[0] = 0;
            past[1] = 1;
            Expect.Equal(-ETIMEDOUT, Bits(gate, WaitBits, 0, past, -1));
            Expect.Equal(-ETIMEDOUT, Bits(gate, WaitBits | Private | Realtime, 0, past, -1));
            Expect.Equal(-EAGAIN, Bits(gate, WaitBits, 77, past, -1));
            Expect.Equal(-EINVAL, Bits(gate, WaitBits, 0, past, 0));
            Expect.Equal(-EINVAL, Bits(gate, WakeBits, 1, null, 0));

            // The same from the other way in, with words of 32 bits.
            int* narrow = stackalloc int[2];
            narrow[0] = 0;
            narrow[1] = 1;
            Expect.Error(ETIMEDOUT, _syscall6(__NR_futex, gate, WaitBits | Private, 0, narrow, null, -1));
            Expect.Error(EINVAL, _syscall6(__NR_futex, gate, WaitBits, 0, narrow, null, 0));
        }
    }

    private const int Bit = 4;

    private static long Bits(int* word, int operation, int value, long* time, int bits) =>
        Syscall64(SyscallNumbers64.__NR_futex, (nint)word, operation, value, (nint)time, 0, bits);

    private static void WaitsForBit(nint index)
    {
        fixed (int* gate = &s_gate)
        {
            s_sum += Bits(gate, 9, 0, null, Bit) == 0 ? 1 : 100;
        }
    }

    private static void Locks(nint index)
    {
        fixed (int* gate = &s_gate)
        {
            for (int i = 0; i < Rounds; i++)
            {
                while (System.Threading.Interlocked.CompareExchange(ref s_gate, 1, 0) != 0)
                {
                    Futex(gate, FutexWait, 1);
                }

                int sum = s_sum;
                if (i % 16 == 0)
                {
                    Syscall64(SyscallNumbers64.__NR_sched_yield);
                }

                s_sum = sum + 1;
                System.Threading.Volatile.Write(ref s_gate, 0);
                Futex(gate, FutexWake, 1);
            }
        }
    }

    internal static void GroupExit()
    {
        Expect.Equal(5 << 8, Expect.InChild(&OthersWait));
        Expect.Equal(6 << 8, Expect.InChild(&OneEndsAll));
        Expect.Equal(SIGKILL, Expect.InChild(&OneIsKilled) & 0x7f);
    }

    private static void OthersWait()
    {
        for (int i = 0; i < Count; i++)
        {
            Start(i, &WaitForever);
        }

        Exit(5);
    }

    private static void WaitForever(nint index)
    {
        fixed (int* gate = &s_gate)
        {
            while (true)
            {
                Futex(gate, FutexWait, 0);
            }
        }
    }

    private static void OneEndsAll()
    {
        Start(0, &WaitForever);
        Start(1, &EndsAll);
        WaitForever(0);
    }

    private static void EndsAll(nint index) => Syscall64(SyscallNumbers64.__NR_exit_group, 6);

    private static void OneIsKilled()
    {
        Start(0, &WaitForever);
        Start(1, &KillsAll);
        WaitForever(0);
    }

    private static void KillsAll(nint index) =>
        Syscall64(SyscallNumbers64.__NR_tgkill, (nint)Syscall64(SyscallNumbers64.__NR_getpid), (nint)Syscall64(SyscallNumbers64.__NR_gettid), SIGKILL);

    // The threads of the old program end with it, and the new one is the process.
    internal static void Executes() => Expect.Equal(1 << 8, Expect.InChild(&BecomesFalse));

    private static void BecomesFalse()
    {
        for (int i = 0; i < Count; i++)
        {
            Start(i, &WaitForever);
        }

        Execvp(["/bin/false"]);
        Exit(7);
    }

    // Processes in which the first thread ends before the others.
    internal static void LeaderFirst()
    {
        for (int i = 0; i < 20; i++)
        {
            Expect.Equal(3 << 8, Expect.InChild(&LeavesThread));
        }
    }

    // The same as a helper of the kernel, which has no parent that waits.
    internal static void LeaderGone()
    {
        Start(0, &EndsLater);
        Syscall64(SyscallNumbers64.__NR_exit, 9);
    }

    private static void LeavesThread()
    {
        s_code = 3;
        LeaderGone();
    }

    private static void EndsLater(nint index)
    {
        for (int i = 0; i < 50; i++)
        {
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }

        Syscall64(SyscallNumbers64.__NR_exit_group, s_code);
    }

    internal static void Computing()
    {
        for (int i = 0; i < 4; i++)
        {
            s_seed = 1000 * (i + 1);
            Expect.Start(&Computes);
        }

        for (int i = 0; i < 4; i++)
        {
            Expect.True(Waitpid(-1, out int status) > 0);
            Expect.Equal(0, status);
        }
    }

    private static int s_seed;

    private static void Computes()
    {
        Expect.Equal(0, Assembly.Compute((ulong)s_seed, 2000));
        if (Assembly.HasAvx() != 0)
        {
            // Each has a rounding mode of its own, too.
            Expect.Equal(0, Assembly.ComputeAvx((ulong)s_seed + ((ulong)s_seed / 1000), 2000));
        }
    }

    // The base of fs is a process's own, and one that has none has none of another's.
    internal static void Bases()
    {
        const ulong Base = 0x10000;
        ulong here = 0x1234567;
        int pid = Expect.Start(&WithoutBase);
        Expect.Equal(0, (int)Syscall64(SyscallNumbers64.__NR_arch_prctl, SetFs, (nint)Base));
        for (int i = 0; i < 2000; i++)
        {
            Expect.Equal((long)here, (long)Assembly.LoadFs((ulong)&here - Base));
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }

        Expect.Equal(0, (int)Syscall64(SyscallNumbers64.__NR_arch_prctl, SetFs, 0));
        Expect.Equal(0, Expect.Wait(pid));
    }

    private static void WithoutBase()
    {
        ulong here = 0x7654321;
        for (int i = 0; i < 2000; i++)
        {
            Expect.Equal((long)here, (long)Assembly.LoadFs((ulong)&here));
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }
    }
}
