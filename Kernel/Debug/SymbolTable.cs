// SymbolTable: from an address to the function around it, and back.
//
// Linux: kallsyms_lookup, kallsyms_lookup_name (kernel/kallsyms.c). The format is described in SymbolTableBlob.cs.
//
// Contexts: any, NMI and double fault included. No locks, no allocation: constant after Init, which runs once at boot (in tests: per test).
// Each loaded module brings tables of its own, which stand in a list: who adds and removes them takes turns (KernelModules), and frees them a grace
// period after they have been removed. What a look-up gives of a module is good as long as that stays.
// Without tables (Init not called, or the blob is not valid) every look-up finds nothing.

using System;
using CSharpOS.Arch;

namespace CSharpOS.Debugging;

/// <summary>A function. The texts are UTF-8 and lie in the tables: valid for ever, or as long as the module is loaded.</summary>
public ref struct SymbolInfo
{
    /// <summary>As in C#: <c>Interrupts.RequestIrq</c>. All overloads of a method have the same name.</summary>
    public ReadOnlySpan<byte> Name;

    /// <summary>The driver or module, in lower case, <c>rtc</c>; empty for the kernel itself.</summary>
    public ReadOnlySpan<byte> Module;

    /// <summary>The function's first byte.</summary>
    public nuint Start;

    /// <summary>Its length in bytes.</summary>
    public nuint Size;

    /// <summary>The address that was looked up, minus <see cref="Start"/>.</summary>
    public nuint Offset;
}

/// <summary>The tables of a loaded module; lies in what is kept of it.</summary>
internal unsafe struct ModuleSymbols
{
    internal ModuleSymbols* Next;
    internal SymbolTableBlob Blob;
    internal byte* Name;
    internal int NameLength;

    /// <summary>Takes the tables at [start, end), made for code at <paramref name="textBase"/>. The name stays where it is.</summary>
    internal void Init(byte* start, byte* end, nuint textBase, byte* name, int nameLength)
    {
        Blob.Init(start, end, textBase);
        Name = name;
        NameLength = nameLength;
    }
}

/// <summary>The kernel's symbols.</summary>
/// <linux>kallsyms</linux>
public static unsafe class SymbolTable
{
    private static SymbolTableBlob s_blob;
    private static ModuleSymbols* s_modules;

    /// <summary>The kernel's tables.</summary>
    internal static ref readonly SymbolTableBlob Blob => ref s_blob;

    /// <summary>The tables that describe the code at <paramref name="pc"/>, for the line table and the unwinder, which are parts of the same blob; the kernel's if
    /// none do.</summary>
    internal static ref readonly SymbolTableBlob BlobOf(nuint pc)
    {
        ModuleSymbols* module = ModuleOf(pc);
        return ref module == null ? ref s_blob : ref module->Blob;
    }

    /// <summary>A module's functions can be looked up from now on. One caller at a time.</summary>
    /// <linux>module_kallsyms</linux>
    internal static void Add(ModuleSymbols* module)
    {
        module->Next = s_modules;
        fixed (ModuleSymbols** first = &s_modules)
        {
            Shared.WriteOnce(first, module);
        }
    }

    /// <summary>They cannot any more. Whoever is just looking at them is through after a grace period. One caller at a time.</summary>
    internal static void Remove(ModuleSymbols* module)
    {
        fixed (ModuleSymbols** first = &s_modules)
        {
            ModuleSymbols** link = first;
            while (*link != null && *link != module)
            {
                link = &(*link)->Next;
            }

            if (*link != null)
            {
                Shared.WriteOnce(link, module->Next);
            }
        }
    }

    private static ModuleSymbols* ModuleOf(nuint pc)
    {
        if (s_blob.Covers(pc))
        {
            return null;
        }

        fixed (ModuleSymbols** first = &s_modules)
        {
            ModuleSymbols* module = Shared.ReadOnce(first);
            while (module != null && !module->Blob.Covers(pc))
            {
                module = Shared.ReadOnce(&module->Next);
            }

            return module;
        }
    }

    /// <summary>Takes the tables at [start, end). Once at boot, before anything may print a call trace.</summary>
    /// <returns>False if there are no valid tables there.</returns>
    public static bool Init(byte* start, byte* end) => s_blob.Init(start, end);

    /// <summary>Whether <paramref name="address"/> lies in code that the tables describe. Any context.</summary>
    /// <linux>kernel_text_address</linux>
    public static bool IsText(nuint address) => BlobOf(address).Covers(address);

