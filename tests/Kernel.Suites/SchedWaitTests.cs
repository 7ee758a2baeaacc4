// SchedWaitTests: wait queues and completions, call by call. The waiters are threads; each test looks at who is awake after which call.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

internal static unsafe class SchedWaitTests
{
    private const int Most = 8;

    private static Waiters s_waiters;
    private static WaitQueueHead s_head;
    private static Completion s_completion;
    private static int s_woken;
    private static Woken s_order;
    private static int s_open;
    private static int s_asked;

    private static WaitQueueHead* Head => (WaitQueueHead*)Unsafe.AsPointer(ref s_head);

    private static Completion* Happened => (Completion*)Unsafe.AsPointer(ref s_completion);

    internal static void Exclusive()
    {
        Begin();
        AddWaiter(0, TaskState.Interruptible, exclusive: true);
        AddWaiter(1, TaskState.Uninterruptible, exclusive: false);
        AddWaiter(2, TaskState.Interruptible, exclusive: true);
        AddWaiter(3, TaskState.Interruptible, exclusive: false);
        AddWaiter(4, TaskState.Uninterruptible, exclusive: true);
        WaitQueue.WakeUp(Head);
        Check.True(SchedThread.Until(ref s_woken, 3));
        Check.True(IsAwake(0) && IsAwake(1) && IsAwake(3));
        Check.False(IsAwake(2) || IsAwake(4));

        // Exclusive ones in the order in which they came.
        WaitQueue.WakeUp(Head);
        Check.True(SchedThread.Until(ref s_woken, 4));
        Check.True(IsAwake(2));
        Check.False(IsAwake(4));
        WaitQueue.WakeUp(Head);
        Check.True(SchedThread.Until(ref s_woken, 5));
        End(5);
    }

    internal static void Counts()
    {
        Begin();
        for (int i = 0; i < 6; i++)
        {
            AddWaiter(i, TaskState.Interruptible, exclusive: true);
        }

        WaitQueue.WakeUpNr(Head, 0);
        Check.True(WaitQueue.IsActive(Head));
        WaitQueue.WakeUpNr(Head, 2);
        Check.True(SchedThread.Until(ref s_woken, 2));
        Check.True(IsAwake(0) && IsAwake(1) && !IsAwake(2));
        WaitQueue.WakeUpAll(Head);
        Check.True(SchedThread.Until(ref s_woken, 6));
        End(6);
    }

    internal static void Interruptible()
    {
        Begin();
        AddWaiter(0, TaskState.Uninterruptible, exclusive: false);
        AddWaiter(1, TaskState.Interruptible, exclusive: false);
        AddWaiter(2, TaskState.Uninterruptible, exclusive: true);
        AddWaiter(3, TaskState.Interruptible, exclusive: true);
        AddWaiter(4, TaskState.Interruptible, exclusive: true);
        WaitQueue.WakeUpInterruptible(Head);
        Check.True(SchedThread.Until(ref s_woken, 2));
        Check.True(IsAwake(1) && IsAwake(3));
        WaitQueue.WakeUpInterruptibleAll(Head);
        Check.True(SchedThread.Until(ref s_woken, 3));
        Check.True(IsAwake(4));
        Check.False(IsAwake(0) || IsAwake(2));
        WaitQueue.WakeUpAll(Head);
        End(5);
    }

    internal static void AddRemove()
    {
        Begin();
        WaitQueueEntry one = WaitQueueEntry.ForCurrent();
        WaitQueueEntry two = WaitQueueEntry.ForCurrent();
        Check.False(WaitQueue.IsActive(Head));
        WaitQueue.Add(Head, &one);
        WaitQueue.AddExclusive(Head, &two);
        Check.True(WaitQueue.IsActive(Head));

        // Entries of this kind stay on the list when their task is woken.
        Scheduler.SetCurrentState(TaskState.Interruptible);
        WaitQueue.WakeUp(Head);
        Check.Equal((int)TaskState.Running, Shared.ReadOnce(ref Current->State));
        Check.True(WaitQueue.IsActive(Head));
        WaitQueue.Remove(Head, &one);
        WaitQueue.Remove(Head, &one);
        WaitQueue.Remove(Head, &two);
        Check.False(WaitQueue.IsActive(Head));
    }

