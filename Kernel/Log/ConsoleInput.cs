// ConsoleInput: bytes typed at any console, on their way to whoever reads the keyboard: the monitor, or the console's terminal while a program has it open.
//
// Linux: the tty flip buffer. Put is for drivers, any context but NMI; TryGet and Take likewise. A ring under a spin lock taken with interrupts
// off; never sleeps. The monitor waits on a queue; the terminal has a listener called. Invariants: s_head - s_tail bytes are waiting, at most Capacity; a byte
// put is got exactly once, in order; while there is a listener, TryGet finds nothing, and while there is none, Take does not.
// A driver whose Put returns false should leave further bytes in its device until HasRoom.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>The input of all consoles, mixed in order of arrival.</summary>
public static unsafe class ConsoleInput
{
    /// <summary>Bytes that may wait.</summary>
    public const int Capacity = 4096;

    private static SpinLock s_lock;
    private static uint s_head;
    private static uint s_tail;
    private static uint s_lost;
    private static Storage s_storage;
    private static WaitQueueHead s_readers;
    private static delegate*<void> s_listener;

    /// <summary>Where a task waits for input.</summary>
    public static WaitQueueHead* Readers => (WaitQueueHead*)Unsafe.AsPointer(ref s_readers);

    /// <summary>Bytes that found no room.</summary>
    public static uint Lost => Shared.ReadOnce(ref s_lost);

    /// <summary>True if another byte would be accepted.</summary>
    public static bool HasRoom => Shared.ReadOnce(ref s_head) - Shared.ReadOnce(ref s_tail) < Capacity;

    /// <summary>Bytes that wait.</summary>
    internal static int Count => (int)(Shared.ReadOnce(ref s_head) - Shared.ReadOnce(ref s_tail));

    /// <summary>Empties the ring.</summary>
    public static void Init()
    {
        s_lock.Init();
        s_head = 0;
        s_tail = 0;
        s_lost = 0;
        s_listener = null;
        WaitQueue.Init(Readers);
    }

    /// <summary>Adds a byte. False: no room, the byte is lost and counted.</summary>
    /// <linux>tty_insert_flip_char</linux>
    public static bool Put(byte value)
    {
        ulong flags = s_lock.LockIrqSave();
        bool room = s_head - s_tail < Capacity;
        if (room)
        {
            s_storage[(int)(s_head % Capacity)] = value;
            s_head++;
        }
        else
        {
            s_lost++;
        }

        delegate*<void> listener = s_listener;
        s_lock.UnlockIrqRestore(flags);
        if (listener != null)
        {
            listener();
        }
        else if (WaitQueue.IsActive(Readers))
        {
            WaitQueue.WakeUp(Readers);
        }

        return room;
    }

    /// <summary>Takes the oldest byte. False: none is waiting, or what is waiting is for the listener.</summary>
    public static bool TryGet(out byte value)
    {
        ulong flags = s_lock.LockIrqSave();
        bool any = s_listener == null && s_head != s_tail;
        value = any ? s_storage[(int)(s_tail % Capacity)] : (byte)0;
        s_tail += any ? 1u : 0u;
        s_lock.UnlockIrqRestore(flags);
        return any;
    }

    /// <summary>Who gets the bytes from now on: a function that is called after each <see cref="Put"/>, in its context; null: those who call
    /// <see cref="TryGet"/>. Any context.</summary>
    internal static void SetListener(delegate*<void> listener)
    {
        ulong flags = s_lock.LockIrqSave();
        s_listener = listener;
        s_lock.UnlockIrqRestore(flags);
        if (listener == null && WaitQueue.IsActive(Readers))
        {
            WaitQueue.WakeUp(Readers);
        }
    }

    /// <summary>For whom the listener works: takes the oldest bytes, as many as there are and fit. 0 without a listener.</summary>
    internal static int Take(Span<byte> bytes)
    {
        ulong flags = s_lock.LockIrqSave();
        int taken = 0;
        while (s_listener != null && s_head != s_tail && taken < bytes.Length)
        {
            bytes[taken++] = s_storage[(int)(s_tail % Capacity)];
            s_tail++;
        }

        s_lock.UnlockIrqRestore(flags);
        return taken;
    }

    [InlineArray(Capacity)]
    private struct Storage
    {
        private byte _first;
    }
}
