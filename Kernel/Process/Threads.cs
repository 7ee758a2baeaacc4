// Threads: from list links to tasks. Linux: next_thread, do_each_thread. Arithmetic: any context.

namespace CSharpOS.Processes;

/// <summary>The threads of a process.</summary>
internal static unsafe class Threads
{
    /// <summary>The task whose <see cref="TaskStruct.ThreadLink"/> this is.</summary>
    internal static TaskStruct* Of(ListHead* link)
    {
        var origin = (TaskStruct*)link;
        return (TaskStruct*)((byte*)link - ((byte*)&origin->ThreadLink - (byte*)origin));
    }
}
