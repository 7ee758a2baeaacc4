// SignalFrame: what a handler finds on its stack, and the way back.
//
// Linux: setup_rt_frame, sys_rt_sigreturn (arch/x86/kernel/signal_64.c). Process context of the thread itself; touches user memory. The layout is that
// of Linux/x86-64: programs read it. Everything that comes back from the program is checked: it may have written what it likes there.

using System.Runtime.InteropServices;

namespace CSharpOS.Processes;

/// <summary>The frame of a signal handler.</summary>
internal static unsafe class SignalFrame
{
    private const ulong RedZone = 128;
    private const int FxsaveXmm = 160, FxsaveMxcsr = 24;
    private const uint MxcsrMask = 0xffff;

    // Arithmetic flags, direction, single step, resume, alignment check: all that a program may set.
    private const ulong UserFlags = 0x50dd5, AlwaysSet = 0x202;

    /// <summary>Puts the registers onto the user stack and makes the thread go on in the handler.</summary>
    /// <returns>0, or -EFAULT if there is no such stack.</returns>
    internal static int Push(PtRegs* regs, int signal, in SigAction action, in SigInfo info, ulong blocked)
    {
        if (regs->Cs != AsmOffsets.USER_CS)
        {
            return SignalFrame32.Push(regs, signal, action, info, blocked);
        }

        ulong stack = StackFor(regs->Rsp, RedZone, action);
        ulong fpu = (stack - CpuFeatures.FpuStateSize) & ~63UL;

        // As if called: the return address at 8 modulo 16.
        ulong frame = ((fpu - (ulong)sizeof(Frame)) & ~15UL) - sizeof(ulong);
        Frame image = default;
        image.ReturnAddress = action.Restorer;
        image.Context = Context(regs, blocked, fpu);
        image.Context.StackPointer = Current->Signals.StackBottom;
        image.Context.StackSize = Current->Signals.StackSize;
        image.Info = new UserInfo { Signal = signal, Code = info.Code, Pid = info.Pid, Uid = info.Uid, Status = info.Status };
        if (info.Code == SigInfo.SI_TIMER)
        {
            image.Info.Value = info.Address;
        }
        else if (info.Address != 0)
        {
            image.Info.Address = info.Address;
        }

        if ((action.Flags & SigAction.HasRestorer) == 0 || PushFpu(regs, fpu) != 0 ||
            !Uaccess.AccessOk((void*)frame, (nuint)sizeof(Frame)) || Uaccess.CopyToUser((void*)frame, &image, (nuint)sizeof(Frame)) != 0)
        {
            return -EFAULT;
        }

        // Addresses of user memory as numbers: the compiler touches memory when it adds a field's offset to a pointer.
        ulong context = frame + sizeof(ulong);
        regs->Rip = action.Handler;
        regs->Rsp = frame;
        regs->Rdi = (ulong)signal;
        regs->Rsi = context + (ulong)sizeof(UserContextImage);
        regs->Rdx = context;
        regs->Rax = 0;
        regs->Eflags &= ~0x500UL;
        regs->OrigRax = ulong.MaxValue;
        return 0;
    }

    /// <summary>sigreturn of a 64-bit program: everything as before the handler.</summary>
    /// <returns>The value of rax; the caller puts it there.</returns>
    internal static long Pop(PtRegs* regs)
    {
        // rsp is at the context. Its address is not taken from a Frame*: the compiler touches memory when it adds a field's offset to a pointer.
        var from = (UserContextImage*)regs->Rsp;
        if (!Uaccess.AccessOk(from, (nuint)sizeof(UserContextImage)) || Uaccess.GetUser(out UserContextImage context, from) != 0 ||
            context.Rip >= Uaccess.TaskSizeMax || PopFpu(regs, context.Fpu) != 0)
        {
            SignalDelivery.Force(Signal.SIGSEGV, SigInfo.SI_KERNEL, 0);
            return 0;
        }

        regs->R8 = context.R8;
        regs->R9 = context.R9;
        regs->R10 = context.R10;
        regs->R11 = context.R11;
        regs->R12 = context.R12;
        regs->R13 = context.R13;
        regs->R14 = context.R14;
        regs->R15 = context.R15;
        regs->Rdi = context.Rdi;
        regs->Rsi = context.Rsi;
        regs->Rbp = context.Rbp;
        regs->Rbx = context.Rbx;
        regs->Rdx = context.Rdx;
        regs->Rcx = context.Rcx;
        regs->Rsp = context.Rsp;
        regs->Rip = context.Rip;
        regs->Eflags = (context.Eflags & UserFlags) | AlwaysSet;
        regs->Cs = AsmOffsets.USER_CS;
        regs->Ss = AsmOffsets.USER_DS;
        regs->OrigRax = ulong.MaxValue;
        SignalDelivery.SetBlocked(context.Blocked);
        return (long)context.Rax;
    }

    /// <summary>Where a handler's frame begins: on the alternative stack if it is wanted and not in use already.</summary>
    /// <linux>get_sigframe</linux>
    internal static ulong StackFor(ulong rsp, ulong redZone, in SigAction action)
    {
        ref TaskSignals signals = ref Current->Signals;
        bool onIt = rsp - signals.StackBottom < signals.StackSize;
        return (action.Flags & SigAction.OnStack) != 0 && signals.StackSize != 0 && !onIt ? signals.StackBottom + signals.StackSize : rsp - redZone;
    }

