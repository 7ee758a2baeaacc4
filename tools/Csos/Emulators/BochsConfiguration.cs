// Bochs, the second and independent emulator: a configuration file for one headless boot from an ISO.
// Debian's build has the debugger; a command file with `c` makes it run. Its VGA is a plain one: GRUB, when it sets a VBE mode there,
// jumps to address 0; so this boot is the one with a text screen under GRUB.

using System.Globalization;

namespace CSharpOS.Tool.Emulators;

/// <summary>Where Bochs is and what it is told.</summary>
public static class BochsConfiguration
{
    private const string Bios = "/usr/share/bochs/BIOS-bochs-latest";
    private const string VgaBios = "/usr/share/vgabios/vgabios.bin";

    /// <summary>The program, or null where Bochs or its firmware is not installed.</summary>
    public static string? Find(ToolContext context) =>
        File.Exists(Bios) && File.Exists(VgaBios) ? Qemu.FindProgram(context, "bochs") : null;

    /// <summary>The configuration file's text.</summary>
    /// <param name="iso">The medium.</param>
    /// <param name="memory">Memory in bytes.</param>
    /// <param name="firstPort">The file for the first serial port.</param>
    /// <param name="secondPort">The file for the second serial port.</param>
    /// <param name="log">The file for Bochs's own messages.</param>
    public static string Text(string iso, long memory, string firstPort, string secondPort, string log)
    {
        string megabytes = (memory >> 20).ToString(CultureInfo.InvariantCulture);
        return $"""
            config_interface: textconfig
            display_library: rfb, options="timeout=0"
            megs: {megabytes}
            romimage: file={Bios}
            vgaromimage: file={VgaBios}
            vga: extension=none
            cpu: model=corei7_sandy_bridge_2600k, count=1, ips=50000000, reset_on_triple_fault=0
            clock: sync=none
            ata0-master: type=cdrom, path="{iso}", status=inserted
            boot: cdrom
            com1: enabled=1, mode=file, dev="{firstPort}"
            com2: enabled=1, mode=file, dev="{secondPort}"
            panic: action=fatal
            error: action=report
            info: action=report
            log: "{log}"

            """;
    }
}
