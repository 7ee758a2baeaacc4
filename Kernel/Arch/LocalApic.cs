// LocalApic: the interrupt controller that every processor has.
//
// Linux: arch/i386/kernel/apic.c, include/asm-i386/apic.h. Its registers lie at the same physical address for every CPU, and each CPU sees its
// own there. Init: process context of the boot CPU. InitThisCpu: each CPU at its start, interrupts off. The rest: any context, NMI
// included; what sends waits until the APIC is rid of the message of before, a few microseconds.
// Locks: none, a CPU touches only its own registers. The two halves of the command register are written with interrupts off; an NMI that
// sends in between puts the upper half back.
// Only the xAPIC mode (registers in memory, 8-bit numbers) is used, with physical destinations: that serves 1 to 16 CPUs alike.

using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>The local APIC of the running CPU.</summary>
/// <rows>IRQ-18</rows>
internal static unsafe class LocalApic
{
    /// <summary>Vectors of the APIC's own interrupts, from <see cref="AsmOffsets.FIRST_SYSTEM_VECTOR"/> up; the higher, the more urgent.</summary>
    public const int TimerVector = 0xef, StopVector = 0xfa, TlbVector = 0xfb, CallFunctionVector = 0xfc, RescheduleVector = 0xfd,
        ErrorVector = 0xfe, SpuriousVector = 0xff;

    /// <summary>Registers of the timer, for <see cref="LocalApicTimer"/>.</summary>
    internal const int TimerEntry = 0x320, TimerInitialCount = 0x380, TimerCurrentCount = 0x390, TimerDivide = 0x3e0;

    /// <summary>In an entry of the local vector table: no interrupt.</summary>
    internal const uint Masked = 1 << 16;

    private const int IdRegister = 0x20, VersionRegister = 0x30, TaskPriority = 0x80, EndOfInterruptRegister = 0xb0;
    private const int SpuriousRegister = 0xf0, InServiceRegister = 0x100, ErrorStatus = 0x280, CommandLow = 0x300, CommandHigh = 0x310;
    private const int ThermalEntry = 0x330, PerformanceEntry = 0x340, Lint0Entry = 0x350, Lint1Entry = 0x360, ErrorEntry = 0x370;

    private const uint SoftwareEnabled = 1 << 8;
    private const uint DeliverNmi = 4 << 8, DeliverInit = 5 << 8, DeliverStartup = 6 << 8, DeliverExternal = 7 << 8;
    private const uint DeliveryPending = 1 << 12, AssertLevel = 1 << 14, LevelTriggered = 1 << 15;
    private const int DestinationShift = 24;

    private const uint ApicBaseRegister = 0x1b;
    private const ulong ApicBaseEnabled = 1 << 11, ApicBaseX2Apic = 1 << 10;
    private const ulong DefaultAddress = 0xfee00000;
    private const nuint RegistersSize = 0x400;
    private const int LongestDelivery = 1_000_000;
    private const int MaxStaleInterrupts = 256 * 2;

    private static byte* s_registers;
    private static ApicIds s_ids;
    private static int s_errorsReported;

    /// <summary>True once the boot CPU's APIC is in use.</summary>
    public static bool Present => s_registers != null;

    /// <summary>The number of the running CPU's APIC.</summary>
    public static byte Id => (byte)(Read(IdRegister) >> DestinationShift);

    /// <summary>Maps the registers. Boot CPU, process context.</summary>
    /// <param name="address">From the firmware's tables; 0 if they do not say.</param>
    /// <returns>0; -ENODEV: there is none that can be used, and the log says why; -ENOMEM.</returns>
    /// <linux>init_apic_mappings</linux>
    public static int Init(ulong address)
    {
        s_registers = null;
        s_ids = default;
        s_errorsReported = 0;
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(1, 0, registers);
        if ((registers[3] & (1 << 9)) == 0)
        {
            Printk(LogLevel.Info, $"No local APIC present\n");
            return -ENODEV;
        }

        ulong apicBase = AsmImports.Rdmsr(ApicBaseRegister);
        if ((apicBase & ApicBaseX2Apic) != 0)
        {
            Printk(LogLevel.Warning, $"Local APIC: the firmware has switched x2APIC mode on, which is not supported: switch it off there\n");
            return -ENODEV;
        }

        if ((apicBase & ApicBaseEnabled) == 0)
        {
            Printk(LogLevel.Warning, $"Local APIC disabled by the firmware\n");
            return -ENODEV;
        }

        s_registers = (byte*)Vmalloc.Ioremap(address != 0 ? address : DefaultAddress, RegistersSize);
        return s_registers == null ? -ENOMEM : 0;
    }

