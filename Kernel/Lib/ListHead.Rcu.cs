// ListHead.Rcu: lists that are read while they change.
//
// Linux: include/linux/rculist.h. Changing: any context, under the lock of the list's writers. Reading: inside RcuReadLock, without a lock.
// A reader follows Next only. So a new node is complete before the one store that links it in; one that is taken out keeps its Next, on which a
// reader may be standing, and its memory until a grace period later.

using System.Runtime.CompilerServices;

namespace CSharpOS.Lib;

public unsafe partial struct ListHead
{
    /// <summary>Puts <paramref name="node"/> first; readers see it complete or not at all. The writers' lock is held.</summary>
    /// <linux>list_add_rcu</linux>
    /// <rows>SYNC-03</rows>
    public static void AddRcu(ListHead* node, ListHead* head) => InsertRcu(node, head, head->Next);

    /// <summary>Puts <paramref name="node"/> last; readers see it complete or not at all. The writers' lock is held.</summary>
    /// <linux>list_add_tail_rcu</linux>
    /// <rows>SYNC-03</rows>
    public static void AddTailRcu(ListHead* node, ListHead* head) => InsertRcu(node, head->Prev, head);

    /// <summary>Takes <paramref name="node"/> out; readers that stand on it go on to the rest of the list. It must not be changed or freed before a grace
    /// period has passed: <see cref="Rcu.CallRcu"/>, <see cref="Rcu.SynchronizeRcu"/>. The writers' lock is held.</summary>
    /// <linux>list_del_rcu</linux>
    /// <rows>SYNC-03</rows>
    public static void DelRcu(ListHead* node)
    {
        Touched(node, write: true);
        Touched(node->Prev, write: true);
        node->Next->Prev = node->Prev;
        Shared.WriteOnce(&node->Prev->Next, node->Next);
        node->Prev = (ListHead*)Poison;
    }

    /// <summary>The next of a list that may change meanwhile: <c>for (ListHead* n = ListHead.NextRcu(head); n != head; n = ListHead.NextRcu(n))</c>. Inside
    /// <see cref="Rcu.RcuReadLock"/>.</summary>
    /// <linux>list_for_each_rcu</linux>
    /// <rows>SYNC-03</rows>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ListHead* NextRcu(ListHead* node) => Rcu.RcuDereference(&node->Next);

    private static void InsertRcu(ListHead* node, ListHead* before, ListHead* after)
    {
        Touched(before, write: true);
        Touched(after, write: true);
        node->Next = after;
        node->Prev = before;
        Shared.WriteOnce(&before->Next, node);
        after->Prev = node;
    }
}