    internal static void NotLost()
    {
        Begin();
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        for (int i = 0; i < 3; i++)
        {
            WaitQueue.PrepareToWait(Head, &wait, TaskState.Uninterruptible);
            WaitQueue.PrepareToWait(Head, &wait, TaskState.Uninterruptible);
            Check.Equal((int)TaskState.Uninterruptible, Shared.ReadOnce(ref Current->State));
            WaitQueue.WakeUp(Head);

            // Returns at once, or the test hangs here.
            Scheduler.Schedule();
            Check.Equal((int)TaskState.Running, Shared.ReadOnce(ref Current->State));
            Check.False(WaitQueue.IsActive(Head));
        }

        WaitQueue.PrepareToWaitExclusive(Head, &wait, TaskState.Interruptible);
        WaitQueue.FinishWait(Head, &wait);
        Check.False(WaitQueue.IsActive(Head));
        WaitQueue.FinishWait(Head, &wait);
        Check.Equal((int)TaskState.Running, Shared.ReadOnce(ref Current->State));
        Check.False(Scheduler.WakeUpProcess(Current));
    }

    internal static void Function()
    {
        Begin();
        WaitQueueEntry entry = WaitQueueEntry.ForFunction(&CountCall);
        AddWaiter(0, TaskState.Interruptible, exclusive: true);
        WaitQueue.Add(Head, &entry);
        s_asked = 0;
        WaitQueue.WakeUp(Head);
        WaitQueue.WakeUp(Head);
        Check.Equal(2, s_asked);
        Check.True(SchedThread.Until(ref s_woken, 1));
        WaitQueue.Remove(Head, &entry);
        WaitQueue.WakeUp(Head);
        Check.Equal(2, s_asked);
        End(1);
    }

    internal static void Event()
    {
        Begin();
        Shared.WriteOnce(ref s_open, 1);
        ulong switches = Current->VoluntarySwitches;
        WaitQueue.WaitEvent(Head, &IsOpen, null);
        WaitQueue.WaitEventExclusive(Head, &IsOpen, null);
        Check.Equal(0, WaitQueue.WaitEventInterruptible(Head, &IsOpen, null));
        Check.Equal(0, WaitQueue.WaitEventInterruptibleExclusive(Head, &IsOpen, null));
        Check.Equal(switches, Current->VoluntarySwitches);

        // A wake-up alone does not end it, only the condition.
        Shared.WriteOnce(ref s_open, 0);
        SchedThread* thread = Thread(0);
        SchedThread.Run(thread, -1, &WaitOpen, null);
        Check.True(SchedThread.Asleep(thread));
        int asked = Shared.ReadOnce(ref s_asked);
        WaitQueue.WakeUp(Head);
        Check.True(SchedThread.Until(ref s_asked, asked + 1));
        Check.True(SchedThread.Asleep(thread));
        Check.Equal(0, s_woken);
        Shared.WriteOnce(ref s_open, 1);
        WaitQueue.WakeUp(Head);
        SchedThread.Join(thread);
        Check.Equal(1, s_woken);
        Check.False(WaitQueue.IsActive(Head));
    }

