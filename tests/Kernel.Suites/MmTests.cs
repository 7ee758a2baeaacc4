// MmTests: memory management on the real page tables: allocation under interrupts, memory that runs out, misuse, and what must fault.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

public static unsafe partial class MmTests
{
    private const int PageFault = 14;
    private const int Slots = 400;
    private const int FewestInterrupts = 50;
    private const int Rounds = 20_000;
    private const int HandlerSlots = 64;
    private const uint EduVendor = 0x1234, EduDevice = 0x11e8;
    private const int EduFactorial = 0x08, EduStatus = 0x20;
    private const uint EduComputing = 1, EduInterruptWhenDone = 0x80;

    private static Slot* s_slots;
    private static Slot* s_handlerSlots;
    private static uint s_random;
    private static uint s_handlerRandom;
    private static int s_interrupts;
    private static int s_damaged;
    private static byte* s_target;
    private static object? s_object;

    private struct Slot
    {
        public byte* Memory;
        public uint Size;
        public byte Mark;
    }

    [TestSuite("mm")]
    public static void Suite()
    {
        Test.Run("kmalloc stress, with interrupts that allocate"u8, "MM-01"u8, &Stress);
        Test.Run("memory that runs out, and comes back"u8, "MM-01"u8, &Exhaustion);
        Test.Run("ENOMEM reaches the caller"u8, "MM-01"u8, &FailureReachesCaller);
        Test.Run("GFP_KERNEL in atomic context is reported, GFP_ATOMIC is not"u8, "MM-01"u8, &SleepingInAtomic);
        Test.Run("misuse of kmalloc memory is reported"u8, "MM-01"u8, &Misuse);
        Test.Run("every size, aligned, zeroed, DMA below 16 MB"u8, "MM-01"u8, &Sizes);
        Test.Run("vmalloc: contiguous, guard page behind, gone when freed"u8, "MM-01"u8, &VmallocGuard);
        Test.Run("ioremap: uncached, not of memory"u8, "MM-01"u8, &Ioremap);
        Test.Run("the first page is not mapped"u8, "MM-01"u8, &NullPage);
        Test.Run("kernel text is not writable, through no view"u8, "MM-01"u8, &TextIsReadOnly);
        Test.Run("memory from kmalloc and vmalloc is not executable"u8, "MM-01"u8, &DataIsNotExecutable);
        Test.Run("no page is writable and executable; guard pages are missing"u8, "MM-01"u8, &WholeTable);
        Test.Run("the highest memory works through the direct map"u8, "MM-01"u8, &HighestMemory);
        Test.Run("a page loses and gets back the right to be written"u8, "MM-01"u8, &Protect);
    }

    private static void Stress()
    {
        int reports = MemoryReport.Count;
        s_slots = (Slot*)Kcalloc(Slots, (nuint)sizeof(Slot), GfpFlags.Kernel);
        s_handlerSlots = (Slot*)Kcalloc(HandlerSlots, (nuint)sizeof(Slot), GfpFlags.Kernel);
        s_random = 1;
        s_handlerRandom = 2;
        s_interrupts = 0;
        s_damaged = 0;

        PciDevice* edu = FindEdu();
        byte* registers = null;
        if (edu != null)
        {
            registers = (byte*)Vmalloc.Ioremap(edu->Resource(0).Start, 4096);
            Check.Equal(0, RequestIrq(edu->Irq, &AllocatingHandler, IrqFlags.Shared, "mm test"u8, edu));
        }

        // On a busy host the device is slow: then it takes more rounds until it has interrupted often enough to have hit something.
        ulong start = MonotonicMicroseconds();
        for (int i = 0; i < Rounds || (registers != null && s_interrupts <= FewestInterrupts && MonotonicMicroseconds() - start < 60_000_000); i++)
        {
            // The device computes beside the processor: its interrupt comes at no particular instruction.
            if (registers != null && (Mmio.Read32(registers + EduStatus) & EduComputing) == 0)
            {
                Mmio.Write32(registers + EduStatus, EduInterruptWhenDone);
                Mmio.Write32(registers + EduFactorial, 3 + (s_random % 2000));
            }

            Slot* slot = &s_slots[Random(ref s_random) % Slots];
            Exchange(slot, ref s_random, GfpFlags.Kernel);
        }

        if (registers != null)
        {
            Mmio.Write32(registers + EduStatus, 0);
            FreeIrq(edu->Irq, edu);
            Vmalloc.Iounmap(registers);
            Check.True(s_interrupts > FewestInterrupts);
        }

        Release(s_slots, Slots);
        Release(s_handlerSlots, HandlerSlots);
        Check.Equal(0, s_damaged);
        Check.Equal(reports, MemoryReport.Count);
        Check.Equal(0, PreemptCount());
    }

