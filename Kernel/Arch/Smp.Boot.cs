// Smp.Boot: starting the other CPUs.
//
// Linux: do_boot_cpu, start_secondary, smp_callin (arch/i386/kernel/smpboot.c). BootSecondaries: process context of the boot CPU. SecondaryStart: the first C# of
// each other CPU, interrupts off, on the stack of its idle task.
// One CPU at a time: the boot CPU gives it memory and the trampoline, sends INIT and start-up IPIs, and waits. s_phase says how far it is; each
// step is made by one side with a compare-exchange, so a CPU that answers after the boot CPU has given it up learns so, and stops.
// A CPU that does not answer gets an INIT, so that it cannot come late, and its number and memory go to the next.

using System.Diagnostics.CodeAnalysis;
using CSharpOS.Init;

namespace CSharpOS.Arch;

public static unsafe partial class Smp
{
    // Nothing yet; it runs C#; the boot CPU compares clocks with it; it is online; nobody waits for it any more.
    private const int Waiting = 0, Alive = 1, Comparing = 2, Online = 3, GivenUp = 4;

    private const uint EferRegister = 0xc0000080;
    private const ulong EferLongModeActive = 1 << 10;
    private const uint InitMilliseconds = 10;
    private const uint StartupRetryMicroseconds = 1000;
    private const ulong Patience = 5_000_000;
    private const ulong LeastTscKhz = 1_000_000;
    private const int AreaOrder = 3;

    private static int s_phase;
    private static int s_prepared;

    private static void ResetBoot()
    {
        s_phase = Waiting;
        s_prepared = 0;
    }

    // Linux: smp_boot_cpus.
    private static void BootSecondaries()
    {
        ulong started = MonotonicMicroseconds();
        int processors = PossibleCount;
        if (processors > 1 && PrepareTrampoline())
        {
            // All at once, since everybody has to wait after it.
            for (int i = 1; i < processors; i++)
            {
                LocalApic.SendInit(s_configuration.Processor(i).ApicId);
            }

            Mdelay(InitMilliseconds);
            for (int i = 1; i < processors && PrepareSecondary(CpuCount); i++)
            {
                StartSecondary(CpuCount, i);
            }

            FreeTrampoline();
        }

        Printk(LogLevel.Info, $"Brought up {CpuCount} CPUs in {(MonotonicMicroseconds() - started) / 1000} ms\n");
    }

    // Everything that CPU number cpu needs, once, whichever processor will have the number.
    private static bool PrepareSecondary(int cpu)
    {
        if (s_prepared == cpu)
        {
            return true;
        }

        Page* area = PageAllocator.AllocPages(AreaOrder, GfpFlags.Kernel | GfpFlags.Zero);
        PerCpuHot* hot = AsmImports.TrampolineTable()->Hot + (cpu - 1);
        *hot = default;
        bool ready = area != null;
        if (ready)
        {
            PerCpuArea.SetBase(cpu, MemMap.PageToVirt(area));
            PerCpuArea.SetHot(cpu, hot);
            hot->EntryStack = Gdt.EntryStack(cpu);
            hot->Self = hot;
            hot->CpuNumber = cpu;
            hot->IrqStackDepth = -1;
            hot->PerCpuOffset = (ulong)MemMap.PageToVirt(area);
            Timers.InitCpu(cpu);
            Hrtimers.InitCpu(cpu);
            ready = Gdt.Prepare(cpu);
        }

#if IRQ_STACKS
        if (ready)
        {
            byte* stack = (byte*)Vmalloc.Alloc(AsmOffsets.THREAD_SIZE);
            hot->IrqStackTop = stack == null ? 0 : (ulong)stack + AsmOffsets.THREAD_SIZE;
            ready = stack != null;
        }
#endif

        if (ready)
        {
            TaskStruct* idle = Scheduler.InitIdle(cpu);
            hot->Current = idle;
            ready = idle != null;
        }

        if (!ready)
        {
            Printk(LogLevel.Error, $"SMP: no memory for CPU {cpu}: it and those behind it stay off\n");
            return false;
        }

        hot->KernelStackTop = (ulong)hot->Current->Stack + AsmOffsets.THREAD_SIZE;
        s_prepared = cpu;
        return true;
    }

