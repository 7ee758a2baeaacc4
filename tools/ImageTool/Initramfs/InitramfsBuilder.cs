// InitramfsBuilder: what stands in the first file system: the directories that a Unix has, the device node that init needs before /dev is
// mounted, the programs, links in /sbin to those that the kernel runs, and the files of User/Root.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;

namespace CSharpOS.ImageTool.Initramfs;

/// <summary>Packs the initramfs.</summary>
public static class InitramfsBuilder
{
    private const uint Executable = 0x1ed; // 0755
    private const uint Everything = 0x1ff; // 0777
    private const uint ReadOnly = 0x1a4; // 0644

    private static readonly (string Name, uint Permissions)[] s_directories =
    [
        ("bin", Executable), ("dev", Executable), ("etc", Executable), ("proc", Executable), ("root", 0x1c0), ("sbin", Executable), ("sys", Executable), ("tmp", 0x3ff),
    ];

    // What the kernel runs by these names.
    private static readonly string[] s_administration = ["poweroff", "reboot"];

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

        foreach (string name in s_administration.Where(name => archive.Contains("bin/" + name)))
        {
            archive.Add("sbin/" + name, new CpioEntry(CpioArchive.SymbolicLink | Everything, Encoding.ASCII.GetBytes("../bin/" + name)));
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

    /// <summary>The command `initramfs-add`: an archive with files more, in /lib/modules.</summary>
    /// <param name="archive">What <see cref="Run"/> has written.</param>
    /// <param name="output">The new archive; it stays untouched when it would not change.</param>
    /// <param name="files">What goes in.</param>
    public static int AddModules(string archive, string output, IEnumerable<string> files)
    {
        // Archives may follow each other: the kernel unpacks them all, as Linux does.
        CpioArchive more = new();
        more.Add("lib", new CpioEntry(CpioArchive.Directory | Executable, []));
        more.Add("lib/modules", new CpioEntry(CpioArchive.Directory | Executable, []));
        foreach (string file in files)
        {
            more.Add("lib/modules/" + Path.GetFileName(file), new CpioEntry(CpioArchive.RegularFile | ReadOnly, File.ReadAllBytes(file)));
        }

        byte[] bytes = [.. File.ReadAllBytes(archive), .. more.ToBytes()];
        if (!File.Exists(output) || !File.ReadAllBytes(output).AsSpan().SequenceEqual(bytes))
        {
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