    internal static void Signals()
    {
        Begin();

        // Pending before the call; but a condition that holds goes first.
        Current->PendingSignals = 1;
        Shared.WriteOnce(ref s_open, 0);
        Check.Equal(-ERESTARTSYS, WaitQueue.WaitEventInterruptible(Head, &IsOpen, null));
        Check.Equal(-ERESTARTSYS, WaitQueue.WaitEventInterruptibleExclusive(Head, &IsOpen, null));
        Check.Equal(-ERESTARTSYS, Completion.WaitInterruptible(Happened));
        Shared.WriteOnce(ref s_open, 1);
        Check.Equal(0, WaitQueue.WaitEventInterruptible(Head, &IsOpen, null));
        Completion.Complete(Happened);
        Check.Equal(0, Completion.WaitInterruptible(Happened));
        Check.False(Completion.IsDone(Happened));
        Current->PendingSignals = 0;

        // During the sleep.
        Shared.WriteOnce(ref s_open, 0);
        SchedThread.Run(Thread(0), -1, &WaitOpenInterruptible, (void*)0);
        SchedThread.Run(Thread(1), -1, &WaitCompletionInterruptible, (void*)1);
        SchedThread.Run(Thread(2), -1, &WaitOpen, (void*)2);
        for (int i = 0; i < 3; i++)
        {
            Check.True(SchedThread.Asleep(Thread(i)));
            Shared.WriteOnce(ref Thread(i)->Task->PendingSignals, 1);
            Check.True((i < 2) == Scheduler.TryToWakeUp(Thread(i)->Task, TaskState.Interruptible));
        }

        SchedThread.Join(Thread(0));
        SchedThread.Join(Thread(1));
        Check.Equal(-ERESTARTSYS, s_order[0]);
        Check.Equal(-ERESTARTSYS, s_order[1]);
        Check.True(SchedThread.Asleep(Thread(2)));
        Shared.WriteOnce(ref s_open, 1);
        WaitQueue.WakeUp(Head);
        SchedThread.Join(Thread(2));
        Check.False(WaitQueue.IsActive(Head));
    }

    // The first of two exclusive waiters has a signal pending when it is woken, and does not want what it was woken for: the second gets it.
    internal static void PassedOn()
    {
        Begin();
        Shared.WriteOnce(ref s_open, 0);
        SchedThread.Run(Thread(0), -1, &WaitNeverExclusive, (void*)0);
        Check.True(SchedThread.Asleep(Thread(0)));
        SchedThread.Run(Thread(1), -1, &WaitOpenExclusive, (void*)1);
        Check.True(SchedThread.Asleep(Thread(1)));
        Shared.WriteOnce(ref Thread(0)->Task->PendingSignals, 1);
        Shared.WriteOnce(ref s_open, 1);
        WaitQueue.WakeUp(Head);
        Check.True(SchedThread.Until(ref s_woken, 2));
        Check.Equal(-ERESTARTSYS, s_order[0]);
        Check.Equal(0, s_order[1]);
        SchedThread.Join(Thread(0));
        SchedThread.Join(Thread(1));
        Check.False(WaitQueue.IsActive(Head));
    }

    internal static void Completions()
    {
        Begin();
        Check.False(Completion.TryWait(Happened));
        Completion.Complete(Happened);
        Completion.Complete(Happened);
        Check.True(Completion.IsDone(Happened));
        Completion.Wait(Happened);
        Check.True(Completion.TryWait(Happened));
        Check.False(Completion.TryWait(Happened));

        for (int i = 0; i < 4; i++)
        {
            SchedThread.Run(Thread(i), -1, &WaitCompletion, null);
            Check.True(SchedThread.Asleep(Thread(i)));
        }

        for (int i = 1; i <= 2; i++)
        {
            Completion.Complete(Happened);
            Check.True(SchedThread.Until(ref s_woken, i));
            Check.False(Completion.IsDone(Happened));
        }

        Check.Equal(2, s_woken);
        Completion.CompleteAll(Happened);
        Check.True(SchedThread.Until(ref s_woken, 4));
        Completion.Wait(Happened);
        Check.True(Completion.TryWait(Happened));
        Completion.Reinit(Happened);
        Check.False(Completion.TryWait(Happened));
        for (int i = 0; i < 4; i++)
        {
            SchedThread.Join(Thread(i));
        }
    }

    internal static void Atomic()
    {
#if DEBUG_CHECKS
        Begin();
        Completion.Complete(Happened);
        Shared.WriteOnce(ref s_open, 1);
        PreemptDisable();
        Completion.Wait(Happened);
        PreemptEnable();
        Check.Equal(1, Check.CountLogged("sleeping function called from invalid context at Kernel/Sched/Completion.cs"u8));
        PreemptDisable();
        WaitQueue.WaitEvent(Head, &IsOpen, null);
        PreemptEnable();
        Check.Equal(1, Check.CountLogged("sleeping function called from invalid context at Kernel/Sched/WaitQueue.Event.cs"u8));
#endif
#if DEBUG_CHECKS || PREEMPT
        PreemptDisable();
        Scheduler.Schedule();
        PreemptEnable();
        Check.Logged("BUG: scheduling while atomic: init/1/0x00000001"u8);
#else
        Test.Skip("preemption is not counted in this build"u8);
#endif
    }

