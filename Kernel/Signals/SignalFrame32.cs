// SignalFrame32: the frame of a handler in a 32-bit program.
//
// Linux: ia32_setup_frame, ia32_setup_rt_frame, sys32_sigreturn (arch/x86/ia32/ia32_signal.c). As SignalFrame, in the layout of i386. The floating-point state that
// the frame points to has the layout of fxsave, without the old fsave image in front of it.

using System.Runtime.InteropServices;

namespace CSharpOS.Processes;

/// <summary>Frames of 32-bit handlers.</summary>
internal static unsafe class SignalFrame32
{
    private const ulong UserFlags = 0x50dd5, AlwaysSet = 0x202;

    /// <summary>Puts the registers onto the user stack and makes the thread go on in the handler. 0 or -EFAULT.</summary>
    internal static int Push(PtRegs* regs, int signal, in SigAction action, in SigInfo info, ulong blocked)
    {
        bool withInfo = (action.Flags & SigAction.WithInfo) != 0;
        ulong restorer = (action.Flags & SigAction.HasRestorer) != 0 ? action.Restorer
            : withInfo ? VsyscallPage.RtSigreturn : VsyscallPage.Sigreturn;
        ulong stack = SignalFrame.StackFor((uint)regs->Rsp, 0, action);
        ulong fpu = (stack - CpuFeatures.FpuStateSize) & ~63UL;
        ulong size = (ulong)(withInfo ? sizeof(RtFrame) : sizeof(Frame));

        // As if called: the arguments at a multiple of 16, below them the return address.
        ulong frame = ((fpu - size) & ~15UL) - sizeof(uint);
        if (restorer == 0 || fpu > uint.MaxValue || SignalFrame.PushFpu(regs, fpu) != 0)
        {
            return -EFAULT;
        }

        SigContext context = ContextOf(regs, blocked, (uint)fpu);
        if (withInfo)
        {
            RtFrame image = default;
            image.ReturnAddress = (uint)restorer;
            image.Signal = signal;
            image.InfoPointer = (uint)frame + (uint)((byte*)&image.Info - (byte*)&image);
            image.ContextPointer = (uint)frame + (uint)((byte*)&image.Flags - (byte*)&image);
            image.Info = new Info { Signal = signal, Code = info.Code, Pid = info.Pid, Uid = info.Uid, Status = info.Status };
            if (info.Code == SigInfo.SI_TIMER)
            {
                image.Info.Status = (int)info.Address;
            }
            else if (info.Address != 0)
            {
                image.Info.Pid = (int)info.Address;
            }

            image.StackPointer = (uint)Current->Signals.StackBottom;
            image.StackSize = (uint)Current->Signals.StackSize;
            image.Context = context;
            image.Blocked = blocked;
            if (Uaccess.CopyToUser((void*)frame, &image, (nuint)sizeof(RtFrame)) != 0)
            {
                return -EFAULT;
            }

            regs->Rdx = image.InfoPointer;
            regs->Rcx = image.ContextPointer;
        }
        else
        {
            Frame image = default;
            image.ReturnAddress = (uint)restorer;
            image.Signal = signal;
            image.Context = context;
            image.BlockedHigh = (uint)(blocked >> 32);
            if (Uaccess.CopyToUser((void*)frame, &image, (nuint)sizeof(Frame)) != 0)
            {
                return -EFAULT;
            }

            regs->Rdx = regs->Rcx = 0;
        }

        regs->Rax = (ulong)signal;
        regs->Rip = action.Handler;
        regs->Rsp = frame;
        regs->Eflags &= ~0x500UL;
        regs->OrigRax = ulong.MaxValue;
        return 0;
    }

    /// <summary>sigreturn: the restorer has taken the return address and the number off the stack.</summary>
    internal static long Pop(PtRegs* regs)
    {
        var frame = (Frame*)((uint)regs->Rsp - (2 * sizeof(uint)));
        return Uaccess.GetUser(out Frame image, frame) != 0 ? Bad() : Restore(regs, image.Context, image.Context.OldMask | ((ulong)image.BlockedHigh << 32));
    }

