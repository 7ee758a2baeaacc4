// NoExit: a module without an exit function: it stays for good.

namespace CSharpOS.TestModules;

internal static class NoExit
{
    [ModuleInit(InitLevel.Device)]
    public static int Init() => 0;
}