    private static IrqReturn AllocatingHandler(int irq, void* devId, PtRegs* regs)
    {
        s_interrupts++;
        Exchange(&s_handlerSlots[Random(ref s_handlerRandom) % HandlerSlots], ref s_handlerRandom, GfpFlags.Atomic);
        return IrqReturn.None;
    }

    // Frees what is in the slot, or fills it.
    private static void Exchange(Slot* slot, ref uint random, GfpFlags gfp)
    {
        if (slot->Memory != null)
        {
            Examine(slot);
            Kfree(slot->Memory);
            slot->Memory = null;
            return;
        }

        slot->Size = 1 + (Random(ref random) % (Random(ref random) % 16 == 0 ? 20_000U : 300));
        slot->Mark = (byte)Random(ref random);
        slot->Memory = (byte*)Kmalloc(slot->Size, gfp | GfpFlags.NoWarn);
        if (slot->Memory != null)
        {
            slot->Memory[0] = slot->Mark;
            slot->Memory[slot->Size / 2] = slot->Mark;
            slot->Memory[slot->Size - 1] = slot->Mark;
        }
    }

    private static void Examine(Slot* slot)
    {
        if (slot->Memory[0] != slot->Mark || slot->Memory[slot->Size / 2] != slot->Mark || slot->Memory[slot->Size - 1] != slot->Mark)
        {
            s_damaged++;
        }
    }

    private static void Release(Slot* slots, int count)
    {
        for (int i = 0; i < count; i++)
        {
            if (slots[i].Memory != null)
            {
                Examine(&slots[i]);
                Kfree(slots[i].Memory);
            }
        }

        Kfree(slots);
    }

    // All of the memory below 16 MB: that is there on every machine, and not too much.
    private static void Exhaustion()
    {
        const GfpFlags Dma = GfpFlags.Dma | GfpFlags.NoWarn;
        MemInfo before = MemInfo.Get();
        void* first = null;
        int pages = TakeAll(Dma | GfpFlags.Kernel, ref first);
        Check.True(pages > 100);
        Check.True(PageAllocator.AllocPages(0, Dma | GfpFlags.Kernel) == null);
        Check.True(Kmalloc(100_000, Dma | GfpFlags.Kernel) == null);

        // The reserve is left for who cannot wait.
        int reserve = TakeAll(Dma | GfpFlags.Atomic, ref first);
        Check.True(reserve > 0);
        Check.Equal(0UL, MemInfo.Get().Dma.Free);
        Check.True(Kmalloc(8000, Dma | GfpFlags.Atomic) == null);
        Check.True(PageAllocator.AllocPages(0, Dma | GfpFlags.Atomic) == null);

        int returned = 0;
        while (first != null)
        {
            void* next = *(void**)first;
            PageAllocator.FreePage(first);
            first = next;
            returned++;
        }

        Check.Equal(pages + reserve, returned);
        Check.Equal(before.Dma.Managed, MemInfo.Get().Dma.Managed);
        Check.True(MemInfo.Get().Dma.Free >= before.Dma.Free);
        void* memory = Kmalloc(100_000, GfpFlags.Kernel);
        Check.True(memory != null);
        Kfree(memory);
    }

    private static int TakeAll(GfpFlags gfp, ref void* first)
    {
        int count = 0;
        while (true)
        {
            void* page = PageAllocator.GetFreePage(gfp);
            if (page == null)
            {
                return count;
            }

            *(void**)page = first;
            first = page;
            count++;
        }
    }

    private static void FailureReachesCaller()
    {
#if DEBUG_CHECKS
        const int SomeIrq = 5;
        AllocationFailure.FailNth(1);
        int result = RequestIrq(SomeIrq, &AllocatingHandler, IrqFlags.Shared, "mm test"u8, s_slots + 1);
        AllocationFailure.Clear();
        Check.Equal(-ENOMEM, result);
        AllocationFailure.FailEvery(1);
        Check.True(Kmalloc(64, GfpFlags.Kernel) == null);
        Check.True(Vmalloc.Alloc(5000) == null);
        Check.True(KmemCacheCreate("mm test"u8, 50) == null);
        AllocationFailure.Clear();
        Check.NotLogged("oops"u8);
#else
        Test.Skip("failures are injected in debug builds only"u8);
#endif
    }

