// Devices in the simulated machine's physical addresses: a test attaches one, and accesses through Mmio reach it instead of memory.

using CSharpOS.Mm;

namespace CSharpOS.Arch;

/// <summary>The simulated memory-mapped devices.</summary>
public static unsafe class MmioDevices
{
    private static readonly List<(ulong Start, ulong Length, Reader Read, Writer Write)> s_devices = [];

    public delegate uint Reader(ulong offset, int size);

    public delegate void Writer(ulong offset, uint value, int size);

    public static void Attach(ulong physical, ulong length, Reader read, Writer write) => s_devices.Add((physical, length, read, write));

    public static void DetachAll() => s_devices.Clear();

    internal static bool TryRead(void* address, int size, out uint value)
    {
        value = 0;
        if (s_devices.Count == 0 || !Find(address, out int device, out ulong offset))
        {
            return false;
        }

        value = s_devices[device].Read(offset, size);
        return true;
    }

    internal static bool TryWrite(void* address, uint value, int size)
    {
        if (s_devices.Count == 0 || !Find(address, out int device, out ulong offset))
        {
            return false;
        }

        s_devices[device].Write(offset, value, size);
        return true;
    }

    private static bool Find(void* address, out int device, out ulong offset)
    {
        device = -1;
        offset = 0;
        if (!Paging.Translate((ulong)address, out ulong physical, out _))
        {
            return false;
        }

        device = s_devices.FindIndex(candidate => physical >= candidate.Start && physical < candidate.Start + candidate.Length);
        offset = device < 0 ? 0 : physical - s_devices[device].Start;
        return device >= 0;
    }
}
