// RaceDemo: demo race: the book's three races, for each cause of concurrency, without a lock and with it. Process context; sleeps.
//
//   i++             two threads, i is 7: 9 is right. Both read 7, both write 8.
//   cash machine    105 in the account; the bank takes a fee of 10, somebody withdraws 100. Only one of them can be paid. Both find that there is enough; the
//                   fee, which read 105, writes 95 at the end: 110 were paid, and 95 are left.
//   request queue   one request in a linked list; the first takes it from the head, the second adds one at the tail, behind the one that is just being taken: it
//                   is lost.
// What is read and written of the first two goes through Shared, so that no compiler makes one step of it.

using System.Runtime.CompilerServices;

namespace CSharpOS.Demo;

/// <summary>What came out.</summary>
internal struct RaceResult
{
    /// <summary>What i is: 9 is right.</summary>
    public int Counter;

    /// <summary>What is left of 105, and what was paid out: together 105 is right.</summary>
    public int Left, Paid;

    /// <summary>How many of the two requests were served: 2 is right.</summary>
    public int Served;
}

/// <summary>The races.</summary>
internal static unsafe class RaceDemo
{
    /// <summary>The book's numbers.</summary>
    internal const int Counter = 7, Account = 105, Withdrawal = 100, Fee = 10, Requests = 2;

    private static int s_counter;
    private static int s_account, s_paid;
    private static Request s_first, s_second;
    private static Request* s_head, s_tail;
    private static int s_served;

    private static Request* First => (Request*)Unsafe.AsPointer(ref s_first);

    private static Request* Second => (Request*)Unsafe.AsPointer(ref s_second);

    /// <summary>Shows all of it as a table.</summary>
    /// <rows>SYNC-05</rows>
    public static int Run()
    {
        MonitorOutput.Write($"Two of: i++ (i is {Counter}); a cash machine ({Account} in the account, fee {Fee}, withdrawal {Withdrawal}); a queue ({Requests} requests)\n");
        MonitorOutput.Write("the second comes by   lock                i    left  paid  served\n"u8);
        int error = 0;
        for (RaceCause cause = RaceCause.Interrupt; cause <= RaceCause.Smp && error == 0; cause++)
        {
            if (!RaceWindow.Exists(cause))
            {
                MonitorOutput.Write($"{NameOf(cause),-22}not on this machine, or not in this build\n");
                continue;
            }

            error = Print(cause, locked: false);
            error = error == 0 ? Print(cause, locked: true) : error;
        }

        return error;
    }

    /// <summary>The three races once each.</summary>
    /// <returns>As <see cref="RaceWindow.Run"/>.</returns>
    internal static int Measure(RaceCause cause, bool locked, out RaceResult result)
    {
        result = default;
        Scheduler.SetCpusAllowed(Current, 1);
        s_counter = Counter;
        int error = RaceWindow.Run(cause, locked, &IncrementFirst, &IncrementSecond);
        s_account = Account;
        s_paid = 0;
        error = error == 0 ? RaceWindow.Run(cause, locked, &TakeFee, &Withdraw) : error;
        s_served = 0;
        s_first = s_second = default;
        s_head = s_tail = First;
        error = error == 0 ? RaceWindow.Run(cause, locked, &RemoveFirst, &AddSecond) : error;
        Scheduler.SetCpusAllowed(Current, uint.MaxValue);
        while (s_head != null)
        {
            s_served++;
            s_head = s_head->Next;
        }

        result = new RaceResult { Counter = s_counter, Left = s_account, Paid = s_paid, Served = s_served };
        return error;
    }

    private static int Print(RaceCause cause, bool locked)
    {
        int error = Measure(cause, locked, out RaceResult result);
        if (error == 0)
        {
            ReadOnlySpan<byte> name = locked ? RaceWindow.LockName(cause) : "none"u8;
            MonitorOutput.Write($"{NameOf(cause),-22}{name,-20}{result.Counter,-5}{result.Left,-6}{result.Paid,-6}{result.Served}\n");
        }

        return error;
    }

    private static ReadOnlySpan<byte> NameOf(RaceCause cause) => cause switch
    {
        RaceCause.Interrupt => "interrupt"u8,
        RaceCause.Softirq => "softirq"u8,
        RaceCause.Preemption => "preemption"u8,
        RaceCause.Sleeping => "sleeping"u8,
        _ => "another CPU"u8,
    };

    // ---- i++ ----

    private static void IncrementFirst()
    {
        RaceWindow.LockFirst();
        int i = Shared.ReadOnce(ref s_counter);
        RaceWindow.Strike();
        Shared.WriteOnce(ref s_counter, i + 1);
        RaceWindow.UnlockFirst();
    }

    private static void IncrementSecond()
    {
        RaceWindow.LockSecond();
        Shared.WriteOnce(ref s_counter, Shared.ReadOnce(ref s_counter) + 1);
        RaceWindow.UnlockSecond();
    }

    // ---- the cash machine ----

    private static void TakeFee()
    {
        RaceWindow.LockFirst();
        int total = Shared.ReadOnce(ref s_account);
        if (total >= Fee)
        {
            RaceWindow.Strike();
            Shared.WriteOnce(ref s_account, total - Fee);
            Shared.AddReturn(ref s_paid, Fee);
        }

        RaceWindow.UnlockFirst();
    }

    private static void Withdraw()
    {
        RaceWindow.LockSecond();
        int total = Shared.ReadOnce(ref s_account);
        if (total >= Withdrawal)
        {
            Shared.WriteOnce(ref s_account, total - Withdrawal);
            Shared.AddReturn(ref s_paid, Withdrawal);
        }

        RaceWindow.UnlockSecond();
    }

    // ---- the request queue ----

    private static void RemoveFirst()
    {
        RaceWindow.LockFirst();
        Request* request = s_head;
        Request* next = request->Next;
        RaceWindow.Strike();
        s_head = next;
        s_tail = next == null ? null : s_tail;
        RaceWindow.UnlockFirst();
        Shared.AddReturn(ref s_served, 1);
    }

    private static void AddSecond()
    {
        RaceWindow.LockSecond();
        if (s_tail == null)
        {
            s_head = Second;
        }
        else
        {
            s_tail->Next = Second;
        }

        s_tail = Second;
        RaceWindow.UnlockSecond();
    }

    private struct Request
    {
        public Request* Next;
    }
}
