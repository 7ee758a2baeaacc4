// What the boot loader gives the kernel beside itself: an archive that is unpacked over the one in the image, as with Linux. It is put together from cpio
// archives (one behind the other, as Linux takes them) and from single files.

using CSharpOS.ImageTool.Initramfs;
using CSharpOS.Tool.Emulators;

namespace CSharpOS.Tool.Images;

/// <summary>Makes initrds.</summary>
public static class Initrd
{
    private const uint DirectoryMode = CpioArchive.Directory | 0x1ed; // 0755
    private const uint ProgramMode = CpioArchive.RegularFile | 0x1ed;
    private const int Alignment = 4;

    /// <summary>Makes one file of all.</summary>
    /// <param name="archives">Files in the format newc of cpio.</param>
    /// <param name="additions">Files that are added: <c>FILE</c>, to /bin, or <c>FILE=/NAME/IN/THE/MACHINE</c>.</param>
    /// <param name="workspace">Where it is made.</param>
    /// <returns>Its path; null where there is nothing to make it of.</returns>
    /// <exception cref="CsosException">A file is not there, or no such archive.</exception>
    public static string? Make(IReadOnlyList<string> archives, IReadOnlyList<string> additions, Workspace workspace)
    {
        if (archives.Count == 0 && additions.Count == 0)
        {
            return null;
        }

        using MemoryStream all = new();
        foreach (string archive in archives)
        {
            all.Write(ReadArchive(archive));
            while (all.Length % Alignment != 0)
            {
                all.WriteByte(0);
            }
        }

        if (additions.Count > 0)
        {
            all.Write(Pack(additions));
        }

        string file = workspace.PathOf("initrd");
        File.WriteAllBytes(file, all.ToArray());
        return file;
    }

    private static byte[] ReadArchive(string file)
    {
        byte[] bytes = Read(file);
        if (bytes.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]))
        {
            throw new CsosException($"{file} is compressed; the kernel takes plain archives: gunzip it first", ExitCodes.Usage);
        }

        if (!bytes.AsSpan().StartsWith("070701"u8) && !bytes.AsSpan().StartsWith("070702"u8))
        {
            throw new CsosException($"{file} is no archive of the format newc, as find . | cpio -o -H newc makes it", ExitCodes.Usage);
        }

        return bytes;
    }

    private static byte[] Pack(IReadOnlyList<string> additions)
    {
        CpioArchive archive = new();
        foreach (string addition in additions)
        {
            string[] parts = addition.Split('=', 2);
            string name = (parts.Length > 1 ? parts[1] : "/bin/" + Path.GetFileName(parts[0])).Trim('/');
            if (name.Length == 0 || name.Split('/').Any(part => part is "" or "." or ".."))
            {
                throw new CsosException($"bad name in '{addition}': FILE or FILE=/NAME/IN/THE/MACHINE", ExitCodes.Usage);
            }

            if (archive.Contains(name))
            {
                throw new CsosException($"/{name} is added twice", ExitCodes.Usage);
            }

            for (int slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1))
            {
                if (!archive.Contains(name[..slash]))
                {
                    archive.Add(name[..slash], new CpioEntry(DirectoryMode, []));
                }
            }

            archive.Add(name, new CpioEntry(ProgramMode, Read(parts[0])));
        }

        return archive.ToBytes();
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CsosException($"cannot read {file}: {error.Message}", ExitCodes.Usage);
        }
    }
}