    private static void SleepingInAtomic()
    {
#if DEBUG_CHECKS
        ulong flags = LocalIrqSave();
        Kfree(Kmalloc(64, GfpFlags.Atomic));
        PageAllocator.FreePages(PageAllocator.AllocPages(0, GfpFlags.Atomic), 0);
        LocalIrqRestore(flags);
        Check.NotLogged("sleeping function called from invalid context"u8);

        flags = LocalIrqSave();
        Kfree(Kmalloc(64, GfpFlags.Kernel));
        LocalIrqRestore(flags);
        Check.Logged("BUG: sleeping function called from invalid context at tests/Kernel.Suites/MmTests.cs:"u8);
        Check.Logged("in_atomic(): 0, irqs_disabled(): 1"u8);

        Check.ForgetLog();
        PreemptDisable();
        PageAllocator.FreePages(PageAllocator.AllocPages(0, GfpFlags.Kernel), 0);
        PreemptEnable();
        Check.Logged("in_atomic(): 1, irqs_disabled(): 0"u8);

        Check.ForgetLog();
        PreemptDisable();
        s_object = new object();
        PreemptEnable();
        Check.Logged("BUG: sleeping function called from invalid context at "u8);
        s_object = null;
#else
        Test.Skip("the context is checked in debug builds only"u8);
#endif
    }

    private static void Misuse()
    {
#if DEBUG_CHECKS
        byte* memory = (byte*)Kmalloc(60, GfpFlags.Kernel);
        memory[60] = 1;
        Kfree(memory);
        Reported(MemoryFault.RedZoneOverwritten, memory);
        Check.Logged("BUG kmalloc-64: red zone of object "u8);
        Check.Logged("allocated at tests/Kernel.Suites/MmTests.cs:"u8);

        memory = (byte*)Kmalloc(600, GfpFlags.Kernel);
        Kfree(memory);
        memory[300] = 1;
        byte* again = (byte*)Kmalloc(600, GfpFlags.Kernel);
        Check.True(again == memory);
        Reported(MemoryFault.UseAfterFree, memory);
        Check.Logged("BUG kmalloc-1024: free object "u8);
        Check.Logged("freed at tests/Kernel.Suites/MmTests.cs:"u8);
        Kfree(again);
        Kfree(again);
        Reported(MemoryFault.DoubleFree, memory);
        Kfree(&again);
        Reported(MemoryFault.BadPointer, &again);
        void* area = Vmalloc.Alloc(4096);
        Kfree(area);
        Reported(MemoryFault.BadPointer, area);
        Vmalloc.Free(area);
        Check.Logged(" MmTests.Misuse+0x"u8);
#else
        Test.Skip("misuse is looked for in debug builds only"u8);
#endif
    }

    private static void Reported(MemoryFault fault, void* address)
    {
        Check.Equal((long)fault, (long)MemoryReport.LastFault);
        Check.Equal((ulong)address, MemoryReport.LastAddress);
    }

    private static void Sizes()
    {
        for (nuint size = 1; size <= 100_000; size += 1 + (size / 3))
        {
            byte* memory = (byte*)Kzalloc(size, GfpFlags.Kernel);
            Check.Equal(0UL, (ulong)memory & (size >= 16 ? 15UL : 7));
            Check.True(Ksize(memory) >= size);
            uint sum = 0;
            for (nuint i = 0; i < size; i++)
            {
                sum += memory[i];
                memory[i] = 0xff;
            }

            Check.Equal(0, sum);
            Kfree(memory);
            memory = (byte*)Kmalloc(size, GfpFlags.Kernel | GfpFlags.Dma);
            Check.True(DirectMap.VirtToPhys(memory) + size <= 16 << 20);
            Kfree(memory);
        }

        Check.Equal(16UL, (ulong)Kmalloc(0, GfpFlags.Kernel));
        Check.True(Kmalloc(nuint.MaxValue, GfpFlags.Kernel | GfpFlags.NoWarn) == null);
        Kfree(null);
    }

    private static uint Random(ref uint state)
    {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        return state >> 3;
    }
}
