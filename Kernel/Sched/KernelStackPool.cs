// KernelStackPool: kernel stacks, each above a page that is not mapped.
//
// Linux: alloc_thread_stack_node with CONFIG_VMAP_STACK. Vmalloc keeps a free page behind every area, which is the guard page of the one
// above. Unmapping means a flush on every CPU, so a few stacks are kept for reuse. Lock: s_lock. Allocate: process context, may
// sleep. Free: any context, from a switch too, so it may not sleep; never on the stack it frees.

using System.Runtime.CompilerServices;

namespace CSharpOS.Sched;

/// <summary>Memory for kernel stacks.</summary>
internal static unsafe class KernelStackPool
{
    private const int Kept = 32;

    private static SpinLock s_lock;
    private static Stacks s_kept;
    private static int s_count;
    private static byte* s_surplus;
    private static int s_total;
    private static int s_surplusCount;

    /// <summary>All stacks: in use, kept, or about to be unmapped.</summary>
    internal static int Total => Shared.ReadOnce(ref s_total);

    /// <summary>Stacks of tasks, the dead that are still being buried included, and in <paramref name="surplus"/> those that are about to be unmapped, both of the same moment.</summary>
    internal static int InUse(out int surplus)
    {
        ulong flags = s_lock.LockIrqSave();
        surplus = s_surplusCount;
        int used = s_total - s_count - surplus;
        s_lock.UnlockIrqRestore(flags);
        return used;
    }

    /// <summary>A stack of THREAD_SIZE bytes; null without memory.</summary>
    internal static byte* Allocate()
    {
        ulong flags = s_lock.LockIrqSave();
        byte* stack = s_count > 0 ? (byte*)s_kept[--s_count] : null;
        s_lock.UnlockIrqRestore(flags);
        if (stack == null)
        {
            stack = (byte*)Vmalloc.Alloc(AsmOffsets.THREAD_SIZE);
            if (stack != null)
            {
                flags = s_lock.LockIrqSave();
                s_total++;
                s_lock.UnlockIrqRestore(flags);
            }
        }

        return stack;
    }

    /// <summary>Takes a stack back. One too many is unmapped later, by kthreadd: that may sleep.</summary>
    internal static void Free(byte* stack)
    {
        ulong flags = s_lock.LockIrqSave();
        bool keep = s_count < Kept;
        if (keep)
        {
            s_kept[s_count++] = (nuint)stack;
        }
        else
        {
            *(byte**)stack = s_surplus;
            s_surplus = stack;
            s_surplusCount++;
        }

        s_lock.UnlockIrqRestore(flags);
        if (!keep && Kthread.Parent != null)
        {
            Scheduler.WakeUpProcess(Kthread.Parent);
        }
    }

    /// <summary>True if there is something to <see cref="Drain"/>. Any context.</summary>
    internal static bool HasSurplus()
    {
        ulong flags = s_lock.LockIrqSave();
        bool surplus = s_surplus != null;
        s_lock.UnlockIrqRestore(flags);
        return surplus;
    }

    /// <summary>Unmaps the surplus. Process context; may sleep.</summary>
    internal static void Drain()
    {
        ulong flags = s_lock.LockIrqSave();
        byte* stack = s_surplus;
        s_surplus = null;
        s_lock.UnlockIrqRestore(flags);
        while (stack != null)
        {
            byte* next = *(byte**)stack;
            Vmalloc.Free(stack);
            flags = s_lock.LockIrqSave();
            s_total--;
            s_surplusCount--;
            s_lock.UnlockIrqRestore(flags);
            stack = next;
        }
    }

    [InlineArray(Kept)]
    private struct Stacks
    {
        private nuint _first;
    }
}