    /// <summary>The state of the floating-point unit, with the two xmm registers that the entry code has saved. 0 or -EFAULT.</summary>
    internal static int PushFpu(PtRegs* regs, ulong address)
    {
        TaskStruct* task = Current;
        byte* copy = stackalloc byte[(int)CpuFeatures.FpuStateSize];
        ulong flags = LocalIrqSave();
        UserSwitch.Save(task);
        new ReadOnlySpan<byte>(task->User.Fpu, (int)CpuFeatures.FpuStateSize).CopyTo(new Span<byte>(copy, (int)CpuFeatures.FpuStateSize));
        LocalIrqRestore(flags);
        Xmm* saved = (Xmm*)((byte*)regs - AsmOffsets.XMM_SAVE_SIZE), xmm = (Xmm*)(copy + FxsaveXmm);
        xmm[AsmOffsets.KERNEL_XMM_FIRST] = saved[0];
        xmm[AsmOffsets.KERNEL_XMM_SECOND] = saved[1];
        if (CpuFeatures.XsaveFeatures != 0)
        {
            // Whatever part is in its initial state says so, and xmm is not.
            *(ulong*)(copy + 512) |= 3;
        }

        return Uaccess.AccessOk((void*)address, CpuFeatures.FpuStateSize) && Uaccess.CopyToUser((void*)address, copy, CpuFeatures.FpuStateSize) == 0
            ? 0
            : -EFAULT;
    }

    /// <summary>Puts it back, made harmless: a reserved bit would fault in the kernel. Address 0: nothing to put back. 0 or -EFAULT.</summary>
    internal static int PopFpu(PtRegs* regs, ulong address)
    {
        if (address == 0)
        {
            return 0;
        }

        byte* copy = stackalloc byte[(int)CpuFeatures.FpuStateSize];
        if (!Uaccess.AccessOk((void*)address, CpuFeatures.FpuStateSize) || Uaccess.CopyFromUser(copy, (void*)address, CpuFeatures.FpuStateSize) != 0)
        {
            return -EFAULT;
        }

        *(uint*)(copy + FxsaveMxcsr) &= MxcsrMask;
        if (CpuFeatures.XsaveFeatures != 0)
        {
            *(ulong*)(copy + 512) &= CpuFeatures.XsaveFeatures;
            new Span<byte>(copy + 520, 56).Clear();
        }

        TaskStruct* task = Current;
        ulong flags = LocalIrqSave();
        UserSwitch.Save(task);
        new ReadOnlySpan<byte>(copy, (int)CpuFeatures.FpuStateSize).CopyTo(new Span<byte>(task->User.Fpu, (int)CpuFeatures.FpuStateSize));
        UserSwitch.Load(task);
        LocalIrqRestore(flags);
        Xmm* saved = (Xmm*)((byte*)regs - AsmOffsets.XMM_SAVE_SIZE), xmm = (Xmm*)(copy + FxsaveXmm);
        saved[0] = xmm[AsmOffsets.KERNEL_XMM_FIRST];
        saved[1] = xmm[AsmOffsets.KERNEL_XMM_SECOND];
        return 0;
    }

    private static UserContextImage Context(PtRegs* regs, ulong blocked, ulong fpu) => new()
    {
        R8 = regs->R8,
        R9 = regs->R9,
        R10 = regs->R10,
        R11 = regs->R11,
        R12 = regs->R12,
        R13 = regs->R13,
        R14 = regs->R14,
        R15 = regs->R15,
        Rdi = regs->Rdi,
        Rsi = regs->Rsi,
        Rbp = regs->Rbp,
        Rbx = regs->Rbx,
        Rdx = regs->Rdx,
        Rax = regs->Rax,
        Rcx = regs->Rcx,
        Rsp = regs->Rsp,
        Rip = regs->Rip,
        Eflags = regs->Eflags,
        Cs = (ushort)regs->Cs,
        Ss = (ushort)regs->Ss,
        Error = Current->Signals.TrapError,
        Trap = (ulong)Current->Signals.TrapNumber,
        OldMask = blocked,
        Cr2 = Current->Signals.FaultAddress,
        Fpu = fpu,
        Blocked = blocked,
    };

    private struct Xmm
    {
        public ulong Low, High;
    }

    // rt_sigframe.
    [StructLayout(LayoutKind.Sequential)]
    private struct Frame
    {
        public ulong ReturnAddress;
        public UserContextImage Context;
        public UserInfo Info;
    }

    // ucontext with sigcontext in it.
    [StructLayout(LayoutKind.Sequential)]
    private struct UserContextImage
    {
        public ulong Flags, Link, StackPointer;
        public int StackFlags;
        public ulong StackSize;
        public ulong R8, R9, R10, R11, R12, R13, R14, R15, Rdi, Rsi, Rbp, Rbx, Rdx, Rax, Rcx, Rsp, Rip, Eflags;
        public ushort Cs, Gs, Fs, Ss;
        public ulong Error, Trap, OldMask, Cr2, Fpu;
        public fixed ulong Reserved[8];
        public ulong Blocked;
    }

    // siginfo: 128 bytes.
    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct UserInfo
    {
        [FieldOffset(0)] public int Signal;
        [FieldOffset(8)] public int Code;
        [FieldOffset(16)] public int Pid;
        [FieldOffset(20)] public int Uid;
        [FieldOffset(24)] public int Status;
        [FieldOffset(16)] public ulong Address;
        [FieldOffset(24)] public ulong Value;
    }
}
