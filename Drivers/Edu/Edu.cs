// Edu: QEMU's teaching device. The driver to read first: probe, request_irq, handler, remove, and nothing else.
//
// Linux: has none; the shape is that of any small PCI driver. Probe and Remove: process context. Interrupt: hard interrupt context.
// The device computes factorials and interrupts when it is done, or at once when told to. Its line is level triggered and may be shared,
// also with another edu device: so the handler asks its own device first, and says IRQ_NONE when that one is innocent.
// Locks: none. What an EduDevice counts is written by the handler only, which the irq layer never runs twice at once; others read them as
// single words. s_first changes in Probe and Remove, which the PCI bus calls one at a time.

using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Pci;

namespace CSharpOS.Drivers;

/// <summary>One device.</summary>
public unsafe struct EduDevice
{
    /// <summary>Where its registers are mapped.</summary>
    public byte* Registers;

    /// <summary>Its interrupt line.</summary>
    public int Irq;

    /// <summary>Its number, from 0, in the order of the bus.</summary>
    public int Index;

    /// <summary>The next device, or null.</summary>
    public EduDevice* Next;

    private int _seen;
    private int _handled;
    private int _innocent;

    /// <summary>All reasons for which the device has interrupted since <see cref="Forget"/>, as in its status register.</summary>
    public uint Seen => (uint)Shared.ReadOnce(ref _seen);

    /// <summary>Interrupts that this device raised.</summary>
    public int Handled => Shared.ReadOnce(ref _handled);

    /// <summary>Interrupts of the line that were not this device's.</summary>
    public int Innocent => Shared.ReadOnce(ref _innocent);

    /// <summary>Clears <see cref="Seen"/>. While the device cannot interrupt.</summary>
    public void Forget() => Shared.WriteOnce(ref _seen, 0);

    internal void Note(uint reasons)
    {
        if (reasons == 0)
        {
            Shared.WriteOnce(ref _innocent, _innocent + 1);
            return;
        }

        Shared.WriteOnce(ref _seen, _seen | (int)reasons);
        Shared.WriteOnce(ref _handled, _handled + 1);
    }
}

/// <summary>The driver of QEMU's edu device.</summary>
/// <rows>DRV-02</rows>
public static unsafe class Edu
{
    private const ushort VendorId = 0x1234;
    private const ushort DeviceId = 0x11e8;

    private const int Identification = 0x00, Liveness = 0x04, Factorial = 0x08, Status = 0x20;
    private const int InterruptStatus = 0x24, InterruptRaise = 0x60, InterruptAcknowledge = 0x64;
    private const uint IdentificationMask = 0xffff, IdentificationValue = 0x00ed;
    private const uint StatusComputing = 0x01, StatusInterruptWhenDone = 0x80;
    private const nuint RegistersSize = 0x100;
    private const uint LivenessProbe = 0x5a5a1234;

    /// <summary>The reason that the device gives when a factorial is done.</summary>
    public const uint FactorialDone = 0x01;

    private static PciDriver s_driver;
    private static EduDevice* s_first;

    /// <summary>The first device, or null; the others follow through <see cref="EduDevice.Next"/>.</summary>
    public static EduDevice* First => s_first;

    private static PciDriver* Driver => (PciDriver*)Unsafe.AsPointer(ref s_driver);

