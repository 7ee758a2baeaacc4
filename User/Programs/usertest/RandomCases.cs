// RandomCases: system calls without sense, by somebody without rights.

namespace CSharpOS.User.Programs;

internal static unsafe class RandomCases
{
    private const int Calls = 50_000, PerChild = 500;

    private static ulong s_state = 0x9e3779b97f4a7c15;

    internal static void Random() => Random(Calls);

    internal static void Million() => Random(1_000_000);

    private static void Random(int calls)
    {
        for (int i = 0; i < calls / PerChild; i++)
        {
            s_state += 0x1234567;
            int pid = Expect.Start(&Child);

            // It may have stopped itself, or sleep for ever.
            Expect.Wait(pid);
        }
    }

    private static void Child()
    {
        Expect.Equal(0, _syscall0(__NR_setsid) > 0 ? 0 : 1);
        Expect.Equal(0, Mkdir("/tmp/random", 0x1ff) < 0 && errno != EEXIST ? 1 : 0);
        Expect.Equal(0, Chdir("/tmp/random"));
        Close(0);
        Close(1);
        Close(2);
        Expect.Equal(0, _syscall1(__NR_setgid32, 1000));
        Expect.Equal(0, _syscall1(__NR_setuid32, 1000));
        ulong* page = (ulong*)PointerCases.Map(2, 3);
        for (int i = 0; i < PerChild; i++)
        {
            for (int word = 0; word < 8; word++)
            {
                page[word] = Value(page);
            }

            ulong number = Next();
            if ((number & 1) != 0)
            {
                int call = (int)((number >> 8) % 460);
                if (!Forbidden(call))
                {
                    Raw(call, (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page));
                }
            }
            else
            {
                int call = (int)((number >> 8) % 450);
                if (!Forbidden64(call))
                {
                    Syscall64(call, (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page), (nint)Value(page));
                }
            }
        }
    }

    // What would only end or stop the caller, make it wait, or fill the memory with copies of it.
    private static bool Forbidden(int call) => call is __NR_exit or __NR_exit_group or __NR_fork or __NR_vfork or __NR_clone or __NR_pause
        or __NR_rt_sigsuspend or __NR_sigsuspend or __NR_sigprocmask or __NR_mremap or __NR_kill or __NR_tkill or __NR_tgkill or __NR_nanosleep or __NR_clock_nanosleep or __NR_poll or __NR_ppoll or __NR_select
        or __NR__newselect or __NR_pselect6 or __NR_futex or __NR_read or __NR_readv or __NR_alarm or __NR_setitimer or __NR_timer_settime or __NR_reboot or __NR_rt_sigreturn or __NR_sigreturn
        or __NR_rt_sigprocmask or __NR_munmap or __NR_brk or __NR_mprotect or __NR_mmap2 or __NR_old_mmap or __NR_open or __NR_restart_syscall;

    private static bool Forbidden64(int call) => call is SyscallNumbers64.__NR_exit or SyscallNumbers64.__NR_exit_group or SyscallNumbers64.__NR_fork
        or SyscallNumbers64.__NR_vfork or SyscallNumbers64.__NR_clone or SyscallNumbers64.__NR_pause or SyscallNumbers64.__NR_rt_sigsuspend
        or SyscallNumbers64.__NR_kill or SyscallNumbers64.__NR_tkill or SyscallNumbers64.__NR_tgkill or SyscallNumbers64.__NR_nanosleep
        or SyscallNumbers64.__NR_clock_nanosleep or SyscallNumbers64.__NR_poll or SyscallNumbers64.__NR_ppoll or SyscallNumbers64.__NR_select
        or SyscallNumbers64.__NR_pselect6 or SyscallNumbers64.__NR_futex or SyscallNumbers64.__NR_read or SyscallNumbers64.__NR_readv or SyscallNumbers64.__NR_alarm
        or SyscallNumbers64.__NR_setitimer or SyscallNumbers64.__NR_timer_settime or SyscallNumbers64.__NR_reboot or SyscallNumbers64.__NR_rt_sigreturn or SyscallNumbers64.__NR_rt_sigprocmask
        or SyscallNumbers64.__NR_munmap or SyscallNumbers64.__NR_brk or SyscallNumbers64.__NR_mprotect or SyscallNumbers64.__NR_mmap
        or SyscallNumbers64.__NR_mremap or SyscallNumbers64.__NR_arch_prctl or SyscallNumbers64.__NR_open or SyscallNumbers64.__NR_restart_syscall;

    private static ulong Value(ulong* page)
    {
        ulong random = Next();
        return (random & 15) switch
        {
            0 => 0,
            1 => ulong.MaxValue,
            2 => (ulong)page,
            3 => (ulong)page + ((random >> 8) & 8191),
            4 => (random >> 8) & 7,
            5 => (random >> 8) & 1023,
            6 => 1ul << (int)((random >> 8) & 63),
            7 => FaultCases.KernelText + ((random >> 8) & 0xffff),
            8 => 0xffff888000000000 + ((random >> 8) & 0xffffff),
            9 => 0x7fffffffe000 + ((random >> 8) & 0x3fff),
            10 => (uint)random,
            11 => 4096 * ((random >> 8) & 255),
            _ => random,
        };
    }

    private static ulong Next()
    {
        s_state ^= s_state << 13;
        s_state ^= s_state >> 7;
        s_state ^= s_state << 17;
        return s_state;
    }
}
