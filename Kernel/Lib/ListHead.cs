// ListHead: doubly linked circular lists whose links live inside the objects.
//
// Linux: struct list_head, include/linux/list.h. Any context. No lock inside: the list's owner says which lock guards it.
// Invariant: for every linked node n, n.Next.Prev == n and n.Prev.Next == n; an empty head points at itself.
// Each operation tells Touched what it looks at or changes: nothing here, a scheduling point under the schedule explorer.
// A list never moves in memory: heads are statics or lie in slab objects.

using System.Runtime.CompilerServices;

namespace CSharpOS.Lib;

/// <summary>A list's head, or one object's link in a list.</summary>
/// <linux>list_head</linux>
public unsafe partial struct ListHead
{
    private const ulong Poison = 0xdead000000000100;

    public ListHead* Next;
    public ListHead* Prev;

    /// <summary>Makes <paramref name="head"/> an empty list.</summary>
    /// <linux>INIT_LIST_HEAD</linux>
    public static void Init(ListHead* head)
    {
        head->Next = head;
        head->Prev = head;
    }

    /// <summary>Puts <paramref name="node"/> first.</summary>
    /// <linux>list_add</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Add(ListHead* node, ListHead* head) => Insert(node, head, head->Next);

    /// <summary>Puts <paramref name="node"/> last.</summary>
    /// <linux>list_add_tail</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddTail(ListHead* node, ListHead* head) => Insert(node, head->Prev, head);

    /// <summary>Takes <paramref name="node"/> out of its list; its links become poison, so that a second removal faults.</summary>
    /// <linux>list_del</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Del(ListHead* node)
    {
        Unlink(node);
        node->Next = (ListHead*)Poison;
        node->Prev = (ListHead*)Poison;
    }

    /// <summary>Takes <paramref name="node"/> out of its list and leaves it an empty list of its own.</summary>
    /// <linux>list_del_init</linux>
    public static void DelInit(ListHead* node)
    {
        Unlink(node);
        Init(node);
    }

    /// <linux>list_empty</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Empty(ListHead* head)
    {
        Touched(head, write: false);
        return head->Next == head;
    }

    /// <summary>Moves all of <paramref name="list"/> to the front of <paramref name="head"/>; <paramref name="list"/> is empty then.</summary>
    /// <linux>list_splice_init</linux>
    public static void SpliceInit(ListHead* list, ListHead* head)
    {
        if (Empty(list))
        {
            return;
        }

        Touched(list, write: true);
        Touched(head, write: true);
        ListHead* first = list->Next;
        ListHead* last = list->Prev;
        first->Prev = head;
        last->Next = head->Next;
        head->Next->Prev = last;
        head->Next = first;
        Init(list);
    }

    /// <summary>The object of type <typeparamref name="T"/> whose link at byte <paramref name="offset"/> is <paramref name="node"/>.</summary>
    /// <linux>list_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T* Entry<T>(ListHead* node, int offset)
        where T : unmanaged => (T*)((byte*)node - offset);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Insert(ListHead* node, ListHead* before, ListHead* after)
    {
        Touched(before, write: true);
        Touched(after, write: true);
        after->Prev = node;
        node->Next = after;
        node->Prev = before;
        before->Next = node;
    }

    /// <summary>Takes <paramref name="node"/> out of its list and leaves its own links as they are: the caller says with them where it is now.</summary>
    /// <linux>__list_del_entry</linux>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Unlink(ListHead* node)
    {
        Touched(node, write: true);
        Touched(node->Prev, write: true);

        // Read once: the compiler does not know that the neighbours are not the node itself.
        ListHead* next = node->Next;
        ListHead* previous = node->Prev;
        next->Prev = previous;
        previous->Next = next;
    }

    // Without a body nothing of it is compiled, the calls neither.
    static partial void Touched(ListHead* node, bool write);
}
