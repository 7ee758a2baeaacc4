// SmpCallTests: functions called on other CPUs, and pages that other CPUs must forget.

namespace CSharpOS.Suites;

internal static unsafe class SmpCallTests
{
    private static PerCpuNumbers s_calls;
    private static PerCpuNumbers s_values;
    private static int s_started;
    private static int s_release;
    private static int s_refused;
    private static int s_failed;
    private static int s_rounds;

    internal static void RoundTrips()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        int rounds = SmpTests.Rounds(200);
        for (int cpu = 1; cpu < Smp.CpuCount; cpu++)
        {
            s_calls[cpu] = 0;
            uint before = IrqStatistics.CallFunctions(cpu);
            for (int i = 1; i <= rounds; i++)
            {
                Smp.SmpCallFunctionSingle(cpu, &CountCall, null, true);
                if (s_calls[cpu] != i)
                {
                    Check.Equal(i, s_calls[cpu]);
                    return;
                }
            }

            Check.Equal(rounds, IrqStatistics.CallFunctions(cpu) - before);
        }
    }

    internal static void Mask()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_calls = default;
        Check.Equal(0, Smp.CallFunction(uint.MaxValue, &CountCall, null, true));
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            Check.Equal(cpu != 0 && Smp.IsOnline(cpu) ? 1 : 0, s_calls[cpu]);
        }

        Check.Equal(0, Smp.CallFunction(1u << (Smp.CpuCount - 1), &CountCall, null, true));
        Check.Equal(2, s_calls[Smp.CpuCount - 1]);
        Check.Equal(0, Smp.CallFunction(1, &CountCall, null, true));
        Check.Equal(0, s_calls[0]);
        Check.Equal(0, Smp.OnEachCpu(&CountCall, null, true));
        Check.Equal(1, s_calls[0]);
        Check.Equal(3, s_calls[Smp.CpuCount - 1]);
        Check.Equal(0, Smp.SmpCallFunctionSingle(0, &CountCall, null, true));
        Check.Equal(2, s_calls[0]);
        Check.Equal(-ENXIO, Smp.SmpCallFunctionSingle(Smp.CpuCount, &CountCall, null, true));
        Check.Equal(-ENXIO, Smp.SmpCallFunctionSingle(-1, &CountCall, null, true));
    }

    internal static void NoWait()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        Shared.WriteOnce(ref s_started, 0);
        Shared.WriteOnce(ref s_release, 0);
        int argument = 7;
        Check.Equal(0, Smp.SmpCallFunctionSingle(1, &WaitForRelease, &argument, false));

        // It has begun, and it has taken its argument with it; it runs until it is released.
        Check.True(SmpTests.Becomes(ref s_started, 7));
        Shared.WriteOnce(ref s_release, 1);
        Check.True(SmpTests.Becomes(ref s_started, 0));
    }

    internal static void AllCallAll()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_calls = default;
        s_rounds = SmpTests.Rounds(Smp.CpuCount > 4 ? 20 : 200);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        Shared.WriteOnce(ref s_started, 0);
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(&jobs[cpu], cpu, &CallOthers, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(&jobs[cpu]);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal((long)s_rounds * (Smp.CpuCount - 1), s_calls[cpu]);
        }
    }

    internal static void Refused()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_calls = default;
        LocalIrqDisable();
        int result = Smp.CallFunction(uint.MaxValue, &CountCall, null, true);
        LocalIrqEnable();
        Check.Equal(-EINVAL, result);
        Check.Logged("smp_call_function with interrupts off"u8);
        Check.Equal(0, s_calls[1]);

        Shared.WriteOnce(ref s_refused, 0);
        Check.Equal(0, Smp.SmpCallFunctionSingle(1, &CallFromInterrupt, null, true));
        Check.Equal(-EINVAL, s_refused);
        Check.Equal(0, s_calls[0]);
    }

    // Every CPU looks at a page, which makes it remember where it is; then another page of memory gets the same address.
    internal static void TlbShootdown()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        const int Wanted = 20, Tries = 200;
        int good = 0;
        for (int round = 1; round <= Tries && good < Wanted; round++)
        {
            var first = (long*)Vmalloc.Alloc(DirectMap.PAGE_SIZE);
            *first = round;
            s_values = default;
            Smp.OnEachCpu(&ReadPage, first, true);
            CheckValues(round);
            uint before = IrqStatistics.TlbFlushes(1);
            ulong memory = Vmalloc.VmallocToPhys(first);
            Vmalloc.Free(first);
            Check.True(IrqStatistics.TlbFlushes(1) != before);

            // Keeps the freed page from coming back at once. Somebody else may have taken the address: then once more.
            Page* taken = PageAllocator.AllocPages(0, GfpFlags.Kernel);
            var second = (long*)Vmalloc.Alloc(DirectMap.PAGE_SIZE);
            if (first == second && memory != Vmalloc.VmallocToPhys(second))
            {
                *second = -round;
                Smp.OnEachCpu(&ReadPage, second, true);
                CheckValues(-round);
                good++;
            }

            Vmalloc.Free(second);
            PageAllocator.FreePages(taken, 0);
        }

        Check.Equal(Wanted, good);
    }

    internal static void TlbAllAtOnce()
    {
        if (!SmpTests.HasSeveralCpus())
        {
            return;
        }

        s_rounds = SmpTests.Rounds(Smp.CpuCount > 4 ? 20 : 200);
        Shared.WriteOnce(ref s_failed, 0);
        OnCpu* jobs = stackalloc OnCpu[Cpu.MaxCpus];
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Start(&jobs[cpu], cpu, &MapAndUnmap, null);
        }

        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            OnCpu.Wait(&jobs[cpu]);
        }

        Check.Equal(0, s_failed);
    }

    private static void CheckValues(long expected)
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            Check.Equal(expected, s_values[cpu]);
        }
    }

    private static void CountCall(void* unused) => Shared.AddReturn(ref s_calls[SmpProcessorId()], 1);

    private static void ReadPage(void* page) => s_values[SmpProcessorId()] = Shared.ReadOnce(ref *(long*)page);

    private static void WaitForRelease(void* argument)
    {
        Shared.WriteOnce(ref s_started, *(int*)argument);
        while (Shared.ReadOnce(ref s_release) == 0)
        {
            CpuRelax();
        }

        Shared.WriteOnce(ref s_started, 0);
    }

    private static void CallFromInterrupt(void* unused) =>
        Shared.WriteOnce(ref s_refused, Smp.CallFunction(1, &CountCall, null, true));

    private static void CallOthers(void* unused)
    {
        for (int i = 0; i < s_rounds; i++)
        {
            Smp.CallFunction(uint.MaxValue, &CountCall, null, (i & 1) != 0);
        }
    }

    private static void MapAndUnmap(void* unused)
    {
        for (int i = 0; i < s_rounds; i++)
        {
            var page = (long*)Vmalloc.Alloc(DirectMap.PAGE_SIZE);
            if (page == null)
            {
                Shared.AddReturn(ref s_failed, 1);
                return;
            }

            *page = (i * 100) + SmpProcessorId();
            Smp.CallFunction(uint.MaxValue, &Touch, page, false);
            if (*page != (i * 100) + SmpProcessorId())
            {
                Shared.AddReturn(ref s_failed, 1);
            }

            Vmalloc.Free(page);
        }
    }

    // The page may be gone already where the caller does not wait: so it only notes the address.
    private static void Touch(void* page) => s_values[SmpProcessorId()] = (long)page;
}
