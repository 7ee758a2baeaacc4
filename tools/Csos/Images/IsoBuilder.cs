// One hybrid ISO for BIOS and UEFI through grub-mkrescue. GRUB's configuration is Boot/grub.cfg; its word @APPEND@ stands for the
// kernel command line, @MODULE@ for the initrd. Equal input gives an equal file: all dates are one fixed date, and so is the serial number of the FAT
// file system with the UEFI loader, which mformat would draw by lot.

using CSharpOS.Tool.Processes;

namespace CSharpOS.Tool.Images;

/// <summary>Builds bootable ISO images.</summary>
public static class IsoBuilder
{
    private const string Placeholder = "@APPEND@";
    private const string ModulePlaceholder = "@MODULE@";
    private const string ModuleLine = "module2 /boot/initrd";
    private const int SectorSize = 2048;

    // Not the epoch itself: xorriso takes that for "no date given".
    private const string Date = "2000010100000000";
    private const string DateAsSeconds = "946684800";

    /// <summary>Builds an ISO.</summary>
    /// <param name="context">The tool's surroundings.</param>
    /// <param name="kernel">The kernel to boot.</param>
    /// <param name="append">The kernel command line.</param>
    /// <param name="iso">The file to make.</param>
    /// <param name="initrd">The archive for the kernel; null for none.</param>
    /// <exception cref="CsosException">A program is missing or fails.</exception>
    public static async Task BuildAsync(ToolContext context, string kernel, string append, string iso, string? initrd = null)
    {
        string template = context.PathOf("Boot", "grub.cfg");
        ImageBuilder.Require(context, template, "missing:");
        if (append.AsSpan().IndexOfAny("\"'\\$;{}\n") >= 0)
        {
            string why = "it has quotes or one of \\ $ ; { }";
            throw new CsosException($"GRUB cannot be given the kernel command line '{append}': {why}", ExitCodes.Usage);
        }

        string configuration = await File.ReadAllTextAsync(template);
        foreach ((string placeholder, string what) in ((string, string)[])[(Placeholder, "kernel command line"), (ModulePlaceholder, "initrd")])
        {
            if (!configuration.Contains(placeholder, StringComparison.Ordinal))
            {
                throw new CsosException($"Boot/grub.cfg has no {placeholder} for the {what}");
            }
        }

        string tree = Path.Combine(Path.GetDirectoryName(iso)!, Path.GetFileNameWithoutExtension(iso) + ".tree");
        if (Directory.Exists(tree))
        {
            Directory.Delete(tree, recursive: true);
        }

        Directory.CreateDirectory(Path.Combine(tree, "boot", "grub"));
        File.Copy(kernel, Path.Combine(tree, "boot", "csharpos.elf"));
        if (initrd != null)
        {
            File.Copy(initrd, Path.Combine(tree, "boot", "initrd"));
        }

        configuration = configuration.Replace(Placeholder, append, StringComparison.Ordinal)
            .Replace(ModulePlaceholder, initrd == null ? "" : ModuleLine, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(tree, "boot", "grub", "grub.cfg"), configuration);
        string unfinished = iso + ".new";
        Dictionary<string, string> environment = new() { ["SOURCE_DATE_EPOCH"] = DateAsSeconds, ["TZ"] = "UTC" };
        string[] arguments =
        [
            "-o", unfinished, tree, "--", "-volid", "CSHARPOS", "-volume_date", "all_file_dates", Date, "-volume_date", "uuid", Date,
        ];
        Captured made = await Captured.RunAsync(
            "grub-mkrescue", arguments, context.Root, context.Cancellation.Token, environment: environment);
        Directory.Delete(tree, recursive: true);
        if (made.ExitCode != 0)
        {
            await context.Error.WriteAsync(made.Everything);
            throw new CsosException("grub-mkrescue could not make the ISO (messages above)");
        }

        ClearFatSerialNumber(unfinished);
        File.Move(unfinished, iso, overwrite: true);
    }

    private static void ClearFatSerialNumber(string file)
    {
        using FileStream stream = new(file, FileMode.Open, FileAccess.ReadWrite);
        byte[] sector = new byte[SectorSize];
        for (long at = 0; stream.ReadAtLeast(sector, SectorSize, throwOnEndOfStream: false) == SectorSize; at += SectorSize)
        {
            bool isFat = sector.AsSpan(0x36).StartsWith("FAT1"u8) && sector[510] == 0x55 && sector[511] == 0xaa;
            if (isFat)
            {
                stream.Position = at + 0x27;
                stream.Write([0, 0, 0, 0]);
                return;
            }
        }
    }
}
