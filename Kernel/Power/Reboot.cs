// Reboot: Ctrl-Alt-Del, and ends of the machine's run that a program prepares.
//
// Linux: ctrl_alt_del, kernel/sys.c; orderly_poweroff and orderly_reboot, kernel/reboot.c. CtrlAltDel, OrderlyPoweroff and OrderlyReboot: any context,
// since the keyboard's and the power button's interrupts call them; what they ask for is done by static works of events/n. The command's text belongs to s_lock.
// Invariant: a request that is made twice before its work runs is done once.

using System.Runtime.CompilerServices;

namespace CSharpOS.Power;

/// <summary>How the machine's run ends in good order.</summary>
/// <rows>KT-06 DRV-06</rows>
public static unsafe class Reboot
{
    /// <summary>Longest command, with the zero byte.</summary>
    /// <linux>POWEROFF_CMD_PATH_LEN</linux>
    internal const int CommandSize = 256;

    private const int InitPid = 1;

    private static WorkStruct s_cadWork, s_poweroffWork, s_rebootWork;
    private static SpinLock s_lock;
    private static CommandText s_poweroffCommand;
    private static int s_poweroffLength;
    private static int s_cad;
    private static int s_force;

    /// <summary>False if Ctrl-Alt-Del sends init SIGINT instead of restarting the machine. /proc/sys/kernel/ctrl-alt-del, and reboot(2).</summary>
    /// <linux>C_A_D</linux>
    public static bool CtrlAltDelRestarts
    {
        get => Shared.ReadOnce(ref s_cad) != 0;
        set => Shared.WriteOnce(ref s_cad, value ? 1 : 0);
    }

    private static WorkStruct* CadWork => (WorkStruct*)Unsafe.AsPointer(ref s_cadWork);

    private static WorkStruct* PoweroffWork => (WorkStruct*)Unsafe.AsPointer(ref s_poweroffWork);

    private static WorkStruct* RebootWork => (WorkStruct*)Unsafe.AsPointer(ref s_rebootWork);

    /// <summary>Ctrl-Alt-Del restarts, and /sbin/poweroff switches off. Boot, once.</summary>
    internal static void Init()
    {
        CtrlAltDelRestarts = true;
        WorkStruct.Init(CadWork, &DeferredCad);
        WorkStruct.Init(PoweroffWork, &DeferredPoweroff);
        WorkStruct.Init(RebootWork, &DeferredReboot);
        s_lock.Init();
        SetPoweroffCommand("/sbin/poweroff"u8);
    }

    /// <summary>Ctrl-Alt-Del has been pressed: restarts the machine, or sends init SIGINT. Any context; done by a work.</summary>
    /// <linux>ctrl_alt_del</linux>
    /// <rows>DRV-06</rows>
    public static void CtrlAltDel() => ScheduleWork(CadWork);

    /// <summary>Runs the program that switches the machine off after it has ended the others. Any context; done by a work.</summary>
    /// <param name="force">Switch off at once if the program cannot be started.</param>
    /// <linux>orderly_poweroff</linux>
    /// <rows>KT-06</rows>
    public static void OrderlyPoweroff(bool force)
    {
        // Asked twice before it is done, the harder way wins.
        if (force)
        {
            Shared.WriteOnce(ref s_force, 1);
        }

        ScheduleWork(PoweroffWork);
    }

    /// <summary>Runs the program that restarts the machine after it has ended the others; restarts at once if it cannot be started. Any context; done by a
    /// work.</summary>
    /// <linux>orderly_reboot</linux>
    /// <rows>KT-06</rows>
    public static void OrderlyReboot() => ScheduleWork(RebootWork);

    /// <summary>Waits until all that was asked for has been begun. Process context; sleeps.</summary>
    internal static void Flush()
    {
        FlushWork(CadWork);
        FlushWork(PoweroffWork);
        FlushWork(RebootWork);
    }

    /// <summary>The command of <see cref="OrderlyPoweroff"/>, without a zero byte; its length. <paramref name="text"/> has room for <see cref="CommandSize"/>.</summary>
    internal static int GetPoweroffCommand(Span<byte> text)
    {
        using (s_lock.Guard())
        {
            new ReadOnlySpan<byte>(Unsafe.AsPointer(ref s_poweroffCommand), s_poweroffLength).CopyTo(text);
            return s_poweroffLength;
        }
    }

    /// <summary>Sets it: a path and arguments, separated by blanks. 0; -EINVAL: too long.</summary>
    /// <linux>poweroff_cmd</linux>
    internal static int SetPoweroffCommand(ReadOnlySpan<byte> text)
    {
        if (text.Length >= CommandSize)
        {
            return -EINVAL;
        }

        using (s_lock.Guard())
        {
            text.CopyTo(new Span<byte>(Unsafe.AsPointer(ref s_poweroffCommand), CommandSize));
            s_poweroffLength = text.Length;
            return 0;
        }
    }

    /// <summary>Runs a command as root, with the environment that programs of the kernel have, until it has been executed. Process context; sleeps.</summary>
    /// <returns>0; -ENOMEM; -ENOENT and others: it cannot be executed.</returns>
    /// <linux>run_cmd</linux>
    internal static int RunCommand(ReadOnlySpan<byte> command)
    {
        byte** argv = Processes.UserModeHelper.ArgvSplit(GfpFlags.Kernel, command, out int count);
        if (argv == null)
        {
            return -ENOMEM;
        }

        int result = -ENOENT;
        fixed (byte* home = "HOME=/\0"u8, path = "PATH=/sbin:/bin:/usr/sbin:/usr/bin\0"u8)
        {
            byte** envp = stackalloc byte*[3] { home, path, null };
            if (count != 0)
            {
                result = Processes.UserModeHelper.CallUsermodehelper(argv[0], argv, envp, Processes.UmhWait.WaitExec);
            }
        }

        Processes.UserModeHelper.ArgvFree(argv);
        return result;
    }

    // Linux: deferred_cad.
    private static void DeferredCad(WorkStruct* work)
    {
        if (CtrlAltDelRestarts)
        {
            Machine.Restart();
        }

        Signals.SendToPid(InitPid, Signal.SIGINT);
    }

    // Linux: poweroff_work_func.
    private static void DeferredPoweroff(WorkStruct* work)
    {
        bool force = Shared.Exchange(ref s_force, 0) != 0;
        Span<byte> command = stackalloc byte[CommandSize];
        command = command[..GetPoweroffCommand(command)];
        int error = RunCommand(command);
        if (error != 0)
        {
            Printk(LogLevel.Warning, $"orderly poweroff: {command} cannot be started: error {error}\n");
            if (force)
            {
                Machine.PowerOff();
            }
        }
    }

    // Linux: reboot_work_func.
    private static void DeferredReboot(WorkStruct* work)
    {
        int error = RunCommand("/sbin/reboot"u8);
        if (error != 0)
        {
            Printk(LogLevel.Warning, $"orderly reboot: /sbin/reboot cannot be started: error {error}\n");
            Machine.Restart();
        }
    }

    [InlineArray(CommandSize)]
    private struct CommandText
    {
        private byte _first;
    }
}
