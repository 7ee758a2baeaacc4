// LeftBehind: what a module that has gone still has running: the report after its exit function.
//
// Linux has no such report: there the next tick jumps into memory that is gone. Process context, sleeps. No locks of its own: each mechanism is asked under its
// own, one after the other. The module's exit is over, and whoever takes part in its life has been kept away, so nothing new appears but by what is found here.

using CSharpOS.Debugging;

namespace CSharpOS.Modules;

/// <summary>The search for what a module has left behind.</summary>
/// <rows>DRV-04</rows>
internal static unsafe class LeftBehind
{
    /// <summary>Logs a line for each thing that leads into the module's memory; threads of a module that forsakes them have a report of their own.</summary>
    /// <returns>True if there is any: the memory must stay.</returns>
    internal static bool Report(ModuleStruct* module)
    {
        int found = 0;
        RangeSearch search = New(module);
        Timers.Search(&search);
        found += Functions(module, "timer"u8, search);
        search = New(module);
        Hrtimers.Search(&search);
        found += Functions(module, "hrtimer"u8, search);
        search = New(module);
        Workqueue.Search(&search);
        found += Functions(module, "work"u8, search);
        search = New(module);
        SearchTasklets(&search);
        found += Functions(module, "tasklet"u8, search);
        search = New(module);
        Interrupts.Search(&search);
        found += Functions(module, "interrupt handler"u8, search);
        found += module->ForsakesThreads ? 0 : ReportThreads(module);
        search = New(module);
        Kernfs.Search(ProcFs.Root, &search);
        found += Entries(module, "/proc"u8, search);
        search = New(module);
        Kernfs.Search(Sysfs.Root, &search);
        found += Entries(module, "/sys"u8, search);
        return CharacterDevices(module) + found != 0;
    }

    /// <summary>Logs a line for each thread that runs the module's code or sleeps in it.</summary>
    /// <returns>How many.</returns>
    internal static int ReportThreads(ModuleStruct* module)
    {
        RangeSearch search = New(module);
        SearchThreads(&search);
        return Functions(module, "thread"u8, search);
    }

    private static RangeSearch New(ModuleStruct* module) => new(module->Base, module->Size);

    private static int Functions(ModuleStruct* module, ReadOnlySpan<byte> what, in RangeSearch search)
    {
        for (int i = 0; i < search.Count && i < RangeSearch.Room; i++)
        {
            ReadOnlySpan<byte> function = SymbolTable.Lookup(search.At(i), out SymbolInfo symbol) ? symbol.Name : "?"u8;
            Printk(LogLevel.Error, $"module {ModuleStruct.Name(module)} left behind: {what} {function}\n");
        }

        return search.Count;
    }

    private static int Entries(ModuleStruct* module, ReadOnlySpan<byte> tree, in RangeSearch search)
    {
        for (int i = 0; i < search.Count && i < RangeSearch.Room; i++)
        {
            var node = (KernfsNode*)search.At(i);
            Printk(LogLevel.Error, $"module {ModuleStruct.Name(module)} left behind: {tree} entry {KernfsNode.Name(node)}\n");
            Kernfs.Put(node);
        }

        return search.Count;
    }

    private static int CharacterDevices(ModuleStruct* module)
    {
        Span<byte> name = stackalloc byte[CharRange.NameSize];
        int found = 0;
        for (int i = 0; CharDevices.At(i, name, out int length, out uint major, out FileOperations* ops); i++)
        {
            if (module->Contains(ops) || module->Contains(CharDevices.FunctionOf(ops)))
            {
                Printk(LogLevel.Error, $"module {ModuleStruct.Name(module)} left behind: character device {name[..length]}, major {major}\n");
                found++;
            }
        }

        return found;
    }

    private static void SearchThreads(RangeSearch* search)
    {
        int pid = 0;
        for (TaskStruct* task = Tasks.NextAfter(pid); task != null; task = Tasks.NextAfter(pid))
        {
            pid = task->Pid;
            if (search->Contains(task->ThreadFunction) || search->Contains((void*)task->Kthread.Function))
            {
                search->Add(task->Kthread.Function != null ? (void*)task->Kthread.Function : task->ThreadFunction);
            }

            Tasks.Put(task);
        }
    }

    // A CPU's list may be walked only there, and only where no softirq has been interrupted, which may have taken it off: so this task goes there itself.
    private static void SearchTasklets(RangeSearch* search)
    {
        ScheduledTasklet* seen = stackalloc ScheduledTasklet[RangeSearch.Room * 2];
        uint allowed = Current->CpusAllowed;
        for (int cpu = 0; cpu < Cpu.MaxCpus; cpu++)
        {
            TaskletQuery query = new() { Found = seen, Room = RangeSearch.Room * 2 };
            if (!Smp.IsOnline(cpu) || Scheduler.SetCpusAllowed(Current, 1u << cpu) != 0)
            {
                continue;
            }

            Tasklet.CollectScheduled(&query);
            for (int i = 0; i < query.Count && i < query.Room; i++)
            {
                if (search->Contains((void*)seen[i].Func) || search->Contains(seen[i].Tasklet))
                {
                    search->Add((void*)seen[i].Func);
                }
            }
        }

        Scheduler.SetCpusAllowed(Current, allowed);
    }
}
