// The machine description for VMware. It is written from VMware's documentation of the keys and has not been tried: it says so.

namespace CSharpOS.Tool.Images;

/// <summary>A .vmx file.</summary>
public static class VmxFile
{
    /// <summary>Its text.</summary>
    /// <param name="iso">The ISO's name; it lies in the same folder.</param>
    public static string Text(string iso) => $"""
        # CSharpOS for VMware Workstation and Fusion. UNTESTED: no VMware was at hand when this was written.
        # The serial line is written to csharpos-serial.txt beside this file.
        .encoding = "UTF-8"
        config.version = "8"
        virtualHW.version = "16"
        displayName = "CSharpOS"
        guestOS = "other-64"
        memsize = "128"
        numvcpus = "1"
        floppy0.present = "FALSE"
        sata0.present = "TRUE"
        sata0:0.present = "TRUE"
        sata0:0.deviceType = "cdrom-image"
        sata0:0.fileName = "{iso}"
        sata0:0.startConnected = "TRUE"
        ethernet0.present = "TRUE"
        ethernet0.virtualDev = "e1000"
        ethernet0.connectionType = "hostonly"
        serial0.present = "TRUE"
        serial0.fileType = "file"
        serial0.fileName = "csharpos-serial.txt"
        serial0.yieldOnMsrRead = "TRUE"

        """;
}
