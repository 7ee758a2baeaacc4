// ExportTable: the names that a loadable module may refer to, for the loader in Kernel/Module/KernelSymbols.cs.
//
// A name is there as its hash only, 64 bits of FNV-1a: the module brings the names that it wants, so the image need not hold a second copy of each.
// Two names of one hash do not build.
// Layout, little-endian: magic, count, then the hashes in rising order, then for each the symbol's 32-bit distance from the start of the kernel's 2 GB.

using System;
using System.Collections.Generic;
using System.IO;
using System.Text;
using CSharpOS.ImageTool.Elf;

namespace CSharpOS.ImageTool.Exports;

/// <summary>The table of exported symbols.</summary>
public static class ExportTable
{
    private const uint Magic = 0x58455343;
    private const ulong KernelBase = 0xffffffff80000000;
    private const string LastSection = "__ksymtab_start";
    private const byte GlobalBinding = 1;

    // What the compiler adds to every object for itself.
    private static readonly string[] s_private = ["_lsda", "__ksymtab_", "__kexports_", "__initramfs_", "__image_"];

    /// <summary>The command `exports`: from an image that has been linked without its tables.</summary>
    public static int Run(string image, string output, IEnumerable<string> assemblies)
    {
        File.WriteAllBytes(output, Write(ElfFile.Load(image), assemblies));
        return 0;
    }

    /// <summary>The hash of a symbol's name.</summary>
    public static ulong Hash(string name)
    {
        ulong hash = 0xcbf29ce484222325;
        foreach (byte b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 0x100000001b3;
        }

        return hash;
    }

    /// <summary>The table of an image.</summary>
    /// <param name="elf">The image.</param>
    /// <param name="assemblies">The assemblies in it, the kernel's first. Symbols of the others are left out: a module knows the kernel only.</param>
    public static byte[] Write(ElfFile elf, IEnumerable<string> assemblies)
    {
        List<string> others = [];
        foreach (string assembly in assemblies)
        {
            others.Add(assembly.Replace('.', '_') + "_");
        }

        others.RemoveAt(0);
        ulong end = ulong.MaxValue;
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            end = symbol.Name == LastSection ? symbol.Value : end;
        }

        SortedDictionary<ulong, ElfSymbol> byHash = [];
        foreach (ElfSymbol symbol in elf.Symbols)
        {
            bool defined = symbol.Section > ElfConstants.SHN_UNDEF && symbol.Section < ElfConstants.SHN_LORESERVE;
            if (!defined || symbol.Binding != GlobalBinding || symbol.Value < KernelBase || symbol.Value >= end || IsPrivate(symbol.Name, others))
            {
                continue;
            }

            ulong hash = Hash(symbol.Name);
            if (!byHash.TryAdd(hash, symbol) && byHash[hash].Value != symbol.Value)
            {
                throw new ImageFormatException($"{symbol.Name} and {byHash[hash].Name} have the same hash: rename one of them");
            }
        }

        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes);
        writer.Write(Magic);
        writer.Write((uint)byHash.Count);
        foreach (ulong hash in byHash.Keys)
        {
            writer.Write(hash);
        }

        foreach (ElfSymbol symbol in byHash.Values)
        {
            writer.Write((uint)(symbol.Value - KernelBase));
        }

        writer.Flush();
        return bytes.ToArray();
    }

    private static bool IsPrivate(string name, List<string> others)
    {
        foreach (string prefix in s_private)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        // Names of another assembly, whatever ilc puts before them: _ZTV and a length, __NONGCSTATICS and the like.
        foreach (string other in others)
        {
            int at = name.IndexOf(other, StringComparison.Ordinal);
            string before = at < 0 ? "" : name[..at];
            if (at == 0 || (at > 0 && (before.StartsWith("_ZTV", StringComparison.Ordinal) || (before.StartsWith("__", StringComparison.Ordinal) && !before.Contains("Kernel_", StringComparison.Ordinal)))))
            {
                return true;
            }
        }

        return name.Contains("_raw_", StringComparison.Ordinal) && name.Contains("__", StringComparison.Ordinal);
    }
}
