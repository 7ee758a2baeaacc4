// UnloadedModules: what is remembered of modules that have gone: the last one's name, for oopses, and the tables of those that have forsaken threads.
//
// Linux: last_unloaded_module, kernel/module.c; it remembers no tables. Locks are KernelModules': its spin lock over Note, its mutex over Bury, which sleeps.
// AppendLast: any context, without a lock: an oops meanwhile may show half a name.
// A buried module: its threads sleep in code that is gone. Its addresses are never used again, so whoever wakes there faults, and does not run another
// module's code; and its tables are kept, so the report of that fault reads as if the code were there: "Kt1.Mykt+0x1c/0x90 [kt1, unloaded] at ...".

using System.Runtime.CompilerServices;
using CSharpOS.Debugging;

namespace CSharpOS.Modules;

/// <summary>Modules that were there.</summary>
/// <rows>DRV-05</rows>
internal static unsafe class UnloadedModules
{
    private static LastName s_last;
    private static int s_lastLength;

    /// <summary>Once, at boot: none has gone.</summary>
    internal static void Init() => s_lastLength = 0;

    /// <summary>This one goes: its name is remembered until the next one does.</summary>
    /// <linux>last_unloaded_module</linux>
    internal static void Note(ModuleStruct* module)
    {
        Shared.WriteOnce(ref s_lastLength, 0);
        ModuleStruct.Name(module).CopyTo(new Span<byte>(Unsafe.AsPointer(ref s_last), ModuleStruct.NameSize));
        Shared.WriteOnce(ref s_lastLength, module->NameLength);
    }

    /// <summary>For the line "Modules linked in:".</summary>
    internal static void AppendLast(ref TextHandler text)
    {
        int length = Shared.ReadOnce(ref s_lastLength);
        if (length != 0)
        {
            text.AppendLiteral(" [last unloaded: ");
            text.AppendFormatted(new ReadOnlySpan<byte>(Unsafe.AsPointer(ref s_last), length));
            text.AppendLiteral("]");
        }
    }

    /// <summary>Frees the memory of a module in which threads still sleep, and keeps its addresses and tables. The tables are in no list any more, and nobody looks at
    /// them. Without memory for them it does without: then a report shows plain addresses.</summary>
    internal static void Bury(ModuleStruct* module)
    {
        ReadOnlySpan<byte> tables = module->Symbols.Blob.Bytes;
        Tombstone* stone = tables.Length == 0 ? null : (Tombstone*)Vmalloc.Alloc((nuint)(sizeof(Tombstone) + tables.Length));
        if (stone != null)
        {
            byte* start = (byte*)(stone + 1);
            tables.CopyTo(new Span<byte>(start, tables.Length));
            TextBuffer name = new(new Span<byte>(stone->Name, Tombstone.NameSize));
            name.Append($"{ModuleStruct.Name(module)}, unloaded");
            stone->Symbols.Init(start, start + tables.Length, module->Symbols.Blob.TextBase, stone->Name, name.Length);
            SymbolTable.Add(&stone->Symbols);
        }

        Printk(LogLevel.Warning, $"module {ModuleStruct.Name(module)} forsakes its threads: its memory goes, and to wake in it is an oops\n");
        Vmalloc.FreeKeepingAddresses(module->Base);
    }

    private struct Tombstone
    {
        internal const int NameSize = ModuleStruct.NameSize + 16;

        internal ModuleSymbols Symbols;
        internal fixed byte Name[NameSize];
    }

    [InlineArray(ModuleStruct.NameSize)]
    private struct LastName
    {
        private byte _first;
    }
}
