// UserMemoryTests: copying between the kernel and a program's memory, to the byte; pages that are brought in for it. Part of the suite user.

using System.Runtime.CompilerServices;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class UserMemoryTests
{
    private const ulong Start = UserSpace.Start;
    private const ulong Page = DirectMap.PAGE_SIZE;
    private const VmFlags ReadWrite = VmFlags.Read | VmFlags.Write;

    private static VmOperations s_slow;
    private static Completion s_bring;
    private static TaskStruct* s_copier;
    private static Page* s_page;
    private static int s_faults, s_slept, s_done;
    private static WorkStruct s_work;
    private static ulong s_left;
    private static byte s_first;

    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        Test.Run("a copy sleeps until the page has come, and another task runs"u8, "MM-02"u8, &Sleeps);
        Test.Run("pages are zeroed, copied on write, read from a file"u8, "MM-02"u8, &BroughtIn);
        Test.Run("a copy in atomic context is reported and brings nothing in"u8, "MM-02"u8, &Atomic);
        Test.Run("copies tell how many bytes they have not copied"u8, "SYS-04"u8, &Counts);
        Test.Run("strings and single values"u8, "SYS-04"u8, &Strings);
        Test.Run("access_ok: the user half and no more"u8, "SYS-04"u8, &Ranges);
        Test.Run("SMAP and SMEP: the kernel neither reads a program's memory by accident nor runs it"u8, "SYS-04"u8, &Protections);
        Test.Run("a worker reads no program's memory"u8, "WORK-03"u8, &Worker);
    }

    // Memory that is there: where the processor has the protections the fault is the kernel's own, and reported; elsewhere nothing stops it.
    private static void Protections()
    {
        const int PageFaultVector = 14;
        const ulong ReturnInstruction = 0xc3;
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 1, ReadWrite | VmFlags.Exec);
        Check.Equal(0, Uaccess.PutUser(ReturnInstruction, (ulong*)Start));
        Check.Equal(CpuFeatures.Smap ? PageFaultVector + 1 : 0, Recovery.Call(&ReadDirectly, null));
        Check.Equal(CpuFeatures.Smep ? PageFaultVector + 1 : 0, Recovery.Call(&RunDirectly, null));

        // What may do it still does.
        Check.Equal(0, Uaccess.GetUser(out ulong back, (ulong*)Start));
        Check.Equal(ReturnInstruction, back);
        UserSpace.Leave(mm);
    }

    private static void ReadDirectly(void* unused) => Check.Equal(0xc3ul, *(ulong*)Start);

    private static void RunDirectly(void* unused) => ((delegate*<void>)Start)();

    private static Completion* Bring => (Completion*)Unsafe.AsPointer(ref s_bring);

    // The object behind the memory is slow, as a disk is: its page comes when another task says so.
    private static void Sleeps()
    {
        s_faults = s_slept = s_done = 0;
        s_slow = new VmOperations { Fault = &BringSlowly };
        Completion.Init(Bring);
        s_page = PageAllocator.AllocPages(0, GfpFlags.Kernel);
        new Span<byte>(MemMap.PageToVirt(s_page), (int)Page).Fill((byte)'d');
        MmStruct* mm = UserSpace.Enter();
        VmArea backing = default;
        backing.Operations = (VmOperations*)Unsafe.AsPointer(ref s_slow);
        backing.Object = Bring;
        UserSpace.Map(mm, Start, 2, ReadWrite, &backing);
        s_copier = Current;
        SchedThread other = default;
        if (SchedThread.Run(&other, -1, &BringIt, null))
        {
            byte* bytes = stackalloc byte[16];
            Check.Equal(0, (long)Uaccess.CopyFromUser(bytes, (void*)(Start + 8), 16));
            Shared.WriteOnce(ref s_done, 1);
            SchedThread.Join(&other);
            Check.Equal(-1, new ReadOnlySpan<byte>(bytes, 16).IndexOfAnyExcept((byte)'d'));
            Check.Equal(1, s_faults);
            Check.Equal(1, s_slept);
        }

        // The other way, to a page of its own.
        Shared.WriteOnce(ref s_done, 0);
        if (SchedThread.Run(&other, -1, &BringIt, null))
        {
            ulong eights = 0x3838383838383838;
            Check.Equal(0, (long)Uaccess.CopyToUser((void*)(Start + Page), &eights, 8));
            Shared.WriteOnce(ref s_done, 1);
            SchedThread.Join(&other);
            Check.Equal(2, s_faults);
            Check.Equal(2, s_slept);
            Check.Equal(0, Uaccess.GetUser(out ulong back, (ulong*)(Start + Page)));
            Check.Equal(eights, back);
            Check.Equal('d', *(byte*)MemMap.PageToVirt(s_page));
        }

        UserSpace.Leave(mm);
        PageAllocator.PutPage(s_page);
    }

    private static int BringSlowly(VmArea* area, ulong index, Page** page)
    {
        Shared.AddReturn(ref s_faults, 1);
        Completion.Wait(Bring);
        PageAllocator.GetPage(s_page);
        *page = s_page;
        return 0;
    }

    // Runs while the copy is on its way, and finds its task asleep.
    private static void BringIt(void* unused)
    {
        uint start = Jiffies;
        while (Shared.ReadOnce(ref s_copier->State) != (int)TaskState.Uninterruptible || Shared.ReadOnce(&s_copier->Array) != null)
        {
            if (Jiffies - start > 10 * HZ)
            {
                break;
            }

            SchedThread.GiveWay();
        }

        s_slept += Shared.ReadOnce(&s_copier->Array) == null && Shared.ReadOnce(ref s_done) == 0 ? 1 : 0;
        Completion.Complete(Bring);
    }

    private static void BroughtIn()
    {
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 4, ReadWrite);
        byte* bytes = stackalloc byte[64];
        new Span<byte>(bytes, 64).Fill(1);
        Check.Equal(0, (long)Uaccess.CopyFromUser(bytes, (void*)(Start + Page - 32), 64));
        Check.Equal(-1, new ReadOnlySpan<byte>(bytes, 64).IndexOfAnyExcept((byte)0));
        Check.Equal(2, mm->ResidentPages);

        // After a fork both have the page until one writes.
        new Span<byte>(bytes, 64).Fill(7);
        Check.Equal(0, (long)Uaccess.CopyToUser((void*)Start, bytes, 64));
        MmStruct* copy = AddressSpaces.Duplicate(mm);
        new Span<byte>(bytes, 64).Fill(9);
        Check.Equal(0, (long)Uaccess.CopyToUser((void*)Start, bytes, 64));
        Check.Equal(64, (long)UserMemory.ReadFrom(copy, Start, bytes, 64));
        Check.Equal(-1, new ReadOnlySpan<byte>(bytes, 64).IndexOfAnyExcept((byte)7));
        Check.Equal(0, (long)Uaccess.CopyFromUser(bytes, (void*)Start, 64));
        Check.Equal(-1, new ReadOnlySpan<byte>(bytes, 64).IndexOfAnyExcept((byte)9));
        AddressSpaces.Put(copy);

        FsHelp.Make("/user_memory\0"u8, "from a file"u8);
        Check.Equal(0, Vfs.Open("/user_memory\0"u8, OpenFlags.O_RDONLY, 0, out File* file));
        VmArea backing = default;
        Check.Equal(0, ProgramFile.SetBacking(&backing, file, 0));
        UserSpace.Map(mm, Start + (8 * Page), 1, ReadWrite, &backing);
        Check.Equal(0, (long)Uaccess.CopyFromUser(bytes, (void*)(Start + (8 * Page)), 11));
        Check.True(new ReadOnlySpan<byte>(bytes, 11).SequenceEqual("from a file"u8));

        // Private: the file does not change.
        Check.Equal(0, Uaccess.PutUser((byte)'F', (byte*)(Start + (8 * Page))));
        Check.Equal(11, Vfs.KernelRead(file, bytes, 11, 0));
        Check.Equal('f', bytes[0]);
        Files.Put(file);
        UserSpace.Leave(mm);
        Check.Equal(0, FsHelp.Remove("/user_memory\0"u8));
    }

    private static void Atomic()
    {
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 2, ReadWrite);
        ulong value = 5;
        Check.Equal(0, (long)Uaccess.CopyToUser((void*)Start, &value, 8));
        Check.NotLogged("BUG: sleeping function"u8);
        PreemptDisable();
        nuint present = Uaccess.CopyFromUser(&value, (void*)Start, 8);
        nuint absent = Uaccess.CopyFromUser(&value, (void*)(Start + Page), 8);
        PreemptEnable();
        Check.Equal(0, (long)present);
        Check.Equal(8, (long)absent);
        Check.Equal(0ul, value);
        Check.Equal(1, mm->ResidentPages);