    /// <summary>Finds the function that holds <paramref name="pc"/>. Any context. For a return address look up the address minus 1:
    /// a call may be the last instruction of its function.</summary>
    /// <returns>False if it is in no known function; the padding between functions belongs to none.</returns>
    /// <linux>kallsyms_lookup</linux>
    public static bool Lookup(nuint pc, out SymbolInfo info)
    {
        info = default;
        ref readonly SymbolTableBlob blob = ref BlobOf(pc);
        if (!blob.Covers(pc))
        {
            return false;
        }

        uint target = (uint)(pc - blob.TextBase);
        uint count = blob.Header(SymbolTableBlob.SymbolCountWord);
        uint index = blob.Header(SymbolTableBlob.SymbolIndexWord);
        uint blocks = (count + SymbolTableBlob.SymbolsPerBlock - 1) / SymbolTableBlob.SymbolsPerBlock;
        if (!blob.FindBlock(index, blocks, target, out uint block))
        {
            return false;
        }

        Cursor cursor = Cursor.AtBlock(blob, index, block);
        uint last = (block + 1) * SymbolTableBlob.SymbolsPerBlock;
        last = last < count ? last : count;
        bool found = false;
        for (uint i = block * SymbolTableBlob.SymbolsPerBlock; i < last; i++)
        {
            cursor.Read(blob);
            if (cursor.Start > target)
            {
                break;
            }

            found = target - cursor.Start < cursor.Size;
            if (found)
            {
                info = cursor.Info(blob, target);
            }
        }

        ModuleSymbols* module = found ? ModuleOf(pc) : null;
        if (module != null)
        {
            info.Module = new ReadOnlySpan<byte>(module->Name, module->NameLength);
        }

        return found;
    }

    /// <summary>Finds a function by its name, <c>Interrupts.RequestIrq</c>. Any context; reads the whole table.</summary>
    /// <returns>False if there is none of that name. Of several (overloads) it gives the one at the lowest address.</returns>
    /// <linux>kallsyms_lookup_name</linux>
    public static bool LookupName(ReadOnlySpan<byte> name, out nuint address)
    {
        address = 0;
        uint count = s_blob.Header(SymbolTableBlob.SymbolCountWord);
        uint index = s_blob.Header(SymbolTableBlob.SymbolIndexWord);
        Cursor cursor = default;
        for (uint i = 0; i < count; i++)
        {
            if (i % SymbolTableBlob.SymbolsPerBlock == 0)
            {
                cursor = Cursor.AtBlock(s_blob, index, i / SymbolTableBlob.SymbolsPerBlock);
            }

            cursor.Read(s_blob);
            if (Same(s_blob.Text(cursor.NameOffset, cursor.NameLength), name))
            {
                address = s_blob.TextBase + cursor.Start;
                return true;
            }
        }

        return false;
    }

    private static bool Same(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        if (a.Length != b.Length)
        {
            return false;
        }

        for (int i = 0; i < a.Length; i++)
        {
            if (a[i] != b[i])
            {
                return false;
            }
        }

        return true;
    }

    private static ReadOnlySpan<byte> ModuleName(in SymbolTableBlob blob, uint module)
    {
        if (module >= blob.Header(SymbolTableBlob.ModuleCountWord))
        {
            return default;
        }

        uint offset = blob.Header(SymbolTableBlob.ModulesWord);
        uint end = blob.Header(SymbolTableBlob.SizeWord);
        for (uint i = 0; i < module && offset < end; i++)
        {
            offset += blob.Byte(offset) + 1u;
        }

        return blob.Text(offset + 1, blob.Byte(offset));
    }

    // Walks over one block of symbols.
    private struct Cursor
    {
        public uint Start;
        public uint Size;
        public uint NameOffset;
        public uint NameLength;
        private uint _module;
        private uint _next;

        public static Cursor AtBlock(in SymbolTableBlob blob, uint index, uint block)
        {
            Cursor cursor = default;
            cursor.Start = blob.Word(index + (block * 8));
            cursor._next = blob.Header(SymbolTableBlob.SymbolDataWord) + blob.Word(index + (block * 8) + 4);
            return cursor;
        }

        public void Read(in SymbolTableBlob blob)
        {
            Start += blob.Number(ref _next);
            Size = blob.Number(ref _next);
            _module = blob.Number(ref _next);
            NameLength = blob.Number(ref _next);
            NameOffset = _next;
            _next += NameLength;
        }

        public readonly SymbolInfo Info(in SymbolTableBlob blob, uint target) => new()
        {
            Name = blob.Text(NameOffset, NameLength),
            Module = ModuleName(blob, _module),
            Start = blob.TextBase + Start,
            Size = Size,
            Offset = target - Start,
        };
    }
}
