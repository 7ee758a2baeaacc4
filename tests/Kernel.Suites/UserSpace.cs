// UserSpace: an address space for the running thread, as a program has one, so that a test can call what a system call would call.

namespace CSharpOS.Suites;

internal static unsafe class UserSpace
{
    /// <summary>The first address that the tests map.</summary>
    internal const ulong Start = 0x20000;

    /// <summary>The running thread gets an empty address space. Null, and the test fails: there is no memory.</summary>
    internal static MmStruct* Enter()
    {
        MmStruct* mm = AddressSpaces.Allocate();
        Check.True(mm != null);
        Check.Equal(0, UserSwitch.AllocateFpu(Current));
        if (mm != null)
        {
            Put(mm);
            UserSwitch.Activate(mm);
            UserSwitch.Reset(Current);
        }

        return mm;
    }

    /// <summary>Gives it back, with all that is mapped.</summary>
    internal static void Leave(MmStruct* mm)
    {
        Put(null);
        UserSwitch.Deactivate();
        AddressSpaces.Put(mm);
        UserSwitch.FreeFpu(Current);
    }

    /// <summary>Maps anonymous memory, or what <paramref name="backing"/> shows.</summary>
    internal static void Map(MmStruct* mm, ulong address, int pages, VmFlags flags, VmArea* backing = null) =>
        Check.Equal((long)address, UserMapping.Map(mm, address, (ulong)pages * DirectMap.PAGE_SIZE, flags, isFixed: true, backing));

    private static void Put(MmStruct* mm)
    {
        TaskStruct* task = Current;
        task->MmLock.LockIrq();
        task->Mm = mm;
        task->MmLock.UnlockIrq();
    }
}
