// CpioArchive: writes the archive that becomes the first file system: the format "newc" of cpio (magic 070701), which Linux unpacks into
// its rootfs. The same input gives the same bytes: names sorted, owner root, no times.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;

namespace CSharpOS.ImageTool.Initramfs;

/// <summary>One entry of an archive.</summary>
/// <param name="Mode">Type and permissions, as in st_mode.</param>
/// <param name="Content">A file's content; nothing for anything else.</param>
/// <param name="Major">A device's major number.</param>
/// <param name="Minor">A device's minor number.</param>
public sealed record CpioEntry(uint Mode, byte[] Content, uint Major = 0, uint Minor = 0);

/// <summary>An archive in the making.</summary>
public sealed class CpioArchive
{
    /// <summary>st_mode of a directory.</summary>
    public const uint Directory = 0x4000;

    /// <summary>st_mode of a character device.</summary>
    public const uint CharacterDevice = 0x2000;

    /// <summary>st_mode of a symbolic link; its content is where it leads.</summary>
    public const uint SymbolicLink = 0xa000;

    /// <summary>st_mode of an ordinary file.</summary>
    public const uint RegularFile = 0x8000;

    private const int Alignment = 4;
    private const int BlockSize = 512;
    private const string Trailer = "TRAILER!!!";

    private readonly SortedDictionary<string, CpioEntry> _entries = new(StringComparer.Ordinal);

    /// <summary>Adds an entry; the directories above it must be there, and the name must be free.</summary>
    public void Add(string name, CpioEntry entry)
    {
        int slash = name.LastIndexOf('/');
        if (slash >= 0 && (!_entries.TryGetValue(name[..slash], out CpioEntry? parent) || (parent.Mode & 0xf000) != Directory))
        {
            throw new ImageFormatException($"'{name}' has no directory in the archive");
        }

        if (!_entries.TryAdd(name, entry))
        {
            throw new ImageFormatException($"'{name}' is in the archive twice");
        }
    }

    /// <summary>True if there is an entry of that name.</summary>
    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>The archive's bytes.</summary>
    public byte[] ToBytes()
    {
        using MemoryStream output = new();
        uint inode = 1;
        foreach ((string name, CpioEntry entry) in _entries)
        {
            WriteEntry(output, inode, name, entry);
            inode++;
        }

        WriteEntry(output, 0, Trailer, new CpioEntry(0, []));
        Pad(output, BlockSize);
        return output.ToArray();
    }

    private static void WriteEntry(MemoryStream output, uint inode, string name, CpioEntry entry)
    {
        byte[] nameBytes = Encoding.UTF8.GetBytes(name + '\0');
        uint links = (entry.Mode & 0xf000) == Directory ? 2u : 1u;
        ReadOnlySpan<uint> fields =
        [
            inode, entry.Mode, 0, 0, links, 0, (uint)entry.Content.Length, 0, 0, entry.Major, entry.Minor, (uint)nameBytes.Length, 0,
        ];
        StringBuilder header = new("070701");
        foreach (uint field in fields)
        {
            header.Append(field.ToString("x8", CultureInfo.InvariantCulture));
        }

        output.Write(Encoding.ASCII.GetBytes(header.ToString()));
        output.Write(nameBytes);
        Pad(output, Alignment);
        output.Write(entry.Content);
        Pad(output, Alignment);
    }

    private static void Pad(MemoryStream output, int alignment)
    {
        while (output.Length % alignment != 0)
        {
            output.WriteByte(0);
        }
    }
}
