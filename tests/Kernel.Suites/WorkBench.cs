// WorkBench: what works cost (`./csos bench`). Process context, interrupts on. The readings of the counter are in the figures, as in those of other kernels.
// The measured worker is that of a queue of its own, whose works wake it from sleep.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>The measurements of work queues.</summary>
public static unsafe class WorkBench
{
    private const int Samples = 201;
    private const int Works = 100_000;

    private static WorkqueueStruct* s_wq;
    private static WorkStruct s_work;
    private static ulong s_entered;
    private static int s_runs;
    private static WaitQueueHead s_answered;
    private static int s_answers;

    [TestSuite("bench")]
    public static void Suite()
    {
        s_wq = CreateSinglethreadWorkqueue("bench"u8);
        if (s_wq == null)
        {
            return;
        }

        WorkStruct.Init(Work, &Enter);
        WaitQueue.Init(Answered);
        Bench.Measure("work-call"u8, &Call, "instructions"u8, Samples);
        Bench.Measure("work-to-handler"u8, &ToHandler, "instructions"u8, Samples);
        WorkStruct.Init(Work, &Answer);
        Bench.Measure("work-ping-pong"u8, &PingPong, "instructions"u8, Samples);
        Many();
        DestroyWorkqueue(s_wq);
    }

    private static WorkStruct* Work => (WorkStruct*)Unsafe.AsPointer(ref s_work);

    private static WaitQueueHead* Answered => (WaitQueueHead*)Unsafe.AsPointer(ref s_answered);

    private static void Enter(WorkStruct* work) => s_entered = ReadTsc();

    // Preemption is off, so that the worker does not run inside the call.
    private static ulong Call()
    {
        FlushWorkqueue(s_wq);
        PreemptDisable();
        ulong start = ReadTsc();
        QueueWork(s_wq, Work);
        ulong end = ReadTsc();
        PreemptEnable();
        return end - start;
    }

    private static ulong ToHandler()
    {
        FlushWorkqueue(s_wq);
        ulong start = ReadTsc();
        QueueWork(s_wq, Work);
        FlushWorkqueue(s_wq);
        return s_entered - start;
    }

    private static void Answer(WorkStruct* work)
    {
        Shared.WriteOnce(ref s_answers, s_answers + 1);
        WaitQueue.WakeUp(Answered);
    }

    private static ulong PingPong()
    {
        int before = s_answers;
        ulong start = ReadTsc();
        QueueWork(s_wq, Work);
        WaitQueue.WaitEvent(Answered, &HasAnswered, (void*)(nint)before);
        return ReadTsc() - start;
    }

    private static bool HasAnswered(void* before) => Shared.ReadOnce(ref s_answers) != (int)(nint)before;

    private static void Count(WorkStruct* work) => s_runs++;

    // All are queued before the worker can run; then it does them.
    private static void Many()
    {
        var works = (WorkStruct*)Vmalloc.Alloc((nuint)Works * (nuint)sizeof(WorkStruct));
        if (works == null)
        {
            return;
        }

        for (int i = 0; i < Works; i++)
        {
            WorkStruct.Init(works + i, &Count);
        }

        s_runs = 0;
        PreemptDisable();
        ulong start = ReadTsc();
        for (int i = 0; i < Works; i++)
        {
            QueueWork(s_wq, works + i);
        }

        ulong queued = (ReadTsc() - start) / Works;
        PreemptEnable();
        start = ReadTsc();
        FlushWorkqueue(s_wq);
        ulong drained = (ReadTsc() - start) / Works;
        if (s_runs == Works)
        {
            Bench.Report("works-enqueue"u8, queued, queued, "instructions"u8);
            Bench.Report("works-drain"u8, drained, drained, "instructions"u8);
        }

        Vmalloc.Free(works);
    }
}
