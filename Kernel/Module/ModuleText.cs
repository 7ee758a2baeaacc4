// ModuleText: the loaded modules, for people: /proc/modules and the line of an oops.
//
// Linux: m_show and print_modules, kernel/module.c. Show: process context. Print: any context; it looks at the list without the lock if an oops may hold that.

namespace CSharpOS.Modules;

/// <summary>Text about modules.</summary>
/// <rows>DRV-04</rows>
internal static unsafe class ModuleText
{
    /// <summary>Once, at boot, when /proc is there. 0 or -ENOMEM.</summary>
    internal static int Init() => CreateProcEntry("modules"u8, 0x124, null, &Show, null, null) == null ? -ENOMEM : 0;

    // name size users by state address
    private static int Show(TextArea* text, void* unused)
    {
        for (int i = 0; KernelModules.At(i, out ModuleStruct module); i++)
        {
            ReadOnlySpan<byte> state = module.State switch
            {
                ModuleState.Coming => "Loading"u8,
                ModuleState.Live => "Live"u8,
                _ => "Unloading"u8,
            };
            text->Append($"{new ReadOnlySpan<byte>(module.NameBytes, module.NameLength)} {module.Size} {module.Users} {(module.HasExit ? "-"u8 : "[permanent],"u8)} {state} 0x{(ulong)module.Base:x16}\n");
        }

        return 0;
    }

    /// <summary>The line "Modules linked in:". Any context.</summary>
    /// <linux>print_modules</linux>
    internal static void Print(LogLevel level)
    {
        TextHandler text = new(0, 0);
        text.AppendLiteral("Modules linked in:");
        for (ModuleStruct* module = KernelModules.FirstUnlocked; module != null; module = Shared.ReadOnce(&module->Next))
        {
            text.AppendLiteral(" ");
            text.AppendFormatted(ModuleStruct.Name(module));
        }

        UnloadedModules.AppendLast(ref text);
        text.AppendLiteral("\n");
        Printk(level, ref text);
    }
}
