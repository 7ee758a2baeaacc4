// KernelModules: the loaded modules: their list, states and use counts; loading and unloading.
//
// Linux: kernel/module.c. Load, Unload: process context, sleep. TryGet, Put, TryGetOwner: any context but an NMI. Call traces find a module's tables without a lock, by
// SymbolTable's own list, from which a module is taken a grace period before its memory goes.
// Locks: s_mutex, over what loads and unloads do to the list, and never over a module's own functions; s_lock, a spin lock (interrupts off), inside of everything,
// for the list, states and use counts.
// A module's life: coming (its init runs) - live - going (its exit runs) - gone. Who wants it to stay says so with TryGet, which fails once it is going; so
// Unload, which makes it going only while nobody does, needs to look once.
// What its exit has left behind (LeftBehind.cs) still points into it: then it is taken out of the list, but its memory stays for good. The exception is a module
// that forsakes its threads, which says so in its file: its memory goes, and its threads fault when they wake (UnloadedModules.cs).

using CSharpOS.Debugging;
using CSharpOS.Runtime;

namespace CSharpOS.Modules;

/// <summary>The loaded modules.</summary>
/// <rows>DRV-04</rows>
public static unsafe class KernelModules
{
    private static Mutex s_mutex;
    private static SpinLock s_lock;
    private static ModuleStruct* s_first;
    private static int s_kept;

    /// <summary>Modules whose memory had to stay.</summary>
    internal static int Kept => Shared.ReadOnce(ref s_kept);

    /// <summary>The newest module, for reports in any context: nothing keeps it from going but that modules go a grace period after they have left the list.</summary>
    internal static ModuleStruct* FirstUnlocked
    {
        get
        {
            fixed (ModuleStruct** first = &s_first)
            {
                return Shared.ReadOnce(first);
            }
        }
    }

    /// <summary>Once, at boot: there are none.</summary>
    internal static void Init()
    {
        s_lock.Init();
        s_first = null;
        s_kept = 0;
        UnloadedModules.Init();
    }

    /// <summary>Loads a module and runs its init function. Process context, sleeps.</summary>
    /// <param name="image">The file, in kernel memory; nobody changes it meanwhile.</param>
    /// <param name="length">Its length.</param>
    /// <param name="arguments">KEY=VALUE words for <see cref="ModuleParameters"/>.</param>
    /// <returns>0; -ENOEXEC: not a module for this kernel, the log says why; -ENOENT: unknown symbols; -EEXIST; -ENOMEM; what its init function gave.</returns>
    /// <linux>load_module, sys_init_module</linux>
    /// <rows>DRV-04</rows>
    public static int Load(byte* image, nuint length, ReadOnlySpan<byte> arguments)
    {
        MightSleep();
        if (arguments.Length > ModuleStruct.ArgumentsSize)
        {
            return -EINVAL;
        }

        int error = ModuleFile.Open(image, length, out ModuleFile file);
        if (error != 0)
        {
            return error;
        }

        ReadOnlySpan<byte> name = file.Information("name="u8);
        if (name.Length is 0 or > ModuleStruct.NameSize)
        {
            return file.Refuse("its name cannot be"u8);
        }

        if (!file.Information("vermagic="u8).SequenceEqual(VersionMagic))
        {
            Printk(LogLevel.Error, $"{name}: version magic '{file.Information("vermagic="u8)}' should be '{VersionMagic}'\n");
            return -ENOEXEC;
        }

        ModuleStruct* module = Kzalloc<ModuleStruct>(GfpFlags.Kernel);
        if (module == null)
        {
            return -ENOMEM;
        }

        module->NameLength = name.Length;
        name.CopyTo(new Span<byte>(module->NameBytes, ModuleStruct.NameSize));
        module->ArgumentsLength = arguments.Length;
        arguments.CopyTo(new Span<byte>(module->ArgumentBytes, ModuleStruct.ArgumentsSize));
        module->ForsakesThreads = file.Information("forsakes="u8).SequenceEqual("threads"u8);
        module->Loader = Current;
        error = Enter(module, file);
        if (error != 0)
        {
            Kfree(module);
            return error;
        }

        return Begin(module);
    }

