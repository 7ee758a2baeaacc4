// The kernel's page tables: guard pages, what is read-only, what is not executable. Part of the suite mm.

using CSharpOS.Pci;

namespace CSharpOS.Suites;

public static unsafe partial class MmTests
{
    private static void VmallocGuard()
    {
        ulong used = Vmalloc.UsedBytes;
        byte* first = (byte*)Vmalloc.Alloc(3 * 4096);
        byte* second = (byte*)Vmalloc.Alloc(1);
        for (int i = 0; i < 3 * 4096; i++)
        {
            first[i] = (byte)i;
        }

        for (int i = 0; i < 3 * 4096; i += 100)
        {
            Check.Equal(first[i], *(byte*)DirectMap.PhysToVirt(Vmalloc.VmallocToPhys(first + i)));
        }

        Check.Equal(used + (4 * 4096), Vmalloc.UsedBytes);
        Check.Equal(0, Recovery.Call(&Touch, first + (3 * 4096) - 1));
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, first + (3 * 4096)));
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, second + 4096));
        Vmalloc.Free(first);
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, first));
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, first + (2 * 4096)));
        Check.Equal(0, Recovery.Call(&Touch, second));
        Vmalloc.Free(second);
        Check.Equal(used, Vmalloc.UsedBytes);
    }

    private static void Ioremap()
    {
        const ulong LocalApic = 0xfee00000;
        const PageProtection Uncached = PageProtection.CacheDisable | PageProtection.WriteThrough;
        byte* apic = (byte*)Vmalloc.Ioremap(LocalApic + 0x20, 0x20);
        Check.True(apic != null);
        Check.Equal(LocalApic + 0x20, Vmalloc.VmallocToPhys(apic));
        Paging.Translate((ulong)apic, out _, out PageProtection protection);
        Check.Equal((ulong)(Uncached | PageProtection.NoExecute), (ulong)(protection & (Uncached | PageProtection.NoExecute)));
        Check.Equal(0, Recovery.Call(&Touch, apic));
        Vmalloc.Iounmap(apic);
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, apic));

        void* memory = Kmalloc(64, GfpFlags.Kernel);
        Check.True(Vmalloc.Ioremap(DirectMap.VirtToPhys(memory), 64) == null);
        Kfree(memory);
    }

    private static void NullPage()
    {
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, (void*)0));
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, (void*)4095));
        Check.Equal(PageFault + 1, Recovery.Call(&Touch, (void*)0x100000));
    }

    private static void TextIsReadOnly()
    {
        byte* text = (byte*)(delegate*<void>)&NullPage;
        byte* alias = (byte*)DirectMap.PhysToVirt(DirectMap.VirtToPhys(text));
        byte before = *text;
        Check.Equal(before, *alias);
        Check.Equal(PageFault + 1, Recovery.Call(&Write, text));
        Check.Equal(PageFault + 1, Recovery.Call(&Write, alias));
        Check.Equal(PageFault + 1, Recovery.Call(&Jump, alias));
        Check.Equal(before, *text);
        ReadOnlySpan<byte> literal = "constant"u8;
        fixed (byte* constant = literal)
        {
            Check.Equal(PageFault + 1, Recovery.Call(&Write, constant));
            Check.Equal(PageFault + 1, Recovery.Call(&Write, DirectMap.PhysToVirt(DirectMap.VirtToPhys(constant))));
        }
    }

    private static void DataIsNotExecutable()
    {
        const byte Return = 0xc3;
        byte* memory = (byte*)Kmalloc(64, GfpFlags.Kernel);
        byte* area = (byte*)Vmalloc.Alloc(64);
        memory[0] = Return;
        area[0] = Return;
        Check.Equal(PageFault + 1, Recovery.Call(&Jump, memory));
        Check.Equal(PageFault + 1, Recovery.Call(&Jump, area));

        // Just to know that the code itself would have run.
        Check.Equal(0, Paging.ProtectPage((ulong)area, PageProtection.KernelText));
        Check.Equal(0, Recovery.Call(&Jump, area));
        Check.Equal(0, Paging.ProtectPage((ulong)area, PageProtection.KernelData));
        Check.Equal(PageFault + 1, Recovery.Call(&Jump, area));
        Kfree(memory);
        Vmalloc.Free(area);
    }

    private static void WholeTable()
    {
        uint wrong = 0;
        ulong executable = 0;
        Walk(Paging.Root, PageTableEntry.TopLevel, ref wrong, ref executable);
        Check.Equal(0, wrong);
        Check.Equal((ulong)(LinkerSymbols.TextEnd - LinkerSymbols.TextStart), executable);

        Check.False(Paging.Translate((ulong)LinkerSymbols.InitStackBottom - 1, out _, out _));
        Check.False(Paging.Translate((ulong)LinkerSymbols.IrqStackBottom - 1, out _, out _));
        for (int i = 0; i < 4; i++)
        {
            Check.False(Paging.Translate((ulong)LinkerSymbols.ExceptionStackBottom(i) - 1, out _, out _));
            Check.True(Paging.Translate((ulong)LinkerSymbols.ExceptionStackBottom(i), out _, out _));
        }

        PageTableEntry* top = (PageTableEntry*)DirectMap.PhysToVirt(Paging.Root);
        for (int i = 0; i < PageTableEntry.EntriesPerTable; i++)
        {
            Check.Equal(i >= 256 ? 1 : 0, top[i].Present ? 1 : 0);
        }
    }

    private static void Walk(ulong table, int level, ref uint wrong, ref ulong executable)
    {
        var entries = (PageTableEntry*)DirectMap.PhysToVirt(table);
        for (int i = 0; i < PageTableEntry.EntriesPerTable; i++)
        {
            if (!entries[i].Present)
            {
                continue;
            }

            if (level > 0 && !entries[i].Large)
            {
                Walk(entries[i].Physical, level - 1, ref wrong, ref executable);
                continue;
            }

            bool writable = (entries[i].Protection & PageProtection.Writable) != 0;
            bool runs = (entries[i].Protection & PageProtection.NoExecute) == 0;
            wrong += (writable && runs) || (entries[i].Protection & PageProtection.User) != 0 ? 1U : 0;
            executable += runs ? PageTableEntry.SizeOfLevel(level) : 0;
        }
    }

    private static void HighestMemory()
    {
        // The allocator starts with the highest zone. A few pages of each zone, written and read.
        for (int zone = 0; zone < Zone.Count; zone++)
        {
            GfpFlags gfp = zone == 0 ? GfpFlags.Dma : zone == 1 ? GfpFlags.Dma32 : GfpFlags.Kernel;
            Page* page = PageAllocator.AllocPages(3, gfp | GfpFlags.Wait);
            Check.True(page != null && (int)page->Zone <= zone);
            ulong* words = (ulong*)MemMap.PageToVirt(page);
            for (ulong i = 0; i < 8 * 512; i++)
            {
                words[i] = i * 0x9e3779b97f4a7c15;
            }

            ulong different = 0;
            for (ulong i = 0; i < 8 * 512; i++)
            {
                different += words[i] ^ (i * 0x9e3779b97f4a7c15);
            }

            Check.Equal(0UL, different);
            PageAllocator.FreePages(page, 3);
        }

        MemInfo info = MemInfo.Get();
        Check.Equal(info.Managed, info.Dma.Managed + info.Dma32.Managed + info.Normal.Managed);
        Check.True(info.Total > info.Managed && info.Managed > info.Free);
    }

    private static void Protect()
    {
        s_target = (byte*)Vmalloc.Alloc(4096);
        s_target[5] = 1;
        Check.Equal(0, Paging.ProtectPage((ulong)s_target, PageProtection.KernelReadOnly));
        Check.Equal(PageFault + 1, Recovery.Call(&Write, s_target + 5));
        Check.Equal(0, Recovery.Call(&Touch, s_target + 5));
        Check.Equal(0, Paging.ProtectPage((ulong)s_target, PageProtection.KernelData));
        Check.Equal(0, Recovery.Call(&Write, s_target + 5));
        Check.Equal(-ENOENT, Paging.ProtectPage((ulong)s_target + 4096, PageProtection.KernelData));
        Vmalloc.Free(s_target);
    }

    private static void Touch(void* address) => _ = Mmio.Read8(address);

    private static void Write(void* address) => Mmio.Write8(address, 0xcc);

    private static void Jump(void* address) => ((delegate*<void>)address)();

    private static PciDevice* FindEdu()
    {
        for (PciDevice* device = PciBus.First(); device != null; device = PciBus.Next(device))
        {
            if (device->Vendor == EduVendor && device->Device == EduDevice)
            {
                return device;
            }
        }

        return null;
    }
}
