// The UEFI firmware of the distribution (package ovmf), under the names it has had.

namespace CSharpOS.Tool.Emulators;

/// <summary>Finds OVMF.</summary>
public static class Firmware
{
    private static readonly string[] s_whole = ["/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd", "/usr/share/edk2/x64/OVMF.fd"];

    private static readonly string[] s_code =
    [
        "/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/edk2/ovmf/OVMF_CODE.fd",
    ];

    /// <summary>QEMU's arguments for it.</summary>
    /// <exception cref="CsosException">It is not installed.</exception>
    public static IEnumerable<string> UefiArguments()
    {
        if (s_whole.FirstOrDefault(File.Exists) is { } whole)
        {
            return ["-bios", whole];
        }

        // Without the second flash chip OVMF keeps its variables in memory, which is all that one boot needs.
        if (s_code.FirstOrDefault(File.Exists) is { } code)
        {
            return ["-drive", $"if=pflash,format=raw,unit=0,readonly=on,file={Qemu.Quote(code)}"];
        }

        throw new CsosException("the UEFI firmware is missing: sudo apt-get install ovmf");
    }

    /// <summary>Is it installed?</summary>
    public static bool HasUefi => s_whole.Concat(s_code).Any(File.Exists);
}
