// SmpConfiguration: what the firmware says of the processors, the I/O APICs and the wiring of the interrupts.
//
// Linux: the tables behind mp_irqs, mp_ioapics and acpi_gbl; arch/i386/kernel/mpparse.c. Filled at boot by Madt or MpTable, constant from then on:
// no locks, any context. The tables come from outside: what does not fit is counted and left out.
// An input is one pin of one I/O APIC. The MADT numbers the inputs of all of them through (global system interrupts), the MP table
// names the I/O APIC and the pin; both stand in InterruptRoute.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace CSharpOS.Arch;

/// <summary>A processor.</summary>
internal struct ProcessorEntry
{
    /// <summary>The number of its local APIC.</summary>
    public byte ApicId;

    /// <summary>The number by which the MADT's other entries call it; the MP table uses the APIC's.</summary>
    public byte Uid;
}

/// <summary>An I/O APIC.</summary>
internal struct IoApicEntry
{
    /// <summary>Physical address of its registers.</summary>
    public ulong Address;

    /// <summary>The number of its first input among those of all, -1 if the table does not say.</summary>
    public int FirstInput;

    /// <summary>Its number.</summary>
    public byte Id;
}

/// <summary>Where an interrupt of a bus arrives.</summary>
internal struct InterruptRoute
{
    /// <summary>For <see cref="IoApicId"/>: the input is counted over all I/O APICs.</summary>
    public const short AnyIoApic = -1;

    /// <summary>The I/O APIC that <see cref="Input"/> is a pin of, or <see cref="AnyIoApic"/>.</summary>
    public short IoApicId;

    /// <summary>The input.</summary>
    public int Input;

    /// <summary>Asserted by a low voltage.</summary>
    public bool ActiveLow;

    /// <summary>Level triggered.</summary>
    public bool Level;

    /// <summary>False: the table leaves polarity and trigger to the rules of the bus.</summary>
    public bool ModeIsStated;

    /// <summary>False: there is no such entry.</summary>
    public bool Present;

    /// <summary>Bus, slot and pin (1 for INTA) of a PCI interrupt.</summary>
    public byte Bus, Slot, Pin;

    /// <summary>Takes the flags that both tables use: two bits of polarity (1 high, 3 low), two of trigger (1 edge, 3 level), 0 as the bus
    /// has it.</summary>
    public void SetMode(int flags, bool busIsLevelLow)
    {
        int polarity = flags & 3;
        int trigger = (flags >> 2) & 3;
        ActiveLow = polarity == 3 || (polarity != 1 && busIsLevelLow);
        Level = trigger == 3 || (trigger != 1 && busIsLevelLow);
        ModeIsStated = polarity is 1 or 3 || trigger is 1 or 3;
    }
}

/// <summary>A local APIC's input that carries non-maskable interrupts.</summary>
internal struct LocalNmiEntry
{
    /// <summary>For <see cref="Uid"/>.</summary>
    public const byte EveryProcessor = 0xff;

    /// <summary>The processor.</summary>
    public byte Uid;

    /// <summary>Local input 0 or 1.</summary>
    public byte Input;
}

/// <summary>The machine's processors and interrupt wiring.</summary>
internal unsafe struct SmpConfiguration
{
    public const int MaxIoApics = 8;
    public const int MaxPciRoutes = 128;
    public const int MaxLocalNmis = Cpu.MaxCpus + 1;
    public const int IsaLines = 16;

    /// <summary>Physical address of the local APIC's registers, the same for every processor.</summary>
    public ulong LocalApicAddress;

    /// <summary>Usable processors, at most <see cref="Cpu.MaxCpus"/>.</summary>
    public int ProcessorCount;

    /// <summary>Usable processors that found no place.</summary>
    public int ProcessorsLeftOut;

    public int IoApicCount;
    public int PciRouteCount;
    public int LocalNmiCount;

    /// <summary>A register keeps the 8259A pair connected to the processor past the APICs until it is told otherwise.</summary>
    public bool HasImcr;

    private Processors _processors;
    private IoApics _ioApics;
    private IsaRoutes _isaRoutes;
    private PciRoutes _pciRoutes;
    private LocalNmis _localNmis;

    /// <summary>Usable processor <paramref name="index"/>, in the order of the table.</summary>
    [UnscopedRef]
    public ref ProcessorEntry Processor(int index) => ref _processors[index];

    [UnscopedRef]
    public ref IoApicEntry IoApic(int index) => ref _ioApics[index];