    /// <summary>Runs a module's exit function and unloads it. Process context, sleeps.</summary>
    /// <returns>0; -ENOENT: there is none of that name; -EBUSY: it is coming or going, or has no exit function; -EAGAIN, which is -EWOULDBLOCK: somebody uses it.</returns>
    /// <linux>sys_delete_module</linux>
    /// <rows>DRV-04</rows>
    public static int Unload(ReadOnlySpan<byte> name)
    {
        MightSleep();
        ModuleStruct* module;
        using (s_mutex.Guard())
        {
            int error;
            using (s_lock.IrqSaveGuard())
            {
                module = Find(name);
                error = module == null ? -ENOENT
                    : module->State != ModuleState.Live || !module->HasExit ? -EBUSY
                    : module->Users != 0 ? -EAGAIN : 0;
                if (error == 0)
                {
                    module->State = ModuleState.Going;
                }
            }

            if (error != 0)
            {
                return error;
            }
        }

        RunExits(module, module->EntryCount);
        Leave(module);
        return 0;
    }

    /// <summary>Says that somebody relies on the module's staying. Any context but an NMI.</summary>
    /// <returns>False: it is going.</returns>
    /// <linux>try_module_get</linux>
    /// <rows>DRV-04</rows>
    public static bool TryGet(ModuleStruct* module)
    {
        if (module == null)
        {
            return true;
        }

        using (s_lock.IrqSaveGuard())
        {
            bool stays = module->State != ModuleState.Going;
            module->Users += stays ? 1 : 0;
            return stays;
        }
    }

    /// <summary>Undoes one <see cref="TryGet"/>. Null is fine.</summary>
    /// <linux>module_put</linux>
    /// <rows>DRV-04</rows>
    public static void Put(ModuleStruct* module)
    {
        if (module != null)
        {
            using (s_lock.IrqSaveGuard())
            {
                module->Users--;
            }
        }
    }

    /// <summary>Finds the module in which a static or function lies, and holds it as <see cref="TryGet"/> does.</summary>
    /// <param name="address">Any address.</param>
    /// <param name="module">The module; null if the address is the kernel's own.</param>
    /// <returns>False: the module is going.</returns>
    public static bool TryGetOwner(void* address, out ModuleStruct* module)
    {
        module = null;
        if ((ulong)address < Paging.ModulesStart)
        {
            return true;
        }

        using (s_lock.IrqSaveGuard())
        {
            module = s_first;
            while (module != null && !module->Contains(address))
            {
                module = module->Next;
            }

            bool stays = module == null || module->State != ModuleState.Going;
            if (module != null && stays)
            {
                module->Users++;
            }

            module = stays ? module : null;
            return stays;
        }
    }

    /// <summary>What a module must have been built against.</summary>
    /// <linux>vermagic</linux>
    internal static ReadOnlySpan<byte> VersionMagic
    {
        get
        {
            byte* text = LinkerSymbols.BuildIdentifier;
            int length = 0;
            while (text[length] != 0)
            {
                length++;
            }

            return new ReadOnlySpan<byte>(text, length);
        }
    }

    /// <summary>Copies what is known of module number <paramref name="index"/>, the newest first. False: there are no more.</summary>
    internal static bool At(int index, out ModuleStruct copy)
    {
        using (s_lock.IrqSaveGuard())
        {
            ModuleStruct* module = s_first;
            while (module != null && index-- > 0)
            {
                module = module->Next;
            }

            copy = module == null ? default : *module;
            return module != null;
        }
    }

    /// <summary>The module whose init function the running task is in; null if it is in none.</summary>
    internal static ModuleStruct* Coming()
    {
        using (s_lock.IrqSaveGuard())
        {
            for (ModuleStruct* module = s_first; module != null; module = module->Next)
            {
                if (module->State == ModuleState.Coming && module->Loader == Current)
                {
                    return module;
                }
            }
        }

        return null;
    }

