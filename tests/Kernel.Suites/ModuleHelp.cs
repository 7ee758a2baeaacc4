// ModuleHelp: the files of modules in memory, to be loaded as they are or damaged. Process context; one test at a time.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>A module's file, in vmalloc space.</summary>
internal unsafe struct ModuleHelp
{
    private static ulong s_cell;

    internal byte* Bytes;
    internal nuint Length;

    /// <summary>What ModTest says of what it leaves behind: its address.</summary>
    internal static void* Cell => (void*)s_cell;

    /// <summary>Waits until what it has left behind has run.</summary>
    internal static void AwaitCell()
    {
        uint start = Jiffies;
        while (Shared.ReadOnce(ref s_cell) != 0 && Jiffies - start < 10 * HZ)
        {
            SchedThread.GiveWay();
        }

        Check.Equal(0ul, Shared.ReadOnce(ref s_cell));
    }

    /// <summary>Reads a file of /lib/modules. The path ends with a zero.</summary>
    internal static ModuleHelp Read(ReadOnlySpan<byte> path)
    {
        ModuleHelp help = default;
        Check.Equal(0, Vfs.Open(path, OpenFlags.O_RDONLY, 0, out File* file));
        if (file != null)
        {
            help.Length = (nuint)file->Inode->Size;
            help.Bytes = (byte*)Vmalloc.Alloc(help.Length);
            Check.Equal((long)help.Length, Vfs.KernelRead(file, help.Bytes, help.Length, 0));
            Files.Put(file);
        }

        return help;
    }

    internal static ModuleHelp ModTest() => Read("/lib/modules/modtest.ko\0"u8);

    internal void Free()
    {
        Vmalloc.Free(Bytes);
        Bytes = null;
    }

    /// <summary>Loads it.</summary>
    internal readonly int Load(ReadOnlySpan<byte> arguments = default) => KernelModules.Load(Bytes, Length, arguments);

    /// <summary>Reads, loads and forgets modtest.ko, in that mode.</summary>
    internal static int LoadMode(ReadOnlySpan<byte> mode)
    {
        ModuleHelp help = ModTest();
        int error = help.LoadIn(mode);
        help.Free();
        return error;
    }

    /// <summary>Loads what is, or once was, modtest.ko in that mode.</summary>
    internal readonly int LoadIn(ReadOnlySpan<byte> mode)
    {
        Span<byte> memory = stackalloc byte[64];
        TextBuffer words = new(memory);
        s_cell = 0;
        words.Append($"mode={mode} cell={(ulong)Unsafe.AsPointer(ref s_cell):x}");
        return Load(words.Written);
    }

    /// <summary>The bytes as a span.</summary>
    internal readonly Span<byte> Span => new(Bytes, (int)Length);

    /// <summary>Section headers, of the ELF header.</summary>
    internal readonly ModuleSection* Sections => (ModuleSection*)(Bytes + *(ulong*)(Bytes + 40));

    internal readonly int SectionCount => *(ushort*)(Bytes + 60);

    /// <summary>The module of that name is there.</summary>
    internal static bool IsLoaded(ReadOnlySpan<byte> name)
    {
        for (int i = 0; KernelModules.At(i, out ModuleStruct module); i++)
        {
            if (new ReadOnlySpan<byte>(module.NameBytes, module.NameLength).SequenceEqual(name))
            {
                return true;
            }
        }

        return false;
    }
}
