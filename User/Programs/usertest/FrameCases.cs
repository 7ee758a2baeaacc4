// FrameCases: handlers that change what they return to. What a program may change is changed, what it must not have it does not get.

namespace CSharpOS.User.Programs;

internal static unsafe class FrameCases
{
    // Words of the context that a handler is given: the registers begin behind five words about the stack.
    private const int Rax = 5 + 13, Rip = 5 + 16, Flags = 5 + 17, Segments = 5 + 18, Mask = 5 + 32;
    private const ulong Privileged = 0x3000, Interrupts = 0x200, Carry = 1;

    private static ulong s_bad;
    private static ulong s_flags;

    internal static void Changed()
    {
        // Privilege to do input and output, and interrupts off: not to be had. An arithmetic flag: yes.
        Expect.Equal(0, Signal(SIGUSR1, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&TakePrivileges));
        s_flags = Privileged | Carry;
        Expect.Equal(0, Kill(Getpid(), SIGUSR1));
        Expect.Equal((long)Interrupts, (long)(Assembly.ReadFlags() & (Privileged | Interrupts)));
        Expect.Dies(SIGSEGV, &PrivilegedInput);

        // The kernel's segments: this goes on in user mode, or it would not see its own memory.
        Expect.Equal(0, Signal(SIGUSR1, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&TakeSegments));
        Expect.Equal(0, Kill(Getpid(), SIGUSR1));
        Expect.Dies(SIGSEGV, &Assembly.Cli);

        // SIGKILL and SIGSTOP cannot be blocked by the way back.
        Expect.Equal(0, Signal(SIGUSR1, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&BlockAll));
        Expect.Equal(0, Kill(Getpid(), SIGUSR1));
        ulong blocked = 0;
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, 0, null, &blocked, 8));
        Expect.Equal(unchecked((long)~0x40100ul), (long)blocked);
        blocked = 0;
        Expect.Equal(0, _syscall4(__NR_rt_sigprocmask, 2, &blocked, null, 8));

        // Addresses that are no program's: the kernel never goes on there, so that what the next handler interrupts is the call itself.
        for (int i = 0; i < 5; i++)
        {
            s_bad = i switch
            {
                0 => 0x0000800000000000,
                1 => 0x8000000000000000,
                2 => FaultCases.KernelText,
                3 => 0x00007ffffffff000,
                _ => ulong.MaxValue,
            };
            Expect.Equal(9 << 8, Expect.InChild(&GoesWrong));
        }
    }

    private static void TakePrivileges(int signal, ulong* info, ulong* context) => context[Flags] = (context[Flags] & ~Interrupts) | s_flags;

    private static void TakeSegments(int signal, ulong* info, ulong* context) => context[Segments] = 0x0010_0000_0000_0008;

    private static void BlockAll(int signal, ulong* info, ulong* context) => context[Mask] = ulong.MaxValue;

    private static void PrivilegedInput()
    {
        Kill(Getpid(), SIGUSR1);
        Assembly.In();
    }

    private static void GoesWrong()
    {
        Signal(SIGUSR1, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&GoTo);
        Signal(SIGSEGV, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&Look);
        Kill(Getpid(), SIGUSR1);
        Exit(1);
    }

    private static void GoTo(int signal, ulong* info, ulong* context) => context[Rip] = s_bad;

    private static void Look(int signal, ulong* info, ulong* context) => Exit(context[Rip] == s_bad ? 2 : 9);
}
