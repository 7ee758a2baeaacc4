// No modules: nothing can be loaded into the hosted kernel.

using CSharpOS.Arch;
using CSharpOS.Log;

namespace CSharpOS.Modules;

public struct ModuleStruct;

public static unsafe class KernelModules
{
    public static bool TryGetOwner(void* address, out ModuleStruct* module)
    {
        module = null;
        return true;
    }

    public static void Put(ModuleStruct* module)
    {
    }
}

public static class ModuleText
{
    public static int Init() => 0;

    public static void Print(LogLevel level) => KernelLog.Printk(level, "Modules linked in:\n"u8);
}