    /// <summary>rt_sigreturn: the return address is off the stack.</summary>
    internal static long PopRt(PtRegs* regs)
    {
        var frame = (RtFrame*)((uint)regs->Rsp - sizeof(uint));
        return Uaccess.GetUser(out RtFrame image, frame) != 0 ? Bad() : Restore(regs, image.Context, image.Blocked);
    }

    private static long Bad()
    {
        SignalDelivery.Force(Signal.SIGSEGV, SigInfo.SI_KERNEL, 0);
        return 0;
    }

    private static long Restore(PtRegs* regs, in SigContext context, ulong blocked)
    {
        if (SignalFrame.PopFpu(regs, context.Fpu) != 0)
        {
            return Bad();
        }

        ulong flags = LocalIrqSave();
        UserSwitch.Save(Current);
        Current->User.Segments = context.Ds | ((ulong)context.Es << 16) | ((ulong)context.Fs << 32) | ((ulong)context.Gs << 48);
        UserSwitch.Load(Current);
        LocalIrqRestore(flags);
        regs->Rdi = context.Edi;
        regs->Rsi = context.Esi;
        regs->Rbp = context.Ebp;
        regs->Rsp = context.Esp;
        regs->Rbx = context.Ebx;
        regs->Rdx = context.Edx;
        regs->Rcx = context.Ecx;
        regs->Rip = context.Eip;
        regs->Eflags = (context.Eflags & UserFlags) | AlwaysSet;
        regs->Cs = AsmOffsets.USER32_CS;
        regs->Ss = AsmOffsets.USER_DS;
        regs->OrigRax = ulong.MaxValue;
        SignalDelivery.SetBlocked(blocked);
        return context.Eax;
    }

    private static SigContext ContextOf(PtRegs* regs, ulong blocked, uint fpu)
    {
        ulong segments = Current->User.Segments;
        return new SigContext
        {
            Ds = (ushort)segments,
            Es = (ushort)(segments >> 16),
            Fs = (ushort)(segments >> 32),
            Gs = (ushort)(segments >> 48),
            Edi = (uint)regs->Rdi,
            Esi = (uint)regs->Rsi,
            Ebp = (uint)regs->Rbp,
            Esp = (uint)regs->Rsp,
            Ebx = (uint)regs->Rbx,
            Edx = (uint)regs->Rdx,
            Ecx = (uint)regs->Rcx,
            Eax = (uint)regs->Rax,
            Trap = (uint)Current->Signals.TrapNumber,
            Error = (uint)Current->Signals.TrapError,
            Eip = (uint)regs->Rip,
            Cs = (ushort)regs->Cs,
            Eflags = (uint)regs->Eflags,
            EspAtSignal = (uint)regs->Rsp,
            Ss = (ushort)regs->Ss,
            Fpu = fpu,
            OldMask = (uint)blocked,
            Cr2 = (uint)Current->Signals.FaultAddress,
        };
    }

    // sigcontext_ia32.
    [StructLayout(LayoutKind.Sequential)]
    private struct SigContext
    {
        public ushort Gs, GsHigh, Fs, FsHigh, Es, EsHigh, Ds, DsHigh;
        public uint Edi, Esi, Ebp, Esp, Ebx, Edx, Ecx, Eax, Trap, Error, Eip;
        public ushort Cs, CsHigh;
        public uint Eflags, EspAtSignal;
        public ushort Ss, SsHigh;
        public uint Fpu, OldMask, Cr2;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Frame
    {
        public uint ReturnAddress;
        public int Signal;
        public SigContext Context;
        public uint BlockedHigh;
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private struct RtFrame
    {
        public uint ReturnAddress;
        public int Signal;
        public uint InfoPointer, ContextPointer;
        public Info Info;
        public uint Flags, Link, StackPointer;
        public int StackFlags;
        public uint StackSize;
        public SigContext Context;
        public ulong Blocked;
    }

    // compat_siginfo.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Info
    {
        public int Signal, Error, Code, Pid, Uid, Status;
    }
}
