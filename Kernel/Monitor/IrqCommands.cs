// IrqCommands: irq storm and spurious: interrupts on purpose, and what the kernel makes of them. Process context, except the handler.
//
// The lines are driven by pc-testdev of QEMU, whose ports 0x2000 + n are the wires of the ISA lines. Spurious interrupts come through the
// local APIC: it delivers the vector of line 7 or 15 while the 8259A has nothing in service, which is what a wire that was only touched
// looks like to the processor.

using System.Runtime.CompilerServices;

namespace CSharpOS.Monitoring;

internal static unsafe class IrqCommands
{
    private const int TestDeviceLatch = 0xe0;
    private const int TestDeviceLines = 0x2000;
    private const ulong DefaultCount = 1000;
    private const ulong MaxCount = 10_000_000;
    private const ulong DefaultLine = 6;
    private const ulong LastIsaLine = 15;
    private const int CheckEvery = 1024;

    private static int s_stormCount;

    public static void Register()
    {
        Monitor.Register("interrupts"u8, ""u8, "interrupts per line and CPU, as /proc/interrupts"u8, &Interrupts);
        Monitor.Register("irq"u8, "storm [N [LINE]]"u8, "raise an ISA line N times and count"u8, &Irq);
        Monitor.Register("spurious"u8, ""u8, "provoke spurious interrupts 7 and 15"u8, &Spurious);
    }

    private static int Interrupts(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        IrqTable.Write(&MonitorOutput.Write, Smp.CpuCount);
        return 0;
    }

    private static int Irq(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (!words.TryNext(out ReadOnlySpan<byte> what) || !what.SequenceEqual("storm"u8)
            || !words.TryNextNumber(1, MaxCount, DefaultCount, out ulong count)
            || !words.TryNextNumber(0, LastIsaLine, DefaultLine, out ulong line)
            || !words.AtEnd)
        {
            return -EINVAL;
        }

        if (!HasTestDevice())
        {
            MonitorOutput.Write($"irq storm: no pc-testdev here (QEMU option -device pc-testdev)\n");
            return -ENODEV;
        }

        return Storm((int)count, (int)line);
    }

    private static int Storm(int count, int line)
    {
        void* cookie = Unsafe.AsPointer(ref s_stormCount);
        Shared.WriteOnce(ref s_stormCount, 0);
        int result = RequestIrq(line, &CountInterrupt, IrqFlags.Shared, "storm"u8, cookie);
        if (result != 0)
        {
            MonitorOutput.Write($"irq storm: line {line} cannot be had, error {result}\n");
            return result;
        }

        int pulses = 0;
        ulong start = MonotonicMicroseconds();
        while (pulses < count && (pulses % CheckEvery != 0 || !Monitor.Interrupted()))
        {
            PortIo.Out8(TestDeviceLines + line, 1);
            PortIo.Out8(TestDeviceLines + line, 0);
            pulses++;
        }

        ulong microseconds = MonotonicMicroseconds() - start;
        FreeIrq(line, cookie);
        MonitorOutput.Write($"line {line}: raised {pulses} times, {Shared.ReadOnce(ref s_stormCount)} interrupts, {microseconds} us\n");
        return 0;
    }

    private static IrqReturn CountInterrupt(int irq, void* devId, PtRegs* regs)
    {
        // The line's handlers never run twice at once, so a plain increment will do; Shared, because the command reads it meanwhile.
        ref int count = ref *(int*)devId;
        Shared.WriteOnce(ref count, count + 1);
        return IrqReturn.Handled;
    }

    // The lines can only be written. The device's other register keeps what it was given; elsewhere nothing answers at its port.
    private static bool HasTestDevice()
    {
        PortIo.Out8(TestDeviceLatch, 0x5a);
        bool first = PortIo.In8(TestDeviceLatch) == 0x5a;
        PortIo.Out8(TestDeviceLatch, 0xa5);
        return first && PortIo.In8(TestDeviceLatch) == 0xa5;
    }

    private static int Spurious(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        uint errors = IrqStatistics.Errors;
        if (Smp.HasIoApic)
        {
            // The 8259A is out of the game: what is spurious then is an interrupt of the local APIC that is in service nowhere.
            Smp.RaiseSpurious();
            MonitorOutput.Write($"raised the local APIC's spurious vector: ERR was {errors}, is {IrqStatistics.Errors}\n");
            return 0;
        }

        int result = SpuriousInterrupt.Raise(7);
        result = result == 0 ? SpuriousInterrupt.Raise(15) : result;
        if (result != 0)
        {
            MonitorOutput.Write($"spurious: the local APIC is not usable here\n");
            return result;
        }

        MonitorOutput.Write($"raised 7 and 15: ERR was {errors}, is {IrqStatistics.Errors}\n");
        return 0;
    }
}
