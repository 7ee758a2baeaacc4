// The numbers of the scheduler: time slices, bonus, and the priority arrays against a model.

using System.Linq;
using System.Runtime.InteropServices;
using CSharpOS.Sched;
using Xunit;

namespace CSharpOS.Hosted.Sched;

[Trait("Row", "KT-04")]
public sealed unsafe class PriorityTests : IDisposable
{
    private readonly SchedMachine _machine = new();

    public void Dispose() => _machine.Dispose();

    [Theory]
    [InlineData(-20, 800)]
    [InlineData(-10, 600)]
    [InlineData(-1, 420)]
    [InlineData(0, 100)]
    [InlineData(1, 95)]
    [InlineData(10, 50)]
    [InlineData(19, 5)]
    public void Time_slices_in_milliseconds(int nice, int milliseconds) =>
        Assert.Equal(Math.Max(1, milliseconds * HZ / 1000), Priority.TimeSlice(Priority.FromNice(nice)));

    [Fact]
    public void A_better_nice_never_has_a_shorter_slice()
    {
        for (int nice = -20; nice < 19; nice++)
        {
            Assert.True(Priority.TimeSlice(Priority.FromNice(nice)) >= Priority.TimeSlice(Priority.FromNice(nice + 1)));
        }
    }

    [Theory]
    [InlineData(0, 0u, 125)]
    [InlineData(0, 500_000u, 120)]
    [InlineData(0, 1_000_000u, 115)]
    [InlineData(19, 0u, 139)]
    [InlineData(-20, 1_000_000u, 100)]
    [InlineData(5, 99_999u, 130)]
    [InlineData(5, 100_000u, 129)]
    public void Sleeping_is_worth_up_to_five_either_way(int nice, uint sleepAverage, int expected)
    {
        TaskStruct* task = _machine.Task(nice);
        task->SleepAverage = sleepAverage;
        Assert.Equal(expected, Priority.Effective(task));
        task->Policy = SchedPolicy.Fifo;
        task->RtPriority = 99;
        Assert.Equal(0, Priority.Effective(task));
        task->RtPriority = 1;
        Assert.Equal(98, Priority.Effective(task));
    }

    [Theory]
    [InlineData(0, 600_000u, false)]
    [InlineData(0, 700_000u, true)]
    [InlineData(-20, 200_000u, true)]
    [InlineData(10, 800_000u, false)]
    [InlineData(10, 900_000u, true)]
    [InlineData(19, 1_000_000u, false)]
    public void Who_counts_as_interactive(int nice, uint sleepAverage, bool expected)
    {
        TaskStruct* task = _machine.Task(nice);
        task->SleepAverage = sleepAverage;
        task->Prio = Priority.Effective(task);
        Assert.Equal(expected, Priority.IsInteractive(task));
    }

    [Fact]
    public void Every_priority_is_found_alone_and_beside_a_lesser_one()
    {
        var array = (PriorityArray*)NativeMemory.AllocZeroed((nuint)sizeof(PriorityArray));
        PriorityArray.Init(array);
        TaskStruct* task = _machine.Task();
        TaskStruct* last = _machine.Task();
        last->Prio = Priority.Count - 1;
        for (int prio = 0; prio < Priority.Count - 1; prio++)
        {
            task->Prio = prio;
            PriorityArray.Enqueue(array, task);
            Assert.True(PriorityArray.First(array) == task);
            PriorityArray.Enqueue(array, last);
            Assert.True(PriorityArray.First(array) == task);
            PriorityArray.Dequeue(array, task);
            Assert.True(PriorityArray.First(array) == last);
            PriorityArray.Dequeue(array, last);
            Assert.True(PriorityArray.IsConsistent(array, 0));
        }

        NativeMemory.Free(array);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void The_array_does_what_a_list_of_lists_does(int seed)
    {
        Random random = new(seed);
        var array = (PriorityArray*)NativeMemory.AllocZeroed((nuint)sizeof(PriorityArray));
        PriorityArray.Init(array);
        List<nint>[] model = [.. Enumerable.Range(0, Priority.Count).Select(_ => new List<nint>())];
        nint[] tasks = new nint[60];
        for (int i = 0; i < tasks.Length; i++)
        {
            tasks[i] = (nint)_machine.Task();
        }

        for (int step = 0; step < 5000; step++)
        {
            var task = (TaskStruct*)tasks[random.Next(tasks.Length)];
            if (task->Array == null)
            {
                task->Prio = random.Next(Priority.Count);
                if (random.Next(4) == 0)
                {
                    PriorityArray.EnqueueHead(array, task);
                    model[task->Prio].Insert(0, (nint)task);
                }
                else
                {
                    PriorityArray.Enqueue(array, task);
                    model[task->Prio].Add((nint)task);
                }
            }
            else if (random.Next(3) == 0)
            {
                PriorityArray.Requeue(array, task);
                model[task->Prio].Remove((nint)task);
                model[task->Prio].Add((nint)task);
            }
            else
            {
                PriorityArray.Dequeue(array, task);
                model[task->Prio].Remove((nint)task);
                Assert.True(task->Array == null);
            }

            Assert.Equal(model.Sum(queue => queue.Count), array->TaskCount);
            if (array->TaskCount != 0)
            {
                Assert.Equal(model.First(queue => queue.Count != 0)[0], (nint)PriorityArray.First(array));
            }

            Assert.True(PriorityArray.IsConsistent(array, 0));
        }

        NativeMemory.Free(array);
    }

    [Fact]
    public void The_one_to_move_is_the_most_urgent_that_may_and_does_not_run()
    {
        var array = (PriorityArray*)NativeMemory.AllocZeroed((nuint)sizeof(PriorityArray));
        PriorityArray.Init(array);
        TaskStruct* running = _machine.Task(-10);
        TaskStruct* bound = _machine.Task(-5, allowed: 1);
        TaskStruct* early = _machine.Task();
        TaskStruct* late = _machine.Task();
        foreach (nint task in new[] { (nint)running, (nint)bound, (nint)early, (nint)late })
        {
            PriorityArray.Enqueue(array, (TaskStruct*)task);
        }

        Assert.True(PriorityArray.FirstMovable(array, 1, running) == late);
        PriorityArray.Dequeue(array, late);
        Assert.True(PriorityArray.FirstMovable(array, 1, running) == early);
        Assert.True(PriorityArray.FirstMovable(array, 0, running) == bound);
        PriorityArray.Dequeue(array, early);
        Assert.True(PriorityArray.FirstMovable(array, 1, running) == null);
        NativeMemory.Free(array);
    }
}