#if DEBUG_CHECKS
        Check.Equal(2, Check.CountLogged("BUG: sleeping function called from invalid context at Kernel/Mm/Uaccess.cs:"u8));
#endif
        Check.Equal(0, (long)Uaccess.CopyFromUser(&value, (void*)(Start + Page), 8));
        UserSpace.Leave(mm);
    }

    private static void Counts()
    {
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 1, ReadWrite);
        UserSpace.Map(mm, Start + (2 * Page), 1, VmFlags.Read);
        const int Size = 300;
        byte* bytes = stackalloc byte[Size];

        // Half of it is mapped: at every distance from the end, in words and bytes.
        for (int room = 0; room < 40; room++)
        {
            byte* at = (byte*)(Start + Page - (ulong)room);
            new Span<byte>(bytes, Size).Fill((byte)(room + 1));
            Check.Equal(Size - room, (long)Uaccess.CopyToUser(at, bytes, Size));
            new Span<byte>(bytes, Size).Fill(0xee);
            Check.Equal(Size - room, (long)Uaccess.CopyFromUser(bytes, at, Size));
            Check.Equal(-1, new ReadOnlySpan<byte>(bytes, room).IndexOfAnyExcept((byte)(room + 1)));

            // What was not copied is nothing of the kernel's.
            Check.Equal(-1, new ReadOnlySpan<byte>(bytes + room, Size - room).IndexOfAnyExcept((byte)0));
            Check.Equal(Size - room, (long)Uaccess.ClearUser(at, Size));
        }

        ulong value = 1;
        Check.Equal(8, (long)Uaccess.CopyToUser((void*)(Start + (2 * Page)), &value, 8));
        Check.Equal(0, (long)Uaccess.CopyFromUser(&value, (void*)(Start + (2 * Page)), 8));
        Check.Equal(8, (long)Uaccess.CopyToUser((void*)(Start + (4 * Page)), &value, 8));
        Check.Equal(8, (long)Uaccess.ClearUser(null, 8));

        // The kernel's own memory, though it is there and could be written.
        ulong secret = 77;
        Check.Equal(8, (long)Uaccess.CopyToUser(&secret, &value, 8));
        Check.Equal(8, (long)Uaccess.ClearUser(&secret, 8));
        Check.Equal(77ul, secret);
        Check.Equal(8, (long)Uaccess.CopyFromUser(&value, &secret, 8));
        Check.Equal(0ul, value);
        Check.Equal(16, (long)Uaccess.CopyToUser((void*)0xfffffffffffffff8, &value, 16));
        UserSpace.Leave(mm);
    }

    private static void Strings()
    {
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 1, ReadWrite);
        byte* bytes = stackalloc byte[32];
        byte* text = (byte*)Start;
        "text"u8.CopyTo(new Span<byte>(bytes, 32));
        Check.Equal(0, (long)Uaccess.CopyToUser(text, bytes, 5));
        Check.Equal(4, Uaccess.StrncpyFromUser(bytes, text, 32));
        Check.Equal(3, Uaccess.StrncpyFromUser(bytes, text, 3));
        Check.Equal(0, Uaccess.StrncpyFromUser(bytes, text + 4, 32));

        // Up to the end of what is mapped without a zero.
        new Span<byte>(bytes, 32).Fill((byte)'x');
        Check.Equal(0, (long)Uaccess.CopyToUser((byte*)(Start + Page - 16), bytes, 16));
        Check.Equal(-EFAULT, Uaccess.StrncpyFromUser(bytes, (byte*)(Start + Page - 16), 32));
        Check.Equal(16, Uaccess.StrncpyFromUser(bytes, (byte*)(Start + Page - 16), 16));
        Check.Equal(-EFAULT, Uaccess.StrncpyFromUser(bytes, (byte*)(Start + Page), 32));
        fixed (byte* kernel = "kernel"u8)
        {
            Check.Equal(-EFAULT, Uaccess.StrncpyFromUser(bytes, kernel, 32));
        }

        Check.Equal(0, Uaccess.PutUser(0x1122334455667788, (long*)(Start + 3)));
        Check.Equal(0, Uaccess.GetUser(out int part, (int*)(Start + 3)));
        Check.Equal(0x55667788, part);
        Check.Equal(-EFAULT, Uaccess.GetUser(out part, (int*)(Start + Page - 2)));
        Check.Equal(0, part);
        Check.Equal(-EFAULT, Uaccess.PutUser(1, (int*)(Start + Page)));
        Check.Equal(-EFAULT, Uaccess.PutUser(1, &part));
        UserSpace.Leave(mm);
    }

    private static void Ranges()
    {
        void* last = (void*)(Uaccess.TaskSizeMax - 8);
        Check.True(Uaccess.AccessOk(last, 8) && Uaccess.AccessOk(null, 0) && Uaccess.AccessOk(null, unchecked((nuint)Uaccess.TaskSizeMax)));
        Check.False(Uaccess.AccessOk(last, 9) || Uaccess.AccessOk(null, unchecked((nuint)Uaccess.TaskSizeMax) + 1));
        Check.False(Uaccess.AccessOk((void*)Start, nuint.MaxValue) || Uaccess.AccessOk((void*)nuint.MaxValue, 1));
        Check.False(Uaccess.AccessOk((void*)0x8000000000000000, 1) || Uaccess.AccessOk((void*)0xffff888000000000, 1));
    }

    // The worker runs on the page tables of the program that queued the work, where that memory is present.
    private static void Worker()
    {
        MmStruct* mm = UserSpace.Enter();
        UserSpace.Map(mm, Start, 1, ReadWrite);
        Check.Equal(0, Uaccess.PutUser((byte)'p', (byte*)Start));
        s_first = (byte)'?';
        WorkStruct.Init((WorkStruct*)Unsafe.AsPointer(ref s_work), &ReadMemory);
        ScheduleWork((WorkStruct*)Unsafe.AsPointer(ref s_work));
        FlushScheduledWork();
        Check.Equal(1ul, s_left);
        Check.Equal(0, s_first);
        Check.Equal(0, Uaccess.GetUser(out byte mine, (byte*)Start));
        Check.Equal('p', mine);
        UserSpace.Leave(mm);
    }

    private static void ReadMemory(WorkStruct* work)
    {
        byte one = 1;
        Check.True(Current->Mm == null);
        s_left = Uaccess.CopyFromUser(Unsafe.AsPointer(ref s_first), (void*)Start, 1);
        Check.Equal(1, (long)Uaccess.CopyToUser((void*)Start, &one, 1));
        Check.Equal(-EFAULT, Uaccess.StrncpyFromUser(&one, (byte*)Start, 1));
    }
}
