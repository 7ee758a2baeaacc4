// ModuleLoader: from a judged file to code in memory: places the sections, finds the symbols, relocates.
//
// Linux: layout_sections, simplify_symbols, apply_relocate_add (kernel/module.c, arch/x86/kernel/module.c). Process context, sleeps. Works on memory that nobody else
// knows yet, so no locks. What fails is logged in one line, and everything that was allocated is given back by Load.
// Layout: code, constants and data each begin on a page of their own, in the top 2 GB, so that 32-bit distances reach the kernel. While it is filled in, all of it
// is writable and nothing executable; Protect ends that.

using CSharpOS.Runtime;

namespace CSharpOS.Modules;

/// <summary>The loading of one module.</summary>
/// <rows>DRV-04</rows>
internal unsafe ref struct ModuleLoader
{
    private const ulong LargestModule = 16 << 20;
    private const uint RelocationNone = 0, Relocation64 = 1, RelocationPc32 = 2, RelocationPlt32 = 4, Relocation32 = 10, Relocation32Signed = 11, RelocationPc64 = 24;
    private const int Kinds = 3;

    private readonly ModuleFile _file;
    private readonly ModuleStruct* _module;
    private ulong* _sections;
    private ulong* _symbols;

    private ModuleLoader(in ModuleFile file, ModuleStruct* module)
    {
        _file = file;
        _module = module;
    }

    /// <summary>Fills the memory of a module that has its name. 0; -ENOEXEC; -ENOENT: unknown symbols; -ENOMEM. After an error nothing is left but the structure.</summary>
    internal static int Load(in ModuleFile file, ModuleStruct* module)
    {
        ModuleLoader loader = new(file, module);
        int error = loader.Fill();
        Vmalloc.Free(loader._sections);
        Vmalloc.Free(loader._symbols);
        if (error != 0)
        {
            Vmalloc.Free(module->Base);
            module->Base = null;
            module->Size = 0;
        }

        return error;
    }

    private int Fill()
    {
        _sections = (ulong*)Vmalloc.AllocZeroed((nuint)_file.SectionCount * sizeof(ulong));
        _symbols = (ulong*)Vmalloc.AllocZeroed(((nuint)_file.SymbolCount + 1) * sizeof(ulong));
        if (_sections == null || _symbols == null)
        {
            return -ENOMEM;
        }

        int error = Place();
        error = error != 0 ? error : FindSymbols();
        error = error != 0 ? error : Relocate();
        error = error != 0 ? error : FindParts();
        return error != 0 ? error : Protect();
    }

    // Code, constants, data.
    private static int KindOf(ModuleSection* section) =>
        (section->Flags & ModuleSection.Executable) != 0 ? 0 : (section->Flags & ModuleSection.Write) == 0 ? 1 : 2;

    private int Place()
    {
        ulong at = 0;
        ulong* ends = stackalloc ulong[Kinds];
        for (int kind = 0; kind < Kinds; kind++)
        {
            for (int i = 1; i < _file.SectionCount; i++)
            {
                ModuleSection* section = _file.Sections + i;
                if ((section->Flags & ModuleSection.Allocated) == 0 || KindOf(section) != kind)
                {
                    continue;
                }

                ulong alignment = section->Alignment == 0 ? 1 : section->Alignment;
                at = (at + alignment - 1) & ~(alignment - 1);
                _sections[i] = at;
                if (section->Size > LargestModule - at)
                {
                    return _file.Refuse("too large"u8);
                }

                at += section->Size;
            }

            at = DirectMap.PageUp(at);
            ends[kind] = at;
        }

        if (at == 0 || at > LargestModule)
        {
            return _file.Refuse("empty, or too large"u8);
        }

        _module->Base = (byte*)Vmalloc.AllocModule((nuint)at);
        if (_module->Base == null)
        {
            return -ENOMEM;
        }

        _module->Size = (nuint)at;
        _module->TextSize = (nuint)ends[0];
        _module->ReadOnlySize = (nuint)ends[1];
        new Span<byte>(_module->Base, (int)at).Clear();
        for (int i = 1; i < _file.SectionCount; i++)
        {
            ModuleSection* section = _file.Sections + i;
            if ((section->Flags & ModuleSection.Allocated) == 0)
            {
                continue;
            }

            _sections[i] += (ulong)_module->Base;
            if (section->Type != ModuleSection.NoBits)
            {
                new ReadOnlySpan<byte>(_file.Bytes(section), (int)section->Size).CopyTo(new Span<byte>((byte*)_sections[i], (int)section->Size));
            }
        }

        return 0;
    }

    // All that are missing are named, not only the first.
    private int FindSymbols()
    {
        int error = 0;
        for (int i = 1; i < _file.SymbolCount; i++)
        {
            ModuleSymbol* symbol = _file.Symbols + i;
            if (symbol->Section == ModuleSymbol.Undefined)
            {
                ReadOnlySpan<byte> name = _file.SymbolName(symbol);
                if (!KernelSymbols.TryFind(name, out _symbols[i]))
                {
                    Printk(LogLevel.Error, $"Unknown symbol {name} in module {_file.Name}\n");
                    error = -ENOENT;
                }
            }
            else
            {
                _symbols[i] = symbol->Value + (symbol->Section == ModuleSymbol.Absolute ? 0 : _sections[symbol->Section]);
            }
        }

        return error;
    }

    private readonly int Relocate()
    {
        int error = 0;
        for (int i = 1; i < _file.SectionCount && error == 0; i++)
        {
            ModuleSection* section = _file.Sections + i;
            if (section->Type != ModuleSection.Relocations)
            {
                continue;
            }

            if (section->Info == 0 || section->Info >= (uint)_file.SectionCount || section->EntrySize != (ulong)sizeof(Entry))
            {
                return _file.Refuse("a damaged section of relocations"u8);
            }

            ModuleSection* target = _file.Sections + section->Info;
            if ((target->Flags & ModuleSection.Allocated) != 0 && target->Type != ModuleSection.NoBits)
            {
                error = Relocate((Entry*)_file.Bytes(section), (int)(section->Size / (ulong)sizeof(Entry)), target, _sections[section->Info]);
            }
        }

        return error;
    }

    private readonly int Relocate(Entry* entry, int count, ModuleSection* target, ulong start)
    {
        for (Entry* end = entry + count; entry < end; entry++)
        {
            ulong size = entry->Type is Relocation64 or RelocationPc64 ? 8u : 4u;
            if (entry->Type == RelocationNone)
            {
                continue;
            }

            if (entry->Symbol >= (uint)_file.SymbolCount || entry->Offset > target->Size || size > target->Size - entry->Offset)
            {
                return _file.Refuse("a relocation is outside of its section"u8);
            }

            ulong place = start + entry->Offset;
            ModuleSymbol* symbol = _file.Symbols + entry->Symbol;
            bool isThere = symbol->Section is ModuleSymbol.Undefined or ModuleSymbol.Absolute || _sections[symbol->Section] != 0;
            ulong value = unchecked(_symbols[entry->Symbol] + (ulong)entry->Addend);
            switch (entry->Type)
            {
                case Relocation64 when isThere:
                    *(ulong*)place = value;
                    break;
                case RelocationPc64 when isThere:
                    *(ulong*)place = unchecked(value - place);
                    break;
                case RelocationPc32 or RelocationPlt32 when isThere && Fits(unchecked(value - place)):
                    *(int*)place = unchecked((int)(value - place));
                    break;
                case Relocation32Signed when isThere && Fits(value):
                    *(int*)place = unchecked((int)value);
                    break;
                case Relocation32 when isThere && value <= uint.MaxValue:
                    *(uint*)place = (uint)value;
                    break;
                default:
                    return _file.Refuse("a relocation of an unknown kind, or one that does not reach"u8);
            }
        }

        return 0;
    }

    private static bool Fits(ulong distance) => (long)distance == (int)distance;

    // What the kernel calls and reads of it must lie in it.
    private int FindParts()
    {
        ModuleSection* entries = Loaded(".initcalls"u8);
        if (entries == null || entries->Size < (ulong)sizeof(ModuleEntry) || entries->Size % (ulong)sizeof(ModuleEntry) != 0)
        {
            return _file.Refuse("no init function"u8);
        }

        _module->Entries = (ModuleEntry*)AddressOf(entries);
        _module->EntryCount = (int)(entries->Size / (ulong)sizeof(ModuleEntry));
        for (int i = 0; i < _module->EntryCount; i++)
        {
            ModuleEntry* entry = _module->Entries + i;
            if (!IsCode(entry->Init) || (entry->Exit != null && !IsCode(entry->Exit)))
            {
                return _file.Refuse("its init or exit function is not its own"u8);
            }
        }

        ModuleSection* headers = Loaded("__modules"u8);
        _module->Header = headers != null && headers->Size >= 8 ? *(void**)AddressOf(headers) : null;
        if (_module->Header != null && (!_module->Contains(_module->Header) || Startup.CheckModule(_module->Header) != ModuleHeaderState.Valid))
        {
            return _file.Refuse("compiled by another release of ilc"u8);
        }

        ModuleSection* tables = Loaded(".ksymtab"u8);
        ModuleSection* text = Loaded(".text"u8);
        if (tables != null && text != null)
        {
            byte* start = (byte*)AddressOf(tables);
            _module->Symbols.Init(start, start + tables->Size, (nuint)AddressOf(text), _module->NameBytes, _module->NameLength);
        }

        return 0;
    }

    private readonly bool IsCode(void* function) => (nuint)function - (nuint)_module->Base < _module->TextSize;

    private readonly ModuleSection* Loaded(ReadOnlySpan<byte> name)
    {
        ModuleSection* section = _file.Find(name);
        return section != null && (section->Flags & ModuleSection.Allocated) != 0 && section->Type != ModuleSection.NoBits ? section : null;
    }

    private readonly ulong AddressOf(ModuleSection* section) => _sections[(int)(section - _file.Sections)];

    private readonly int Protect()
    {
        int error = 0;
        for (nuint at = 0; at < _module->ReadOnlySize && error == 0; at += (nuint)DirectMap.PAGE_SIZE)
        {
            error = Paging.ProtectPage((ulong)_module->Base + at, at < _module->TextSize ? PageProtection.KernelText : PageProtection.KernelReadOnly);
        }

        return error;
    }

    private struct Entry
    {
        public ulong Offset;
        public uint Type, Symbol;
        public long Addend;
    }
}
