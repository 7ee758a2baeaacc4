// PowerCommands: reboot and poweroff. Process context; they do not return where the machine obeys.

using CSharpOS.Power;

namespace CSharpOS.Monitoring;

internal static unsafe class PowerCommands
{
    public static void Register()
    {
        Monitor.Register("reboot"u8, ""u8, "restart the machine"u8, &Reboot);
        Monitor.Register("poweroff"u8, ""u8, "switch the machine off"u8, &PowerOff);
    }

    private static int Reboot(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Machine.Restart();
        return 0;
    }

    private static int PowerOff(ReadOnlySpan<byte> arguments)
    {
        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Machine.PowerOff();
        return 0;
    }
}
