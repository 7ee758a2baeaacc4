// bench-user: what system calls cost, in steps of the time stamp counter: executed instructions under QEMU's `-icount shift=0,sleep=off`.
// One static program, which Linux runs too, so that both kernels are measured with the same instructions. Lines as the kernel's benchmark
// writes them: bench: KEY MINIMUM MEDIAN UNIT (tools/Csos/Bench/Bars.cs has the keys).

using System.Runtime;
using System.Runtime.CompilerServices;

namespace CSharpOS.User.Programs;

internal static unsafe class Program
{
    private const int Calls = 16;
    private const int Samples = 101;
    private const int ForkSamples = 21;
    private const int InvalidNumber = 9999;

    private static readonly ulong[] s_samples = new ulong[Samples];

    private static int Main(string[] args)
    {
        if (args.Length > 0)
        {
            return Usage("bench-user");
        }

        ulong overhead = ulong.MaxValue;
        for (int i = 0; i < Samples; i++)
        {
            ulong start = Tsc();
            overhead = Math.Min(overhead, Tsc() - start);
        }

        MeasureCalls("getpid-int80"u8, &Int80, __NR_getpid, overhead);
        MeasureCalls("invalid-int80"u8, &Int80, InvalidNumber, overhead);
        MeasureCalls("getpid-syscall"u8, &Syscall, SyscallNumbers64.__NR_getpid, overhead);
        return MeasurePipe(overhead) && MeasureFork(overhead) ? 0 : Perror("bench-user", "a call failed");
    }

    private static void MeasureCalls(ReadOnlySpan<byte> key, delegate*<int, ulong> calls, int number, ulong overhead)
    {
        for (int i = 0; i < Samples; i++)
        {
            s_samples[i] = (calls(number) - overhead) / Calls;
        }

        Report(key, Samples);
    }

    // A byte there and back between two processes.
    private static bool MeasurePipe(ulong overhead)
    {
        Span<byte> one = stackalloc byte[1];
        if (Pipe(out int there, out int toChild) < 0 || Pipe(out int fromChild, out int back) < 0)
        {
            return false;
        }

        int pid = Fork();
        if (pid == 0)
        {
            Close(toChild);
            Close(fromChild);
            while (Read(there, one) == 1 && Write(back, one) == 1)
            {
            }

            Exit(0);
        }

        Close(there);
        Close(back);
        for (int i = -1; i < Samples; i++)
        {
            ulong start = Tsc();
            if (Write(toChild, one) != 1 || Read(fromChild, one) != 1)
            {
                return false;
            }

            // The first one is not counted: the child has yet to start.
            s_samples[Math.Max(i, 0)] = Tsc() - start - overhead;
        }

        Close(toChild);
        Close(fromChild);
        Report("pipe"u8, Samples);
        return Waitpid(pid, out _) == pid;
    }

    private static bool MeasureFork(ulong overhead)
    {
        for (int i = 0; i < ForkSamples; i++)
        {
            ulong start = Tsc();
            int pid = Fork();
            if (pid == 0)
            {
                Exit(0);
            }

            if (pid < 0 || Waitpid(pid, out _) != pid)
            {
                return false;
            }

            s_samples[i] = Tsc() - start - overhead;
        }

        Report("fork-exit-wait"u8, ForkSamples);
        return true;
    }

    private static void Report(ReadOnlySpan<byte> key, int count)
    {
        for (int i = 1; i < count; i++)
        {
            ulong value = s_samples[i];
            int at = i;
            for (; at > 0 && s_samples[at - 1] > value; at--)
            {
                s_samples[at] = s_samples[at - 1];
            }

            s_samples[at] = value;
        }

        Console.WriteLine($"bench: {key} {s_samples[0]} {s_samples[count / 2]} instructions");
        Console.Out.Flush();
    }

    [RuntimeImport("*", "bench_tsc")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong Tsc();

    [RuntimeImport("*", "bench_int80")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong Int80(int number);

    [RuntimeImport("*", "bench_syscall")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern ulong Syscall(int number);
}
