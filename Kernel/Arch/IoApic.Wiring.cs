// IoApic.Wiring: which line arrives at which input, and how it is triggered.
//
// Linux: find_irq_entry, pin_2_irq, irq_polarity, irq_trigger, IO_APIC_get_PCI_irq_vector (arch/i386/kernel/io_apic.c). Boot, process context; RoutePci
// when the PCI bus is enumerated. No locks: constant afterwards.
// What is known without an interpreter for ACPI's byte code:
// - ISA lines: from the MADT's overrides or the MP table; where they say nothing, the input of the line's own number, and the trigger that the
//   8259A's edge/level register (ELCR) holds: level there means a PCI interrupt, which is active low.
// - PCI interrupts: from the MP table; without one, the line that the firmware wrote into configuration byte 0x3c, and its ISA input.
// What that leaves out: a machine without an MP table, whose PCI interrupts arrive at inputs above 15 only. Its drivers find their lines
// silent; `noapic` helps, since byte 0x3c is made for the 8259A. QEMU and VMware wire both.

namespace CSharpOS.Arch;

internal static unsafe partial class IoApic
{
    private static int s_controllerCount;
    private static Controllers s_controllers;

    /// <summary>The line of a PCI device's interrupt pin.</summary>
    /// <param name="configuration">The firmware's tables.</param>
    /// <param name="bus">Its bus.</param>
    /// <param name="slot">Its slot.</param>
    /// <param name="pin">Its pin, 1 for INTA.</param>
    /// <param name="line">What the firmware wrote for the 8259A: configuration byte 0x3c.</param>
    /// <linux>IO_APIC_get_PCI_irq_vector</linux>
    public static int RoutePci(ref SmpConfiguration configuration, int bus, int slot, int pin, int line)
    {
        for (int i = 0; i < configuration.PciRouteCount; i++)
        {
            ref InterruptRoute route = ref configuration.PciRoute(i);
            if (route.Bus == bus && route.Slot == slot && route.Pin == pin)
            {
                int irq = LineAt(InputOf(in route));
                return irq >= 0 ? irq : line;
            }
        }

        return line;
    }

    // Maps every I/O APIC of the tables and masks all its inputs.
    private static int FindControllers(ref SmpConfiguration configuration)
    {
        int nextInput = 0;
        for (int i = 0; i < configuration.IoApicCount; i++)
        {
            ref IoApicEntry entry = ref configuration.IoApic(i);
            byte* registers = (byte*)Vmalloc.Ioremap(entry.Address, RegistersSize);
            if (registers == null)
            {
                return -ENOMEM;
            }

            uint version = ReadRegister(registers, VersionIndex);
            int pins = (int)((version >> 16) & 0xff) + 1;
            if (version == uint.MaxValue)
            {
                Printk(LogLevel.Error, $"IOAPIC[{i}]: apic_id {entry.Id}: nothing at address {entry.Address:x}\n");
                Vmalloc.Iounmap(registers);
                continue;
            }

            int first = entry.FirstInput >= 0 ? entry.FirstInput : nextInput;
            nextInput = first + pins;
            for (int pin = 0; pin < pins; pin++)
            {
                WriteEntry(registers, pin, Masked, 0);
            }

            s_controllers[s_controllerCount++] = new Controller { Registers = registers, Id = entry.Id, FirstInput = first, Pins = pins };
            Printk(LogLevel.Info, $"IOAPIC[{i}]: apic_id {entry.Id}, version {version & 0xff}, address {entry.Address:x}, inputs {first}-{nextInput - 1}\n");
        }

        return s_controllerCount != 0 ? 0 : -ENODEV;
    }

