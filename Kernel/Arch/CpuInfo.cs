// CpuInfo: /proc/cpuinfo: what the processors are.
//
// Linux: show_cpuinfo, arch/x86/kernel/cpu/proc.c. Process context. All processors are taken to be alike: CPUID is asked on whichever runs the function.

namespace CSharpOS.Arch;

/// <summary>The file /proc/cpuinfo.</summary>
/// <rows>TIME-04</rows>
internal static unsafe class CpuInfo
{
    private const uint ExtendedLeaves = 0x80000000, FeatureLeaf = 0x80000001, BrandLeaf = 0x80000002, SizesLeaf = 0x80000008;
    private const int BrandLeaves = 3, RegistersSize = 16;

    private static ReadOnlySpan<byte> BasicFlags => "fpu vme de pse tsc msr pae mce cx8 apic - sep mtrr pge mca cmov pat pse36 pn clflush - dts acpi mmx fxsr sse sse2 ss ht tm ia64 pbe"u8;

    private static ReadOnlySpan<byte> MoreFlags => "pni pclmulqdq dtes64 monitor ds_cpl vmx smx est tm2 ssse3 cid - fma cx16 xtpr pdcm - pcid dca sse4_1 sse4_2 x2apic movbe popcnt tsc_deadline_timer aes xsave osxsave avx f16c rdrand hypervisor"u8;

    /// <summary>Adds the file. Once, at boot, when /proc exists. 0 or -ENOMEM.</summary>
    internal static int Init() => ProcFs.CreateProcEntry("cpuinfo"u8, 0x124, null, &Show, null, null) == null ? -ENOMEM : 0;

    private static int Show(TextArea* text, void* unused)
    {
        for (int cpu = 0; cpu < Smp.CpuCount; cpu++)
        {
            text->Append($"processor\t: {cpu}\n");
            ShowIdentity(text);
            text->Append($"cpu MHz\t\t: {TscKhz / 1000}.{TscKhz % 1000:d3}\n");
            text->Append($"physical id\t: {Smp.ApicId(cpu)}\nsiblings\t: 1\ncore id\t\t: 0\ncpu cores\t: 1\n");
            text->Append($"apicid\t\t: {Smp.ApicId(cpu)}\nfpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\nflags\t\t:");
            ShowFlags(text);

            // A turn of the delay loop counts as two instructions, as it always has.
            ulong hundredths = LoopsPerJiffy / (500_000 / HZ / 100);
            text->Append($"\nbogomips\t: {hundredths / 100}.{hundredths % 100:d2}\n");
            ShowSizes(text);
        }

        return 0;
    }

    private static void ShowIdentity(TextArea* text)
    {
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(0, 0, registers);
        uint highest = registers[0];

        // The name lies in ebx, edx, ecx, in this order.
        uint* vendor = stackalloc uint[3];
        vendor[0] = registers[1];
        vendor[1] = registers[3];
        vendor[2] = registers[2];
        AsmImports.Cpuid(1, 0, registers);
        uint signature = registers[0];
        uint family = (signature >> 8) & 15, model = (signature >> 4) & 15;
        model += family is 6 or 15 ? ((signature >> 16) & 15) << 4 : 0;
        family += family == 15 ? (signature >> 20) & 255 : 0;
        text->Append($"vendor_id\t: {new ReadOnlySpan<byte>(vendor, 12)}\ncpu family\t: {family}\nmodel\t\t: {model}\nmodel name\t: ");
        ShowBrand(text);
        text->Append($"\nstepping\t: {signature & 15}\ncpuid level\t: {highest}\n");
    }

    // 48 bytes in three leaves, with blanks in front and zero bytes behind.
    private static void ShowBrand(TextArea* text)
    {
        byte* brand = stackalloc byte[BrandLeaves * RegistersSize];
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(ExtendedLeaves, 0, registers);
        if (registers[0] < BrandLeaf + BrandLeaves - 1)
        {
            text->Append("unknown"u8);
            return;
        }

        for (uint i = 0; i < BrandLeaves; i++)
        {
            AsmImports.Cpuid(BrandLeaf + i, 0, (uint*)(brand + (i * RegistersSize)));
        }

        ReadOnlySpan<byte> name = new(brand, BrandLeaves * RegistersSize);
        int end = name.IndexOf((byte)0);
        text->Append((end < 0 ? name : name[..end]).Trim((byte)' '));
    }

    private static void ShowFlags(TextArea* text)
    {
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(1, 0, registers);
        ShowNames(text, registers[3], BasicFlags);
        ShowNames(text, registers[2], MoreFlags);
        AsmImports.Cpuid(FeatureLeaf, 0, registers);
        Flag(text, registers[3], 11, "syscall"u8);
        Flag(text, registers[3], 20, "nx"u8);
        Flag(text, registers[3], 29, "lm"u8);
        text->Append(CpuFeatures.Smep ? " smep"u8 : default);
        text->Append(CpuFeatures.Smap ? " smap"u8 : default);
    }

    // A name for each bit, from bit 0 on; "-" has none.
    private static void ShowNames(TextArea* text, uint bits, ReadOnlySpan<byte> names)
    {
        for (int bit = 0; names.Length != 0; bit++)
        {
            int end = names.IndexOf((byte)' ');
            ReadOnlySpan<byte> name = end < 0 ? names : names[..end];
            names = end < 0 ? default : names[(end + 1)..];
            if (name[0] != '-')
            {
                Flag(text, bits, bit, name);
            }
        }
    }

    private static void Flag(TextArea* text, uint bits, int bit, ReadOnlySpan<byte> name)
    {
        if ((bits & (1u << bit)) != 0)
        {
            text->Append($" {name}");
        }
    }

    private static void ShowSizes(TextArea* text)
    {
        uint* registers = stackalloc uint[4];
        AsmImports.Cpuid(1, 0, registers);
        uint line = ((registers[1] >> 8) & 255) * 8;
        AsmImports.Cpuid(SizesLeaf, 0, registers);
        text->Append($"clflush size\t: {line}\naddress sizes\t: {registers[0] & 255} bits physical, {(registers[0] >> 8) & 255} bits virtual\n\n");
    }
}