    /// <summary>Sets this CPU's APIC up: enabled, all priorities accepted, errors reported, timer off. Interrupts off.</summary>
    /// <param name="cpu">This CPU.</param>
    /// <param name="external">Take the 8259A's interrupts, through local input 0. Only one CPU may.</param>
    /// <param name="nmiInput">The local input that carries NMIs, -1 for none.</param>
    /// <linux>setup_local_APIC</linux>
    public static void InitThisCpu(int cpu, bool external, int nmiInput)
    {
        s_ids[cpu] = Id;
        int entries = (int)((Read(VersionRegister) >> 16) & 0xff) + 1;
        Write(TimerEntry, Masked | TimerVector);
        if (entries >= 5)
        {
            Write(PerformanceEntry, Masked);
        }

        if (entries >= 6)
        {
            Write(ThermalEntry, Masked);
        }

        Write(TaskPriority, 0);
        Write(SpuriousRegister, SoftwareEnabled | SpuriousVector);
        RetireStaleInterrupts();
        Write(Lint0Entry, nmiInput == 0 ? DeliverNmi : external ? DeliverExternal : Masked | DeliverExternal);
        Write(Lint1Entry, nmiInput == 1 ? DeliverNmi : Masked | DeliverNmi);

        // Twice: the first write makes the register show the errors of before, the second forgets them.
        Write(ErrorStatus, 0);
        Write(ErrorStatus, 0);
        Write(ErrorEntry, ErrorVector);
    }

    /// <summary>The I/O APIC serves the devices now: the 8259A's wire is not looked at any more. Boot CPU.</summary>
    public static void DisconnectExternal()
    {
        if ((Read(Lint0Entry) & (7 << 8)) == DeliverExternal)
        {
            Write(Lint0Entry, Masked | DeliverExternal);
        }
    }

    /// <summary>The number of the APIC of CPU <paramref name="cpu"/>, which has been started.</summary>
    /// <linux>cpu_physical_id</linux>
    public static byte IdOf(int cpu) => s_ids[cpu];

    /// <summary>Retires the interrupt in service. Every interrupt that came through an APIC needs exactly one, a spurious one none.</summary>
    /// <linux>ack_APIC_irq</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EndOfInterrupt() => Mmio.Write32(s_registers + EndOfInterruptRegister, 0);

    /// <summary>Raises <paramref name="vector"/> on CPU <paramref name="cpu"/>, which may be this one. Any context.</summary>
    /// <linux>send_IPI_mask</linux>
    public static void SendIpi(int cpu, int vector) => Send(s_ids[cpu], AssertLevel | (uint)vector);

    /// <summary>Raises a non-maskable interrupt on CPU <paramref name="cpu"/>. Any context.</summary>
    public static void SendNmi(int cpu) => Send(s_ids[cpu], AssertLevel | DeliverNmi);

    /// <summary>Resets a processor, which then waits for <see cref="SendStartup"/>.</summary>
    /// <returns>False: the message was not taken.</returns>
    public static bool SendInit(byte apicId)
    {
        Send(apicId, LevelTriggered | AssertLevel | DeliverInit);
        Send(apicId, LevelTriggered | DeliverInit);
        return WaitForDelivery();
    }

    /// <summary>Starts a processor in real mode at the beginning of page <paramref name="page"/>.</summary>
    /// <returns>False: the message was not taken.</returns>
    public static bool SendStartup(byte apicId, int page)
    {
        Send(apicId, DeliverStartup | (uint)page);
        return WaitForDelivery();
    }

    /// <summary>True if <paramref name="vector"/> is being served on this CPU.</summary>
    public static bool InService(int vector) => (Read(InServiceRegister + (vector / 32 * 16)) & (1u << (vector % 32))) != 0;

    /// <summary>The error interrupt. Interrupts off.</summary>
    /// <linux>smp_error_interrupt</linux>
    public static void ErrorInterrupt()
    {
        Write(ErrorStatus, 0);
        uint status = Read(ErrorStatus);
        EndOfInterrupt();
        IrqStatistics.CountError();
        if (Shared.Exchange(ref s_errorsReported, 1) == 0)
        {
            Printk(LogLevel.Error, $"APIC error on CPU {Cpu.SmpProcessorId()}: {status:x2}; others will only be counted\n");
        }
    }

    internal static uint Read(int register) => Mmio.Read32(s_registers + register);

    internal static void Write(int register, uint value) => Mmio.Write32(s_registers + register, value);

    // Waits for the message of before, not for this one.
    private static void Send(byte apicId, uint command)
    {
        ulong flags = LocalIrqSave();
        if (!WaitForDelivery())
        {
            IrqStatistics.CountError();
        }

        if (InNmi())
        {
            uint interrupted = Read(CommandHigh);
            Write(CommandHigh, (uint)apicId << DestinationShift);
            Write(CommandLow, command);
            WaitForDelivery();
            Write(CommandHigh, interrupted);
        }
        else
        {
            Write(CommandHigh, (uint)apicId << DestinationShift);
            Write(CommandLow, command);
        }

        LocalIrqRestore(flags);
    }

    private static bool WaitForDelivery()
    {
        for (int i = 0; i < LongestDelivery; i++)
        {
            if ((Read(CommandLow) & DeliveryPending) == 0)
            {
                return true;
            }

            CpuRelax();
        }

        return false;
    }

    // Whoever ran before us, the firmware or a boot loader, may have left interrupts half served.
    private static void RetireStaleInterrupts()
    {
        for (int i = 0; i < MaxStaleInterrupts && AnyInService(); i++)
        {
            EndOfInterrupt();
        }
    }

    private static bool AnyInService()
    {
        uint any = 0;
        for (int i = 0; i < 8; i++)
        {
            any |= Read(InServiceRegister + (i * 16));
        }

        return any != 0;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct ApicIds
    {
        private byte _first;
    }
}
