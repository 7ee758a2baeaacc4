// LogWaiters: waiting for the next message of the log.
//
// Linux: log_wait, wake_up_klogd, printk_tick (kernel/printk.c). Printk cannot wake anybody: it is called with any lock held. It leaves a flag behind, after the
// record is complete, and the tick of the boot CPU does the waking. Lock: the queue's.

using System.Runtime.CompilerServices;

namespace CSharpOS.Log;

/// <summary>Readers that wait for messages.</summary>
public static unsafe class LogWaiters
{
    private static WaitQueueHead s_queue;
    private static int s_ready, s_news;

    /// <summary>The queue that is woken when there are new messages, at the latest a tick after them; for poll.</summary>
    /// <linux>log_wait</linux>
    public static WaitQueueHead* Queue => (WaitQueueHead*)Unsafe.AsPointer(ref s_queue);

    /// <summary>Once, at boot. Before that nobody waits.</summary>
    internal static void Init()
    {
        WaitQueue.Init(Queue);
        s_news = 0;
        Shared.WriteOnce(ref s_ready, 1);
    }

    /// <summary>There is a new record. Any context.</summary>
    internal static void Announce() => Shared.WriteOnce(ref s_news, 1);

    /// <summary>Sleeps until there is a message at or behind <paramref name="sequence"/>. 0 or -ERESTARTSYS. Process context.</summary>
    public static int Wait(ulong sequence) => WaitQueue.WaitEventInterruptible(Queue, &HasMessage, &sequence);

    /// <summary>Tick of the boot CPU, hard interrupt.</summary>
    /// <linux>printk_tick</linux>
    internal static void Tick()
    {
        if (Shared.ReadOnce(ref s_news) != 0 && Shared.ReadOnce(ref s_ready) != 0)
        {
            // Before the waking: a record that comes now sets it again.
            Shared.WriteOnce(ref s_news, 0);
            WaitQueue.WakeUpAll(Queue);
        }
    }

    private static bool HasMessage(void* sequence) => LogRing.HasRecord(*(long*)sequence);
}
