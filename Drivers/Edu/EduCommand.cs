// EduCommand: the monitor's command edu: a factorial, computed by a device and fetched by interrupt. Process context; waits for the device.

namespace CSharpOS.Drivers;

internal static unsafe class EduCommand
{
    // 12! is the largest that the device's 32 bits hold.
    private const ulong LargestArgument = 12;
    private const ulong MaxDevices = 16;
    private const uint Patience = HZ;

    internal static void Register() => Monitor.Register("edu"u8, "N [DEVICE]"u8, "let an edu device compute N!, N up to 12"u8, &Compute);

    internal static void Unregister() => Monitor.Unregister("edu"u8);

    private static int Compute(ReadOnlySpan<byte> arguments)
    {
        CommandArguments words = new(arguments);
        if (words.AtEnd
            || !words.TryNextNumber(0, LargestArgument, 0, out ulong n)
            || !words.TryNextNumber(0, MaxDevices - 1, 0, out ulong index)
            || !words.AtEnd)
        {
            return -EINVAL;
        }

        EduDevice* edu = Edu.First;
        while (edu != null && (ulong)edu->Index != index)
        {
            edu = edu->Next;
        }

        if (edu == null)
        {
            MonitorOutput.Write($"edu: no device {index} (QEMU option -device edu)\n");
            return -ENODEV;
        }

        edu->Forget();
        int result = Edu.StartFactorial(edu, (uint)n);
        if (result != 0)
        {
            MonitorOutput.Write($"edu{index}: busy\n");
            return result;
        }

        if (!WaitForInterrupt(edu))
        {
            MonitorOutput.Write($"edu{index}: no interrupt within a second\n");
            return -ETIMEDOUT;
        }

        MonitorOutput.Write($"{n}! = {Edu.Result(edu)} (edu{index}, irq {edu->Irq}, "
            + $"{edu->Handled} interrupts, {edu->Innocent} of others)\n");
        return 0;
    }

    // Sleeps until the handler has noted the interrupt; the clock's ticks wake it to look at the time.
    private static bool WaitForInterrupt(EduDevice* edu)
    {
        uint end = Jiffies + Patience;
        while (TimeBefore(Jiffies, end))
        {
            LocalIrqDisable();
            if ((edu->Seen & Edu.FactorialDone) != 0)
            {
                LocalIrqEnable();
                return true;
            }

            Scheduler.WaitForInterrupt();
        }

        return false;
    }
}
