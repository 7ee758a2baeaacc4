// ProcIrq: /proc/irq: a directory for each line, in it a directory for each handler, and where the line's interrupts go.
//
// Linux: kernel/irq/proc.c. Process context, sleeps. Lock: s_mutex, over a comparison of a line with its directory; inside it the descriptor's.
// RequestIrq and FreeIrq call Update with the name after they have changed the list of handlers. Update makes or removes the entry, whichever the list says
// now: so calls that overtake each other end with the truth, and two handlers of one name share an entry. Handlers from before Init, and
// those of SetupIrq, are found by Init.

namespace CSharpOS.Fs;

/// <summary>The directory /proc/irq.</summary>
/// <rows>IRQ-13</rows>
internal static unsafe class ProcIrq
{
    private static Mutex s_mutex;
    private static KernfsNode* s_root;

    /// <summary>Once, at boot, when /proc exists: entries for all handlers that there are. 0 or -ENOMEM.</summary>
    /// <linux>init_irq_proc</linux>
    internal static int Init()
    {
        s_root = null;
        KernfsNode* root = ProcFs.ProcMkdir("irq"u8, null);
        if (root == null)
        {
            return -ENOMEM;
        }

        s_root = root;
        byte* name = stackalloc byte[KernfsNode.NameSize];
        for (int irq = 0; irq < Interrupts.NrIrqs; irq++)
        {
            Kernfs.Put(Line(irq));
            int length;
            for (int i = 0; (length = HandlerName(irq, i, name)) >= 0; i++)
            {
                Update(irq, new ReadOnlySpan<byte>(name, length));
            }
        }

        return 0;
    }

    /// <summary>A handler of that name has been added to the line, or taken off. Process context, sleeps; does nothing before <see cref="Init"/>.</summary>
    /// <linux>register_handler_proc, unregister_handler_proc</linux>
    internal static void Update(int irq, ReadOnlySpan<byte> name)
    {
        // RequestIrq from a handler has been reported, and works all the same; it gets no entry.
        if (s_root == null || InInterrupt())
        {
            return;
        }

        using (s_mutex.Guard())
        {
            KernfsNode* line = Line(irq);
            if (line == null)
            {
                return;
            }

            KernfsNode* entry = Kernfs.Find(line, name);
            bool wanted = HasHandler(irq, name);
            if (wanted && entry == null)
            {
                ProcFs.ProcMkdir(name, line);
            }
            else if (!wanted && entry != null && entry->IsDirectory)
            {
                Kernfs.Remove(entry);
            }

            Kernfs.Put(entry);
            Kernfs.Put(line);
        }
    }

    // The directory of a line, with a reference; made with its smp_affinity if it is not there. Null: no such line, no memory.
    private static KernfsNode* Line(int irq)
    {
        if (!Interrupts.Exists(irq))
        {
            return null;
        }

        byte* bytes = stackalloc byte[16];
        TextBuffer name = new(new Span<byte>(bytes, 16));
        name.Append($"{irq}");
        KernfsNode* line = Kernfs.Find(s_root, name.Written);
        if (line != null)
        {
            return line;
        }

        line = ProcFs.ProcMkdir(name.Written, s_root);
        if (line != null)
        {
            Kernfs.Get(line);
            if (Interrupts.CanSetAffinity(irq))
            {
                ProcFs.CreateProcEntry("smp_affinity"u8, 0x180, line, &ShowAffinity, &StoreAffinity, (void*)irq);
            }
        }

        return line;
    }

    private static int ShowAffinity(TextArea* text, void* data)
    {
        text->Append($"{Interrupts.IrqAffinity((int)data) & ((1u << MaxCpus) - 1):x8}\n");
        return 0;
    }

    // A mask in hexadecimal digits, as it is read.
    private static int StoreAffinity(ReadOnlySpan<byte> text, void* data)
    {
        text = Kernfs.Trim(text);
        ulong mask = 0;
        for (int i = 0; i < text.Length; i++)
        {
            int letter = text[i] | 0x20;
            int digit = text[i] is >= (byte)'0' and <= (byte)'9' ? text[i] - '0' : letter is >= 'a' and <= 'f' ? letter - 'a' + 10 : -1;
            if (digit < 0 || mask > uint.MaxValue >> 4)
            {
                return -EINVAL;
            }

            mask = (mask << 4) | (uint)digit;
        }

        return text.Length == 0 ? -EINVAL : Interrupts.IrqSetAffinity((int)data, (uint)mask);
    }

    private static bool HasHandler(int irq, ReadOnlySpan<byte> name)
    {
        IrqDescriptor* descriptor = Interrupts.IrqToDescriptor(irq);
        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction* action = descriptor->Action;
        while (action != null && !action->Name.SequenceEqual(name))
        {
            action = action->Next;
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return action != null;
    }

    // The name of handler number `index` of a line; -1: there are no more.
    private static int HandlerName(int irq, int index, byte* name)
    {
        IrqDescriptor* descriptor = Interrupts.IrqToDescriptor(irq);
        if (descriptor == null)
        {
            return -1;
        }

        ulong flags = descriptor->Lock.LockIrqSave();
        IrqAction* action = descriptor->Action;
        while (action != null && index-- > 0)
        {
            action = action->Next;
        }

        int length = -1;
        if (action != null)
        {
            length = Math.Min(action->Name.Length, KernfsNode.NameSize);
            action->Name[..length].CopyTo(new Span<byte>(name, length));
        }

        descriptor->Lock.UnlockIrqRestore(flags);
        return length;
    }
}
