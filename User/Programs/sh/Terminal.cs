// Terminal: the shell and its controlling terminal: who is in the foreground, and in which mode it is.

namespace CSharpOS.User.Shell;

/// <summary>The shell's terminal.</summary>
internal static unsafe class Terminal
{
    private static Termios s_normal;
    private static int s_shellGroup;

    /// <summary>True if commands are put into groups that ^C and ^Z go to.</summary>
    public static bool HasJobControl { get; private set; }

    /// <summary>True if the shell reads from a person.</summary>
    public static bool IsInteractive { get; private set; }

    /// <summary>Makes this shell the one that the terminal belongs to.</summary>
    public static void Take()
    {
        IsInteractive = true;
        Unix.Tcgetattr(0, out s_normal);
        Unix.Signal(Unix.SIGINT, Unix.SignalIgnore);
        Unix.Signal(Unix.SIGQUIT, Unix.SignalIgnore);
        Unix.Signal(Unix.SIGTSTP, Unix.SignalIgnore);
        Unix.Signal(Unix.SIGTTIN, Unix.SignalIgnore);
        Unix.Signal(Unix.SIGTTOU, Unix.SignalIgnore);
        if (Unix.Tcgetpgrp(0) < 0)
        {
            Console.Error.WriteLine("sh: no job control: the terminal is not the controlling one"u8);
            return;
        }

        Unix.Setpgid(0, 0);
        s_shellGroup = Unix.Getpgrp();
        HasJobControl = Unix.Tcsetpgrp(0, s_shellGroup) == 0;
    }

    /// <summary>In a child: signals do again what they do by themselves, and the group comes to the foreground if it is to.</summary>
    public static void EnterChild(int group, bool foreground)
    {
        if (HasJobControl)
        {
            Unix.Setpgid(0, group);
            if (foreground)
            {
                Unix.Tcsetpgrp(0, group == 0 ? Unix.Getpid() : group);
            }
        }

        if (IsInteractive)
        {
            Unix.Signal(Unix.SIGINT, Unix.SignalDefault);
            Unix.Signal(Unix.SIGQUIT, Unix.SignalDefault);
            Unix.Signal(Unix.SIGTSTP, Unix.SignalDefault);
            Unix.Signal(Unix.SIGTTIN, Unix.SignalDefault);
            Unix.Signal(Unix.SIGTTOU, Unix.SignalDefault);
        }

        HasJobControl = false;
        IsInteractive = false;
    }

    /// <summary>Gives the terminal to a group.</summary>
    public static void Give(int group)
    {
        if (HasJobControl)
        {
            Unix.Tcsetpgrp(0, group);
        }
    }

    /// <summary>Takes the terminal back, in the mode that programs expect.</summary>
    public static void TakeBack()
    {
        if (HasJobControl)
        {
            Unix.Tcsetpgrp(0, s_shellGroup);
            Unix.Tcsetattr(0, s_normal);
        }
    }

    /// <summary>Single keys instead of lines, no echo: for the line editor.</summary>
    public static void EnterRaw()
    {
        Unix.Tcgetattr(0, out s_normal);
        Termios raw = s_normal;
        raw.MakeRaw(signals: false);
        Unix.Tcsetattr(0, raw);
    }

    public static void LeaveRaw() => Unix.Tcsetattr(0, s_normal);
}