    /// <summary>Where ISA line <paramref name="line"/> arrives; not Present: at the input of its own number, edge triggered.</summary>
    [UnscopedRef]
    public ref InterruptRoute IsaRoute(int line) => ref _isaRoutes[line];

    [UnscopedRef]
    public ref InterruptRoute PciRoute(int index) => ref _pciRoutes[index];

    /// <summary>Adds a usable processor. A second entry for the same APIC is dropped.</summary>
    public void AddProcessor(byte apicId, byte uid)
    {
        for (int i = 0; i < ProcessorCount; i++)
        {
            if (_processors[i].ApicId == apicId)
            {
                return;
            }
        }

        // 255 addresses every APIC.
        if (ProcessorCount == Cpu.MaxCpus || apicId == byte.MaxValue)
        {
            ProcessorsLeftOut++;
            return;
        }

        _processors[ProcessorCount++] = new ProcessorEntry { ApicId = apicId, Uid = uid };
    }

    public void AddIoApic(byte id, ulong address, int firstInput)
    {
        if (IoApicCount < MaxIoApics)
        {
            _ioApics[IoApicCount++] = new IoApicEntry { Id = id, Address = address, FirstInput = firstInput };
        }
    }

    public void AddPciRoute(in InterruptRoute route)
    {
        if (PciRouteCount < MaxPciRoutes)
        {
            _pciRoutes[PciRouteCount++] = route;
        }
    }

    public void AddLocalNmi(byte uid, byte input)
    {
        if (LocalNmiCount < MaxLocalNmis && input < 2)
        {
            _localNmis[LocalNmiCount++] = new LocalNmiEntry { Uid = uid, Input = input };
        }
    }

    /// <summary>Adds the PCI routes of another table, which may number the I/O APICs differently: what counts is their address.</summary>
    public void TakePciRoutes(ref SmpConfiguration other)
    {
        for (int i = 0; i < other.PciRouteCount; i++)
        {
            InterruptRoute route = other._pciRoutes[i];
            if (other.FindIoApic(route.IoApicId, out ulong address))
            {
                for (int apic = 0; apic < IoApicCount; apic++)
                {
                    if (_ioApics[apic].Address == address)
                    {
                        route.IoApicId = _ioApics[apic].Id;
                        AddPciRoute(in route);
                        break;
                    }
                }
            }
        }

        HasImcr |= other.HasImcr;
    }

    private bool FindIoApic(short id, out ulong address)
    {
        for (int i = 0; i < IoApicCount; i++)
        {
            // 255 means all of them, that is, any.
            if (_ioApics[i].Id == id || id == byte.MaxValue)
            {
                address = _ioApics[i].Address;
                return true;
            }
        }

        address = 0;
        return false;
    }

    /// <summary>Makes the processor with <paramref name="apicId"/>, the one that runs, the first. One that the table forgot is added.</summary>
    public void PutFirst(byte apicId)
    {
        int index = 0;
        while (index < ProcessorCount && _processors[index].ApicId != apicId)
        {
            index++;
        }

        ProcessorEntry entry = new() { ApicId = apicId, Uid = apicId };
        if (index < ProcessorCount)
        {
            entry = _processors[index];
        }
        else if (ProcessorCount < Cpu.MaxCpus)
        {
            ProcessorCount++;
        }
        else
        {
            index--;
            ProcessorsLeftOut++;
        }

        for (int i = index; i > 0; i--)
        {
            _processors[i] = _processors[i - 1];
        }

        _processors[0] = entry;
    }

    /// <summary>The local input of processor <paramref name="index"/> that carries NMIs; -1 if none does. Without any entry it is 1, as on
    /// every PC.</summary>
    public int LocalNmiInput(int index)
    {
        for (int i = 0; i < LocalNmiCount; i++)
        {
            if (_localNmis[i].Uid == _processors[index].Uid || _localNmis[i].Uid == LocalNmiEntry.EveryProcessor)
            {
                return _localNmis[i].Input;
            }
        }

        return LocalNmiCount == 0 ? 1 : -1;
    }

    [InlineArray(Cpu.MaxCpus)]
    private struct Processors
    {
        private ProcessorEntry _first;
    }

    [InlineArray(MaxIoApics)]
    private struct IoApics
    {
        private IoApicEntry _first;
    }

    [InlineArray(IsaLines)]
    private struct IsaRoutes
    {
        private InterruptRoute _first;
    }

    [InlineArray(MaxPciRoutes)]
    private struct PciRoutes
    {
        private InterruptRoute _first;
    }

    [InlineArray(MaxLocalNmis)]
    private struct LocalNmis
    {
        private LocalNmiEntry _first;
    }
}
