// FaultText: what a fault means, in words. Linux: show_fault_oops (arch/x86/mm/fault.c). Any context, no locks.

namespace CSharpOS.Debugging;

/// <summary>The first lines of an oops.</summary>
internal static unsafe class FaultText
{
    private const ulong Present = 1, Write = 2, User = 4, Reserved = 8, Fetch = 16;
    private const ulong FirstPage = 4096;

#if SMP && PREEMPT
    /// <summary>What kind of kernel this is.</summary>
    public static ReadOnlySpan<byte> Build => "SMP PREEMPT"u8;
#elif SMP
    public static ReadOnlySpan<byte> Build => "SMP"u8;
#elif PREEMPT
    public static ReadOnlySpan<byte> Build => "PREEMPT"u8;
#else
    public static ReadOnlySpan<byte> Build => "UP"u8;
#endif

    /// <summary>Logs why the fault came about, as far as the processor tells.</summary>
    public static void PrintCause(LogLevel level, PtRegs* regs, int vector, ulong address)
    {
        if (vector == ExceptionNames.PageFault)
        {
            PrintPageFault(level, regs, address);
        }
        else if (vector == ExceptionNames.DoubleFault && KernelStacks.InGuardPage((nuint)address, out StackKind kind))
        {
            Printk(level, $"BUG: kernel stack overflow on the {NameOf(kind)} stack: its guard page was hit at {address:x16}\n");
        }
        else if (vector == ExceptionNames.GeneralProtection && regs->OrigRax != 0)
        {
            Printk(level, $"The fault is about segment selector {regs->OrigRax & 0xffff:x4}\n");
        }

        if (regs->UserMode)
        {
            Printk(level, "The fault came from user mode\n"u8);
        }
    }

    private static void PrintPageFault(LogLevel level, PtRegs* regs, ulong address)
    {
        ulong error = regs->OrigRax;
        if ((error & Reserved) != 0)
        {
            Printk(level, $"BUG: corrupted page table, at the entry for {address:x16}\n");
            return;
        }

        if ((error & (Fetch | Present)) == (Fetch | Present))
        {
            Printk(level, $"BUG: kernel tried to execute NX-protected page at {address:x16}\n");
        }
        else if ((error & (Write | Present)) == (Write | Present))
        {
            Printk(level, $"BUG: kernel tried to write to read-only memory at {address:x16}\n");
        }

        if (address < FirstPage)
        {
            Printk(level, $"BUG: unable to handle kernel NULL pointer dereference at {address:x16}\n");
        }
        else
        {
            Printk(level, $"BUG: unable to handle kernel paging request at {address:x16}\n");
        }

        ReadOnlySpan<byte> access = (error & Fetch) != 0 ? "execute"u8 : (error & Write) != 0 ? "write"u8 : "read"u8;
        ReadOnlySpan<byte> why = (error & Present) != 0 ? "the page does not allow it"u8 : "no page is there"u8;
        ReadOnlySpan<byte> mode = (error & User) != 0 ? "user mode"u8 : "the kernel"u8;
        Printk(level, $"{mode} wanted to {access}: {why}\n");
    }

    private static ReadOnlySpan<byte> NameOf(StackKind kind) => kind switch
    {
        StackKind.Task => "task's"u8,
        StackKind.Interrupt => "interrupt"u8,
        _ => "exception"u8,
    };
}
