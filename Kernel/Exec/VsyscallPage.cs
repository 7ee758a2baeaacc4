// VsyscallPage: code of the kernel's that every 32-bit program can call: the fastest way in that the processor has.
//
// Linux: arch/x86/vdso/vdso32 (vsyscall-sysenter.S, vsyscall-syscall.S, sigreturn.S). One page for all, at the same address, read and execute. Init at boot; the
// fault function in process context. No locks: written once. `novsyscall` on the kernel's command line leaves it out: then programs use int 0x80.

using System.Runtime.CompilerServices;
using CSharpOS.Init;

namespace CSharpOS.Processes;

/// <summary>The page behind AT_SYSINFO.</summary>
/// <rows>SYS-03</rows>
internal static unsafe class VsyscallPage
{
    /// <summary>Where it is: the last page but one below 4 GB, above all that programs can map.</summary>
    internal const ulong Address = 0xffffe000;

    private const int SigreturnOffset = 0x40, RtSigreturnOffset = 0x60;

    private static VmOperations s_operations;
    private static Page* s_page;

    /// <summary>Where handlers of programs that give no restorer return to; 0 without the page.</summary>
    internal static ulong Sigreturn => s_page == null ? 0 : Address + SigreturnOffset;

    /// <summary>The same for handlers with siginfo.</summary>
    internal static ulong RtSigreturn => s_page == null ? 0 : Address + RtSigreturnOffset;

    /// <summary>True if programs get it.</summary>
    internal static bool Present => s_page != null;

    // push ebp; mov ebp, ecx; syscall; mov ecx, ebp; pop ebp; ret
    private static ReadOnlySpan<byte> BySyscall => [0x55, 0x89, 0xcd, 0x0f, 0x05, 0x89, 0xe9, 0x5d, 0xc3];

    // push ecx; push edx; push ebp; mov ebp, esp; sysenter; then, at SYSENTER_RETURN: pop ebp; pop edx; pop ecx; ret
    private static ReadOnlySpan<byte> BySysenter => [0x51, 0x52, 0x55, 0x89, 0xe5, 0x0f, 0x34, 0x5d, 0x5a, 0x59, 0xc3];

    // int 0x80; ret
    private static ReadOnlySpan<byte> ByInt80 => [0xcd, 0x80, 0xc3];

    // pop eax; mov eax, 119; int 0x80
    private static ReadOnlySpan<byte> SigreturnCode => [0x58, 0xb8, 119, 0, 0, 0, 0xcd, 0x80];

    // mov eax, 173; int 0x80
    private static ReadOnlySpan<byte> RtSigreturnCode => [0xb8, 173, 0, 0, 0, 0xcd, 0x80];

    /// <summary>Writes the page. Boot, after the page allocator.</summary>
    /// <linux>sysenter_setup</linux>
    internal static void Init()
    {
        s_page = null;
        s_operations = default;
        s_operations.Fault = &Fault;
        if (CommandLine.Has("novsyscall"u8))
        {
            return;
        }

        s_page = PageAllocator.AllocPages(0, GfpFlags.Kernel | GfpFlags.Zero);
        if (s_page == null)
        {
            return;
        }

        Span<byte> page = new(MemMap.PageToVirt(s_page), (int)DirectMap.PAGE_SIZE);
        ReadOnlySpan<byte> enter = CpuFeatures.HasSysenter ? BySysenter : CpuFeatures.HasCompatSyscall ? BySyscall : ByInt80;
        enter.CopyTo(page);
        SigreturnCode.CopyTo(page[SigreturnOffset..]);
        RtSigreturnCode.CopyTo(page[RtSigreturnOffset..]);
    }

    /// <summary>Puts it into the address space of a new 32-bit program. 0 or -ENOMEM.</summary>
    /// <linux>arch_setup_additional_pages</linux>
    internal static int Map(MmStruct* mm)
    {
        if (s_page == null)
        {
            return 0;
        }

        VmArea backing = default;
        backing.Operations = (VmOperations*)Unsafe.AsPointer(ref s_operations);
        return UserMapping.AddArea(mm, Address, Address + DirectMap.PAGE_SIZE, VmFlags.Read | VmFlags.Exec | VmFlags.Shared, &backing);
    }

    private static int Fault(VmArea* area, ulong index, Page** page)
    {
        PageAllocator.GetPage(s_page);
        *page = s_page;
        return 0;
    }
}
