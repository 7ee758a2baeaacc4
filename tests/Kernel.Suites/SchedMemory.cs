// SchedMemory: the memory that tests of threads compare before and afterwards. Process context.

using System.Runtime.CompilerServices;

namespace CSharpOS.Suites;

/// <summary>What threads are made of, counted: pages that are free or could be, since the slab allocator keeps some for the next object; bytes of
/// objects in use; stacks.</summary>
internal unsafe struct SchedMemory
{
    private int _tasks;
    private ulong _pages;
    private ulong _vmalloc;
    private Objects _objects;
    private int _stacks;

    /// <summary>How many tasks there are once nobody else wants to run: threads of earlier tests that had said that they were through, and had yet to end, have ended.</summary>
    internal static int QuietTasks()
    {
        uint start = Jiffies;
        while (Scheduler.RunningTasks() != 1 && Jiffies - start < 10 * HZ)
        {
            SchedThread.GiveWay();
        }

        Check.Equal(1, Scheduler.RunningTasks());
        return Tasks.Count;
    }

    /// <summary>When there are only <paramref name="tasks"/> left, the dead are buried, which may be after their makers have gone on, and kthreadd has unmapped what the pool does not keep.</summary>
    internal static SchedMemory Now(int tasks)
    {
        uint start = Jiffies;
        bool settled = Settled(tasks);
        while (!settled && Jiffies - start < 10 * HZ)
        {
            SchedThread.GiveWay();
            settled = Settled(tasks);
        }

        Check.True(settled);
        return Count();
    }

    internal readonly void Compare(in SchedMemory after)
    {
        Check.Equal(_tasks, after._tasks);
        Check.Equal(_pages, after._pages);
        Check.Equal(_vmalloc, after._vmalloc);
        for (int i = 0; Slab.GetInfo(i, out SlabInfo cache); i++)
        {
            if (_objects[i] != after._objects[i])
            {
                Printk(LogLevel.Error, $"cache {cache.Name}: {_objects[i]} objects before, {after._objects[i]} afterwards");
            }

            Check.Equal(_objects[i], after._objects[i]);
        }

        Check.Equal(_stacks, after._stacks);
    }

    private static SchedMemory Count()
    {
        MemInfo info = MemInfo.Get();
        SchedMemory now = new()
        {
            _tasks = Tasks.Count,
            _pages = info.Free + info.Slab,
            _vmalloc = info.VmallocUsed,
            _stacks = KernelStackPool.Total,
        };
        for (int i = 0; Slab.GetInfo(i, out SlabInfo cache); i++)
        {
            now._objects[i] = cache.ActiveObjects;
        }

        return now;
    }

    // A stack for each task but the boot CPU's idle task, which has one from the image; the other idle tasks are in no table.
    private static bool Settled(int tasks) => Tasks.Count == tasks &&
        KernelStackPool.InUse(out int surplus) == tasks - 1 + Smp.CpuCount - 1 && surplus == 0;

    // Of each cache.
    [InlineArray(64)]
    private struct Objects
    {
        private ulong _first;
    }
}
