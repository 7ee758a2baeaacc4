// ModuleStruct: a loaded module.
//
// Linux: struct module, include/linux/module.h. One per module, from Kmalloc; it lives from the moment when its file has been read until it has been unloaded.
// Who guards what: Next, State and Users belong to KernelModules' spin lock; the rest is constant once the module is in the list.

using CSharpOS.Debugging;

namespace CSharpOS.Modules;

/// <summary>How far a module has come.</summary>
/// <linux>module_state</linux>
public enum ModuleState
{
    /// <summary>It is in the list, and its init function runs.</summary>
    /// <linux>MODULE_STATE_COMING</linux>
    Coming,

    /// <summary>In use, or ready to be.</summary>
    /// <linux>MODULE_STATE_LIVE</linux>
    Live,

    /// <summary>Its exit function runs, or its init function has failed: nobody gets hold of it any more.</summary>
    /// <linux>MODULE_STATE_GOING</linux>
    Going,
}

/// <summary>A loaded module.</summary>
/// <linux>module</linux>
/// <rows>DRV-04</rows>
public unsafe struct ModuleStruct
{
    /// <summary>Bytes of a name at most.</summary>
    /// <linux>MODULE_NAME_LEN</linux>
    public const int NameSize = 56;

    /// <summary>Bytes of its arguments at most.</summary>
    public const int ArgumentsSize = 256;

    internal ModuleStruct* Next;

    /// <summary>The task that runs its init function, while it is coming.</summary>
    internal TaskStruct* Loader;
    internal ModuleState State;

    /// <summary>Who relies on its staying: open files of its devices, and others who said so.</summary>
    internal int Users;

    /// <summary>The memory: code, then constants, then data, each on pages of its own.</summary>
    internal byte* Base;
    internal nuint Size, TextSize, ReadOnlySize;

    /// <summary>It says of itself that its memory goes although threads of its own are still there: they fault when they wake. For demonstrations.</summary>
    internal bool ForsakesThreads;

    /// <summary>Init and exit functions, in the order of their levels.</summary>
    internal ModuleEntry* Entries;
    internal int EntryCount;

    /// <summary>What ilc's startup works on; null: there is nothing to do.</summary>
    internal void* Header;

    /// <summary>What its initialisers and init functions have made with new.</summary>
    internal ManagedBlock* Blocks;

    internal ModuleSymbols Symbols;
    internal int NameLength, ArgumentsLength;
    internal fixed byte NameBytes[NameSize];
    internal fixed byte ArgumentBytes[ArgumentsSize];

    /// <summary>1 where a word of the arguments begins that its init function has asked for. Only the loading task looks at this.</summary>
    internal fixed byte ArgumentAsked[ArgumentsSize];

    /// <summary>True if the address lies in its memory.</summary>
    internal readonly bool Contains(void* address) => (nuint)address - (nuint)Base < Size;

    /// <summary>The module's name.</summary>
    public static ReadOnlySpan<byte> Name(ModuleStruct* module) => new(module->NameBytes, module->NameLength);

    /// <summary>True if every init function has an exit function: without one a module stays for good.</summary>
    internal readonly bool HasExit
    {
        get
        {
            bool complete = EntryCount > 0;
            for (int i = 0; i < EntryCount; i++)
            {
                complete &= Entries[i].Exit != null;
            }

            return complete;
        }
    }
}

/// <summary>A row of the section .initcalls, as tools/AsmGen writes it.</summary>
internal unsafe struct ModuleEntry
{
    public long Level;
    public delegate*<int> Init;
    public delegate*<void> Exit;
    public byte* Name;
    public long NameLength;
}
