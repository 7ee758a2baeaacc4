// ProbeKernel: reading memory that may not be there.
//
// Linux: probe_kernel_read (mm/maccess.c), which tries and catches the fault; here the page tables are asked first (before Paging.Init:
// the kernel image only). Any context, no locks.
// A page may disappear between the question and the read on another CPU: acceptable for reports, wrong for anything else.
// The hosted kernel replaces this class.

namespace CSharpOS.Arch;

/// <summary>Careful reads for reports.</summary>
public static unsafe class ProbeKernel
{
    private const ulong PageMask = 4095;

    /// <summary>Copies bytes from <paramref name="address"/> until the first that is not mapped.</summary>
    /// <returns>How many were copied.</returns>
    /// <linux>probe_kernel_read</linux>
    public static int Read(Span<byte> destination, ulong address)
    {
        bool mapped = false;
        for (int i = 0; i < destination.Length; i++)
        {
            if (i == 0 || (address & PageMask) == 0)
            {
                mapped = Paging.Root != 0
                    ? Paging.Translate(address, out _, out _)
                    : address >= (ulong)LinkerSymbols.ImageStart && address < (ulong)LinkerSymbols.ImageEnd;
            }

            if (!mapped)
            {
                return i;
            }

            destination[i] = *(byte*)address;
            address++;
        }

        return destination.Length;
    }
}
