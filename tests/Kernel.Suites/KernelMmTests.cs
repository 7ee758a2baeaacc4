// KernelMmTests: a kernel thread has no memory of its own and runs on the page tables of whatever program ran before it. Part of the suite user.
//
// A program is inside a read of /dev/usertest-visit while the test looks, from kernel threads on CPU 0. With more than one CPU it goes on to CPU 1 and ends
// there, while CPU 0 still borrows its tables. Nobody else runs a program meanwhile.

using System.Runtime.CompilerServices;
using CSharpOS.Processes;

namespace CSharpOS.Suites;

internal static unsafe class KernelMmTests
{
    private static FileOperations s_ops;
    private static Completion s_arrived, s_go;
    private static MmStruct* s_mm;
    private static int s_leaveFor, s_status;

    /// <summary>Part of the suite user.</summary>
    internal static void Run()
    {
        OnCpuZero.Run("a kernel thread's mm is null, its active_mm borrowed; what a program leaves goes when the thread is switched away"u8, "KT-03"u8, &Borrow);
    }

    private static Completion* Arrived => (Completion*)Unsafe.AsPointer(ref s_arrived);

    private static Completion* Go => (Completion*)Unsafe.AsPointer(ref s_go);

    private static void Borrow()
    {
        s_ops = new FileOperations { Read = &Read };
        int major = RegisterChrdev(0, "visit"u8, (FileOperations*)Unsafe.AsPointer(ref s_ops));
        Check.Equal(0, DeviceCreate("usertest-visit"u8, FileModes.S_IFCHR | 0x1b6, DeviceNumber.Make((uint)major, 0)));
        UserHelp.Good("getpid\0"u8);
        LeaveOn(0, Smp.CpuCount);
        ulong before = AddressSpaceCount();

        // The first program: CPU 0 is on its tables while it sleeps.
        bool elsewhere = Smp.CpuCount > 1;
        s_leaveFor = elsewhere ? 1 : 0;
        SchedThread first = default;
        Visit(&first);
        MmStruct* mm = s_mm;
        Borrowed look = Look();
        Check.True(mm != null && look.Mm == null);
        Check.True(look.Loaded == mm && look.OnItsTables);
        Check.Equal(1, look.Users);
        Check.True(look.Resident > 0);
        Check.Equal(before + 1, AddressSpaceCount());

        // It has ended. Elsewhere: its memory is gone, and what CPU 0 is still on is kept for CPU 0 alone.
        Leave(&first);
        LeaveOn(1, Smp.CpuCount);
        look = Look();
        Check.True(look.Mm == null);
        Check.True(look.Loaded == (elsewhere ? mm : null));
        if (elsewhere && look.Loaded == mm)
        {
            Check.True(look.OnItsTables && look.IsEmpty);
            Check.Equal(0, look.Users);
            Check.Equal(1, look.References);
            Check.Equal(0, look.Resident);
        }

        Check.Equal(before + (elsewhere ? 1u : 0u), AddressSpaceCount());

        // The second one takes the CPU from the kernel threads: with that the first one's is gone.
        s_leaveFor = 0;
        Visit(&first);
        look = Look();
        Check.True(look.Mm == null && look.Loaded == s_mm && look.OnItsTables);
        Check.Equal(before + 1, AddressSpaceCount());
        Leave(&first);
        LeaveOn(0, Smp.CpuCount);
        look = Look();
        Check.True(look.Mm == null && look.Loaded == null);
        Check.Equal(before, AddressSpaceCount());
        Check.Equal(0, DeviceDestroy("usertest-visit"u8));
        UnregisterChrdev((uint)major);
    }

    // Starts a program and waits until it is inside its read, on CPU 0.
    private static void Visit(SchedThread* thread)
    {
        s_mm = null;
        s_status = -1;
        Completion.Init(Arrived);
        Completion.Init(Go);
        if (SchedThread.Run(thread, -1, &RunProgram, null))
        {
            Completion.Wait(Arrived);
        }
    }

    private static void Leave(SchedThread* thread)
    {
        Completion.Complete(Go);
        SchedThread.Join(thread);
        Check.Equal(0, s_status);
    }

    private static void RunProgram(void* unused)
    {
        s_status = UserHelp.Run("/bin/usertest\0"u8, "visit\0"u8);

        // If it did not come to its read, it does not now.
        Completion.Complete(Arrived);
    }

    private static long Read(File* file, IoBuffer* buffer, long* position)
    {
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1));
        s_mm = Current->Mm;
        Completion.Complete(Arrived);
        Completion.Wait(Go);
        Check.Equal(0, Scheduler.SetCpusAllowed(Current, 1u << s_leaveFor));
        int who = Current->Tgid;
        return (long)buffer->Put(&who, sizeof(int));
    }

    // What a kernel thread on CPU 0 finds itself to be on.
    private static Borrowed Look()
    {
        Borrowed look = default;
        On(0, &LookHere, &look);

        return look;
    }

    private static void LookHere(void* to)
    {
        var look = (Borrowed*)to;
        PreemptDisable();
        MmStruct* loaded = Hot->LoadedMm;
        look->Mm = Current->Mm;
        look->Loaded = loaded;
        if (loaded != null)
        {
            look->OnItsTables = (AsmImports.ReadCr3() & ~0xffful) == loaded->Root;
            look->Users = loaded->Users.Read();
            look->References = loaded->References.Read();
            look->Resident = loaded->ResidentPages;
            look->IsEmpty = ListHead.Empty(&loaded->Areas);
        }

        PreemptEnable();
    }

    private static void LeaveOn(int from, int to)
    {
        for (int cpu = from; cpu < to; cpu++)
        {
            On(cpu, &LeaveHere, null);
        }
    }

    private static void On(int cpu, delegate*<void*, void> function, void* argument)
    {
        SchedThread thread = default;
        if (SchedThread.Run(&thread, cpu, function, argument))
        {
            SchedThread.Join(&thread);
        }
    }

    private static void LeaveHere(void* unused) => UserSwitch.Deactivate();

    private static ulong AddressSpaceCount()
    {
        for (int i = 0; Slab.GetInfo(i, out SlabInfo cache); i++)
        {
            if (cache.Name.SequenceEqual("mm_struct"u8))
            {
                return cache.ActiveObjects;
            }
        }

        return 0;
    }

    private struct Borrowed
    {
        public MmStruct* Mm, Loaded;
        public bool OnItsTables, IsEmpty;
        public long Users, References, Resident;
    }
}