    // The memory is made, and the module stands in the list.
    private static int Enter(ModuleStruct* module, in ModuleFile file)
    {
        using (s_mutex.Guard())
        {
            bool taken;
            using (s_lock.IrqSaveGuard())
            {
                taken = Find(ModuleStruct.Name(module)) != null;
            }

            int error = taken ? -EEXIST : ModuleLoader.Load(file, module);
            if (error != 0)
            {
                return error;
            }

            using (s_lock.IrqSaveGuard())
            {
                module->State = ModuleState.Coming;
                module->Next = s_first;
                s_first = module;
            }

            SymbolTable.Add(&module->Symbols);
            return 0;
        }
    }

    // Its statics as at boot, then its init functions. What they make with new belongs to the module.
    private static int Begin(ModuleStruct* module)
    {
        Current->NewBlocks = &module->Blocks;
        if (module->Header != null)
        {
            Startup.RunModule(module->Header);
        }

        for (int i = 0; i < module->EntryCount; i++)
        {
            int error = module->Entries[i].Init();
            if (error != 0)
            {
                error = error > 0 ? -EINVAL : error;
                Current->NewBlocks = null;
                using (s_lock.IrqSaveGuard())
                {
                    module->State = ModuleState.Going;
                }

                RunExits(module, i);
                Leave(module);
                return error;
            }
        }

        Current->NewBlocks = null;
        ModuleParameters.ReportIgnored(module);
        using (s_lock.IrqSaveGuard())
        {
            module->Loader = null;
            module->State = ModuleState.Live;
        }

        return 0;
    }

    // Of the first functions, the last first.
    private static void RunExits(ModuleStruct* module, int count)
    {
        for (int i = count - 1; i >= 0; i--)
        {
            if (module->Entries[i].Exit != null)
            {
                module->Entries[i].Exit();
            }
        }
    }

    // It is going, and its functions have run: out of the list, and its memory back unless something still points there.
    private static void Leave(ModuleStruct* module)
    {
        // Callbacks that it has queued lie in it.
        RcuBarrier();
        bool stays = LeftBehind.Report(module);
        if (!stays)
        {
            // A function that ran during the search, and has armed itself again since.
            SynchronizeRcu();
            stays = LeftBehind.Report(module);
        }

        using (s_lock.IrqSaveGuard())
        {
            stays |= module->Users != 0;
            fixed (ModuleStruct** first = &s_first)
            {
                ModuleStruct** link = first;
                while (*link != module)
                {
                    link = &(*link)->Next;
                }

                *link = module->Next;
            }

            UnloadedModules.Note(module);
        }

        if (stays)
        {
            // Its tables, too: traces through what goes on there shall be readable.
            Shared.AddReturn(ref s_kept, 1);
            Printk(LogLevel.Error, $"module {ModuleStruct.Name(module)}: its memory stays, {module->Size >> 10} KB at {(void*)module->Base}\n");
            return;
        }

        bool isForsaken = module->ForsakesThreads && LeftBehind.ReportThreads(module) != 0;
        using (s_mutex.Guard())
        {
            SymbolTable.Remove(&module->Symbols);
        }

        SynchronizeRcu();
        FreeBlocks(module->Blocks);
        if (isForsaken)
        {
            using (s_mutex.Guard())
            {
                UnloadedModules.Bury(module);
            }
        }
        else
        {
            Vmalloc.Free(module->Base);
        }

        Kfree(module);
    }

    private static void FreeBlocks(ManagedBlock* block)
    {
        while (block != null)
        {
            ManagedBlock* next = block->Next;
            Kfree(block);
            block = next;
        }
    }

    private static ModuleStruct* Find(ReadOnlySpan<byte> name)
    {
        ModuleStruct* module = s_first;
        while (module != null && !ModuleStruct.Name(module).SequenceEqual(name))
        {
            module = module->Next;
        }

        return module;
    }
}
