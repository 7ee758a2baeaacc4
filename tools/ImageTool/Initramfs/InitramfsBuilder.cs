// InitramfsBuilder: what stands in the first file system: the directories that a Unix has, the device node that init needs before /dev is
// mounted, the programs, and the files of User/Root.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace CSharpOS.ImageTool.Initramfs;

/// <summary>Packs the initramfs.</summary>
public static class InitramfsBuilder
{
    private const uint Executable = 0x1ed; // 0755
    private const uint ReadOnly = 0x1a4; // 0644

    private static readonly (string Name, uint Permissions)[] s_directories =
    [
        ("bin", Executable), ("dev", Executable), ("etc", Executable), ("proc", Executable), ("root", 0x1c0), ("sys", Executable), ("tmp", 0x3ff),
    ];

    /// <summary>Writes the archive <paramref name="output"/>; it stays untouched when it would not change.</summary>
    /// <param name="root">A directory whose files go in under the same names.</param>
    /// <param name="programs">Executables; they go to /bin, except that init goes to /init, where the kernel looks for it.</param>
    /// <param name="output">The archive.</param>
    public static int Run(string root, IEnumerable<string> programs, string output)
    {
        CpioArchive archive = new();
        foreach ((string name, uint permissions) in s_directories)
        {
            archive.Add(name, new CpioEntry(CpioArchive.Directory | permissions, []));
        }

        archive.Add("dev/console", new CpioEntry(CpioArchive.CharacterDevice | 0x180, [], 5, 1));
        foreach (string program in programs)
        {
            string name = Path.GetFileName(program);
            archive.Add(name == "init" ? name : "bin/" + name, new CpioEntry(CpioArchive.RegularFile | Executable, File.ReadAllBytes(program)));
        }

        AddTree(archive, root);
        byte[] bytes = archive.ToBytes();
        if (!File.Exists(output) || !File.ReadAllBytes(output).AsSpan().SequenceEqual(bytes))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
            File.WriteAllBytes(output, bytes);
        }

        return 0;
    }

    private static void AddTree(CpioArchive archive, string root)
    {
        IEnumerable<string> paths = Directory.EnumerateFileSystemEntries(root, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal);
        foreach (string path in paths)
        {
            string name = Path.GetRelativePath(root, path).Replace(Path.DirectorySeparatorChar, '/');
            if (!Directory.Exists(path))
            {
                uint permissions = name.StartsWith("bin/", StringComparison.Ordinal) ? Executable : ReadOnly;
                archive.Add(name, new CpioEntry(CpioArchive.RegularFile | permissions, File.ReadAllBytes(path)));
            }
            else if (!s_directories.Any(directory => directory.Name == name))
            {
                archive.Add(name, new CpioEntry(CpioArchive.Directory | Executable, []));
            }
        }
    }
}
