// OrderlyTests: the kernel runs the program that ends the machine's run. Part of the suite user; process context.
//
// The command of poweroff is replaced by a script that writes down what it got, so that the machine goes on. The real programs are in the scenarios.

using CSharpOS.Power;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class OrderlyTests
{
    private const uint Patience = 20 * HZ;

    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("orderly_poweroff: the command with its arguments, HOME and PATH, once however often it is asked for"u8, "KT-06"u8, &Poweroff);
        Test.Run("orderly_poweroff: a command that is not there is reported"u8, "KT-06"u8, &NoCommand);
        Test.Run("the command that a program sets; the programs that are run if nobody sets one"u8, "KT-06"u8, &Command);
        Test.Run("reboot(2) and /proc/sys/kernel/ctrl-alt-del are one switch"u8, "DRV-06"u8, &Switch);
    }

    private static void Poweroff()
    {
        FsHelp.Mkdir("/tmp\0"u8);
        FsHelp.Make("/tmp/orderly\0"u8, "echo $HOME $PATH $# $1 $2 >> /tmp/orderly.out\necho end >> /tmp/orderly.end\n"u8);
        Set("/bin/sh /tmp/orderly  one two\n"u8);

        // From an interrupt, twice before the work can run.
        ulong flags = LocalIrqSave();
        Reboot.OrderlyPoweroff(false);
        Reboot.OrderlyPoweroff(false);
        LocalIrqRestore(flags);
        Reboot.Flush();
        Check.True(Appears("/tmp/orderly.end\0"u8));

        // Waits in khelper's order for whatever the second one might have started.
        Check.Equal(0, UserHelp.Run("/bin/true\0"u8));
        FsHelp.Holds("/tmp/orderly.out\0"u8, "/ /sbin:/bin:/usr/sbin:/usr/bin 2 one two\n"u8);
        FsHelp.Holds("/tmp/orderly.end\0"u8, "end\n"u8);
        FsHelp.Remove("/tmp/orderly\0"u8);
        FsHelp.Remove("/tmp/orderly.out\0"u8);
        FsHelp.Remove("/tmp/orderly.end\0"u8);
        Restore();
    }

    private static void NoCommand()
    {
        ulong start = KernelLog.NextSequence;
        Set("/bin/nothing at all"u8);
        Reboot.OrderlyPoweroff(false);
        Reboot.Flush();
        Check.True(Logged(start, "orderly poweroff: /bin/nothing at all cannot be started: error -2"u8));
        Set(" "u8);
        Reboot.OrderlyPoweroff(false);
        Reboot.Flush();
        Check.True(Logged(start, "cannot be started: error -2"u8));
        Restore();
#if DEBUG_CHECKS
        // No memory for the arguments: run_cmd says so itself.
        AllocationFailure.Clear();
        AllocationFailure.OnlySizes(1000, 1100);
        AllocationFailure.FailEvery(1);
        byte* text = stackalloc byte[1000];
        new Span<byte>(text, 1000).Fill((byte)'x');
        Check.Equal(-ENOMEM, Reboot.RunCommand(new ReadOnlySpan<byte>(text, 1000)));
        AllocationFailure.Clear();
#endif
    }

    private static void Command()
    {
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/poweroff_cmd\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("/sbin/poweroff\n"u8));
        byte* text = stackalloc byte[Reboot.CommandSize];
        new Span<byte>(text, Reboot.CommandSize).Fill((byte)'x');
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/sys/kernel/poweroff_cmd\0"u8, new ReadOnlySpan<byte>(text, Reboot.CommandSize)));
        Check.Equal(Reboot.CommandSize - 1, ProcHelp.Write("/proc/sys/kernel/poweroff_cmd\0"u8, new ReadOnlySpan<byte>(text, Reboot.CommandSize - 1)));
        Restore();
        Check.Equal(0, FsHelp.Walk("/sbin/poweroff\0"u8));
        Check.Equal(0, FsHelp.Walk("/sbin/reboot\0"u8));
    }

    private static void Switch()
    {
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/ctrl-alt-del\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("1\n"u8));
        UserHelp.Good("ctrl-alt-del\0"u8);
        Check.False(Reboot.CtrlAltDelRestarts);
        Check.Equal(0, ProcHelp.Read("/proc/sys/kernel/ctrl-alt-del\0"u8));
        Check.True(ProcHelp.Text.SequenceEqual("0\n"u8));
        Check.Equal(-EINVAL, ProcHelp.Write("/proc/sys/kernel/ctrl-alt-del\0"u8, "on\n"u8));
        Check.Equal(2, ProcHelp.Write("/proc/sys/kernel/ctrl-alt-del\0"u8, "1\n"u8));
        Check.True(Reboot.CtrlAltDelRestarts);
    }

    private static void Set(ReadOnlySpan<byte> command) => Check.Equal(command.Length, ProcHelp.Write("/proc/sys/kernel/poweroff_cmd\0"u8, command));

    private static void Restore() => Set("/sbin/poweroff"u8);

    // A program writes it: on another CPU, or on this one while we give way.
    private static bool Appears(ReadOnlySpan<byte> path)
    {
        uint start = Jiffies;
        while (ProcHelp.Read(path) != 0 || ProcHelp.Text.Length == 0)
        {
            if (Jiffies - start > Patience)
            {
                return false;
            }

            SchedThread.GiveWay();
        }

        return true;
    }

    private static bool Logged(ulong start, ReadOnlySpan<byte> text)
    {
        LogReader reader = new(start);
        while (reader.MoveNext())
        {
            if (reader.Current.Text.IndexOf(text) >= 0)
            {
                return true;
            }
        }

        return false;
    }
}