    private static SchedThread* Thread(int i) => &Waiter(i)->Thread;

    private static WaiterThread* Waiter(int i) => (WaiterThread*)Unsafe.AsPointer(ref s_waiters) + i;

    private static void Begin()
    {
        WaitQueue.Init(Head);
        Completion.Init(Happened);
        Shared.WriteOnce(ref s_woken, 0);
        Shared.WriteOnce(ref s_open, 0);
        Shared.WriteOnce(ref s_asked, 0);
        s_order = default;
    }

    private static void End(int count)
    {
        for (int i = 0; i < count; i++)
        {
            SchedThread.Join(Thread(i));
        }

        Check.Equal(count, s_woken);
        Check.False(WaitQueue.IsActive(Head));
    }

    // One after the other, so that the order on the list is known.
    private static void AddWaiter(int i, TaskState state, bool exclusive)
    {
        Waiter(i)->State = state;
        Waiter(i)->Exclusive = exclusive;
        Shared.WriteOnce(ref Waiter(i)->Awake, 0);
        SchedThread.Run(Thread(i), -1, &WaitOnce, Waiter(i));
        Check.True(SchedThread.Asleep(Thread(i)));
    }

    private static bool IsAwake(int i) => Shared.ReadOnce(ref Waiter(i)->Awake) != 0;

    private static void WaitOnce(void* argument)
    {
        var waiter = (WaiterThread*)argument;
        WaitQueueEntry wait = WaitQueueEntry.ForCurrent();
        if (waiter->Exclusive)
        {
            WaitQueue.PrepareToWaitExclusive(Head, &wait, waiter->State);
        }
        else
        {
            WaitQueue.PrepareToWait(Head, &wait, waiter->State);
        }

        Scheduler.Schedule();
        WaitQueue.FinishWait(Head, &wait);
        Shared.WriteOnce(ref waiter->Awake, 1);
        Shared.AddReturn(ref s_woken, 1);
    }

    private static bool IsOpen(void* unused)
    {
        Shared.AddReturn(ref s_asked, 1);
        return Shared.ReadOnce(ref s_open) != 0;
    }

    private static bool Never(void* unused) => false;

    private static bool CountCall(WaitQueueEntry* entry, TaskState states)
    {
        s_asked++;
        return false;
    }

    private static void WaitOpen(void* unused)
    {
        WaitQueue.WaitEvent(Head, &IsOpen, null);
        Shared.AddReturn(ref s_woken, 1);
    }

    private static void WaitOpenInterruptible(void* number) => Note(number, WaitQueue.WaitEventInterruptible(Head, &IsOpen, null));

    private static void WaitOpenExclusive(void* number) => Note(number, WaitQueue.WaitEventInterruptibleExclusive(Head, &IsOpen, null));

    private static void WaitNeverExclusive(void* number) => Note(number, WaitQueue.WaitEventInterruptibleExclusive(Head, &Never, null));

    private static void WaitCompletionInterruptible(void* number) => Note(number, Completion.WaitInterruptible(Happened));

    private static void WaitCompletion(void* unused)
    {
        Completion.Wait(Happened);
        Shared.AddReturn(ref s_woken, 1);
    }

    private static void Note(void* number, int result)
    {
        s_order[(int)(nint)number] = result;
        Shared.AddReturn(ref s_woken, 1);
    }

    private struct WaiterThread
    {
        public SchedThread Thread;
        public TaskState State;
        public bool Exclusive;
        public int Awake;
    }

    [InlineArray(Most)]
    private struct Waiters
    {
        private WaiterThread _first;
    }

    [InlineArray(Most)]
    private struct Woken
    {
        private int _first;
    }
}
