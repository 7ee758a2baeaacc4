// PowerCommands: reboot and poweroff. Process context; without "orderly" they do not return where the machine obeys.

using CSharpOS.Power;

namespace CSharpOS.Monitoring;

internal static unsafe class PowerCommands
{
    public static void Register()
    {
        Monitor.Register("reboot"u8, "[orderly]"u8, "restart the machine, at once or by /sbin/reboot"u8, &Reboot);
        Monitor.Register("poweroff"u8, "[orderly]"u8, "switch the machine off, at once or by /sbin/poweroff"u8, &PowerOff);
    }

    private static int Reboot(ReadOnlySpan<byte> arguments)
    {
        if (arguments.SequenceEqual("orderly"u8))
        {
            Power.Reboot.OrderlyReboot();
            return 0;
        }

        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Machine.Restart();
        return 0;
    }

    private static int PowerOff(ReadOnlySpan<byte> arguments)
    {
        if (arguments.SequenceEqual("orderly"u8))
        {
            Power.Reboot.OrderlyPoweroff(false);
            return 0;
        }

        if (arguments.Length != 0)
        {
            return -EINVAL;
        }

        Machine.PowerOff();
        return 0;
    }
}
