// The archive of the first file system, read back by the rules of cpio's format newc.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using CSharpOS.ImageTool;
using CSharpOS.ImageTool.Initramfs;
using Xunit;

namespace CSharpOS.Tools.Tests;

[Trait("Row", "SYS-12")]
public sealed class InitramfsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("initramfs").FullName;

    [Fact]
    public void DirectoriesConsoleProgramsAndFilesAreThere()
    {
        Dictionary<string, (uint Mode, uint Major, uint Minor, byte[] Content)> entries = Read(Pack());
        foreach (string name in new[] { "bin", "dev", "etc", "proc", "root", "sbin", "sys", "etc/rc" })
        {
            Assert.Equal(0x4000u, entries[name].Mode & 0xf000);
        }

        Assert.Equal(0x4000u + 0x3ff, entries["tmp"].Mode);
        Assert.Equal((0x2180u, 5u, 1u), (entries["dev/console"].Mode, entries["dev/console"].Major, entries["dev/console"].Minor));
        Assert.Equal("program\0"u8.ToArray(), entries["bin/ls"].Content);
        Assert.Equal(0x81edu, entries["bin/ls"].Mode);
        Assert.Equal("first"u8.ToArray(), entries["init"].Content);
        Assert.Equal(0x81a4u, entries["etc/passwd"].Mode);
        Assert.Equal("root"u8.ToArray(), entries["etc/passwd"].Content);
        Assert.Empty(entries["etc/rc/empty"].Content);
        Assert.Equal(0xa1ffu, entries["sbin/reboot"].Mode);
        Assert.Equal("../bin/reboot"u8.ToArray(), entries["sbin/reboot"].Content);
        Assert.DoesNotContain("sbin/poweroff", entries.Keys);
    }

    [Fact]
    public void TheSameFilesGiveTheSameBytes()
    {
        byte[] first = Pack();
        File.SetLastWriteTimeUtc(Path.Combine(_directory, "root/etc/passwd"), new DateTime(2001, 2, 3));
        Assert.Equal(first, Pack());
    }

    [Fact]
    public void ANameInTheArchiveTwiceIsAnError()
    {
        CpioArchive archive = new();
        archive.Add("a", new CpioEntry(CpioArchive.RegularFile, []));
        Assert.Throws<ImageFormatException>(() => archive.Add("a", new CpioEntry(CpioArchive.RegularFile, [])));
        Assert.Throws<ImageFormatException>(() => archive.Add("a/b", new CpioEntry(CpioArchive.RegularFile, [])));
        Assert.Throws<ImageFormatException>(() => archive.Add("no/b", new CpioEntry(CpioArchive.RegularFile, [])));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static Dictionary<string, (uint Mode, uint Major, uint Minor, byte[] Content)> Read(byte[] archive)
    {
        Dictionary<string, (uint, uint, uint, byte[])> entries = [];
        int at = 0;
        while (true)
        {
            Assert.Equal("070701", Encoding.ASCII.GetString(archive, at, 6));
            uint Field(int index) => uint.Parse(Encoding.ASCII.GetString(archive, at + 6 + (8 * index), 8), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            int nameLength = (int)Field(11);
            int size = (int)Field(6);
            string name = Encoding.UTF8.GetString(archive, at + 110, nameLength - 1);
            Assert.Equal(0, archive[at + 110 + nameLength - 1]);
            int content = (at + 110 + nameLength + 3) & ~3;
            if (name == "TRAILER!!!")
            {
                return entries;
            }

            Assert.Equal((0u, 0u, 0u), (Field(2), Field(3), Field(5)));
            entries.Add(name, (Field(1), Field(9), Field(10), archive[content..(content + size)]));
            at = (content + size + 3) & ~3;
        }
    }

    private byte[] Pack()
    {
        string root = Path.Combine(_directory, "root");
        Directory.CreateDirectory(Path.Combine(root, "etc/rc"));
        File.WriteAllText(Path.Combine(root, "etc/passwd"), "root");
        File.WriteAllText(Path.Combine(root, "etc/rc/empty"), "");
        string program = Path.Combine(_directory, "ls");
        File.WriteAllText(program, "program\0");
        string init = Path.Combine(_directory, "init");
        File.WriteAllText(init, "first");
        string reboot = Path.Combine(_directory, "reboot");
        File.WriteAllText(reboot, "again");
        string output = Path.Combine(_directory, "out.cpio");
        Assert.Equal(0, InitramfsBuilder.Run(root, [program, init, reboot], output));
        return File.ReadAllBytes(output);
    }
}