    private static void PlaceLines(ref SmpConfiguration configuration)
    {
        // Those that the tables place first: an input that one of them has taken is no other line's.
        for (int i = 0; i < 2 * SmpConfiguration.IsaLines; i++)
        {
            int line = i % SmpConfiguration.IsaLines;
            if (configuration.IsaRoute(line).Present == (i < SmpConfiguration.IsaLines))
            {
                PlaceIsaLine(ref configuration, line);
            }
        }

        for (int i = 0; i < s_controllerCount; i++)
        {
            ref Controller controller = ref s_controllers[i];
            for (int pin = 0; pin < controller.Pins; pin++)
            {
                int irq = controller.FirstInput + pin;
                if (irq >= SmpConfiguration.IsaLines && irq < Interrupts.NrIrqs && LineAt(irq) < 0)
                {
                    Place(irq, ref controller, pin, level: true, activeLow: true);
                }
            }
        }

        // Last, so that the table's word on a PCI input outweighs the rule.
        for (int i = 0; i < configuration.PciRouteCount; i++)
        {
            ref InterruptRoute route = ref configuration.PciRoute(i);
            int irq = LineAt(InputOf(in route));
            if (irq >= 0 && (irq >= SmpConfiguration.IsaLines || !configuration.IsaRoute(irq).ModeIsStated))
            {
                SetMode(irq, route.Level, route.ActiveLow);
            }
        }
    }

    private static void PlaceIsaLine(ref SmpConfiguration configuration, int irq)
    {
        ref InterruptRoute route = ref configuration.IsaRoute(irq);
        int input = route.Present ? InputOf(in route) : irq;

        // Line 2 is the 8259A's cascade.
        if (input < 0 || irq == I8259A.CascadeIrq || !Find(input, out int index) || LineAt(input) >= 0)
        {
            return;
        }

        bool stated = route.Present && route.ModeIsStated;
        bool level = stated ? route.Level : I8259A.IsLevel(irq);
        bool activeLow = stated ? route.ActiveLow : level;
        ref Controller controller = ref s_controllers[index];
        Place(irq, ref controller, input - controller.FirstInput, level, activeLow);
    }

    private static void Place(int irq, ref Controller controller, int pin, bool level, bool activeLow)
    {
        Line* line = LineOf(irq);
        line->Registers = controller.Registers;
        line->Pin = (byte)pin;
        line->Cpu = 0;
        line->Low = Masked | (uint)(AsmOffsets.FIRST_EXTERNAL_VECTOR + irq);
        SetMode(irq, level, activeLow);
    }

    private static void SetMode(int irq, bool level, bool activeLow)
    {
        Line* line = LineOf(irq);
        line->Low = (line->Low & ~(LevelTriggered | ActiveLow)) | (level ? LevelTriggered : 0) | (activeLow ? ActiveLow : 0);
    }

    // The number, among the inputs of all I/O APICs, that a route means; -1 if there is no such input.
    private static int InputOf(in InterruptRoute route)
    {
        if (route.IoApicId == InterruptRoute.AnyIoApic)
        {
            return route.Input;
        }

        for (int i = 0; i < s_controllerCount; i++)
        {
            // 255 means all of them, that is, any.
            if (s_controllers[i].Id == route.IoApicId || route.IoApicId == byte.MaxValue)
            {
                return route.Input < s_controllers[i].Pins ? s_controllers[i].FirstInput + route.Input : -1;
            }
        }

        return -1;
    }

    // The line that has been given an input; -1 if none has.
    private static int LineAt(int input)
    {
        if (input < 0 || !Find(input, out int index))
        {
            return -1;
        }

        ref Controller controller = ref s_controllers[index];
        int pin = input - controller.FirstInput;
        for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
        {
            Line* line = LineOf(irq);
            if (line->Registers == controller.Registers && line->Pin == pin)
            {
                return irq;
            }
        }

        return -1;
    }

    private static bool Find(int input, out int index)
    {
        for (index = 0; index < s_controllerCount; index++)
        {
            if (input >= s_controllers[index].FirstInput && input - s_controllers[index].FirstInput < s_controllers[index].Pins)
            {
                return true;
            }
        }

        return false;
    }

    private struct Controller
    {
        public byte* Registers;
        public int FirstInput;
        public int Pins;
        public byte Id;
    }

    [System.Runtime.CompilerServices.InlineArray(SmpConfiguration.MaxIoApics)]
    private struct Controllers
    {
        private Controller _first;
    }
}
