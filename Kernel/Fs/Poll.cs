// PollTable: waiting for one of many files.
//
// Linux: struct poll_wqueues, poll_wait, fs/select.c. Process context. A poll puts one entry on each queue that the files name, in the first round only, and looks
// at all files again whenever one of the queues has been woken. Lock: that of the queue; Triggered and the waking of the task are ordered by it.
// No wake-up is lost: an entry is on its queue before the file says what it can do; who changes that afterwards finds the entry and sets Triggered,
// and the task looks at Triggered after it has set its state.

using System.Runtime.CompilerServices;

namespace CSharpOS.Fs;

/// <summary>What poll and select ask and tell.</summary>
public static class PollEvents
{
    /// <summary>A read would not wait.</summary>
    public const uint POLLIN = 1;

    /// <summary>Something urgent.</summary>
    public const uint POLLPRI = 2;

    /// <summary>A write would not wait.</summary>
    public const uint POLLOUT = 4;

    /// <summary>An error. Told whether asked for or not.</summary>
    public const uint POLLERR = 8;

    /// <summary>The other side is gone. Told whether asked for or not.</summary>
    public const uint POLLHUP = 16;

    /// <summary>The descriptor is not open.</summary>
    public const uint POLLNVAL = 32;

    public const uint POLLRDNORM = 64;
    public const uint POLLRDBAND = 128;
    public const uint POLLWRNORM = 256;
    public const uint POLLWRBAND = 512;

    /// <summary>What a file is that never waits.</summary>
    /// <linux>DEFAULT_POLLMASK</linux>
    public const uint Always = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
}

/// <summary>One queue that a poll waits on.</summary>
internal unsafe struct PollEntry
{
    /// <summary>First in the structure.</summary>
    internal WaitQueueEntry Wait;
    internal WaitQueueHead* Head;
    internal PollTable* Table;
    internal File* File;
    internal PollEntry* Next;
}

/// <summary>Who polls, and where it waits. A value on the stack that does not move.</summary>
/// <linux>poll_table</linux>
/// <rows>DRV-03</rows>
public unsafe struct PollTable
{
    private const int InlineEntries = 4;

    private TaskStruct* _task;
    private int _triggered;
    private bool _full;
    private bool _ticking;
    private int _used;
    private PollEntry* _entries;
    private Entries _inline;

    /// <summary>For the Poll of a file: this task wants to be woken with <paramref name="head"/>. The queue must live as long as the file is open.
    /// Process context, may sleep.</summary>
    /// <param name="file">The file that is asked.</param>
    /// <param name="head">A queue that is woken whenever what the file can do changes.</param>
    /// <param name="table">What Poll was given; null, if the caller does not want to wait.</param>
    /// <linux>poll_wait</linux>
    /// <rows>DRV-03</rows>
    public static void Wait(File* file, WaitQueueHead* head, PollTable* table)
    {
        if (table == null || table->_full)
        {
            return;
        }

        PollEntry* entry = table->_used < InlineEntries
            ? (PollEntry*)Unsafe.AsPointer(ref table->_inline) + table->_used++
            : (PollEntry*)Kmalloc((nuint)sizeof(PollEntry), GfpFlags.Kernel);
        if (entry == null)
        {
            // Without a place to wait nobody would wake us: look again and again.
            Shared.WriteOnce(ref table->_triggered, 1);
            return;
        }

        *entry = new PollEntry { Wait = WaitQueueEntry.ForFunction(&Woken), Head = head, Table = table, File = file, Next = table->_entries };
        table->_entries = entry;
        Files.Get(file);
        WaitQueue.Add(head, &entry->Wait);
    }

    /// <summary>For the Poll of a file that nobody wakes: it is asked again with every tick.</summary>
    internal static void WaitTick(PollTable* table)
    {
        if (table != null)
        {
            table->_ticking = true;
        }
    }

    /// <summary>Begins a poll of the current task.</summary>
    /// <linux>poll_initwait</linux>
    internal static void Begin(PollTable* table)
    {
        table->_task = Current;
        table->_triggered = 0;
        table->_full = false;
        table->_ticking = false;
        table->_used = 0;
        table->_entries = null;
    }

    /// <summary>The first round is over: the task stands on all queues that matter.</summary>
    internal static void Complete(PollTable* table) => table->_full = true;

    /// <summary>Sleeps until a queue has been woken since the last call, a signal comes or the time is over.</summary>
    /// <param name="table">The poll.</param>
    /// <param name="timeout">Ticks.</param>
    /// <returns>The ticks left.</returns>
    /// <linux>poll_schedule_timeout</linux>
    internal static int Sleep(PollTable* table, int timeout)
    {
        Scheduler.SetCurrentState(TaskState.Interruptible);
        if (Shared.ReadOnce(ref table->_triggered) == 0)
        {
            int slice = table->_ticking ? 1 : timeout;
            int left = ScheduleTimeout(slice);
            timeout = timeout == MaxScheduleTimeout ? timeout : timeout - (slice - left);
        }

        Scheduler.SetCurrentState(TaskState.Running);
        Shared.WriteOnce(ref table->_triggered, 0);
        SmpMb();
        return timeout;
    }

    /// <summary>Leaves all queues.</summary>
    /// <linux>poll_freewait</linux>
    internal static void End(PollTable* table)
    {
        var first = (PollEntry*)Unsafe.AsPointer(ref table->_inline);
        for (PollEntry* entry = table->_entries; entry != null;)
        {
            PollEntry* next = entry->Next;
            WaitQueue.Remove(entry->Head, &entry->Wait);
            Files.Put(entry->File);
            if (entry < first || entry >= first + InlineEntries)
            {
                Kfree(entry);
            }

            entry = next;
        }

        table->_entries = null;
    }

    /// <summary>What can be done with the file now.</summary>
    /// <linux>vfs_poll</linux>
    internal static uint Ask(File* file, PollTable* table) => file->Ops->Poll == null ? PollEvents.Always : file->Ops->Poll(file, table);

    // With the queue locked and interrupts off.
    private static bool Woken(WaitQueueEntry* wait, TaskState states)
    {
        PollTable* table = ((PollEntry*)wait)->Table;
        Shared.WriteOnce(ref table->_triggered, 1);
        return Scheduler.TryToWakeUp(table->_task, states);
    }

    [InlineArray(InlineEntries)]
    private struct Entries
    {
        private PollEntry _first;
    }
}