    private static void StartSecondary(int cpu, int processor)
    {
        byte apicId = s_configuration.Processor(processor).ApicId;
        Printk(LogLevel.Info, $"Booting processor {cpu}/{apicId}\n");
        PerCpuHot* hot = PerCpuArea.Hot(cpu);
        TrampolineTable* table = AsmImports.TrampolineTable();
        var parameters = (TrampolineParameters*)((byte*)DirectMap.PhysToVirt(s_trampolinePage) + (table->Parameters - table->Start));
        *parameters = new TrampolineParameters
        {
            Root = s_identityRoot,
            Cr0 = AsmImports.ReadCr0(),
            Cr4 = AsmImports.ReadCr4(),
            Efer = AsmImports.Rdmsr(EferRegister) & ~EferLongModeActive,
            KernelRoot = Paging.Root,
            Hot = hot,
            Stack = (byte*)hot->KernelStackTop,
            Cpu = (ulong)cpu,
            Entry = &SecondaryStart,
        };
        hot->PreemptCount = 0;
        hot->NoReschedule = 1;
        hot->IrqStackDepth = -1;
        Shared.WriteOnce(ref s_phase, Waiting);
        PreemptDisable();
        bool online = WakeUp(processor, apicId) && CompareClocks(cpu) && WaitForPhase(Online, Patience);
        PreemptEnable();

        // At the last moment it may have come after all.
        if (online || Shared.Exchange(ref s_phase, GivenUp) == Online)
        {
            while (!IsOnline(cpu))
            {
                CpuRelax();
            }

            Shared.WriteOnce(ref s_cpuCount, cpu + 1);
            return;
        }

        Printk(LogLevel.Error, $"Processor with APIC number {apicId} does not answer: the boot goes on without it\n");
        LocalApic.SendInit(apicId);
        Mdelay(InitMilliseconds);
    }

    // Linux: wakeup_secondary_via_INIT. The second start-up IPI is for processors that lose the first.
    private static bool WakeUp(int processor, byte apicId)
    {
        int page = (int)(s_trampolinePage >> DirectMap.PAGE_SHIFT);
#if DEBUG_CHECKS
        // smp_fail=N plays a machine whose processor N (counted from 1 behind the boot CPU) is dead.
        if (CommandLine.TryGetInt("smp_fail"u8, out int dead) && dead == processor)
        {
            return WaitForPhase(Alive, Patience);
        }
#endif

        LocalApic.SendStartup(apicId, page);
        if (!WaitForPhase(Alive, StartupRetryMicroseconds))
        {
            LocalApic.SendStartup(apicId, page);
        }

        return WaitForPhase(Alive, Patience);
    }

    private static bool WaitForPhase(int phase, ulong microseconds)
    {
        ulong start = ReadTsc();
        while (Shared.ReadOnce(ref s_phase) != phase)
        {
            if (Late(start, microseconds))
            {
                return false;
            }

            CpuRelax();
        }

        return true;
    }

    private static bool Late(ulong start, ulong microseconds) => ReadTsc() - start > microseconds * Math.Max(TscKhz, LeastTscKhz) / 1000;

    // The first C# of another CPU. Linux: start_secondary.
    [DoesNotReturn]
    private static void SecondaryStart(int cpu)
    {
        Gdt.Load(cpu);
        Idt.Load();
        if (Shared.CompareExchange(ref s_phase, Alive, Waiting) != Waiting)
        {
            HaltForever();
        }

        Paging.ActivateOnThisCpu();
        CpuFeatures.Enable();
        LocalApic.InitThisCpu(cpu, external: false, s_configuration.LocalNmiInput(ProcessorOf(LocalApic.Id)));
        AnswerClocks();
        if (s_localTimers)
        {
            LocalApicTimer.StartOnThisCpu();
        }

        if (Shared.CompareExchange(ref s_phase, Online, Comparing) != Comparing)
        {
            HaltForever();
        }

        // From the moment it is online others send it their flushes; what changed before that it must not remember.
        Shared.SetBit(cpu, ref s_online);
        Paging.FlushTlbAllLocal();
        Scheduler.SecondaryIdle(cpu);
    }

    private static int ProcessorOf(byte apicId)
    {
        int index = s_configuration.ProcessorCount - 1;
        while (index > 0 && s_configuration.Processor(index).ApicId != apicId)
        {
            index--;
        }

        return index;
    }
}
