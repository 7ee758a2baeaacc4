// Monitor: the prompt on the consoles, and the table of commands.
//
// No file of Linux corresponds; kdb comes nearest. Register: boot and module code, process context. Run and Execute: the task that runs the
// monitor. Lock: s_lock guards the table; it is not held while a command runs.
// A command runs under Recovery.Call: a fault in it is reported and ends the command, not the monitor.
// Invariant: the table is sorted by name, names are unique.

using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using CSharpOS.Init;
using CSharpOS.Monitoring;

namespace CSharpOS;

/// <summary>The kernel's built-in command line.</summary>
public static unsafe class Monitor
{
    /// <summary>Commands that the table holds.</summary>
    public const int MaxCommands = 64;

    private static SpinLock s_lock;
    private static CommandTable s_commands;
    private static int s_count;
    private static LineEditor s_editor;

    /// <summary>Forgets all commands but its own. At boot, before any driver.</summary>
    [ModuleInit(InitLevel.Early)]
    public static int Init()
    {
        s_lock.Init();
        s_count = 0;
        MonitorInput.Init();
        s_editor.Init(&MonitorOutput.Write);
        GeneralCommands.Register();
        IrqCommands.Register();
        LockCommands.Register();
        MemoryCommands.Register();
        Timers.RegisterCommand();
        Rcu.RegisterCommand();
        FaultCommands.Register();
        PowerCommands.Register();
        TaskCommands.Register();
        TestCommands.Register();
        SoftirqCommands.Register();
        WorkqueueCommands.Register();
        TraceCommands.Register();
        Demo.DemoCommands.Register();
        return 0;
    }

    /// <summary>Adds a command.</summary>
    /// <param name="name">What the user types: a literal, <c>"edu"u8</c>.</param>
    /// <param name="usage">Its arguments, <c>"N [DEVICE]"u8</c>; shown behind the name when the command gives -EINVAL.</param>
    /// <param name="help">What it does, in a few words.</param>
    /// <param name="command">Called in process context with what follows the name (see <see cref="CommandArguments"/>); may sleep. It says
    /// itself what went wrong and returns an error number; -EINVAL alone makes the monitor print the usage.</param>
    /// <returns>0; -EINVAL without a name or a function, or with a space in the name; -EBUSY if the name is taken; -ENOSPC if the
    /// table is full.</returns>
    public static int Register(
        ReadOnlySpan<byte> name, ReadOnlySpan<byte> usage, ReadOnlySpan<byte> help, delegate*<ReadOnlySpan<byte>, int> command)
    {
        if (name.Length == 0 || name.IndexOf((byte)' ') >= 0 || command == null)
        {
            return -EINVAL;
        }

        ulong flags = s_lock.LockIrqSave();
        int index = Position(name, out bool found);
        int result = found ? -EBUSY : s_count == MaxCommands ? -ENOSPC : 0;
        if (result == 0)
        {
            for (int i = s_count; i > index; i--)
            {
                s_commands[i] = s_commands[i - 1];
            }

            s_commands[index] = new Command(name, usage, help, command);
            s_count++;
        }

        s_lock.UnlockIrqRestore(flags);
        return result;
    }

    /// <summary>Removes a command; nothing happens if there is none of that name. Process context.</summary>
    public static void Unregister(ReadOnlySpan<byte> name)
    {
        ulong flags = s_lock.LockIrqSave();
        int index = Position(name, out bool found);
        if (found)
        {
            s_count--;
            for (int i = index; i < s_count; i++)
            {
                s_commands[i] = s_commands[i + 1];
            }
        }

        s_lock.UnlockIrqRestore(flags);
    }

    /// <summary>The prompt, for ever. Process context, interrupts on.</summary>
    [DoesNotReturn]
    public static void Run()
    {
        MonitorOutput.Write("Type help for a list of commands.\n"u8);
        while (true)
        {
            s_editor.Begin();
            LineEvent happened;
            do
            {
                happened = s_editor.Feed(MonitorInput.Read());
            }
            while (happened == LineEvent.Editing);

            if (happened == LineEvent.Entered)
            {
                Execute(s_editor.Line);
            }
        }
    }

    /// <summary>Runs one line as if it had been typed. Process context.</summary>
    /// <returns>What the command returned; -ENOENT if there is no such command, -EFAULT if a fault ended it; 0 for a blank line.</returns>
    public static int Execute(ReadOnlySpan<byte> line)
    {
        CommandArguments words = new(line);
        if (!words.TryNext(out ReadOnlySpan<byte> name))
        {
            return 0;
        }

        if (!TryFind(name, out Command command))
        {
            MonitorOutput.Write($"unknown command '{name}'; help lists the commands\n");
            return -ENOENT;
        }

        int result = command.Run(words.Rest);
        if (result == -EFAULT)
        {
            MonitorOutput.Write($"{name}: ended by a fault\n");
        }
        else if (result == -EINVAL)
        {
            ReadOnlySpan<byte> space = command.Usage.Length != 0 ? " "u8 : default;
            MonitorOutput.Write($"usage: {name}{space}{command.Usage}\n");
        }

        return result;
    }

    /// <summary>True if the user has typed control-C. A command that takes long asks now and then, and ends. Process context.</summary>
    public static bool Interrupted() => MonitorInput.Interrupted();

    internal static bool TryFind(ReadOnlySpan<byte> name, out Command command)
    {
        ulong flags = s_lock.LockIrqSave();
        int index = Position(name, out bool found);
        command = found ? s_commands[index] : default;
        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    /// <summary>Command number <paramref name="index"/> in the order of names. False beyond the last.</summary>
    internal static bool TryGet(int index, out Command command)
    {
        ulong flags = s_lock.LockIrqSave();
        bool found = index < s_count;
        command = found ? s_commands[index] : default;
        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    // Where the name is, or belongs.
    private static int Position(ReadOnlySpan<byte> name, out bool found)
    {
        for (int i = 0; i < s_count; i++)
        {
            int order = s_commands[i].Name.SequenceCompareTo(name);
            if (order >= 0)
            {
                found = order == 0;
                return i;
            }
        }

        found = false;
        return s_count;
    }

    [InlineArray(MaxCommands)]
    private struct CommandTable
    {
        private Command _first;
    }
}
