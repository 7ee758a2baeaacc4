// Workqueue.Report: what stands where, for people. Process context; prints a line per worker. Locks: s_lock, a queue's own inside it.

using CSharpOS.Debugging;

namespace CSharpOS.Workqueues;

public static unsafe partial class Workqueue
{
    private const int MostLines = 256;

    private const int LineSize = 128;

    /// <summary>One line per worker: the queue, the thread, how many works wait, how many were done, and what is being done. Process context.</summary>
    /// <param name="sink">Gets each line, with its line feed.</param>
    public static void WriteTable(delegate*<ReadOnlySpan<byte>, void> sink)
    {
        sink("workqueue                        thread           pid  waiting       done  running\n"u8);
        Span<byte> memory = stackalloc byte[LineSize];
        for (int i = 0; i < MostLines; i++)
        {
            Line line = default;
            if (!TryGetLine(i, &line))
            {
                break;
            }

            ReadOnlySpan<byte> function = "-"u8;
            if (line.Function != null && SymbolTable.Lookup((nuint)line.Function, out SymbolInfo symbol))
            {
                function = symbol.Name;
            }

            ReadOnlySpan<byte> name = new(line.Name, WorkqueueStruct.NameSize);
            ReadOnlySpan<byte> thread = new(line.Thread, TaskName.Size);
            TextBuffer text = new(memory);
            text.Append($"{Text(name),-32} {Text(thread),-15} {line.Pid,4} {line.Waiting,8} {line.Executed,10}  {function}\n");
            sink(text.Written);
        }
    }

    private static ReadOnlySpan<byte> Text(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        return end < 0 ? bytes : bytes[..end];
    }

    // Line by line, so that nothing is printed with a lock held. A queue that is made or destroyed meanwhile may shift the rest.
    private static bool TryGetLine(int index, Line* line)
    {
        ulong flags = s_lock.LockIrqSave();
        bool found = false;
        for (ListHead* link = All->Next; link != All && !found; link = link->Next)
        {
            WorkqueueStruct* wq = FromList(link);
            for (int i = 0; i < wq->CpuCount && !found; i++)
            {
                found = TryGetLine(wq, wq->CpuWq + i, ref index, line);
            }
        }

        s_lock.UnlockIrqRestore(flags);
        return found;
    }

    private static bool TryGetLine(WorkqueueStruct* wq, CpuWorkqueueStruct* cwq, ref int index, Line* line)
    {
        cwq->Lock.Lock();
        bool found = false;
        for (ListHead* link = cwq->Workers.Next; link != &cwq->Workers && !found; link = link->Next)
        {
            if (index-- != 0)
            {
                continue;
            }

            var worker = (Worker*)link;
            found = true;
            wq->Name.CopyTo(new Span<byte>(line->Name, WorkqueueStruct.NameSize));
            worker->Thread->Name.CopyTo(new Span<byte>(line->Thread, TaskName.Size));
            line->Pid = worker->Thread->Pid;
            line->Executed = cwq->Executed;
            line->Function = worker->Running == null ? null : worker->Running->Function;
            for (ListHead* entry = cwq->Worklist.Next; entry != &cwq->Worklist; entry = entry->Next)
            {
                line->Waiting++;
            }
        }

        cwq->Lock.Unlock();
        return found;
    }

    private static void ReportHandler(void* function)
    {
        if (SymbolTable.Lookup((nuint)function, out SymbolInfo symbol))
        {
            Printk(LogLevel.Error, $"    last function: {symbol.Name}\n");
        }
        else
        {
            Printk(LogLevel.Error, $"    last function: {function}\n");
        }
    }

    private struct Line
    {
        public fixed byte Name[WorkqueueStruct.NameSize];
        public fixed byte Thread[TaskName.Size];
        public int Pid;
        public int Waiting;
        public ulong Executed;
        public delegate*<WorkStruct*, void> Function;
    }
}
