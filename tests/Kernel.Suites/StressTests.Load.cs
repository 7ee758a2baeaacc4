// StressTests.Load: what the CPUs ask for, and who does it.
//
// Ask does one thing, which may be done in any context. AskUntilTheEnd is the thread of a CPU: it also does what only a thread may (to wait, and what has one
// owner: the high-resolution timer of the CPU, its sleeper). Interrupts ask by Ask alone.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

public static unsafe partial class StressTests
{
    private const int Objects = 16;
    private const int MostCallbacks = 1000;
    private const long InterruptEvery = 200_000;
    private const int LeastTurns = 100;
    private const uint LongestTimer = 6;

    private static void AskUntilTheEnd(void* unused)
    {
        int cpu = SmpProcessorId();
        uint random = Next((uint)s_seeds[cpu]);
        HrtimerStart(InterruptOf(cpu), InterruptEvery, HrtimerMode.Rel);

        // However little of its time a busy host gives the CPU: everything is to take place.
        for (int turn = 0; turn < LeastTurns || MonotonicMicroseconds() < s_end || !EverythingTookPlace(); turn++)
        {
            random = Next(random);
            int index = (int)(random >> 8) % Objects;
            switch (random % 8)
            {
                case 0:
                    s_asked.TimersDeleted.Add(DelTimerSync(Timer(index)));
                    break;
                case 1:
                    s_asked.DelayedCancelled.Add(CancelDelayedWorkSync(Delayed(index)) ? 1 : 0);
                    break;
                case 2:
                    s_asked.HrtimersCancelled.Add(HrtimerCancel(HrtimerOf(cpu)));
                    break;
                case 3:
                    s_asked.HrtimersArmed.Add(1 - HrtimerStart(HrtimerOf(cpu), (long)(random >> 12), HrtimerMode.Rel));
                    break;
                case 4:
                    Wake(cpu);
                    break;
                case 5:
                    AskOtherCpu(cpu, random);
                    break;
                case 6:
                    Scheduler.Yield();
                    break;
                default:
                    break;
            }

            Ask(random);
            Scheduler.CondResched();
        }

        HrtimerCancel(InterruptOf(cpu));
        s_asked.HrtimersCancelled.Add(HrtimerCancel(HrtimerOf(cpu)));
    }

    private static bool EverythingTookPlace() =>
        s_asked.WorksRun.Read() > 0 && s_asked.TaskletsRun.Read() > 0 && s_asked.SoftirqsRun.Read() > 0 && s_asked.CallbacksRun.Read() > 0
        && s_asked.TimersRun.Read() > 0 && s_asked.TimersDeleted.Read() > 0 && s_asked.DelayedRun.Read() > 0 && s_asked.DelayedCancelled.Read() > 0
        && s_asked.HrtimersRun.Read() > 0 && s_asked.HrtimersCancelled.Read() > 0 && s_asked.InInterrupts.Read() > 0;

    private static void AskOtherCpu(int cpu, uint random)
    {
        if (Smp.CpuCount > 1)
        {
            Smp.SmpCallFunctionSingle((cpu + 1) % Smp.CpuCount, &AskInMessage, (void*)(nuint)random, false);
        }
    }

    private static void AskInMessage(void* random)
    {
        s_asked.InInterrupts.Inc();
        Ask((uint)(nuint)random);
    }

    private static HrtimerRestart AskInInterrupt(Hrtimer* timer)
    {
        ref long seed = ref s_seeds[SmpProcessorId()];
        seed = Next((uint)seed);
        s_asked.InInterrupts.Inc();
        Ask((uint)seed);
        HrtimerForward(timer, KtimeGet(), InterruptEvery);
        return HrtimerRestart.Restart;
    }

    // Any context.
    private static void Ask(uint random)
    {
        int index = (int)(random >> 20) % Objects;
        switch ((random >> 4) % 7)
        {
            case 0:
                ulong flags = LocalIrqSave();
                ref long wanted = ref s_softirqsWanted[SmpProcessorId()];
                Shared.WriteOnce(ref wanted, wanted + 1);
                s_asked.SoftirqsRaised.Inc();
                RaiseSoftirqIrqoff(SoftirqTests.First);
                LocalIrqRestore(flags);
                break;
            case 1:
                TaskletAt(index)->Wanted.Inc();
                s_asked.TaskletsScheduled.Inc();
                if (index % 2 == 0)
                {
                    TaskletSchedule(Tasklet(index));
                }
                else
                {
                    TaskletHiSchedule(Tasklet(index));
                }

                break;
            case 2:
                AskWork(WorkAt(index), (int)(random >> 12) % Smp.CpuCount);
                break;
            case 3:
                s_asked.TimersArmed.Add(1 - ModTimer(Timer(index), Jiffies + ((random >> 12) % LongestTimer)));
                break;
            case 4:
                s_asked.TimersDeleted.Add(DelTimer(Timer(index)));
                break;
            case 5:
                int cpu = (int)(random >> 12) % Smp.CpuCount;
                s_asked.DelayedQueued.Add(QueueDelayedWorkOn(cpu, s_wq, Delayed(index), (random >> 14) % LongestTimer) ? 1 : 0);
                break;
            default:
                AskCallback();
                break;
        }
    }

    private static void AskWork(CountedWork* work, int cpu)
    {
        s_asked.WorksAsked.Inc();
        if (QueueWorkOn(cpu, s_wq, &work->Work))
        {
            work->Queued.Inc();
            s_asked.WorksQueued.Inc();
        }
    }

    private static void AskCallback()
    {
        if (s_asked.CallbacksAsked.Read() - s_asked.CallbacksRun.Read() > MostCallbacks)
        {
            return;
        }

        var head = (RcuHead*)Kmalloc((nuint)sizeof(RcuHead), GfpFlags.Atomic);
        if (head != null)
        {
            s_asked.CallbacksAsked.Inc();
            CallRcu(head, &FreeCallback);
        }
    }

    private static void SoftirqSees(SoftirqAction* entry)
    {
        int cpu = SmpProcessorId();
        Shared.WriteOnce(ref s_softirqsSeen[cpu], Shared.ReadOnce(ref s_softirqsWanted[cpu]));
        s_asked.SoftirqsRun.Inc();
    }

    // Whoever schedules it counts first, so the run that follows sees it.
    private static void TaskletSees(ulong index)
    {
        CountedTasklet* tasklet = TaskletAt((int)index);
        s_errors += Shared.AddReturn(ref tasklet->Inside, 1) == 1 ? 0 : 1;
        tasklet->Seen.Set(tasklet->Wanted.Read());
        s_asked.TaskletsRun.Inc();
        SmpLine.Pause(5);
        Shared.AddReturn(ref tasklet->Inside, -1);
    }

    private static void CountWork(WorkStruct* work)
    {
        ((CountedWork*)work)->Runs.Inc();
        s_asked.WorksRun.Inc();
        MightSleep();
    }

    private static void CountTimer(ulong unused) => s_asked.TimersRun.Inc();

    private static void CountDelayed(WorkStruct* work) => s_asked.DelayedRun.Inc();

    private static HrtimerRestart CountHrtimer(Hrtimer* timer)
    {
        s_asked.HrtimersRun.Inc();
        return HrtimerRestart.NoRestart;
    }

    private static void FreeCallback(RcuHead* head)
    {
        Kfree(head);
        s_asked.CallbacksRun.Inc();
    }

    private static uint Next(uint random)
    {
        random ^= random << 13;
        random ^= random >> 17;
        return random ^ (random << 5);
    }
}
