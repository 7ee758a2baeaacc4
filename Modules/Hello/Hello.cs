// Hello: the smallest loadable module. insmod /lib/modules/hello.ko whom=you; rmmod hello.

namespace CSharpOS.Drivers;

internal static class Hello
{
    [ModuleInit(InitLevel.Device)]
    public static int Init()
    {
        ReadOnlySpan<byte> whom = ModuleParameters.TryGetValue("hello"u8, "whom"u8, out ReadOnlySpan<byte> given) ? given : "world"u8;
        Printk(LogLevel.Info, $"hello, {whom}\n");
        return 0;
    }

    [ModuleExit]
    public static void Exit() => Printk(LogLevel.Info, "goodbye\n"u8);
}
