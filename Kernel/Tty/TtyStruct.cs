// TtyStruct: a terminal.
//
// Linux: struct tty_struct, include/linux/tty.h. One line discipline, N_TTY, so its state is part of the terminal. A static of the driver: it never goes away.
// Bytes arrive in interrupts, in a ring of the driver's (ConsoleInput for the console). The driver then calls TtyReceive.Kick, which queues a work, and
// the work brings them to the line discipline: so all of the line discipline runs in process context, its lock is a mutex, and echoing may take its time with
// interrupts on. Only Kick and the signals are for any context.
// Locks, in this order:
//   ReadLock    one reader at a time; held while it sleeps, so that two of them do not share a line
//   WriteLock   one writer at a time, for a whole write
//   Lock        the line discipline: settings, input, output that waits, column, stopped, who has it open. Held for a piece of at most some hundred bytes,
//               never while copying from or to a program, never while waiting for input
//   ProcessTree.TreeLock   session, foreground group, Process.Terminal (JobControl.cs)
// What readers, writers and polls wait for is published in Readable, Stopped and HangUps, by whoever has Lock; each change is followed by a wake-up.

namespace CSharpOS.Tty;

/// <summary>What a driver does for its terminals. All are called in process context.</summary>
/// <linux>tty_operations</linux>
internal unsafe struct TtyOperations
{
    /// <summary>(tty, bytes, count): shows or sends the bytes as they are. Lock is held; may sleep.</summary>
    public delegate*<TtyStruct*, byte*, int, void> Write;

    /// <summary>(tty, bytes, room): gives what has arrived, at most so many bytes; 0 if nothing has. Lock is held. Unset: the driver calls
    /// <see cref="TtyReceive.Receive"/> itself.</summary>
    public delegate*<TtyStruct*, byte*, int, int> Take;

    /// <summary>(tty, open): somebody has it open from now on, or nobody has it open any more. Lock is held. May be unset.</summary>
    public delegate*<TtyStruct*, bool, void> Opened;
}

/// <summary>A terminal.</summary>
/// <linux>tty_struct</linux>
internal unsafe struct TtyStruct
{
    internal Mutex ReadLock, WriteLock, Lock;
    internal TtyOperations* Ops;

    internal Termios Termios;
    internal WindowSize Window;
    internal TtyInput Input;
    internal TtyOutput Output;

    /// <summary>Where the cursor is, and where it was when the line that is being typed began.</summary>
    /// <linux>column, canon_column</linux>
    internal int Column, LineColumn;

    /// <summary>The next byte is taken as it is.</summary>
    /// <linux>lnext</linux>
    internal bool LiteralNext;

    /// <summary>Bytes are left with the driver until a reader has made room.</summary>
    /// <linux>TTY_THROTTLED</linux>
    internal bool Throttled;

    /// <summary>Not zero: ^S was typed.</summary>
    /// <linux>stopped</linux>
    internal int Stopped;

    /// <summary>Bytes that a read would find: of complete lines in canonical mode, with ends of file.</summary>
    internal int Readable;

    /// <summary>How often it was hung up. A file that was opened before the last time is dead.</summary>
    /// <linux>hung_up_tty_fops</linux>
    internal uint HangUps;

    /// <summary>Files open on it that are not dead, and those of them that were opened as /dev/console.</summary>
    internal int Opens, ConsoleOpens;

    /// <summary>The session that it controls and the group that may read; 0: none. TreeLock.</summary>
    /// <linux>session, pgrp</linux>
    internal int Session, ForegroundGroup;

    internal WaitQueueHead ReadQueue, WriteQueue;
    internal FasyncQueue Fasync;
    internal WorkStruct Work;

    internal readonly bool IsCanonical => Termios.Has(LocalFlags.ICANON);

    /// <summary>A terminal that is open nowhere.</summary>
    /// <param name="tty">Memory that stays.</param>
    /// <param name="ops">What the driver does.</param>
    internal static void Init(TtyStruct* tty, TtyOperations* ops)
    {
        *tty = default;
        tty->Ops = ops;
        tty->Termios = Termios.Standard();
        WaitQueue.Init(&tty->ReadQueue);
        WaitQueue.Init(&tty->WriteQueue);
        WorkStruct.Init(&tty->Work, &TtyReceive.DoWork);
    }
}
