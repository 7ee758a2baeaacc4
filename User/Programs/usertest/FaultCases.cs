// FaultCases: what a program must not do, and what it dies of.

namespace CSharpOS.User.Programs;

internal static unsafe class FaultCases
{
    internal const ulong KernelText = 0xffffffff80200000;
    private const int Sigill = 4, Sigtrap = 5, Sigbus = 7, Sigfpe = 8;

    private static ulong s_data = 0xc3c3c3c3c3c3c3c3;

    internal static void Instructions()
    {
        Expect.Dies(SIGSEGV, &Assembly.Cli);
        Expect.Dies(SIGSEGV, &Assembly.Sti);
        Expect.Dies(SIGSEGV, &Assembly.Hlt);
        Expect.Dies(SIGSEGV, &Assembly.In);
        Expect.Dies(SIGSEGV, &Assembly.Out);
        Expect.Dies(Sigtrap, &Assembly.Int3);
        Expect.Dies(SIGSEGV, &Assembly.Int81);
        Expect.Dies(SIGSEGV, &Assembly.Int20);
        Expect.Dies(SIGSEGV, &Assembly.Int8);
        Expect.Dies(SIGSEGV, &Assembly.Int14);
        Expect.Dies(Sigill, &Assembly.Ud2);
        Expect.Dies(Sigfpe, &Assembly.Divide);
        Expect.Dies(SIGSEGV, &Assembly.Cr3);
        Expect.Dies(SIGSEGV, &Assembly.Wrmsr);
        Expect.Dies(SIGSEGV, &Assembly.Lgdt);
        Expect.Dies(SIGSEGV, &Assembly.Swapgs);

        // With UMIP a program does not learn where the kernel's tables are.
        if (Assembly.HasUmip() != 0)
        {
            Expect.Dies(SIGSEGV, &Assembly.Sgdt);
        }
        else
        {
            Expect.Good(&Assembly.Sgdt);
        }

        Expect.Dies(Sigfpe, &Assembly.X87);
        Expect.Dies(Sigtrap, &Assembly.TrapFlag);
        Expect.Dies(Sigtrap, &Assembly.TrapFlagInt80);
        Expect.Dies(Sigtrap, &Assembly.TrapFlagSyscall);
        // A stack fault by the manual, a general protection fault by QEMU.
        Expect.True((Expect.InChild(&Assembly.NoncanonicalStack) & 0x7f) is Sigbus or SIGSEGV);
        Expect.Dies(SIGSEGV, &Assembly.KernelSelector);
    }

    internal static void Memory()
    {
        Expect.Dies(SIGSEGV, &ReadNull);
        Expect.Dies(SIGSEGV, &WriteNull);
        Expect.Dies(SIGSEGV, &JumpNull);
        Expect.Dies(SIGSEGV, &ReadKernel);
        Expect.Dies(SIGSEGV, &WriteKernel);
        Expect.Dies(SIGSEGV, &JumpKernel);
        Expect.Dies(SIGSEGV, &ReadNoncanonical);
        Expect.Dies(SIGSEGV, &JumpNoncanonical);
        Expect.Dies(SIGSEGV, &ExecuteData);
        Expect.Dies(SIGSEGV, &ExecuteStack);
        Expect.Dies(SIGSEGV, &WriteText);
        Expect.DiesOfFullStack(&Assembly.Overflow, SIGSEGV);
    }

    // A frame of a handler that the program has made itself.
    internal static void Sigreturn()
    {
        Expect.Dies(SIGSEGV, &ReturnNull);
        Expect.Dies(SIGSEGV, &ReturnKernel);
        for (s_filling = 0; s_filling < 256; s_filling += 5)
        {
            Expect.True((Expect.InChild(&ReturnFilled) & 0x7f) != 0);
        }
    }

    private static int s_filling;

    private static void ReturnNull() => Assembly.Sigreturn(null);

    private static void ReturnKernel() => Assembly.Sigreturn((void*)KernelText);

    private static void ReturnFilled()
    {
        byte* frame = stackalloc byte[8192];
        new Span<byte>(frame, 8192).Fill((byte)s_filling);
        Assembly.Sigreturn(frame);
    }

    private static void ReadNull() => Assembly.Load(0);

    private static void WriteNull() => Assembly.Store(8, 1);

    private static void JumpNull() => Assembly.Jump(0);

    private static void ReadKernel() => Assembly.Load(KernelText);

    private static void WriteKernel() => Assembly.Store(KernelText, 0);

    private static void JumpKernel() => Assembly.Jump(KernelText);

    private static void ReadNoncanonical() => Assembly.Load(0x8000000000000000);

    private static void JumpNoncanonical() => Assembly.Jump(0x0000800000000000);

    private static void ExecuteData()
    {
        fixed (ulong* data = &s_data)
        {
            Assembly.Jump((ulong)data);
        }
    }

    private static void ExecuteStack()
    {
        ulong code = 0xc3c3c3c3c3c3c3c3;
        Assembly.Jump((ulong)&code);
    }

    private static void WriteText() => Assembly.Store((ulong)(delegate*<void>)&Assembly.Cli, 0);
}