    /// <summary>Offers the driver to the PCI bus. Process context.</summary>
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        s_first = null;
        s_driver = new PciDriver("edu"u8, VendorId, DeviceId, &Probe, &Remove);
        EduCommand.Register();
        return PciBus.RegisterDriver(Driver);
    }

    /// <summary>Takes it back; the bus calls <see cref="Remove"/> for each device. Process context.</summary>
    [ModuleExit]
    public static void Exit()
    {
        EduCommand.Unregister();
        PciBus.UnregisterDriver(Driver);
    }

    private static int Probe(PciDevice* pci)
    {
        int result = PciBus.EnableDevice(pci);
        if (result != 0)
        {
            return result;
        }

        if (pci->Irq < 0)
        {
            return -ENODEV;
        }

        EduDevice* edu = (EduDevice*)Kzalloc((nuint)sizeof(EduDevice), GfpFlags.Kernel);
        if (edu == null)
        {
            return -ENOMEM;
        }

        edu->Irq = pci->Irq;
        edu->Registers = (byte*)Vmalloc.Ioremap(pci->Resource(0).Start, RegistersSize);
        result = edu->Registers == null ? -ENOMEM : Start(edu);
        if (result != 0)
        {
            // In the opposite order of what was done.
            Vmalloc.Iounmap(edu->Registers);
            Kfree(edu);
            PciBus.DisableDevice(pci);
            return result;
        }

        pci->DriverData = edu;
        Append(edu);
        Printk(LogLevel.Info, $"edu{edu->Index}: at {pci->Bus:x2}:{pci->Slot:x2}.{pci->Function}, irq {edu->Irq}\n");
        return 0;
    }

    /// <summary>Checks that it is an edu device, makes it quiet, and requests its interrupt.</summary>
    internal static int Start(EduDevice* edu)
    {
        Write(edu, Liveness, LivenessProbe);
        if ((Read(edu, Identification) & IdentificationMask) != IdentificationValue || Read(edu, Liveness) != ~LivenessProbe)
        {
            return -ENODEV;
        }

        Write(edu, Status, 0);
        Write(edu, InterruptAcknowledge, uint.MaxValue);
        return RequestIrq(edu->Irq, &Interrupt, IrqFlags.Shared, "edu"u8, edu);
    }

    private static void Remove(PciDevice* pci)
    {
        EduDevice* edu = (EduDevice*)pci->DriverData;

        // First the device, then the handler: a level triggered line that nobody serves would not stop.
        Write(edu, Status, 0);
        Write(edu, InterruptAcknowledge, uint.MaxValue);
        FreeIrq(edu->Irq, edu);
        Unlink(edu);
        Vmalloc.Iounmap(edu->Registers);
        PciBus.DisableDevice(pci);
        Kfree(edu);
    }

    /// <summary>The handler.</summary>
    internal static IrqReturn Interrupt(int irq, void* devId, PtRegs* regs)
    {
        EduDevice* edu = (EduDevice*)devId;
        uint reasons = Read(edu, InterruptStatus);
        if (reasons == 0)
        {
            edu->Note(0);
            return IrqReturn.None;
        }

        // Until it is acknowledged the device holds the line, and the interrupt would come again and again.
        Write(edu, InterruptAcknowledge, reasons);
        edu->Note(reasons);
        return IrqReturn.Handled;
    }

    /// <summary>Makes the device interrupt with <paramref name="reasons"/>, which must not be 0. Any context.</summary>
    public static void Raise(EduDevice* edu, uint reasons) => Write(edu, InterruptRaise, reasons);

    /// <summary>Starts the computation of n!; the device interrupts with <see cref="FactorialDone"/>. Any context.</summary>
    /// <returns>0; -EBUSY while another computation is running.</returns>
    public static int StartFactorial(EduDevice* edu, uint n)
    {
        if ((Read(edu, Status) & StatusComputing) != 0)
        {
            return -EBUSY;
        }

        Write(edu, Status, StatusInterruptWhenDone);
        Write(edu, Factorial, n);
        return 0;
    }

    /// <summary>The result of the last computation, 32 bits of it. Any context.</summary>
    public static uint Result(EduDevice* edu) => Read(edu, Factorial);

    private static uint Read(EduDevice* edu, int register) => Mmio.Read32(edu->Registers + register);

    private static void Write(EduDevice* edu, int register, uint value) => Mmio.Write32(edu->Registers + register, value);

    private static void Append(EduDevice* edu)
    {
        EduDevice** link = FirstLink;
        while (*link != null)
        {
            edu->Index = (*link)->Index + 1;
            link = &(*link)->Next;
        }

        *link = edu;
    }

    private static void Unlink(EduDevice* edu)
    {
        EduDevice** link = FirstLink;
        while (*link != edu)
        {
            link = &(*link)->Next;
        }

        *link = edu->Next;
    }

    private static EduDevice** FirstLink
    {
        get
        {
            fixed (EduDevice** first = &s_first)
            {
                return first;
            }
        }
    }
}
