// Outside: a module that is built outside of the kernel's tree (build.sh), for the suite `module`.

namespace CSharpOS.TestModules;

internal static class Outside
{
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        Printk(LogLevel.Info, $"outside: built elsewhere, at tick {Jiffies}\n");
        return 0;
    }

    [ModuleExit]
    public static void Exit() => Printk(LogLevel.Info, "outside: exit\n"u8);
}
