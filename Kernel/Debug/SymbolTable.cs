// SymbolTable: from an address to the function around it, and back.
//
// Linux: kallsyms_lookup, kallsyms_lookup_name (kernel/kallsyms.c). The format is described in SymbolTableBlob.cs.
//
// Contexts: any, NMI and double fault included. No locks, no allocation: constant after Init, which runs once at boot (in tests: per test).
// Without tables (Init not called, or the blob is not valid) every look-up finds nothing.

using System;

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

/// <summary>The kernel's symbols.</summary>
/// <linux>kallsyms</linux>
public static unsafe class SymbolTable
{
    private static SymbolTableBlob s_blob;

    /// <summary>The tables, for the line table and the unwinder, which are parts of the same blob.</summary>
    internal static ref readonly SymbolTableBlob Blob => ref s_blob;

    /// <summary>Takes the tables at [start, end). Once at boot, before anything may print a call trace.</summary>
    /// <returns>False if there are no valid tables there.</returns>
    public static bool Init(byte* start, byte* end) => s_blob.Init(start, end);

    /// <summary>Whether <paramref name="address"/> lies in code that the tables describe. Any context.</summary>
    /// <linux>kernel_text_address</linux>
    public static bool IsText(nuint address) => s_blob.Covers(address);

    /// <summary>Finds the function that holds <paramref name="pc"/>. Any context. For a return address look up the address minus 1:
    /// a call may be the last instruction of its function.</summary>
    /// <returns>False if it is in no known function; the padding between functions belongs to none.</returns>
    /// <linux>kallsyms_lookup</linux>
    public static bool Lookup(nuint pc, out SymbolInfo info)
    {
        info = default;
        if (!s_blob.Covers(pc))
        {
            return false;
        }

        uint target = (uint)(pc - s_blob.TextBase);
        uint count = s_blob.Header(SymbolTableBlob.SymbolCountWord);
        uint index = s_blob.Header(SymbolTableBlob.SymbolIndexWord);
        uint blocks = (count + SymbolTableBlob.SymbolsPerBlock - 1) / SymbolTableBlob.SymbolsPerBlock;
        if (!s_blob.FindBlock(index, blocks, target, out uint block))
        {
            return false;
        }

        Cursor cursor = Cursor.AtBlock(index, block);
        uint last = (block + 1) * SymbolTableBlob.SymbolsPerBlock;
        last = last < count ? last : count;
        bool found = false;
        for (uint i = block * SymbolTableBlob.SymbolsPerBlock; i < last; i++)
        {
            cursor.Read();
            if (cursor.Start > target)
            {
                break;
            }

            found = target - cursor.Start < cursor.Size;
            if (found)
            {
                info = cursor.Info(target);
            }
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
                cursor = Cursor.AtBlock(index, i / SymbolTableBlob.SymbolsPerBlock);
            }

            cursor.Read();
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

    private static ReadOnlySpan<byte> ModuleName(uint module)
    {
        if (module >= s_blob.Header(SymbolTableBlob.ModuleCountWord))
        {
            return default;
        }

        uint offset = s_blob.Header(SymbolTableBlob.ModulesWord);
        uint end = s_blob.Header(SymbolTableBlob.SizeWord);
        for (uint i = 0; i < module && offset < end; i++)
        {
            offset += s_blob.Byte(offset) + 1u;
        }

        return s_blob.Text(offset + 1, s_blob.Byte(offset));
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

        public static Cursor AtBlock(uint index, uint block)
        {
            Cursor cursor = default;
            cursor.Start = s_blob.Word(index + (block * 8));
            cursor._next = s_blob.Header(SymbolTableBlob.SymbolDataWord) + s_blob.Word(index + (block * 8) + 4);
            return cursor;
        }

        public void Read()
        {
            Start += s_blob.Number(ref _next);
            Size = s_blob.Number(ref _next);
            _module = s_blob.Number(ref _next);
            NameLength = s_blob.Number(ref _next);
            NameOffset = _next;
            _next += NameLength;
        }

        public readonly SymbolInfo Info(uint target) => new()
        {
            Name = s_blob.Text(NameOffset, NameLength),
            Module = ModuleName(_module),
            Start = s_blob.TextBase + Start,
            Size = Size,
            Offset = target - Start,
        };
    }
}
