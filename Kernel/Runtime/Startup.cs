// Startup: the first C# that runs. It makes the statics of every linked assembly.
//
// Linux has no counterpart: C has no static initialisers that run. Context: boot, one CPU, interrupts off; for a module, process
// context in its loading. ilc leaves one pointer per object file in the section __modules. It leads to a header: a count and rows of
// (section number, flags, start, end). Two sections matter: cells for the statics that are references (each becomes one object that
// holds them), and the static constructors, which run in the order of the table. Objects follow each other in link order, so a
// driver's initialisers find the kernel's statics ready.

using System;
using System.Runtime;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Internal.Runtime;

namespace CSharpOS.Runtime;

/// <summary>What stands where the header of a compiled object should be.</summary>
[PrintNames]
public enum ModuleHeaderState
{
    /// <summary>A header of the release of ilc that this core library is written for.</summary>
    Valid,

    /// <summary>No header of ilc's at all.</summary>
    NotCompiledCode,

    /// <summary>A header of a release with another layout.</summary>
    OtherCompilerRelease,
}

/// <summary>Initialises the statics of compiled assemblies.</summary>
public static unsafe class Startup
{
    private const uint Signature = 0x00525452;
    private const ushort MajorVersion = 16;
    private const int SectionGcStatics = 201;
    private const int SectionEagerConstructors = 205;
    private const nuint CellUninitialised = 1;
    private const nuint CellFlags = 3;

    /// <summary>Runs the initialisers of every object linked into the image. Once, before any other C#.</summary>
    [RuntimeExport("runtime_startup")]
    private static void RuntimeStartup()
    {
        void** end = EndOfModules();
        for (void** module = StartOfModules(); module < end; module++)
        {
            RunModule(*module);
        }
    }

    /// <summary>Says whether <see cref="RunModule"/> understands the header. Any context; reads only the header's first words.</summary>
    public static ModuleHeaderState CheckModule(void* header)
    {
        Header* module = (Header*)header;
        if (module->Signature != Signature)
        {
            return ModuleHeaderState.NotCompiledCode;
        }

        return module->MajorVersion == MajorVersion ? ModuleHeaderState.Valid : ModuleHeaderState.OtherCompilerRelease;
    }

    /// <summary>Runs the initialisers of one object file: what its pointer in the section __modules leads to. Process context, once per
    /// load. A header that <see cref="CheckModule"/> refuses is a fatal error.</summary>
    public static void RunModule(void* header)
    {
        ModuleHeaderState state = CheckModule(header);
        if (state != ModuleHeaderState.Valid)
        {
            RuntimeFailure.Fail(state == ModuleHeaderState.OtherCompilerRelease
                ? "startup: an object file was compiled by another release of ilc"u8
                : "startup: an object file does not have ilc's header"u8);
        }

        Header* module = (Header*)header;
        Row* rows = (Row*)(module + 1);
        for (int i = 0; i < module->SectionCount; i++)
        {
            if (rows[i].Section == SectionGcStatics)
            {
                MakeReferenceStatics((int*)rows[i].Start, (int*)rows[i].End);
            }
        }

        for (int i = 0; i < module->SectionCount; i++)
        {
            if (rows[i].Section == SectionEagerConstructors)
            {
                RunConstructors((int*)rows[i].Start, (int*)rows[i].End);
            }
        }
    }

    // Entries are distances from the entry to a cell; so is what a cell holds before: the way to a method table, with flags in the lowest
    // bits. Afterwards the cell holds the object.
    private static void MakeReferenceStatics(int* entry, int* end)
    {
        for (; entry < end; entry++)
        {
            byte* cell = (byte*)entry + *entry;
            nuint target = (nuint)(cell + *(int*)cell);
            if ((target & CellUninitialised) == 0)
            {
                continue;
            }

            MethodTable* type = (MethodTable*)(target & ~CellFlags);
            void** holder = (void**)ManagedHeap.Allocate(type->BaseSize);
            *holder = type;
            *(void***)cell = holder;
        }
    }

    private static void RunConstructors(int* entry, int* end)
    {
        for (; entry < end; entry++)
        {
            ((delegate*<void>)((byte*)entry + *entry))();
        }
    }

    // Not inlined: the compiler takes the addresses of two functions for constants of its own and would fold comparisons of them.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** StartOfModules() => (void**)(delegate*<void>)&ModulesStart;

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void** EndOfModules() => (void**)(delegate*<void>)&ModulesEnd;

    [RuntimeImport("*", "__modules_start")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void ModulesStart();

    [RuntimeImport("*", "__modules_end")]
    [MethodImpl(MethodImplOptions.InternalCall)]
    private static extern void ModulesEnd();

    [StructLayout(LayoutKind.Sequential)]
    private struct Header
    {
        public uint Signature;
        public ushort MajorVersion;
        public ushort MinorVersion;
        public uint Flags;
        public ushort SectionCount;
        public byte EntrySize;
        public byte EntryType;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Row
    {
        public int Section;
        public int Flags;
        public void* Start;
        public void* End;
    }
}
