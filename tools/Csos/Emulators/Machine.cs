// A machine to boot on: what QEMU is told about it. The same devices stand in every machine, because the monitor commands
// and the test suites look for them: edu twice on one interrupt line (slots 4 and 8), pc-testdev, which drives ISA lines, and two network cards
// joined to each other (slots 5 and 12).

using System.Globalization;

namespace CSharpOS.Tool.Emulators;

/// <summary>How the kernel gets into memory.</summary>
public enum BootMethod
{
    /// <summary>QEMU's <c>-kernel</c> (PVH).</summary>
    Kernel,

    /// <summary>GRUB from a CD, under SeaBIOS.</summary>
    BiosIso,

    /// <summary>GRUB from a CD, under OVMF.</summary>
    UefiIso,

    /// <summary>GRUB from a CD in Bochs.</summary>
    Bochs,
}

/// <summary>An emulated machine.</summary>
public sealed record Machine
{
    /// <summary>The machine types that the kernel is made for.</summary>
    public static readonly string[] Types = ["pc", "q35"];

    /// <summary>QEMU's machine type.</summary>
    public string Type { get; init; } = "pc";

    /// <summary>QEMU's CPU model.</summary>
    public string Cpu { get; init; } = "qemu64";

    /// <summary>The number of CPUs.</summary>
    public int Cpus { get; init; } = 1;

    /// <summary>Memory as QEMU takes it: 16M, 4G.</summary>
    public string Memory { get; init; } = "128M";

    /// <summary>How it boots.</summary>
    public BootMethod Method { get; init; } = BootMethod.Kernel;

    /// <summary>The kernel command line.</summary>
    public string Append { get; init; } = "";

    /// <summary>An archive that the boot loader gives the kernel; null for none. On an ISO it is part of the medium.</summary>
    public string? Initrd { get; init; }

    /// <summary>Count instructions: virtual time advances by one nanosecond per executed instruction.</summary>
    public bool Icount { get; init; }

    /// <summary>How many of its CPUs run at the same time: two, each in a thread of its own. More would outnumber the host's processors, and fair locks
    /// crawl then: they take turns in one thread, as they do where instructions are counted.</summary>
    public int EmulatorThreads => Cpus == 2 && !Icount && Method != BootMethod.Bochs ? 2 : 1;

    /// <summary>Two cards, one of each kind that the driver knows, on one cable; the second shares edu's line. At the cable's third end is QEMU's own station, 10.0.2.2, which answers ARP
    /// and ping and leads nowhere else. Without their boot programs: the firmware need not look for anything there.</summary>
    public static string[] Network =>
    [
        "-netdev", "hubport,id=net0,hubid=0", "-device", "e1000,netdev=net0,addr=0x5,mac=52:54:00:12:34:56,romfile=",
        "-netdev", "hubport,id=net1,hubid=0", "-device", "e1000-82545em,netdev=net1,addr=0xc,mac=52:54:00:12:34:57,romfile=",
        "-netdev", "user,id=station,restrict=on,ipv6=off", "-netdev", "hubport,id=net2,hubid=0,netdev=station",
    ];

    /// <summary>Arguments for the hardware, without ports, display and boot medium.</summary>
    public IEnumerable<string> HardwareArguments()
    {
        // More virtual CPUs than cores make fair locks crawl under multi-threaded TCG; then the CPUs take turns.
        string accelerator = Cpus > 2 ? "tcg,thread=single" : "tcg";
        List<string> arguments =
        [
            "-machine", Type, "-accel", accelerator, "-cpu", Cpu,
            "-smp", Cpus.ToString(CultureInfo.InvariantCulture), "-m", Memory,
            "-no-user-config", "-nic", "none",
            "-device", "edu,addr=4", "-device", "edu,addr=8", "-device", "pc-testdev",
            .. Network,
        ];
        if (Icount)
        {
            // The clock chip's time too, or it would have nothing to do with the processor's.
            arguments.AddRange(["-icount", "shift=0,sleep=off", "-rtc", "clock=vm"]);
        }

        return arguments;
    }

    /// <summary>Arguments for the boot medium.</summary>
    /// <param name="medium">The kernel, or the ISO.</param>
    /// <param name="firmware">Finds the UEFI firmware's arguments.</param>
    public IEnumerable<string> BootArguments(string medium, Func<IEnumerable<string>> firmware) => Method switch
    {
        BootMethod.Kernel =>
        [
            "-kernel", medium, .. Append.Length > 0 ? new[] { "-append", Append } : [], .. Initrd != null ? new[] { "-initrd", Initrd } : [],
        ],
        BootMethod.BiosIso => ["-cdrom", medium, "-boot", "d"],
        BootMethod.UefiIso => [.. firmware(), "-cdrom", medium, "-boot", "d"],
        _ => throw new InvalidOperationException($"QEMU does not boot by {Method}"),
    };
}
