// TranslationCases: what a processor must have forgotten when a call that changes the address space returns. The program looks itself, with a handler for
// SIGSEGV: a forked child would begin with everything forgotten.

namespace CSharpOS.User.Programs;

internal static unsafe class TranslationCases
{
    private const int Page = 4096;
    private const int Pages = 8;
    private const int None = 0, ReadOnly = 1, Writable = 3;
    private const int Rip = 128 / 8;

    private static byte* s_memory;
    private static int s_faults;
    private static ulong s_address;
    private static int s_phase, s_answer;

    /// <summary>The processor that has changed it.</summary>
    internal static void Forgotten()
    {
        CatchFaults();
        byte* memory = PointerCases.Map(Pages, Writable);
        Fill(memory);
        Expect.Equal(0, Stores(memory));
        Expect.Equal(0, _syscall3(__NR_mprotect, memory, Pages * Page, ReadOnly));
        Expect.Equal(Pages, Stores(memory));
        Expect.Equal(0, Loads(memory));
        Expect.Equal((long)memory + ((Pages - 1) * Page), (long)s_address);
        Expect.Equal(0, _syscall3(__NR_mprotect, memory, Pages * Page, None));
        Expect.Equal(Pages, Loads(memory));
        Expect.Equal(0, _syscall3(__NR_mprotect, memory, Pages * Page, Writable));
        Expect.Equal(0, Stores(memory));
        Expect.Equal(0, _syscall2(__NR_munmap, memory, Pages * Page));
        Expect.Equal(Pages, Loads(memory));

        // The break goes down, and what was above it is gone.
        byte* start = Unix.Brk(null);
        Expect.Equal((long)(start + (Pages * Page)), (long)Unix.Brk(start + (Pages * Page)));
        byte* heap = (byte*)(((ulong)start + Page - 1) & ~(ulong)(Page - 1));
        Expect.Equal(0, Stores(heap, Pages - 1));
        Expect.Equal((long)start, (long)Unix.Brk(start));
        Expect.Equal(Pages - 1, Loads(heap, Pages - 1));
    }

    /// <summary>And the one that another thread runs on.</summary>
    internal static void OtherThread()
    {
        CatchFaults();
        s_memory = PointerCases.Map(Pages, Writable);
        Fill(s_memory);
        ThreadCases.Start(0, &Toucher);
        Turn(0);
        Expect.Equal(0, s_answer);
        Expect.Equal(0, _syscall3(__NR_mprotect, s_memory, Pages * Page, ReadOnly));
        Turn(1);
        Expect.Equal(Pages, s_answer);
        Expect.Equal(0, _syscall3(__NR_mprotect, s_memory, Pages * Page, Writable));
        Turn(2);
        Expect.Equal(0, s_answer);
        Expect.Equal(0, _syscall2(__NR_munmap, s_memory, Pages * Page));
        Turn(3);
        Expect.Equal(Pages, s_answer);
        ThreadCases.Join(0);
    }

    // The other one touches the memory, without a call in between, and says how often it has met a fault.
    private static void Turn(int number)
    {
        System.Threading.Volatile.Write(ref s_phase, (2 * number) + 1);
        while (System.Threading.Volatile.Read(ref s_phase) != (2 * number) + 2)
        {
            Syscall64(SyscallNumbers64.__NR_sched_yield);
        }
    }

    private static void Toucher(nint unused)
    {
        for (int turn = 0; turn < 4; turn++)
        {
            while (System.Threading.Volatile.Read(ref s_phase) != (2 * turn) + 1)
            {
            }

            s_answer = Stores(s_memory);
            System.Threading.Volatile.Write(ref s_phase, (2 * turn) + 2);
        }
    }

    private static void CatchFaults() => Expect.Equal(0, Signal(SIGSEGV, (delegate*<int, void>)(delegate*<int, ulong*, ulong*, void>)&Skip));

    // Behind the instruction: `mov rax, [rdi]` and `mov [rdi], rsi` have three bytes.
    private static void Skip(int signal, ulong* info, ulong* context)
    {
        s_faults++;
        s_address = info[2];
        context[5 + Rip] += 3;
    }

    private static void Fill(byte* memory)
    {
        for (int i = 0; i < Pages; i++)
        {
            memory[i * Page] = (byte)(i + 1);
        }
    }

    private static int Stores(byte* memory, int pages = Pages)
    {
        int before = s_faults;
        for (int i = 0; i < pages; i++)
        {
            Assembly.Store((ulong)memory + (ulong)(i * Page), (ulong)i + 1);
        }

        return s_faults - before;
    }

    private static int Loads(byte* memory, int pages = Pages)
    {
        int before = s_faults;
        for (int i = 0; i < pages; i++)
        {
            Assembly.Load((ulong)memory + (ulong)(i * Page));
        }

        return s_faults - before;
    }
}
